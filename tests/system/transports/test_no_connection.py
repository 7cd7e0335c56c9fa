"""Faults before the connection to SES, or of the credentials: the outcome is `not_sent`."""

import random
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from sesmail import Client, ConfigurationError, NotSentError
from support import answers
from support.answers import ok
from support.clients import new_client
from support.commands import command_line
from support.faults import Answer, Connection, FaultServer, StartFaultServer
from support.invariants import Sent, check, nothing_is_left, send, send_all

pytestmark = pytest.mark.anyio

NOT_SENT = frozenset({"not_sent"})
MANY = 50


async def refuse(
    client: Client, sends: int, *servers: FaultServer, retryable: bool | None = True
) -> str:
    """Make sends at once that send nothing, and return the message of the last one's error."""
    crowd = [Sent(f"crowd {number}", NOT_SENT) for number in range(sends)]
    await send_all(client, crowd)
    check(crowd, [request for server in servers for request in server.requests])
    for sent in crowd:
        assert type(sent.result) is NotSentError, repr(sent.result)
        assert retryable in (None, sent.result.retryable), repr(sent.result)
    return str(crowd[-1].result)


async def test_refused_connection_is_not_sent(session: str) -> None:
    async with nothing_is_left(), new_client("http://127.0.0.1:1", session) as client:
        assert "127.0.0.1:1: " in await refuse(client, 1)
        await refuse(client, MANY)


@pytest.mark.slow
@pytest.mark.parametrize(
    "code", [socket.EAI_NONAME, socket.EAI_AGAIN], ids=["unknown", "no_server"]
)
async def test_unknown_host_is_not_sent(
    session: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "no address")

    async with nothing_is_left(), new_client("http://ses.invalid", session) as client:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        await refuse(client, 1)
        await refuse(client, MANY)


async def test_call_that_was_not_sent_is_retried(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, server, calls = socket.getaddrinfo, fault_server(ok()), 0

    def getaddrinfo(_: object, *args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise socket.gaierror(socket.EAI_AGAIN, "no address")
        return real("127.0.0.1", *args, **options)

    url = server.url.replace("127.0.0.1", "ses.invalid")
    async with nothing_is_left(server), new_client(url, session, attempts=2) as client:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        sent = await send(client, Sent("again", frozenset({"accepted"})))
    check([sent], server.requests)
    assert (sent.outcome, calls) == ("accepted", 2)


@pytest.mark.parametrize("status", [407, 502])
async def test_rejected_proxy_tunnel_is_not_sent(
    fault_server: StartFaultServer, session: str, status: int
) -> None:
    proxy = fault_server(answers.raw(status, answers.HTML, b"no"))
    config = {"proxies": {"https": proxy.url.replace("//", "//u:p@")}}
    async with (
        nothing_is_left(proxy),
        new_client("https://ses.invalid", session, config=config) as client,
    ):
        told = await refuse(client, 1, retryable=status != 407)
        await refuse(client, MANY, retryable=status != 407)
    assert f"{status}" in told
    assert ":p@" not in told
    assert {request.method for request in proxy.requests} == {"CONNECT"}


async def test_missing_proxy_is_not_sent(session: str) -> None:
    config = {"proxies": {"http": "http://127.0.0.1:1"}}
    async with (
        nothing_is_left(),
        new_client("http://ses.invalid", session, config=config) as client,
    ):
        await refuse(client, 1)
        await refuse(client, MANY)


def instead_of_tls(data: bytes) -> Answer:
    """Answer the first words of a TLS client with this."""

    def act(connection: Connection, _: object) -> None:
        connection.sock.sendall(data)
        connection.sock.recv(65536)
        connection.close()

    return Answer(act, unread=True)


def shows(context: ssl.SSLContext) -> Answer:
    """Show a certificate that nobody should trust."""

    def act(connection: Connection, _: object) -> None:
        context.wrap_socket(connection.sock, server_side=True)

    return Answer(act, unread=True)


def certificates(folder: Path) -> tuple[Path, dict[str, ssl.SSLContext]]:
    """The file of an authority to trust, and servers' certificates that aren't right."""
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    from cryptography.hazmat.primitives import serialization

    from support.signing import authority, certificate, pem, rsa_key

    names, other = authority(), authority("elsewhere")
    key = rsa_key(name="server")
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none)
    own = pem(certificate(("localhost",), key=key))
    contexts = {}
    for name, chain, private in [
        ("untrusted", own, secret),
        ("other_name", other.server, other.server_key),
    ]:
        (folder / "chain.pem").write_bytes(chain)
        (folder / "key.pem").write_bytes(private)
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(folder / "chain.pem", folder / "key.pem")
    trusted = folder / "root.pem"
    trusted.write_bytes(names.root)
    return trusted, contexts


async def test_failed_tls_handshake_is_not_sent(
    fault_server: StartFaultServer, session: str, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    trusted, contexts = certificates(tmp_path)
    faults = {
        "plain_http": instead_of_tls(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        "garbage": instead_of_tls(bytes(range(256))),
        "alert": instead_of_tls(b"\x15\x03\x03\x00\x02\x02\x28"),
        "close": Answer(lambda connection, _: connection.close(), unread=True),
        "reset": answers.reset_unread(),
        **{name: shows(context) for name, context in contexts.items()},
    }
    server = fault_server(ok())
    url = server.url.replace("http://127.0.0.1", "https://localhost")
    async with nothing_is_left(server), new_client(url, session, verify=str(trusted)) as client:
        for name, fault in faults.items():
            with subtests.test(name):
                server.answer_with(fault)
                await refuse(client, 1, server, retryable=name not in contexts)
        server.answer_with(
            *faults.values(), *random.Random(0).choices(list(faults.values()), k=MANY)
        )
        await refuse(client, MANY, server, retryable=None)
    assert server.requests == []


@pytest.mark.slow
async def test_hanging_tls_handshake_ends_at_the_deadline(
    fault_server: StartFaultServer, session: str
) -> None:
    hanging = Answer(lambda connection, _: connection.wait_for_client(), unread=True)
    server = fault_server(hanging)
    url = server.url.replace("http:", "https:")
    sends = [Sent(f"{number}", frozenset({"not_sent", "unknown"})) for number in range(MANY)]
    async with nothing_is_left(server), new_client(url, session, timeout=0.4) as client:
        with anyio.fail_after(20):
            await send_all(client, sends)
    check(sends, server.requests)
    assert server.requests == []


CONTAINER = {
    "server_error": answers.raw(500),
    "hangs": answers.no_answer(),
    "closes": answers.close_after_request(),
    "html": answers.html_200(),
    "no_keys": answers.raw(200, answers.JSON, b"{}"),
    "array": answers.raw(200, answers.JSON, b"[]"),
}


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no keys in the environment."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


@pytest.mark.slow
async def test_container_without_credentials_sends_nothing(
    fault_server: StartFaultServer,
    session: str,
    subtests: pytest.Subtests,
    monkeypatch: pytest.MonkeyPatch,
    no_keys: None,
) -> None:
    service, server = fault_server(ok()), fault_server(ok())
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/credentials")
    # On httpx a cancelled aiobotocore leaves the connection to the container's service open.
    many = MANY if session.startswith("aiohttp") else 1
    for name, fault in CONTAINER.items():
        if name != "hangs" or session.startswith("aiohttp"):
            with subtests.test(name):
                service.answer_with(fault)
                sends = [Sent(f"{name} {number}", NOT_SENT) for number in range(many)]
                client = new_client(server.url, session, timeout=0.25)
                async with nothing_is_left(server, service):
                    with anyio.fail_after(20):
                        await send_all(client, sends)
                    await client.aclose()
                check(sends, server.requests)
                assert {type(sent.result) for sent in sends} <= {NotSentError, ConfigurationError}


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("exit(1)", NotSentError),
        ("print('{}')", NotSentError),
        ("print('no json')", ConfigurationError),
    ],
    ids=["fails", "no_keys", "no_json"],
)
async def test_credential_process_without_credentials_sends_nothing(
    fault_server: StartFaultServer,
    session: str,
    script: str,
    kind: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    no_keys: None,
) -> None:
    process = command_line(sys.executable, "-S", "-c", script)
    (tmp_path / "config").write_text(f"[profile shop]\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    server = fault_server(ok())
    client = new_client(server.url, session, profile="shop")
    async with nothing_is_left(server):
        sent = await send(client, Sent("alone", NOT_SENT))
        await client.aclose()
    check([sent], server.requests)
    assert type(sent.result) is kind, repr(sent.result)
