"""Responses that answer no request, or only a part of one, over TCP and TLS."""

import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from sesmail import Attachment, Client, Message, NotSentError, UnknownOutcomeError
from support.clients import ORDER, new_client
from support.fault import Fault, accepted, either
from support.fault_catalogue import CONTINUE, HINT, PIPELINED, two_responses
from support.faults import Connection, FaultServer, Request, Response
from support.invariants import SendCase, check, no_leaks, send
from support.responses import ok
from support.transports import ALL
from support.wire import acceptance, head, raw_response

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("transport", ALL, indirect=True)]

ACCEPTED = frozenset({"accepted"})


def second(request: Request) -> bytes:
    """Return a response with an id that was never issued."""
    return two_responses(request)[len(acceptance(request)) :]


NEVER_ISSUED = b'{"MessageId": "0102-never-issued"}'
# Data before a request; None closes the connection.
UNSOLICITED = {
    "response": head(f"Content-Length: {len(NEVER_ISSUED)}") + NEVER_ISSUED,
    "continue": CONTINUE,
    "byte": b"H",
    "close": None,
}

# Each leaves bytes behind the response, in other layers: the socket, TLS, the parser.
LEFTOVERS: list[Fault] = [
    *PIPELINED,
    accepted("second_in_a_record", raw_response(lambda r: [acceptance(r), second(r)])),
    accepted(
        "second_in_two_records",
        raw_response(lambda r: [acceptance(r), second(r)[:9], second(r)[9:]]),
    ),
    accepted("begin_of_second", raw_response(lambda r: acceptance(r) + b"HTTP/1.1 2")),
    accepted("begin_of_second_in_a_record", raw_response(lambda r: [acceptance(r), b"HTTP/1.1 2"])),
    accepted(
        "head_of_second",
        raw_response(lambda r: acceptance(r) + second(r).partition(b"\r\n\r\n")[0]),
    ),
    accepted("line_break", raw_response(lambda r: acceptance(r) + b"\r\n")),
    # aiohttp's parser fails if one read returns both.
    either("garbage_in_a_record", raw_response(lambda r: [acceptance(r), bytes(range(256))])),
    accepted("continue_after", raw_response(lambda r: [acceptance(r), CONTINUE])),
    accepted("hints_before_and_after", raw_response(lambda r: [HINT, acceptance(r), HINT])),
    accepted("continue_then_second", raw_response(lambda r: [acceptance(r), CONTINUE + second(r)])),
    accepted("many", raw_response(lambda r: [acceptance(r), second(r) * 50])),
]


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FaultServer]:
    """Start a server on TCP and one on TLS."""
    if request.param == "http":
        with FaultServer(ok()) as plain:
            yield plain
        return
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    from support.tls_faults import TlsFaultServer

    with TlsFaultServer(tmp_path, ok()) as tls:
        yield tls


def client_of(server: FaultServer, session: str, **settings: Any) -> Client:
    """Return a client that trusts the server."""
    trusted = getattr(server, "trusted", None)
    return new_client(
        server.url, session, **({"verify": str(trusted)} if trusted else {}), **settings
    )


@pytest.mark.slow
async def test_bytes_after_a_response_answer_no_other_request(
    server: FaultServer, session: str, subtests: pytest.Subtests
) -> None:
    async with no_leaks(server), client_of(server, session) as client:
        for fault in LEFTOVERS:
            with subtests.test(fault.name):
                server.requests.clear()
                server.respond_with(fault.response, ok())
                first = await send(client, SendCase("first", fault.outcomes))
                assert await anyio.to_thread.run_sync(server.wait_until_sent)
                then = [await send(client, SendCase(f"{number}", ACCEPTED)) for number in range(2)]
                check([first, *then], server.requests)
                assert [each.outcome for each in then] == ["accepted", "accepted"]


@pytest.fixture
def slow_connections(server: FaultServer, session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let new connections wait until the server has sent its greeting."""

    numbers = itertools.count(1)

    def wait_after(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        async def connect(*args: Any, **options: Any) -> Any:
            connection = await original(*args, **options)
            assert await anyio.to_thread.run_sync(server.wait_until_greeted, next(numbers))
            return connection

        monkeypatch.setattr(owner, name, connect)

    if session.startswith("httpx"):
        from sesmail.aws import network_stream

        is_tls = server.url.startswith("https")
        wait_after(network_stream.NetworkStream, "start_tls") if is_tls else wait_after(
            network_stream, "connect"
        )
    else:
        from aiohttp import TCPConnector

        wait_after(TCPConnector, "_create_connection")


@pytest.mark.parametrize("data", UNSOLICITED)
async def test_bytes_before_a_request_are_no_response(
    server: FaultServer, session: str, slow_connections: None, data: str
) -> None:
    server.greetings = [UNSOLICITED[data]] * 2
    async with no_leaks(server):
        async with client_of(server, session) as client:
            with pytest.raises(NotSentError) as caught:
                await client.send(ORDER)
            assert caught.value.retryable
            assert server.requests == []
        async with client_of(server, session, attempts=2) as client:
            result = await client.send(ORDER)
    assert result.message_id in server.requests[0].issued
    assert len(server.requests) == 1


@pytest.fixture
def before_first_byte(session: str, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """Call functions when a connection was chosen and checked, before the request is written."""
    calls: list[Callable[[], object]] = []

    def run() -> None:
        for call in calls:
            assert call() is not False

    if session.startswith("httpx"):
        from sesmail.aws.network_stream import NetworkStream

        write = NetworkStream.write

        async def run_and_write(self: Any, *args: Any, **options: Any) -> None:
            run()
            await write(self, *args, **options)

        monkeypatch.setattr(NetworkStream, "write", run_and_write)
    else:
        from sesmail.aws.aiohttp_protocol import _Protocol

        prepare = _Protocol.set_response_params

        def run_and_prepare(self: Any, **params: Any) -> None:
            run()
            prepare(self, **params)

        monkeypatch.setattr(_Protocol, "set_response_params", run_and_prepare)
    return calls


@pytest.mark.parametrize("data", UNSOLICITED)
async def test_bytes_right_before_the_first_request_are_no_response(
    server: FaultServer, session: str, before_first_byte: list[Any], data: str
) -> None:
    server.greetings = [UNSOLICITED[data]]
    server.may_greet.clear()
    before_first_byte += [server.may_greet.set, lambda: server.wait_until_greeted(1)]
    async with no_leaks(server), client_of(server, session) as client:
        with pytest.raises(NotSentError) as caught:
            await client.send(ORDER)
        assert caught.value.retryable
        assert server.requests == []
        assert (await client.send(ORDER)).message_id in server.requests[0].issued


@pytest.mark.parametrize("api", [pytest.param("v1", marks=pytest.mark.once), "v2"])
@pytest.mark.parametrize("data", UNSOLICITED)
async def test_bytes_right_before_a_later_request_are_no_response(
    server: FaultServer, session: str, before_first_byte: list[Any], data: str, api: Any
) -> None:
    """Although the connection had been silent: the request goes to another one."""
    sending = threading.Event()

    def act(connection: Connection, request: Request) -> None:
        connection.sock.sendall(acceptance(request))
        sending.wait()
        if data == "close":
            connection.close()
            return
        connection.sock.sendall(UNSOLICITED[data] or b"")
        connection.wait_until_delivered()

    server.respond_with(Response(act), ok())
    async with no_leaks(server), client_of(server, session, api=api) as client:
        await client.send(ORDER)
        before_first_byte += [sending.set, server.wait_until_sent]
        result = await client.send(ORDER)
    assert len(server.requests) == 2
    assert result.message_id in server.requests[1].issued


EARLY = {
    "reset": raw_response(acceptance, "reset"),
    "close": raw_response(acceptance, "close"),
    "keep": raw_response(acceptance, "keep"),
}
LARGE = [1_500_000, 6_000_000]


def large_order(size: int) -> Message:
    """Return a message with an attachment of so many bytes."""
    return ORDER.model_copy(update={"attachments": (Attachment("x.bin", bytes(size)),)})


@pytest.mark.parametrize("ending", EARLY)
@pytest.mark.parametrize("size", LARGE)
@pytest.mark.parametrize("api", [pytest.param("v1", marks=pytest.mark.once), "v2"])
async def test_response_to_a_part_of_a_request_is_unknown(
    server: FaultServer, session: str, ending: str, size: int, api: Any
) -> None:
    server.respond_with(dataclasses.replace(EARLY[ending], after_bytes=1000), ok())
    async with no_leaks(server), client_of(server, session, api=api) as client:
        with pytest.raises(UnknownOutcomeError):
            await client.send(large_order(size))
        assert (await client.send(ORDER)).message_id in server.requests[-1].issued


@pytest.mark.parametrize("size", LARGE)
async def test_early_response_of_a_server_that_reads_on_may_be_unknown(
    server: FaultServer, session: str, size: int
) -> None:
    """The operating system may have sent all of it before the client reads the response."""
    response = dataclasses.replace(raw_response(acceptance, "hang"), after_bytes=1000)
    server.respond_with(response, ok())
    async with no_leaks(server), client_of(server, session) as client:
        with suppress(UnknownOutcomeError):
            result = await client.send(large_order(size))
            assert result.message_id in server.requests[0].issued
