"""Proxies that break off a tunnel, or ask for a password: nothing was sent."""

from typing import Any

import pytest
from botocore import handlers

from sesmail import MemorySendLog, NotSentError, UnknownOutcomeError
from support import responses
from support.clients import ORDER, new_client
from support.faults import FaultServer, Response, StartFaultServer
from support.invariants import no_leaks
from support.wire import raw_response

pytestmark = pytest.mark.anyio

MAIL = ORDER.model_copy(update={"send_id": "invoice-1"})
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n"


def says(data: bytes, ending: Any = "close") -> Response:
    """Respond to CONNECT with these bytes."""
    return raw_response(lambda _: data, ending)


BROKEN_OFF = {
    "close": responses.close_after_request(),
    "reset": responses.reset_after_request(),
    "part_of_status_line": says(b"HTTP/1.1 20"),
    "part_of_status_line_reset": says(b"HTTP/1.1 20", "reset"),
    "part_of_header": says(ESTABLISHED + b"X: "),
    "part_of_header_reset": says(ESTABLISHED + b"X: ", "reset"),
    "garbage": says(b"\0\1\2\3\r\n\r\n"),
    "another_protocol": says(b"220 mail.example.com ESMTP\r\n"),
    "huge_header": says(ESTABLISHED + b"X: " + b"a" * 300_000 + b"\r\n\r\n"),
    "tunnel_closed": says(ESTABLISHED + b"\r\n"),
    "tunnel_reset": says(ESTABLISHED + b"\r\n", "reset"),
    "busy": responses.raw(503, responses.HTML, b"later"),
}
HANGING = {
    "no_response": says(b"", "hang"),
    "part_of_header": says(ESTABLISHED + b"X: ", "hang"),
    "endless_informational": says(b"HTTP/1.1 100 Continue\r\n\r\n" * 3, "hang"),
    "tunnel_without_tls": says(ESTABLISHED + b"\r\n", "hang"),
}


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.first)], ids=["", "hooked"])
def hooked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test also while another package handles the event before each request."""
    if request.param:
        builtin = [*handlers.BUILTIN_HANDLERS, ("before-send", lambda **_: None)]
        monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", builtin)


def through(proxy: FaultServer, scheme: str = "https") -> dict[str, Any]:
    """Return the settings for a proxy, with a password in its URL."""
    return {"config": {"proxies": {scheme: proxy.url.replace("//", "//user:password@")}}}


async def outcome_in(log: MemorySendLog, send_id: str = "invoice-1") -> str:
    """Return the outcome of a mail in a log."""
    record = await log.get(send_id)
    assert record is not None
    return record.outcome


@pytest.mark.first
async def test_tunnel_that_the_proxy_breaks_off_is_retried(
    fault_server: StartFaultServer, session: str, hooked: None, subtests: pytest.Subtests
) -> None:
    proxy = fault_server(responses.close_after_request())
    log = MemorySendLog()
    client = new_client("https://ses.invalid", session, attempts=4, send_log=log, **through(proxy))
    async with no_leaks(proxy), client:
        for name, fault in BROKEN_OFF.items():
            with subtests.test(name):
                proxy.respond_with(fault)
                proxy.requests.clear()
                with pytest.raises(NotSentError, match="no connection") as caught:
                    await client.send(MAIL.model_copy(update={"send_id": name}))
                assert caught.value.retryable
                assert [attempt.outcome for attempt in caught.value.attempts] == ["not_sent"] * 4
                assert [request.method for request in proxy.requests] == ["CONNECT"] * 4
                text = str(caught.value)
                assert (
                    f"http://127.0.0.1:{proxy.port}" in text
                    or "ses.invalid" in text
                    or "SSL" in text
                )
                secrets = ("<", "RawResponse", "bytearray", "b'", "password")
                assert not [each for each in secrets if each in text]
                assert await outcome_in(log, name) == "not_sent"


async def test_tunnel_that_the_proxy_never_opens_is_not_sent(
    fault_server: StartFaultServer, session: str, hooked: None, subtests: pytest.Subtests
) -> None:
    proxy = fault_server(responses.close_after_request())
    log = MemorySendLog()
    client = new_client("https://ses.invalid", session, timeout=0.4, send_log=log, **through(proxy))
    async with no_leaks(proxy), client:
        for name, fault in HANGING.items():
            with subtests.test(name):
                proxy.respond_with(fault)
                with pytest.raises(NotSentError):
                    await client.send(MAIL.model_copy(update={"send_id": name}))
                assert await outcome_in(log, name) == "not_sent"


@pytest.mark.parametrize("api", ["v1", "v2"])
async def test_password_that_the_proxy_of_a_plain_endpoint_asks_for_means_not_sent(
    fault_server: StartFaultServer, session: str, hooked: None, api: Any
) -> None:
    """The proxy didn't pass the request on, although it has it."""
    proxy, log = fault_server(responses.raw(407, responses.HTML, b"no")), MemorySendLog()
    client = new_client(
        "http://ses.invalid", session, api=api, send_log=log, attempts=4, **through(proxy, "http")
    )
    async with no_leaks(proxy), client:
        with pytest.raises(
            NotSentError, match=f"http://127.0.0.1:{proxy.port} responded"
        ) as caught:
            await client.send(MAIL)
    assert not caught.value.retryable
    assert "password@" not in str(caught.value)
    assert len(proxy.requests) == 1
    assert await outcome_in(log) == "not_sent"


@pytest.mark.parametrize("status", [403, 502, 504])
async def test_other_response_through_the_proxy_of_a_plain_endpoint_is_unknown(
    fault_server: StartFaultServer, session: str, status: int
) -> None:
    proxy = fault_server(responses.raw(status, responses.HTML, b"no"))
    client = new_client("http://ses.invalid", session, **through(proxy, "http"))
    async with client:
        with pytest.raises(UnknownOutcomeError):
            await client.send(ORDER)


async def test_407_without_a_proxy_is_unknown(fault_server: StartFaultServer, session: str) -> None:
    server = fault_server(responses.raw(407, responses.HTML, b"no"))
    async with new_client(server.url, session) as client:
        with pytest.raises(UnknownOutcomeError):
            await client.send(ORDER)
