"""Responses that answer no request, or only a part of one, over TCP and TLS."""

import dataclasses
import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from sesmail import Attachment, Client, Message, NotSentError, UnknownOutcomeError
from support.clients import ORDER, new_client
from support.fault import Fault, accepted
from support.fault_catalogue import PIPELINED, two_responses
from support.faults import FaultServer, Request
from support.invariants import SendCase, check, no_leaks, send
from support.responses import ok
from support.wire import acceptance, raw_response

pytestmark = pytest.mark.anyio

ACCEPTED = frozenset({"accepted"})


def second(request: Request) -> bytes:
    """Return a response with an id that was never issued."""
    return two_responses(request)[len(acceptance(request)) :]


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
    accepted("garbage_in_a_record", raw_response(lambda r: [acceptance(r), bytes(range(256))])),
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


@pytest.mark.parametrize("data", ["response", "byte", "close"])
async def test_bytes_before_a_request_are_no_response(
    server: FaultServer, session: str, slow_connections: None, data: str
) -> None:
    greeting = {"response": whole_response(), "byte": b"H", "close": None}[data]
    server.greetings = [greeting, greeting]
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


def whole_response() -> bytes:
    """Return a response to no request."""
    body = b'{"MessageId": "0102-never-issued"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


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
async def test_response_to_a_part_of_a_request_is_unknown(
    server: FaultServer, session: str, ending: str, size: int
) -> None:
    server.respond_with(dataclasses.replace(EARLY[ending], after_bytes=1000), ok())
    async with no_leaks(server), client_of(server, session) as client:
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
