"""Sends of unknown outcome, settled by the receiver's events and never repeated."""

from pathlib import Path
from typing import Any

import pytest

from sesmail import (
    DuplicateSendError,
    MemorySendLog,
    MessageRejectedError,
    Recipient,
    SqliteSendLog,
    UnknownOutcomeError,
)
from support import responses, ses_events
from support.clients import NEWS, ORDER, new_client
from support.faults import Request, StartFaultServer

pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")

from support.receivers import new_receiver, notification

pytestmark = pytest.mark.anyio

MESSAGE_ID = "0102019525f6a3c1-first-000000"


@pytest.fixture
def session(anyio_backend_name: str) -> str:
    return "httpx" if anyio_backend_name == "trio" else "aiohttp"


def events_of(request: Request, message_id: str) -> list[dict[str, Any]]:
    """Returns the Send event of each mail of a request."""
    if "BulkEmailEntries" in request.json:
        mails = [each["ReplacementHeaders"] for each in request.json["BulkEmailEntries"]]
    else:
        head = request.mime.partition(b"\r\n\r\n")[0].decode("ascii")
        fields = [line.split(": ", 1) for line in head.split("\r\n")]
        mails = [[{"Name": name, "Value": value} for name, value in fields]]
    events: list[dict[str, Any]] = []
    for number, headers in enumerate(mails):
        document = ses_events.published("Send")
        document["mail"]["headers"] = [
            {"name": each["Name"], "value": each["Value"]} for each in headers
        ]
        document["mail"]["messageId"] = f"{message_id}{number or ''}"
        events.append(document)
    return events


async def test_event_settles_send_without_response(
    fault_server: StartFaultServer, session: str, tmp_path: Path
) -> None:
    server = fault_server(responses.close_after_request(), responses.ok())
    mail = ORDER.model_copy(update={"send_id": "order-1"})
    async with (
        SqliteSendLog(tmp_path / "sends.db") as log,
        new_client(server.url, session, send_log=log) as client,
    ):
        with pytest.raises(UnknownOutcomeError):
            await client.send(mail)
    async with SqliteSendLog(tmp_path / "sends.db") as log:  # after a restart
        assert [record.send_id async for record in log.unknown()] == ["order-1"]
        async with new_client(server.url, session, send_log=log) as client:
            with pytest.raises(DuplicateSendError) as refused:
                await client.send(mail)
            assert (refused.value.recorded_outcome, refused.value.message_id) == ("unknown", None)
            [event] = events_of(server.requests[0], MESSAGE_ID)
            async with new_receiver(send_log=log) as receiver:
                await receiver.receive(*notification(event))
            assert [record async for record in log.unknown()] == []
            with pytest.raises(DuplicateSendError) as refused:
                await client.send(mail)
            assert (refused.value.recorded_outcome, refused.value.message_id) == (
                "accepted",
                MESSAGE_ID,
            )
    assert len(server.requests) == 1


async def test_events_settle_mails_with_random_send_ids(
    fault_server: StartFaultServer, session: str
) -> None:
    log = MemorySendLog()
    server = fault_server(responses.close_after_request())
    async with (
        new_client(server.url, session, send_log=log) as client,
        new_receiver(send_log=log) as receiver,
    ):
        with pytest.raises(UnknownOutcomeError):
            await client.send(ORDER)
        own = NEWS.model_copy(
            update={"recipients": (Recipient("ann@example.com", send_id="ann-1"), *NEWS.recipients)}
        )
        result = await client.send_bulk(own)
        unknown = [record.send_id async for record in log.unknown()]
        assert len(set(unknown)) == 1 + 3
        assert {each.send_id for each in result.recipients} < set(unknown)
        assert "ann-1" in unknown
        for number, request in enumerate(server.requests):
            for event in events_of(request, f"m-{number}-"):
                await receiver.receive(*notification(event))
    assert [record async for record in log.unknown()] == []
    record = await log.get("ann-1")
    assert record is not None
    assert record.message_id == "m-1-"


async def test_response_settles_rejected_and_accepted_sends(
    fault_server: StartFaultServer, session: str
) -> None:
    log = MemorySendLog()
    server = fault_server(responses.error(400, "MessageRejected"), responses.ok(MESSAGE_ID))
    mail = ORDER.model_copy(update={"send_id": "order-1"})
    async with new_client(server.url, session, send_log=log) as client:
        with pytest.raises(MessageRejectedError):
            await client.send(mail)
        rejected = await log.get("order-1")
        assert (await client.send(mail)).send_id == "order-1"
        accepted = await log.get("order-1")
    assert rejected is not None
    assert accepted is not None
    assert (rejected.outcome, rejected.message_id) == ("rejected", None)
    assert (accepted.outcome, accepted.message_id) == ("accepted", MESSAGE_ID)
