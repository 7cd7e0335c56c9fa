"""Deliveries of an event queue: acknowledged, given back, read in every wrapping."""

import asyncio
import dataclasses
import json
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import sesmail
from sesmail import (
    Bounced,
    ConfigurationError,
    Delivery,
    ForbiddenTopicError,
    MailStored,
    MalformedBodyError,
    MemorySendLog,
    Received,
    SeenMessages,
    SubscriptionConfirmation,
    TemporaryError,
)
from sesmail.receiving.queue import reading
from sesmail.receiving.queue.settings import check_signals
from support import ses_events
from support.faults import StartFaultServer
from support.sqs import BOUNCE, FakeQueue, Recorder, new_queue

pytestmark = pytest.mark.anyio
TOPIC = json.loads(json.dumps(ses_events.sns_message("")))["TopicArn"]
OTHER_TOPIC = "arn:aws:sns:eu-west-1:111122223333:other"


def in_sns(document: Any, **changes: Any) -> str:
    return json.dumps({**ses_events.sns_message(json.dumps(document)), **changes})


def bounces(count: int) -> list[str]:
    """Returns the bodies of messages about different mails."""
    event = ses_events.published("Bounce")
    return [
        json.dumps(ses_events.changed(event, "mail.messageId", f"m-{number}"))
        for number in range(count)
    ]


def mail_of(delivery: Delivery) -> str:
    """Returns the message id of the mail that bounced."""
    event = delivery.events[0]
    assert isinstance(event, Bounced)
    return event.message_id


def is_empty(fake: FakeQueue) -> bool:
    return not fake.messages


def has_receipts(fake: FakeQueue, count: int) -> bool:
    return fake.messages[0].receipts >= count


async def until(fake: FakeQueue, condition: Callable[[], bool]) -> None:
    """Waits until a condition holds."""
    assert await anyio.to_thread.run_sync(fake.wait_for, condition)


# Acknowledging


async def test_acknowledged_message_is_deleted(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(BOUNCE)
    recorder = Recorder()
    url = fault_server(fake.respond).url
    async with new_queue(url, listener=recorder) as queue, queue.receive() as deliveries:
        async for delivery in deliveries:
            assert {type(event) for event in delivery.events} == {Bounced}
            assert delivery.is_held
            assert not delivery.is_finished
            assert not is_empty(fake)
            assert await delivery.ack()
            assert await delivery.ack()  # again: the same result
            assert not delivery.is_held
            assert delivery.is_finished
            break
    assert is_empty(fake)
    assert fake.count("DeleteMessageBatch") == 1
    [(message, events)] = recorder.of("received")
    assert (message, events) == (delivery.message, len(delivery.events))
    assert message.receive_count == 1
    assert message.age is not None
    assert message.lag > 0
    [(acknowledged, seconds)] = recorder.of("acknowledged")
    assert (acknowledged, seconds >= 0) == (message, True)
    assert recorder.of("retried") == []


async def test_polls_are_long_and_ask_for_what_is_needed(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(BOUNCE)
    url = fault_server(fake.respond).url
    async with new_queue(url, wait_time=20, visibility_timeout=45) as queue:

        async def stop_after_two_polls(_: Delivery) -> None:
            await until(fake, lambda: fake.count("ReceiveMessage") >= 2)
            queue.stop()

        await queue.run(stop_after_two_polls, concurrency=25)
    _, params = fake.calls[0]
    assert params["WaitTimeSeconds"] == 20
    assert params["VisibilityTimeout"] == 45
    assert params["QueueUrl"] == f"{url}/111122223333/mail"
    assert set(params["MessageSystemAttributeNames"]) == {
        "ApproximateReceiveCount",
        "MessageGroupId",
        "SentTimestamp",
    }
    assert "ReceiveRequestAttemptId" not in params
    # Room for 25: two full polls at once, and none for the rest meanwhile.
    counts = [each["MaxNumberOfMessages"] for name, each in fake.calls if name == "ReceiveMessage"]
    assert counts[:2] == [10, 10]


def stopping(queue: sesmail.EventQueue, after: int = 1) -> Any:
    """Returns a handler that stops a queue after so many deliveries."""
    handled: list[Delivery] = []

    async def handle(delivery: Delivery) -> None:
        handled.append(delivery)
        if len(handled) >= after:
            queue.stop()

    return handle


async def test_acknowledgements_share_calls(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(*bounces(40))
    async with new_queue(fault_server(fake.respond).url) as queue:
        together = anyio.Event()
        waiting = 0

        async def handle(delivery: Delivery) -> None:
            nonlocal waiting
            waiting += 1
            if waiting == 40:
                together.set()
                queue.stop()
            await together.wait()

        await queue.run(handle, concurrency=40)
    assert is_empty(fake)
    assert len(fake.entries("DeleteMessageBatch")) == 40
    assert fake.count("DeleteMessageBatch") <= 8
    sizes = [len(each["Entries"]) for name, each in fake.calls if name == "DeleteMessageBatch"]
    assert max(sizes) <= 10


async def test_no_more_messages_are_received_than_handlers_may_run(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(*bounces(30))
    running = most = handled = 0
    async with new_queue(fault_server(fake.respond).url) as queue:

        async def handle(delivery: Delivery) -> None:
            nonlocal running, most, handled
            running += 1
            most = max(most, running)
            in_flight = [each for each in list(fake.messages) if each.visible_at]
            assert len(in_flight) <= 3
            await anyio.sleep(0.01)
            running -= 1
            handled += 1
            if handled == 30:
                queue.stop()

        await queue.run(handle, concurrency=3)
    assert most == 3
    assert is_empty(fake)
    assert {
        each["MaxNumberOfMessages"] for name, each in fake.calls if name == "ReceiveMessage"
    } <= {
        1,
        2,
        3,
    }


async def test_full_block_does_not_poll(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(*bounces(3))
    async with (
        new_queue(fault_server(fake.respond).url) as queue,
        queue.receive(max_in_flight=2) as deliveries,
    ):
        first, second = [await anext(deliveries), await anext(deliveries)]
        polls = fake.count("ReceiveMessage")
        await anyio.sleep(0.2)
        assert fake.count("ReceiveMessage") == polls
        await first.ack()
        third = await anext(deliveries)
        await second.ack()
        await third.ack()
    assert is_empty(fake)


async def test_several_tasks_share_the_deliveries(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(*bounces(12))
    found: list[str] = []
    async with (
        new_queue(fault_server(fake.respond).url) as queue,
        queue.receive() as deliveries,
        anyio.create_task_group() as tasks,
    ):

        async def consume() -> None:
            async for delivery in deliveries:
                await delivery.ack()
                found.append(mail_of(delivery))
                if len(found) == 12:
                    deliveries.stop()

        for _ in range(3):
            tasks.start_soon(consume)
    assert sorted(found) == sorted(f"m-{number}" for number in range(12))


async def test_deliveries_need_their_block_and_are_entered_once(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue:
        deliveries = queue.receive()
        with pytest.raises(ConfigurationError, match="iterate inside of"):
            await anext(deliveries)
        async with deliveries:
            delivery = await anext(deliveries)
        with pytest.raises(ConfigurationError, match="call receive again"):
            async with deliveries:
                raise AssertionError
        for call in (delivery.ack, delivery.retry):
            with pytest.raises(ConfigurationError, match="once, inside of the block"):
                await call()


async def test_cancelled_acknowledgement_is_carried_out(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await delivery.ack()
    assert is_empty(fake)


# Giving back


async def test_message_whose_handler_raises_is_visible_again(
    fault_server: StartFaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeQueue(BOUNCE)
    recorder = Recorder()
    counts: list[int] = []
    async with new_queue(fault_server(fake.respond).url, listener=recorder) as queue:

        async def handle(delivery: Delivery) -> None:
            counts.append(delivery.message.receive_count)
            if len(counts) < 4:
                raise ValueError("the database is down")
            queue.stop()

        await queue.run(handle)
    assert counts == [1, 2, 3, 4]
    assert is_empty(fake)
    retried = recorder.of("retried")
    assert [type(error) for _, _, error in retried] == [ValueError] * 3
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(logged) == 3
    assert logged[0].exc_info is not None
    assert "alice" not in caplog.records[0].getMessage()


async def test_delay_grows_with_the_receive_count(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(BOUNCE)
    recorder = Recorder()
    url = fault_server(fake.respond).url
    for receipts in range(8):
        fake.messages[0].receipts = receipts
        fake.messages[0].visible_at = 0
        async with new_queue(url, listener=recorder, first_delay=10, longest_delay=900) as queue:

            async def handle(delivery: Delivery, queue: sesmail.EventQueue = queue) -> None:
                queue.stop()
                raise ValueError

            await queue.run(handle)
    assert len(fake.timeouts) == 8
    for timeout, mean in zip(fake.timeouts, [10, 20, 40, 80, 160, 320, 640, 900], strict=True):
        assert 0.75 * mean <= timeout <= min(1.25 * mean + 1, 900)
    assert [round(after) <= 900 for _, after, _ in recorder.of("retried")] == [True] * 8


async def test_handler_may_give_its_message_back_or_acknowledge_it_early(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(*bounces(2))
    async with new_queue(fault_server(fake.respond).url) as queue:

        async def handle(delivery: Delivery) -> None:
            if delivery.message.receive_count == 1:
                assert await delivery.retry(after=0)
                with pytest.raises(ConfigurationError, match="once"):
                    await delivery.ack()
                return
            await delivery.ack()
            if is_empty(fake):
                queue.stop()

        await queue.run(handle)
    assert fake.timeouts[:2] == [0, 0]


async def test_handler_that_raises_after_it_gave_back_changes_nothing(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue:

        async def handle(delivery: Delivery) -> None:
            await delivery.retry(after=600)
            queue.stop()
            raise ValueError

        await queue.run(handle)
    assert fake.timeouts == [600]


@pytest.mark.parametrize("after", [-1, 43_201, float("nan"), float("inf"), "5", True])
async def test_delay_of_a_retry_is_checked(fault_server: StartFaultServer, after: Any) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        with pytest.raises(ConfigurationError, match="after must be"):
            await delivery.retry(after)
        assert delivery.is_held


async def test_longest_delay_of_a_retry_fits_the_twelve_hours_of_sqs(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue, queue.receive() as deliveries:
        assert await (await anext(deliveries)).retry(after=43_200)
    [timeout] = fake.timeouts
    assert 43_000 < timeout < 43_200


async def test_leaving_the_block_gives_back_what_is_unfinished(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(*bounces(10))
    recorder = Recorder()
    async with new_queue(fault_server(fake.respond).url, listener=recorder) as queue:
        with suppress(KeyError):  # as it is, not in a group
            async with queue.receive() as deliveries:
                await anext(deliveries)
                await (await anext(deliveries)).ack()
                raise KeyError
    assert len(fake.messages) == 9
    received = len(recorder.of("received"))
    assert fake.timeouts == [0] * (received - 1)
    assert [after for _, after, _ in recorder.of("retried")] == [0] * (received - 1)


async def test_cancelled_run_gives_everything_back(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(*bounces(5))
    running = 0
    async with new_queue(fault_server(fake.respond).url) as queue:
        with anyio.CancelScope() as scope:

            async def handle(delivery: Delivery) -> None:
                nonlocal running
                running += 1
                if running == 5:
                    scope.cancel()
                await anyio.sleep_forever()

            await queue.run(handle)
    assert scope.cancelled_caught
    assert len(fake.messages) == 5
    assert fake.timeouts == [0] * 5


async def test_stop_lets_handlers_complete_and_gives_back_the_rest(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(*bounces(10))
    async with new_queue(fault_server(fake.respond).url) as queue, queue.receive() as deliveries:
        first = await anext(deliveries)
        await until(fake, lambda: all(each.receipts for each in fake.messages))
        await anyio.sleep(0.1)  # until the rest is prepared
        deliveries.stop()
        with pytest.raises(StopAsyncIteration):
            await anext(deliveries)
        await until(fake, lambda: fake.timeouts.count(0) == 9)
        assert first.is_held
        assert await first.ack()
    assert len(fake.messages) == 9
    assert fake.timeouts == [0] * 9


async def test_deliveries_that_are_stopped_before_they_begin_receive_nothing(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue:
        deliveries = queue.receive()
        deliveries.stop()
        async with deliveries:
            assert [each async for each in deliveries] == []
    assert fake.messages[0].receipts == 0


@pytest.mark.parametrize("raises", [False, True])
async def test_stop_while_a_message_is_prepared_gives_it_back_once(
    fault_server: StartFaultServer, raises: bool
) -> None:
    fake = FakeQueue(BOUNCE)
    asked, answer = anyio.Event(), anyio.Event()

    async def seen(_: str) -> bool:
        asked.set()
        await answer.wait()
        if raises:
            raise ValueError
        return False

    url = fault_server(fake.respond).url
    async with new_queue(url, seen=seen) as queue, queue.receive() as deliveries:
        await asked.wait()
        deliveries.stop()
        answer.set()
        await anyio.sleep(0.05)
    assert fake.timeouts == [0]


async def test_cancellation_of_the_handlers_own_making_is_a_failure(
    fault_server: StartFaultServer, anyio_backend: str
) -> None:
    if anyio_backend != "asyncio":
        return  # trio has none
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue:

        async def handle(_: Delivery) -> None:
            if fake.messages[0].receipts > 1:
                queue.stop()
                return
            task = asyncio.ensure_future(asyncio.sleep(60))
            task.cancel()
            await task

        await queue.run(handle)
    assert is_empty(fake)
    assert fake.timeouts == [0]


@pytest.mark.parametrize("moments", range(12))
async def test_stop_at_any_moment_of_a_response_gives_back_once(
    fault_server: StartFaultServer, moments: int
) -> None:
    fake = FakeQueue(*bounces(10))
    async with new_queue(fault_server(fake.respond).url) as queue, queue.receive() as deliveries:
        await until(fake, lambda: bool(fake.messages[-1].receipts))
        for _ in range(moments):
            await anyio.lowlevel.checkpoint()
        deliveries.stop()
    given_back = [entry["ReceiptHandle"] for entry in fake.entries("ChangeMessageVisibilityBatch")]
    assert len(given_back) == len(set(given_back))


async def test_stopped_queue_receives_nothing_more(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue:
        queue.stop()

        async def never(_: Delivery) -> None:
            raise AssertionError

        await queue.run(never)
    assert fake.messages[0].receipts == 0


async def test_signal_stops_a_run(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(*bounces(3))
    async with new_queue(fault_server(fake.respond).url) as queue:

        async def handle(_: Delivery) -> None:
            os.kill(os.getpid(), signal.SIGUSR1)

        await queue.run(handle, signals=[signal.SIGUSR1])
    assert len(fake.messages) < 3


@pytest.mark.parametrize("wrong", [99999, 0, signal.SIGKILL, signal.SIGSTOP])
async def test_signals_that_cannot_be_handled_are_refused(wrong: int) -> None:
    async def never(_: Delivery) -> None:
        raise AssertionError

    queue = new_queue("http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match="signals"):
        await queue.run(never, signals=[signal.SIGTERM, wrong])


def test_signals_are_refused_outside_of_the_main_thread() -> None:
    errors: list[ConfigurationError] = []

    def check() -> None:
        check_signals([])
        try:
            check_signals([signal.SIGTERM])
        except ConfigurationError as err:
            errors.append(err)

    thread = threading.Thread(target=check)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])


class Interrupt(BaseException):
    """Exception that is no error, such as KeyboardInterrupt."""


async def test_exception_that_is_no_error_ends_the_run_and_gives_back(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url) as queue:

        async def handle(_: Delivery) -> None:
            raise Interrupt

        with pytest.raises(BaseExceptionGroup) as ended:
            await queue.run(handle)
    assert ended.group_contains(Interrupt)
    assert fake.timeouts == [0]


# Reading

WRAPPINGS: dict[str, tuple[str, type]] = {
    "SNS": (in_sns(ses_events.published("Bounce")), Bounced),
    "SNS notification": (in_sns(ses_events.notified("Bounce")), Bounced),
    "raw message delivery": (BOUNCE, Bounced),
    "EventBridge": (json.dumps(ses_events.eventbridge(ses_events.published("Bounce"))), Bounced),
    "EventBridge in SNS": (
        in_sns(ses_events.eventbridge(ses_events.published("Bounce"))),
        Bounced,
    ),
    "S3": (json.dumps(ses_events.stored_in_s3()), MailStored),
    "S3 in SNS": (in_sns(ses_events.stored_in_s3()), MailStored),
    "receipt rule in SNS": (in_sns(ses_events.received()), Received),
    "subscription of the queue": (
        json.dumps(ses_events.confirmation()),
        SubscriptionConfirmation,
    ),
}


@pytest.mark.parametrize("name", WRAPPINGS)
async def test_events_are_read_in_every_wrapping(fault_server: StartFaultServer, name: str) -> None:
    body, kind = WRAPPINGS[name]
    fake = FakeQueue(body)
    async with (
        new_queue(fault_server(fake.respond).url, topics=None) as queue,
        queue.receive() as deliveries,
    ):
        delivery = await anext(deliveries)
        assert {type(event) for event in delivery.events} == {kind}
        assert delivery.events == sesmail.parse(body)
        await delivery.ack()
    assert is_empty(fake)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[",
        "{}",
        "not JSON",
        '{"eventType": "Bounce"}',
        "\x00",
        '{"a":' * 10_000,
        in_sns({"eventType": 5}),
        "x" * (1 << 20),
    ],
    ids=range(10),
)
async def test_message_that_cannot_be_read_is_left_and_told_once(
    fault_server: StartFaultServer, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    fake = FakeQueue(body, BOUNCE)
    recorder = Recorder()
    left: list[str] = []
    async with new_queue(fault_server(fake.respond).url, listener=recorder) as queue:

        async def handle(_: Delivery) -> None:
            for receipts in range(2, 5):
                left.append(fake.messages[0].handle)
                fake.messages[0].visible_at = 0  # its visibility timeout ends
                await until(fake, partial(has_receipts, fake, receipts))
            queue.stop()

        await queue.run(handle)
    assert [each.body for each in fake.messages] == [body]
    assert fake.messages[0].receipts >= 4
    assert fake.messages[0].id not in [message.message_id for message, _ in recorder.of("received")]
    [(message, error)] = recorder.of("unreadable")
    assert message.message_id == fake.messages[0].id
    assert isinstance(error, MalformedBodyError)
    assert sum("can't be read" in record.getMessage() for record in caplog.records) == 1
    changed = {entry["ReceiptHandle"] for entry in fake.entries("ChangeMessageVisibilityBatch")}
    assert changed.isdisjoint(left)  # the last receipt may meet the stop, which gives back


async def test_unreadable_messages_are_remembered_in_a_limited_number() -> None:
    recorder = Recorder()
    unreadable = reading.UnreadableMessages(recorder)
    ids = [str(number) for number in range(reading._MAX_IDS + 1)]
    for message_id in [*ids, ids[-1], ids[0]]:
        message = sesmail.QueueMessage(message_id, 1, datetime.now(UTC))
        unreadable.report(message, MalformedBodyError("no JSON"))
    assert recorder.counts["unreadable"] == len(ids) + 1  # the oldest was forgotten


@pytest.mark.parametrize("kind", ["event", "confirmation"])
async def test_message_of_another_topic_is_left(fault_server: StartFaultServer, kind: str) -> None:
    foreign = in_sns(ses_events.published("Bounce"), TopicArn=OTHER_TOPIC)
    if kind == "confirmation":
        foreign = json.dumps({**ses_events.confirmation(), "TopicArn": OTHER_TOPIC})
    fake = FakeQueue(foreign, in_sns(ses_events.published("Bounce")))
    recorder = Recorder()
    url = fault_server(fake.respond).url
    async with new_queue(url, topics=[TOPIC], listener=recorder) as queue:
        await queue.run(stopping(queue))
    assert [each.body for each in fake.messages] == [foreign]
    [(_, error)] = recorder.of("unreadable")
    assert isinstance(error, ForbiddenTopicError)
    assert error.topic_arn == OTHER_TOPIC


async def test_message_without_a_topic_is_accepted(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(BOUNCE)
    async with new_queue(fault_server(fake.respond).url, topics=[TOPIC]) as queue:
        await queue.run(stopping(queue))
    assert is_empty(fake)


SETUP = [
    in_sns("x") | {}
    if False
    else json.dumps(
        ses_events.sns_message("Successfully validated SNS topic for Amazon SES event publishing.")
    ),
    json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "inbound"}),
]


async def test_notices_of_the_set_up_are_deleted(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(*SETUP, BOUNCE)
    recorder = Recorder()
    async with new_queue(fault_server(fake.respond).url, listener=recorder) as queue:
        await queue.run(stopping(queue))
    assert is_empty(fake)
    assert sorted(events for _, events in recorder.of("received"))[:2] == [0, 0]


# The send log and deduplication


async def test_events_settle_their_sends(fault_server: StartFaultServer) -> None:
    log = MemorySendLog()
    await log.begin("order-1")
    event = ses_events.published("Bounce")
    event["mail"]["headers"] = [{"name": "X-Sesmail-Id", "value": "order-1"}]
    fake = FakeQueue(json.dumps(event))
    async with new_queue(fault_server(fake.respond).url, send_log=log) as queue:

        async def handle(_: Delivery) -> None:
            record = await log.get("order-1")
            assert record is not None
            assert record.outcome == "accepted"
            queue.stop()

        await queue.run(handle)
    assert is_empty(fake)


class FailingLog:
    """Send log that fails at first."""

    def __init__(self) -> None:
        self.calls = 0

    async def settle(self, send_id: str, outcome: str, message_id: str | None = None) -> bool:
        self.calls += 1
        if self.calls < 3:
            raise OSError("the disk is full")
        return True


async def test_message_is_given_back_while_the_send_log_fails(
    fault_server: StartFaultServer,
) -> None:
    event = ses_events.published("Bounce")
    event["mail"]["headers"] = [{"name": "X-Sesmail-Id", "value": "order-1"}]
    fake = FakeQueue(json.dumps(event))
    log = FailingLog()
    recorder = Recorder()
    url = fault_server(fake.respond).url
    async with new_queue(url, send_log=log, listener=recorder) as queue:
        await queue.run(stopping(queue))
    assert log.calls == 3
    assert is_empty(fake)
    assert [type(error) for _, _, error in recorder.of("retried")] == [TemporaryError] * 2


@pytest.mark.parametrize("wrapping", ["SNS", "raw message delivery"])
async def test_message_that_was_seen_is_deleted(
    fault_server: StartFaultServer, wrapping: str
) -> None:
    """SNS delivers a message twice, or SQS does: the id is that of SNS, or of SQS without SNS."""
    body = WRAPPINGS[wrapping][0]
    fake = FakeQueue(body, body)
    if wrapping != "SNS":
        fake.messages[1].id = fake.messages[0].id
    recorder = Recorder()
    handled = 0
    async with new_queue(
        fault_server(fake.respond).url, seen=SeenMessages(), listener=recorder
    ) as queue:

        async def handle(delivery: Delivery) -> None:
            nonlocal handled
            handled += 1
            await delivery.ack()
            await until(fake, partial(is_empty, fake))
            queue.stop()

        await queue.run(handle, concurrency=1)
    assert handled == 1
    assert recorder.counts["duplicate"] == 1


async def test_message_is_given_back_where_seen_raises(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(BOUNCE)
    asked: list[str] = []

    async def seen(message_id: str) -> bool:
        asked.append(message_id)
        if len(asked) == 1:
            raise OSError("no connection")
        return False

    async with new_queue(fault_server(fake.respond).url, seen=seen) as queue:
        await queue.run(stopping(queue))
    assert is_empty(fake)
    assert len(set(asked)) == 1


async def test_seen_that_is_no_coroutine_function_ends_the_run(
    fault_server: StartFaultServer,
) -> None:
    fake = FakeQueue(BOUNCE)
    url = fault_server(fake.respond).url
    async with new_queue(url, seen=lambda _: False) as queue:  # type: ignore[arg-type, return-value]
        with pytest.raises(ConfigurationError, match="seen must be a coroutine function"):
            await queue.run(stopping(queue))
    assert fake.timeouts == [0]


# FIFO queues


async def test_messages_of_a_group_are_delivered_in_order(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(fifo=True)
    for number in range(6):
        for group in "ab":
            fake.send(bounces(6)[number], group=group)
    handled: list[tuple[str | None, str]] = []
    running: set[str | None] = set()
    failed = False
    async with new_queue(fault_server(fake.respond).url, name="mail.fifo") as queue:

        async def handle(delivery: Delivery) -> None:
            nonlocal failed
            group = delivery.message.group
            assert group not in running
            running.add(group)
            await anyio.sleep(0.005)
            running.discard(group)
            if (group, mail_of(delivery)) == ("a", "m-2") and not failed:
                failed = True
                raise ValueError
            handled.append((group, mail_of(delivery)))
            if len(handled) == 12:
                queue.stop()

        await queue.run(handle, concurrency=20)
    for group in "ab":
        assert [each for name, each in handled if name == group] == [f"m-{n}" for n in range(6)]
    assert failed
    assert is_empty(fake)
    attempts = {params["ReceiveRequestAttemptId"] for name, params in fake.calls if name[0] == "R"}
    assert len(attempts) == fake.count("ReceiveMessage")


async def test_unreadable_message_holds_its_group_back(fault_server: StartFaultServer) -> None:
    fake = FakeQueue(fifo=True)
    fake.send("not JSON", *bounces(2), group="a")
    fake.send(BOUNCE, group="b")
    async with new_queue(fault_server(fake.respond).url, name="mail.fifo") as queue:
        await queue.run(stopping(queue))
    assert [each.group for each in fake.messages] == ["a"] * 3
    assert fake.messages[0].receipts == 1


# Mail in S3


async def test_mail_of_events_is_fetched_and_deleted(
    fault_server: StartFaultServer,
) -> None:
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    from support import amazon

    fake = FakeQueue(json.dumps(ses_events.stored_in_s3()))
    requests: list[str] = []

    def respond(request: Any) -> Any:
        if "x-amz-target" in request.headers:
            return fake.respond(request)
        target = request.target.removeprefix(server.url).partition("?")[0]
        requests.append(request.method)
        return amazon.respond(dataclasses.replace(request, target=target))

    [event] = sesmail.parse(fake.messages[0].body)
    assert isinstance(event, MailStored)
    fake.messages[0].body = fake.messages[0].body.replace(event.bucket, amazon.BUCKET)
    server = fault_server(respond)
    storage = sesmail.InboundStorage(buckets=[amazon.BUCKET])
    async with new_queue(server.url, storage=storage) as queue, queue.receive() as deliveries:
        delivery = await anext(deliveries)
        [stored] = delivery.events
        assert isinstance(stored, MailStored)
        assert (await queue.fetch(stored)).subject == "Help"
        assert (await queue.fetch_object(stored.bucket, stored.key)).subject == "Help"
        await queue.delete_object(stored)
        with pytest.raises(sesmail.ContentDeniedError):
            await queue.fetch_object("another", "key")
    assert requests == ["GET", "GET", "DELETE"]


# The listener


class FailingListener(sesmail.QueueListener):
    """Listener whose every method raises."""

    def received(self, *_: Any) -> None:
        raise ValueError

    acknowledged = retried = duplicate = unreadable = lost = call_failed = received


async def test_failing_listener_changes_nothing(
    fault_server: StartFaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeQueue("not JSON", BOUNCE)
    async with new_queue(fault_server(fake.respond).url, listener=FailingListener()) as queue:
        await queue.run(stopping(queue))
    assert len(fake.messages) == 1
    assert any("listener raised" in record.getMessage() for record in caplog.records)


async def test_default_listener_does_nothing(fault_server: StartFaultServer) -> None:
    listener = sesmail.QueueListener()
    message = sesmail.QueueMessage("m-1", 1, datetime.now(UTC))
    listener.received(message, 1)
    listener.acknowledged(message, 0.1)
    listener.retried(message, 1.0, None)
    listener.duplicate(message)
    listener.unreadable(message, MalformedBodyError())
    listener.lost(message)
    listener.call_failed("ReceiveMessage", sesmail.ThrottledError())
