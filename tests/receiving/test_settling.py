"""Settlement of sends in the send log by their events."""

import json
from typing import Any

import pytest

import sesmail
from sesmail import MemorySendLog, parse
from sesmail.receiving.settling import settle_sends
from support import ses_events
from support.ses_events import MESSAGE_ID, SEND_ID

pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")

from support import signing
from support.receivers import SECRET, new_receiver, notification

pytestmark = pytest.mark.anyio


class RecordingLog:
    """A send log that records calls of `settle`, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.settled: list[tuple[Any, ...]] = []
        self._error = error

    async def settle(self, send_id: str, outcome: str, message_id: str | None = None) -> bool:
        if self._error is not None:
            raise self._error
        self.settled.append((send_id, outcome, message_id))
        return True


@pytest.mark.parametrize("event_type", ses_events.EVENT_TYPES)
async def test_every_event_type_settles_its_send(event_type: str) -> None:
    log = MemorySendLog()
    await log.begin(SEND_ID)
    events = await new_receiver(send_log=log).receive(
        *notification(ses_events.published(event_type))
    )
    assert events
    record = await log.get(SEND_ID)
    assert record is not None
    assert (record.outcome, record.message_id) == ("accepted", MESSAGE_ID)


async def test_send_is_settled_once_for_several_recipients() -> None:
    log = RecordingLog()
    assert (
        len(await new_receiver(send_log=log).receive(*notification(ses_events.published("Bounce"))))
        == 2
    )
    assert log.settled == [(SEND_ID, "accepted", MESSAGE_ID)]


async def test_settles_several_sends_of_one_body() -> None:
    log = RecordingLog()
    other = json.loads(
        json.dumps(ses_events.published("Send"))
        .replace(SEND_ID, "other")
        .replace(MESSAGE_ID, "m-2")
    )
    await settle_sends(log, [*parse(ses_events.published("Bounce")), *parse(other)])
    assert log.settled == [(SEND_ID, "accepted", MESSAGE_ID), ("other", "accepted", "m-2")]


@pytest.mark.parametrize(
    "document",
    [
        ses_events.changed(ses_events.published("Send"), "mail.headers", []),
        ses_events.changed(
            ses_events.received(),
            "mail.headers",
            [{"name": "X-Sesmail-Id", "value": "somebody-else-s"}],
        ),
        ses_events.DOCUMENTS["Unknown"],
    ],
    ids=["no send id", "inbound", "unknown"],
)
async def test_events_without_send_id_settle_nothing(document: Any) -> None:
    log = RecordingLog()
    assert await new_receiver(send_log=log).receive(*notification(document))
    assert log.settled == []


async def test_raw_delivery_settles_its_send() -> None:
    log = RecordingLog()
    receiver = new_receiver(send_log=log, allow_raw=True)
    body = json.dumps(ses_events.published("Send")).encode()
    assert await receiver.receive(body, signing.basic(SECRET))
    assert log.settled == [(SEND_ID, "accepted", MESSAGE_ID)]


async def test_refused_requests_settle_nothing() -> None:
    log = RecordingLog()
    body, headers = notification(ses_events.published("Send"))
    with pytest.raises(sesmail.SignatureError):
        await new_receiver(send_log=log).receive(body.replace(b"eventType", b"eventTyp "), headers)
    with pytest.raises(sesmail.UnexpectedEventError):
        await new_receiver(send_log=log, accept="inbound").receive(body, headers)
    assert log.settled == []


@pytest.mark.parametrize(
    "error", [OSError("disk full"), sesmail.ConfigurationError("closed")], ids=["disk", "closed"]
)
async def test_failing_send_log_is_temporary_error(error: Exception) -> None:
    with pytest.raises(sesmail.TemporaryError, match=str(error)) as passing:
        await new_receiver(send_log=RecordingLog(error)).receive(
            *notification(ses_events.published("Send"))
        )
    assert passing.value.status == 503
    assert passing.value.__cause__ is error
