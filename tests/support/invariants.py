"""Invariants of every send, checked on the records of the client and the server."""

import base64
import contextlib
import dataclasses
import gc
import re
import sys
from collections.abc import AsyncIterator, Collection, Iterable
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import anyio
import anyio.to_thread

import sesmail
from sesmail import Attachment, Client, Message, Outcome, SendResult
from support.faults import FaultServer, Request

_MIME = re.compile(rb'"Data": ?"([A-Za-z0-9+/]*)|RawMessage\.Data=([^&]*)')
_SUBJECT = re.compile(rb"^Subject: (.+?)\r$", re.MULTILINE)
ANY_OUTCOME: frozenset[Outcome] = frozenset({"accepted", "rejected", "not_sent", "unknown"})


@dataclasses.dataclass
class SendCase:
    """One send, with its result and its allowed outcomes."""

    marker: str
    outcomes: frozenset[Outcome] = ANY_OUTCOME
    """The allowed outcomes if the server receives the whole request."""
    attempts: int = 1
    """The allowed number of complete requests."""
    results: list[object] = dataclasses.field(default_factory=list)

    @property
    def result(self) -> Any:
        """The single result of the send."""
        (result,) = self.results
        return result

    @property
    def outcome(self) -> Outcome:
        """The outcome of the send."""
        outcome: Outcome = (
            "accepted" if isinstance(self.result, SendResult) else self.result.outcome
        )
        return outcome


async def send(client: Client, sent: SendCase, *, large: bool = False) -> SendCase:
    """Send a mail with the marker as its subject."""
    message = Message(
        from_email="shop@example.com",
        to="alice@example.com",
        subject=sent.marker,
        text="On its way.",
        attachments=[_large()] if large else [],
    )
    try:
        sent.results.append(await client.send(message))
    except Exception as error:
        sent.results.append(error)
    return sent


async def send_all(client: Client, sends: Iterable[SendCase], large: Collection[str] = ()) -> None:
    """Send all mails concurrently."""
    async with anyio.create_task_group() as group:
        for sent in sends:
            group.start_soon(_send, client, sent, sent.marker in large)


async def _send(client: Client, sent: SendCase, large: bool) -> None:
    await send(client, sent, large=large)


@cache
def _large() -> Attachment:
    return Attachment("x.bin", bytes(6_000_000))


def marker_of(request: Request) -> str | None:
    """Return the marker in a request, which may be incomplete; None if it has not arrived."""
    found = _MIME.search(request.body)
    if found is None:
        return None
    encoded = unquote_to_bytes(found[found.lastindex or 0])[:4096]  # empty if no part of it arrived
    subject = _SUBJECT.search(base64.b64decode(encoded[: len(encoded) // 4 * 4]))
    return subject[1].decode() if subject else None


def check(sends: Collection[SendCase], requests: Collection[Request]) -> None:
    """Check the invariants over the results and the requests that the server received."""
    seen: dict[str | None, list[Request]] = {}
    for request in requests:
        seen.setdefault(marker_of(request), []).append(request)
    for sent in sends:
        matching = seen.get(sent.marker, [])
        complete = sum(request.complete for request in matching)
        result = sent.result
        assert isinstance(result, (SendResult, sesmail.SesmailError)), repr(result)
        assert sent.outcome in (
            sent.outcomes if complete else sent.outcomes | {"not_sent", "unknown"}
        ), repr(result)
        assert complete <= sent.attempts
        if sent.outcome == "not_sent":
            assert len(matching) < sent.attempts
        if isinstance(result, SendResult):
            assert any(result.message_id in request.issued for request in matching)


@contextlib.asynccontextmanager
async def no_leaks(*servers: FaultServer) -> AsyncIterator[None]:
    """Check that no connection or task stays open and no exception is unhandled."""
    errors: list[object] = []
    if not _trio():
        import asyncio

        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    before = _tasks()
    # The collection below then looks at the objects of this test only.
    gc.collect()
    gc.freeze()
    yield
    for server in servers:
        assert await anyio.to_thread.run_sync(server.wait_until_closed)
    gc.collect()
    await anyio.lowlevel.checkpoint()
    assert _tasks() - before == set()
    assert errors == []


def _trio() -> Any:
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None


def _tasks() -> set[object]:
    return {task.id for task in anyio.get_running_tasks()}
