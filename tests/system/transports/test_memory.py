"""A failed send frees its memory at once, without a run of the garbage collector."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import anyio
import pytest

from sesmail import Message, RawMessage, SesmailError
from support import responses
from support.clients import new_client
from support.faults import Response, StartFaultServer
from support.responses import error, ok

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

RESPONSES: dict[str, Callable[[], Response]] = {
    "accepted": ok,
    "rejected": lambda: error(400, "MessageRejected"),
    "throttled": lambda: error(429, "TooManyRequestsException"),
    "unknown": lambda: error(500, "InternalFailure"),
    "reset": responses.reset_after_request,
    "no response": responses.no_response,
    "not connected": ok,
    "bad parameter": ok,
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # so that fewer objects are counted
    gc.disable()
    yield
    gc.enable()


def requests() -> int:
    """Return the number of botocore's request objects in memory, which hold the encoded mail."""
    return sum(
        type(each).__name__ in ("AWSPreparedRequest", "AWSRequest") for each in gc.get_objects()
    )


@pytest.mark.skipif(
    sys.version_info >= (3, 12),
    reason="since Python 3.12 a reference cycle holds a failed request for longer",
)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
@pytest.mark.parametrize("end", RESPONSES)
async def test_failed_send_leaves_no_memory(
    fault_server: StartFaultServer, session: str, no_collector: None, end: str, many: bool
) -> None:
    server = fault_server(RESPONSES[end]())
    settings: dict[str, Any] = {"timeout": 0.1 if end == "no response" else 30.0, "attempts": 2}
    if end == "bad parameter":
        settings["defaults"] = Message(extra={"Unheard": "of"})
    url = "http://127.0.0.1:1" if end == "not connected" else server.url
    async with new_client(url, session, **settings) as client:
        content = b"From: a@example.com\r\nSubject: hello\r\n\r\n" + b"hello\r\n" * 1000
        message = RawMessage(content=content, to="b@example.com")
        held, before = sys.getrefcount(message.content), requests()
        with suppress(SesmailError):
            if many:
                async with client.send_many([message]) as outcomes:
                    kept = [outcome async for outcome in outcomes]
                assert len(kept) == 1
            else:
                await client.send(message)
        await anyio.wait_all_tasks_blocked()
        still, after = sys.getrefcount(message.content), requests()
    assert (still, after) == (held, before)
