"""Failures of SQS and of the network, on every transport: nothing is lost, and nothing hangs."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

import sesmail
from sesmail import (
    AccessDeniedError,
    ConfigurationError,
    Delivery,
    NotFoundError,
    RejectedError,
    SendError,
    UnknownOutcomeError,
)
from support import responses
from support.faults import Response, StartFaultServer
from support.sqs import BOUNCE, FakeQueue, Recorder, entries_fail, entry_error, hang, new_queue
from support.transports import anyio_backend, session, transport

__all__ = ["anyio_backend", "session", "transport"]
pytestmark = pytest.mark.anyio

ONCE = {"retries": {"total_max_attempts": 1}}  # by the AWS library
OPERATIONS = ("ReceiveMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")


def sqs_error(status: int, code: str) -> Response:
    """Respond with an error of SQS."""
    headers = {**responses.JSON, "x-amzn-query-error": f"AWS.SimpleQueueService.{code};Sender"}
    body = b'{"__type": "com.amazonaws.sqs#%b", "message": "No."}' % code.encode()
    return responses.raw(status, headers, body)


def broken(fake: FakeQueue) -> dict[str, Any]:
    """Returns failures of the moment by name, some of calls that took effect."""
    return {
        "throttled": sqs_error(400, "RequestThrottled"),
        "too many in flight": sqs_error(400, "OverLimit"),
        "500": responses.raw(500, responses.JSON, b"{}"),
        "503 of a proxy": responses.raw(503, responses.HTML, b"<html>busy</html>"),
        "reset before the request": responses.reset_mid_request(10),
        "reset after the request": responses.reset_after_request(),
        "reset after the effect": fake.effective(responses.reset_after_request()),
        "response cut off": fake.effective(responses.half_response()),
        "500 after the effect": fake.effective(responses.raw(500, responses.JSON, b"{}")),
        "page of a captive portal": responses.html_200(),
    }


def takes_effect(failure: str) -> bool:
    return "effect" in failure or failure == "response cut off"


FAILURES = list(broken(FakeQueue()))


async def handle_all(queue: sesmail.EventQueue, fake: FakeQueue, count: int = 1) -> list[Delivery]:
    """Handles deliveries until there were so many; returns them."""
    found: list[Delivery] = []
    async with queue.receive() as deliveries:
        async for delivery in deliveries:
            found.append(delivery)
            await delivery.ack()
            if len(found) == count:
                break
    return found


@pytest.mark.once
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("failure", FAILURES)
async def test_failure_of_the_moment_is_repeated(
    fault_server: StartFaultServer, session: str, operation: str, failure: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead[operation] = [broken(fake)[failure]] * 2
    recorder = Recorder()
    url = fault_server(fake.respond).url
    # What was received by a response that was lost is visible again after this time.
    settings = {"visibility_timeout": 2, "config": ONCE, "listener": recorder}
    async with new_queue(url, session, **settings) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        if operation == "ChangeMessageVisibilityBatch":
            # False if it took effect: it was received again before the call was repeated.
            assert await delivery.retry(after=0) or takes_effect(failure)
            delivery = await anext(deliveries)
        assert await delivery.ack() or takes_effect(failure)
    assert fake.messages == []
    failed = {name for name, _ in recorder.of("call_failed")}
    assert failed == {operation}
    assert all(isinstance(error, SendError) for _, error in recorder.of("call_failed"))


async def test_page_of_a_captive_portal_is_no_response(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead["ReceiveMessage"] = [responses.html_200()]
    recorder = Recorder()
    url = fault_server(fake.respond).url
    async with new_queue(url, session, config=ONCE, listener=recorder) as queue:
        await handle_all(queue, fake)
    assert [type(error) for _, error in recorder.of("call_failed")] == [sesmail.UnknownOutcomeError]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_aws_library_repeats_calls(
    fault_server: StartFaultServer, session: str, operation: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead[operation] = [sqs_error(500, "InternalError")]
    recorder = Recorder()
    url = fault_server(fake.respond).url
    async with new_queue(url, session, listener=recorder) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        await delivery.retry(after=0)
        delivery = await anext(deliveries)
        assert await delivery.ack()
    assert recorder.of("call_failed") == []
    assert fake.messages == []


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_call_that_hangs_ends_at_its_deadline(
    fault_server: StartFaultServer, session: str, operation: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead[operation] = [hang()]
    recorder = Recorder()
    url = fault_server(fake.respond).url
    settings = {"visibility_timeout": 2, "timeout": 0.2, "listener": recorder}
    async with new_queue(url, session, **settings) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        if operation == "ChangeMessageVisibilityBatch":
            await delivery.retry(after=0)
            delivery = await anext(deliveries)
        await delivery.ack()
    assert fake.messages == []
    [(name, error)] = recorder.of("call_failed")
    assert name == operation
    assert isinstance(error, UnknownOutcomeError)


# Entries of batches


@pytest.mark.parametrize("code", ["InternalError", "ServiceUnavailable", "", "RequestThrottled"])
async def test_entry_that_fails_for_the_moment_is_repeated(
    fault_server: StartFaultServer, session: str, code: str
) -> None:
    fake = FakeQueue(BOUNCE)
    is_sender = code == "RequestThrottled"
    for operation in OPERATIONS[1:]:
        fake.instead[operation] = [entries_fail(code, sender=is_sender)] * 2
    url = fault_server(fake.respond).url
    async with new_queue(url, session) as queue, queue.receive() as deliveries:
        assert await (await anext(deliveries)).retry(after=0)
        assert await (await anext(deliveries)).ack()
    assert fake.messages == []
    assert fake.count("DeleteMessageBatch") == 3


async def test_only_the_entries_that_failed_or_are_missing_are_repeated(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(*[BOUNCE] * 10)

    def some(request: Any, params: dict[str, Any]) -> Response:
        """Delete all but three messages: one fails, one is missing, one has an odd answer."""
        entries = params["Entries"]
        result = fake.apply("DeleteMessageBatch", {"Entries": entries[:-3]})
        if len(entries) >= 3:
            result["Failed"].append(entry_error(entries[-1]["Id"], "InternalError", sender=False))
            result["Failed"].append({"Id": entries[-2]["Id"]})
        return responses.json_200({**result, "Unknown": [1]})

    fake.instead["DeleteMessageBatch"] = [some] * 2
    url = fault_server(fake.respond).url
    async with new_queue(url, session) as queue, queue.receive() as deliveries:
        found = [await anext(deliveries) for _ in range(10)]
        results: list[bool] = []

        async def ack(delivery: Delivery) -> None:
            results.append(await delivery.ack())

        async with anyio.create_task_group() as tasks:
            for delivery in found:
                tasks.start_soon(ack, delivery)
    assert results == [True] * 10
    assert fake.messages == []
    assert len(fake.entries("DeleteMessageBatch")) > 10


@pytest.mark.parametrize(
    "code",
    [
        "ReceiptHandleIsInvalid",
        "InvalidParameterValue",
        "AWS.SimpleQueueService.MessageNotInflight",
        "InvalidIdFormat",
    ],
)
@pytest.mark.parametrize("operation", OPERATIONS[1:])
async def test_receipt_handle_that_is_gone_is_not_repeated(
    fault_server: StartFaultServer, session: str, operation: str, code: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead[operation] = [entries_fail(code, sender=True)]
    recorder = Recorder()
    url = fault_server(fake.respond).url
    settings = {"listener": recorder}
    async with new_queue(url, session, **settings) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        if operation == "DeleteMessageBatch":
            assert not await delivery.ack()
            assert [message.message_id for message in recorder.of("lost")] == [
                delivery.message.message_id
            ]
        else:
            assert not await delivery.retry()
    assert fake.count(operation) == 1
    assert len(fake.messages) == 1


async def test_entry_that_sqs_refuses_for_another_reason_ends_the_run(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead["DeleteMessageBatch"] = [entries_fail("AccessDenied", sender=True)]
    async with new_queue(fault_server(fake.respond).url, session) as queue:

        async def handle(delivery: Delivery) -> None:
            with pytest.raises(AccessDeniedError):
                await delivery.ack()

        with pytest.raises(AccessDeniedError):
            await queue.run(handle)
    assert len(fake.messages) == 1


# Calls that SQS refuses

REFUSED = {
    "NonExistentQueue": NotFoundError,
    "QueueDoesNotExist": NotFoundError,
    "AccessDeniedException": AccessDeniedError,
    "InvalidClientTokenId": AccessDeniedError,
    "KmsAccessDenied": AccessDeniedError,
    "KMS.DisabledException": RejectedError,
    "UnsupportedOperation": RejectedError,
}


@pytest.mark.once
@pytest.mark.parametrize("code", REFUSED)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_call_that_sqs_refuses_ends_the_run_after_the_handlers(
    fault_server: StartFaultServer, session: str, operation: str, code: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead[operation] = [sqs_error(400, code)] * 5
    handled = 0
    async with new_queue(fault_server(fake.respond).url, session) as queue:

        async def handle(_: Delivery) -> None:
            nonlocal handled
            handled += 1
            if operation == "ChangeMessageVisibilityBatch":
                raise ValueError

        with pytest.raises(REFUSED[code]) as refused:
            await queue.run(handle)
    assert isinstance(refused.value, SendError)
    assert refused.value.operation == operation
    assert handled == (operation != "ReceiveMessage")
    assert len(fake.messages) == 1


async def test_error_of_a_handler_that_runs_does_not_hide_the_refusal(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    refused = anyio.Event()

    class Watching(Recorder):
        def received(self, *_: Any) -> None:
            fake.instead["ReceiveMessage"] = [sqs_error(400, "NonExistentQueue")]

    url = fault_server(fake.respond).url
    async with new_queue(url, session, listener=Watching()) as queue:
        completed = False

        async def handle(_: Delivery) -> None:
            nonlocal completed
            await anyio.sleep(0.3)
            completed = True

        with pytest.raises(NotFoundError):
            await queue.run(handle)
    assert completed
    assert not refused.is_set()
    assert fake.messages == []  # it was acknowledged all the same


async def test_server_that_is_not_there_is_repeated_until_it_is(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    server = fault_server(fake.respond)
    recorder = Recorder()
    server.greetings = [None] * 4
    async with new_queue(server.url, session, listener=recorder, config=ONCE) as queue:
        assert len(await handle_all(queue, fake)) == 1
    assert recorder.counts["call_failed"] >= 1


# Heartbeats


async def test_message_stays_invisible_while_it_is_handled(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    url = fault_server(fake.respond).url
    settings = {"visibility_timeout": 2}
    async with new_queue(url, session, **settings) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        await wait(fake, lambda: len(fake.timeouts) >= 2)
        assert delivery.is_held
        assert await delivery.ack()
    assert set(fake.timeouts) == {2}
    assert fake.messages == []


async def wait(fake: FakeQueue, condition: Callable[[], bool]) -> None:
    assert await anyio.to_thread.run_sync(fake.wait_for, condition)


async def test_heartbeats_go_on_until_the_deletion_is_confirmed(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead["DeleteMessageBatch"] = [sqs_error(400, "RequestThrottled")] * 5
    url = fault_server(fake.respond).url
    settings = {"visibility_timeout": 2, "config": ONCE}
    async with new_queue(url, session, **settings) as queue, queue.receive() as deliveries:
        assert await (await anext(deliveries)).ack()
    assert len(fake.timeouts) >= 1
    assert fake.messages == []


async def test_heartbeats_end_quietly_when_the_receipt_handle_is_gone(
    fault_server: StartFaultServer, session: str, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeQueue(BOUNCE)
    recorder = Recorder()
    url = fault_server(fake.respond).url
    settings = {"visibility_timeout": 2, "listener": recorder}
    async with new_queue(url, session, **settings) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        fake.messages.clear()  # deleted by somebody else
        await wait(fake, lambda: bool(recorder.counts["lost"]))
        assert not delivery.is_held
        beats = len(fake.timeouts)
        await anyio.sleep(1)
        assert len(fake.timeouts) == beats == 1
        assert not await delivery.ack()
    assert recorder.counts["lost"] == 1
    assert caplog.records == []


async def test_message_is_lost_when_heartbeats_fail_until_its_timeout_ends(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    fake.instead["ChangeMessageVisibilityBatch"] = [sqs_error(400, "RequestThrottled")] * 100
    recorder = Recorder()
    url = fault_server(fake.respond).url
    settings = {"visibility_timeout": 2, "listener": recorder, "config": ONCE}
    async with (
        new_queue(url, session, **settings) as queue,
        queue.receive(max_in_flight=1) as deliveries,
    ):
        delivery = await anext(deliveries)
        await wait(fake, lambda: bool(recorder.counts["lost"]))
        assert not delivery.is_held
        # It isn't deleted by anybody else, so the old handle still does.
        assert await delivery.ack()
    assert recorder.counts["lost"] == 1
    assert fake.messages == []


async def test_heartbeats_end_after_twelve_hours(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sesmail.receiving.queue import leases

    monkeypatch.setattr(leases, "MAX_VISIBILITY", 12)  # two seconds with the margin
    fake = FakeQueue(BOUNCE)
    recorder = Recorder()
    url = fault_server(fake.respond).url
    settings = {"visibility_timeout": 2, "listener": recorder}
    async with (
        new_queue(url, session, **settings) as queue,
        queue.receive(max_in_flight=1) as deliveries,
    ):
        await anext(deliveries)
        await wait(fake, lambda: bool(recorder.counts["lost"]))
    assert set(fake.timeouts) <= {0, 1}


# The end


async def test_block_ends_when_sqs_does_not_confirm(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from sesmail.receiving.queue import deliveries as module

    monkeypatch.setattr(module, "_CLOSE_TIMEOUT", 0.3)
    fake = FakeQueue(BOUNCE, BOUNCE)
    for operation in OPERATIONS[1:]:
        fake.instead[operation] = [hang()] * 3
    url = fault_server(fake.respond).url
    errors: list[Exception] = []

    async def ack(delivery: Delivery) -> None:
        with pytest.raises(UnknownOutcomeError, match="may be delivered again") as unknown:
            await delivery.ack()
        errors.append(unknown.value)

    async with (
        new_queue(url, session) as queue,
        anyio.create_task_group() as tasks,
        queue.receive() as deliveries,
    ):
        tasks.start_soon(ack, await anext(deliveries))
        await anext(deliveries)
        await anyio.sleep(0.1)
    assert len(errors) == 1
    assert any("2 messages, which may be" in record.getMessage() for record in caplog.records)


async def test_closed_queue_raises_configuration_error(
    fault_server: StartFaultServer, session: str
) -> None:
    queue = new_queue(fault_server(FakeQueue().respond).url, session)
    await queue.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await queue.run(ignore)


async def ignore(_: Delivery) -> None:
    """Handler that does nothing."""


async def test_queue_that_is_closed_while_it_receives_ends(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue()
    queue = new_queue(fault_server(fake.respond).url, session)
    async with queue.receive() as deliveries:
        await wait(fake, lambda: fake.count("ReceiveMessage") > 0)
        await queue.aclose()
        with pytest.raises(sesmail.SesmailError):
            await anext(deliveries)


async def test_call_of_a_closed_queue_is_a_configuration_error(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    queue = new_queue(fault_server(fake.respond).url, session)
    async with queue.receive(max_in_flight=1) as deliveries:
        delivery = await anext(deliveries)
        await queue.aclose()
        with pytest.raises(ConfigurationError, match="closed"):
            await delivery.ack()
    assert len(fake.messages) == 1


async def test_pool_needs_connections_besides_the_polls(
    fault_server: StartFaultServer, session: str
) -> None:
    url = fault_server(FakeQueue().respond).url
    async with new_queue(url, session, config={"max_pool_connections": 3}) as queue:
        with pytest.raises(ConfigurationError, match="max_pool_connections must be at least 4"):
            await queue.run(ignore)


async def test_small_pool_limits_the_polls(fault_server: StartFaultServer, session: str) -> None:
    fake = FakeQueue(BOUNCE)
    url = fault_server(fake.respond).url
    async with (
        new_queue(url, session, config={"max_pool_connections": 4}) as queue,
        queue.receive(max_in_flight=100) as deliveries,
    ):
        await (await anext(deliveries)).ack()
    assert fake.messages == []


async def test_short_read_timeout_shortens_the_polls(
    fault_server: StartFaultServer, session: str
) -> None:
    fake = FakeQueue(BOUNCE)
    url = fault_server(fake.respond).url
    async with new_queue(url, session, wait_time=20, config={"read_timeout": 4}) as queue:
        await handle_all(queue, fake)
    assert fake.calls[0][1]["WaitTimeSeconds"] == 3


async def test_large_response_is_read(fault_server: StartFaultServer, session: str) -> None:
    """Ten messages of 1 MiB whose characters are escaped: more than other responses may have."""
    event = BOUNCE[:-1] + ', "more": "' + "\\u20ac" * 150_000 + '"}'
    fake = FakeQueue(*[event] * 10)
    url = fault_server(fake.respond).url
    async with new_queue(url, session) as queue:
        found = await handle_all(queue, fake, 10)
    assert len(found) == 10
    assert fake.messages == []
