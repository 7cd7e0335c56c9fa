"""Faults before the connection to SES, or of the credentials: the outcome is `not_sent`."""

import random
import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from botocore.utils import ContainerMetadataFetcher

from sesmail import Client, ConfigurationError, NotSentError
from support import responses
from support.clients import new_client
from support.commands import command_line
from support.faults import Connection, FaultServer, Response, StartFaultServer
from support.invariants import SendCase, check, no_leaks, send, send_all
from support.responses import ok

pytestmark = pytest.mark.anyio

NOT_SENT = frozenset({"not_sent"})
MANY = 50


async def check_not_sent(
    client: Client, sends: int, *servers: FaultServer, retryable: bool | None = True
) -> str:
    """Check that concurrent sends are not sent; return the last error's message."""
    cases = [SendCase(f"send {number}", NOT_SENT) for number in range(sends)]
    await send_all(client, cases)
    check(cases, [request for server in servers for request in server.requests])
    for sent in cases:
        assert type(sent.result) is NotSentError, repr(sent.result)
        assert retryable in (None, sent.result.retryable), repr(sent.result)
    return str(cases[-1].result)


async def test_refused_connection_is_not_sent(session: str) -> None:
    async with no_leaks(), new_client("http://127.0.0.1:1", session) as client:
        assert "127.0.0.1:1: " in await check_not_sent(client, 1)
        await check_not_sent(client, MANY)


@pytest.mark.slow
@pytest.mark.parametrize(
    "code", [socket.EAI_NONAME, socket.EAI_AGAIN], ids=["unknown", "no_server"]
)
async def test_unknown_host_is_not_sent(
    session: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "no address")

    async with no_leaks(), new_client("http://ses.invalid", session) as client:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        await check_not_sent(client, 1)
        await check_not_sent(client, MANY)


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
    async with no_leaks(server), new_client(url, session, attempts=2) as client:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        sent = await send(client, SendCase("again", frozenset({"accepted"})))
    check([sent], server.requests)
    assert (sent.outcome, calls) == ("accepted", 2)


@pytest.mark.parametrize("status", [407, 502])
async def test_rejected_proxy_tunnel_is_not_sent(
    fault_server: StartFaultServer, session: str, status: int
) -> None:
    proxy = fault_server(responses.raw(status, responses.HTML, b"no"))
    config = {"proxies": {"https": proxy.url.replace("//", "//u:p@")}}
    async with (
        no_leaks(proxy),
        new_client("https://ses.invalid", session, config=config) as client,
    ):
        message = await check_not_sent(client, 1, retryable=status != 407)
        await check_not_sent(client, MANY, retryable=status != 407)
    assert f"{status}" in message
    assert ":p@" not in message
    assert {request.method for request in proxy.requests} == {"CONNECT"}


async def test_missing_proxy_is_not_sent(session: str) -> None:
    config = {"proxies": {"http": "http://127.0.0.1:1"}}
    async with (
        no_leaks(),
        new_client("http://ses.invalid", session, config=config) as client,
    ):
        await check_not_sent(client, 1)
        await check_not_sent(client, MANY)


def plain_response(data: bytes) -> Response:
    """Respond to a TLS handshake with these bytes."""

    def act(connection: Connection, _: object) -> None:
        connection.sock.sendall(data)
        connection.sock.recv(65536)
        connection.close()

    return Response(act, unread=True)


def certificate_response(context: ssl.SSLContext) -> Response:
    """Respond to a TLS handshake with a certificate."""

    def act(connection: Connection, _: object) -> None:
        context.wrap_socket(connection.sock, server_side=True)

    return Response(act, unread=True)


def certificates(folder: Path) -> tuple[Path, dict[str, ssl.SSLContext]]:
    """Return the file of a trusted authority, and contexts with invalid server certificates."""
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
        "plain_http": plain_response(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        "garbage": plain_response(bytes(range(256))),
        "alert": plain_response(b"\x15\x03\x03\x00\x02\x02\x28"),
        "close": Response(lambda connection, _: connection.close(), unread=True),
        "reset": responses.reset_unread(),
        **{name: certificate_response(context) for name, context in contexts.items()},
    }
    server = fault_server(ok())
    url = server.url.replace("http://127.0.0.1", "https://localhost")
    async with no_leaks(server), new_client(url, session, verify=str(trusted)) as client:
        for name, fault in faults.items():
            with subtests.test(name):
                server.respond_with(fault)
                await check_not_sent(client, 1, server, retryable=name not in contexts)
        server.respond_with(
            *faults.values(), *random.Random(0).choices(list(faults.values()), k=MANY)
        )
        await check_not_sent(client, MANY, server, retryable=None)
    assert server.requests == []


@pytest.mark.slow
async def test_hanging_tls_handshake_ends_at_the_deadline(
    fault_server: StartFaultServer, session: str
) -> None:
    hanging = Response(lambda connection, _: connection.wait_for_client(), unread=True)
    server = fault_server(hanging)
    url = server.url.replace("http:", "https:")
    sends = [SendCase(f"{number}", frozenset({"not_sent", "unknown"})) for number in range(MANY)]
    async with no_leaks(server), new_client(url, session, timeout=0.4) as client:
        with anyio.fail_after(20):
            await send_all(client, sends)
    check(sends, server.requests)
    assert server.requests == []


CONTAINER = {
    "server_error": responses.raw(500),
    "hangs": responses.no_response(),
    "closes": responses.close_after_request(),
    "html": responses.html_200(),
    "no_keys": responses.raw(200, responses.JSON, b"{}"),
    "array": responses.raw(200, responses.JSON, b"[]"),
}


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the access keys from the environment."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


@pytest.mark.once
async def test_container_without_credentials_sends_nothing(
    fault_server: StartFaultServer,
    session: str,
    subtests: pytest.Subtests,
    monkeypatch: pytest.MonkeyPatch,
    no_keys: None,
) -> None:
    service, server = fault_server(ok()), fault_server(ok())
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{service.url}/credentials")
    # aiobotocore waits a second before each of its attempts.
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0.05)
    # On httpx a cancelled aiobotocore leaves the connection to the container's service open.
    many = MANY if session.startswith("aiohttp") else 1
    for name, fault in CONTAINER.items():
        if name != "hangs" or session.startswith("aiohttp"):
            with subtests.test(name):
                service.respond_with(fault)
                sends = [SendCase(f"{name} {number}", NOT_SENT) for number in range(many)]
                timeout = 0.25 if session.startswith("aiohttp") else 10
                client = new_client(server.url, session, timeout=timeout)
                async with no_leaks(server, service):
                    with anyio.fail_after(20):
                        await send_all(client, sends)
                    await client.aclose()
                check(sends, server.requests)
                assert {type(sent.result) for sent in sends} <= {NotSentError, ConfigurationError}


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("exit(1)", NotSentError),
        ("print('{}')", ConfigurationError),
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
    async with no_leaks(server):
        sent = await send(client, SendCase("alone", NOT_SENT))
        await client.aclose()
    check([sent], server.requests)
    assert type(sent.result) is kind, repr(sent.result)
