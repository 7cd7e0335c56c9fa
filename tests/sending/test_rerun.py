"""Sends whose ids the send log has already, and send logs that can't be used."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

import sesmail
from sesmail import ConfigurationError, Recipient, SqliteSendLog
from support.clients import NEWS, ORDER, new_client
from support.faults import StartFaultServer
from support.responses import close_after_request, error, ok

pytestmark = pytest.mark.anyio


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteSendLog]:
    async with SqliteSendLog(tmp_path / "sends.db") as log:
        yield log


async def test_accepted_send_returns_the_recorded_result(
    fault_server: StartFaultServer, log: SqliteSendLog
) -> None:
    server = fault_server(ok("m-1"))
    message = ORDER.model_copy(update={"send_id": "order-1"})
    async with new_client(server.url, send_log=log) as client:
        first = await client.send(message)
        again = await client.send(message)
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.message_id, again.send_id, again.attempts) == ("m-1", "order-1", ())
    assert (again.rfc5322_message_id, again.request_id) == (None, None)
    (recipient,) = again.recipients
    assert (recipient.outcome, recipient.message_id) == ("accepted", "m-1")
    assert recipient.replayed
    assert len(server.requests) == 1


async def test_send_settled_without_a_message_id_has_none(
    fault_server: StartFaultServer, log: SqliteSendLog
) -> None:
    await log.begin("order-1")
    await log.settle("order-1", "accepted")
    async with new_client(fault_server(ok()).url, send_log=log) as client:
        result = await client.send(ORDER.model_copy(update={"send_id": "order-1"}))
    assert (result.replayed, result.message_id) == (True, "")
    assert result.recipients[0].message_id is None


async def test_rerun_campaign_reports_what_is_true(
    fault_server: StartFaultServer, log: SqliteSendLog
) -> None:
    first = fault_server(ok("m-0"), close_after_request(), error(400, "MessageRejected"), ok("m-3"))
    messages = [ORDER.model_copy(update={"send_id": f"news-{number}"}) for number in range(5)]
    async with (
        new_client(first.url, send_log=log) as client,
        client.send_many(messages[:4], concurrency=1, ordered=True) as results,
    ):
        outcomes = [result.outcome async for result in results]
    assert outcomes == ["accepted", "unknown", "rejected", "accepted"]
    assert results.progress.replayed == 0
    second = fault_server(ok())
    async with (
        new_client(second.url, send_log=log) as client,
        client.send_many(messages, ordered=True) as results,
    ):
        again = [result async for result in results]
    assert [result.outcome for result in again] == [
        "accepted", "unknown", "accepted", "accepted", "accepted",
    ]  # fmt: skip
    assert [result.result and result.result.message_id for result in again][:4:3] == [
        "m-0",
        "m-3",
    ]
    assert isinstance(again[1].error, sesmail.DuplicateSendError)
    progress = results.progress
    assert (progress.accepted, progress.unknown, progress.replayed) == (4, 1, 2)
    assert progress.done == 5
    assert len(second.requests) == 2


async def test_rerun_bulk_message_reports_what_is_true(
    fault_server: StartFaultServer, log: SqliteSendLog
) -> None:
    for send_id, outcome in {"a": "accepted", "u": "unknown", "r": "rejected"}.items():
        await log.begin(send_id)
        await log.finish(send_id, outcome, f"m-{send_id}")  # type: ignore[arg-type]
    recipients = [Recipient(f"{name}@example.com", send_id=name) for name in "aurn"]
    server = fault_server(ok())
    async with new_client(server.url, send_log=log) as client:
        result = await client.send_bulk(NEWS.model_copy(update={"recipients": recipients}))
        everything = await client.send_bulk(NEWS.model_copy(update={"recipients": recipients[:2]}))
    outcomes = [(each.outcome, each.replayed) for each in result.recipients]
    assert outcomes == [
        ("accepted", True), ("unknown", False), ("accepted", False), ("accepted", False),
    ]  # fmt: skip
    first = result.recipients[0]
    assert (first.recipient, first.message_id, first.send_id) == ("a@example.com", "m-a", "a")
    assert [each.outcome for each in everything.recipients] == ["accepted", "unknown"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("way", ["send", "send_many", "send_bulk"])
async def test_closed_log_is_a_configuration_error(
    fault_server: StartFaultServer, log: SqliteSendLog, way: str
) -> None:
    server = fault_server(ok())
    await log.aclose()
    async with new_client(server.url, send_log=log) as client:
        if way == "send_many":
            async with client.send_many([ORDER]) as results:
                (result,) = [result async for result in results]
            assert isinstance(result.error, ConfigurationError)
        else:
            with pytest.raises(ConfigurationError, match="the send log is closed"):
                await (client.send(ORDER) if way == "send" else client.send_bulk(NEWS))
    assert server.requests == []


async def test_log_of_another_event_loop_is_a_configuration_error(
    fault_server: StartFaultServer, log: SqliteSendLog, anyio_backend_name: str
) -> None:
    server = fault_server(ok())
    await log.begin("id")

    async def send() -> None:
        async with new_client(server.url, send_log=log) as client:
            await client.send(ORDER)

    def elsewhere() -> None:
        with pytest.raises(ConfigurationError, match="event loop"):
            anyio.run(send, backend="asyncio")

    await anyio.to_thread.run_sync(elsewhere)
    assert server.requests == []
