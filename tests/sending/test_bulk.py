"""Bulk messages: calls of at most 50 recipients, results in order, retries of entries."""

import gc
import threading
import time
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesmail
from sesmail import BulkMessage, RateLimiter, Recipient, RetryPolicy
from sesmail.sending.attempts.state import SendState
from sesmail.sending.bulk import BulkCall, BulkPart
from sesmail.sending.payload import v1, v2
from sesmail.sending.sender import Sender
from support import responses
from support.clients import new_client
from support.faults import Connection, Request, Response, StartFaultServer
from support.responses import bulk, error, ok

APIS = pytest.mark.parametrize("api", ["v1", "v2"])


def bulk_message(count: int, **fields: Any) -> BulkMessage:
    recipients = [Recipient(f"user{number}@example.com") for number in range(count)]
    return BulkMessage(
        **{"from_email": "a@example.com", "template": "T", "recipients": recipients, **fields}
    )


COPIES = [sesmail.Address(f"copy{number}@example.com") for number in range(50)]


def bulk_call(counts: list[int]) -> BulkCall:
    recipients = [
        Recipient(f"user{number}@example.com", cc=COPIES[: count - 1])
        for number, count in enumerate(counts)
    ]
    return BulkCall.of(bulk_message(0, recipients=recipients), v2, [None] * len(counts))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=200), st.floats(0.1, 200))
def test_parts_have_as_many_recipients_as_allowed(counts: list[int], rate: float) -> None:
    call = bulk_call(counts)
    parts = list(call.parts(lambda: rate))
    most = min(50, max(1, int(rate)))
    assert [number for part in parts for number in part] == list(range(len(counts)))
    sizes = [sum(counts[number] for number in part) for part in parts]
    assert all(size <= most or len(part) == 1 for size, part in zip(sizes, parts, strict=True))
    assert all(
        size + counts[part.stop] > most for size, part in zip(sizes, parts[:-1], strict=False)
    )


@pytest.mark.parametrize("dialect", [v1, v2], ids=["v1", "v2"])
def test_call_for_some_entries_is_that_of_a_message_to_their_recipients(dialect: Any) -> None:
    recipients = [
        Recipient(f"user{number}@example.com", data={"n": number}) for number in (7, 77, 777)
    ]
    some = bulk_message(0, recipients=[recipients[0], recipients[2]], data={"a": "b"})
    message = some.replace(recipients=recipients)
    part = BulkCall.of(message, dialect, [None] * 3).part(range(3))
    call, expected = part.call([0, 2]), dialect.build_bulk(some)
    assert (call.operation, call.params) == (expected.operation, expected.params)
    assert call.size == expected.size == len('{"a":"b"}{"n":7}{"n":777}')


def test_refuses_entry_with_more_than_50_recipients() -> None:
    with pytest.raises(sesmail.InvalidMessageError) as refused:
        bulk_call([1, 51])
    assert (refused.value.field, refused.value.limit, refused.value.actual) == (
        "recipients[1]",
        50,
        51,
    )


def recipients_in(request: Request) -> list[str]:
    """Returns the first recipient of each entry of a bulk call."""
    if not request.form:
        return [
            entry["Destination"]["ToAddresses"][0] for entry in request.json["BulkEmailEntries"]
        ]
    names = [name for name in request.form if name.endswith("ToAddresses.member.1")]
    return [request.form[name] for name in sorted(names, key=lambda name: int(name.split(".")[2]))]


def count_recipients(server: Any) -> Counter[str]:
    return Counter(email for request in server.requests for email in recipients_in(request))


pytestmark = pytest.mark.anyio


@pytest.mark.slow
@APIS
async def test_sends_634_recipients_in_calls_of_50(
    fault_server: StartFaultServer, api: Any
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, api=api) as client:
        result = await client.send_bulk(bulk_message(634))
    assert [each.recipient for each in result.recipients] == [
        f"user{number}@example.com" for number in range(634)
    ]
    assert len(result.accepted) == 634
    assert len({each.message_id for each in result.recipients}) == 634
    assert all(len(each.attempts) == 1 for each in result.recipients)
    assert sorted(len(recipients_in(request)) for request in server.requests) == [34] + [50] * 12
    assert set(count_recipients(server).values()) == {1}


async def test_cc_and_bcc_count_towards_50_recipients(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    recipients = [Recipient(f"u{number}@example.com", cc="x@example.com") for number in range(30)]
    async with new_client(server.url) as client:
        await client.send_bulk(
            bulk_message(
                0, recipients=recipients, cc="boss@example.com", bcc=["a@b.example", "c@d.example"]
            )
        )
    assert sorted(len(recipients_in(request)) for request in server.requests) == [10, 10, 10]


@pytest.mark.slow
async def test_calls_have_at_most_a_fifth_of_the_rate_in_recipients(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, rate_limit=RateLimiter(14)) as client:
        assert len((await client.send_bulk(bulk_message(7))).accepted) == 7
    assert sorted(len(recipients_in(request)) for request in server.requests) == [1, 2, 2, 2]


async def test_concurrency_limits_calls_in_flight(fault_server: StartFaultServer) -> None:
    lock, running, most = threading.Lock(), [0], [0]

    def act(connection: Connection, request: Request) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        ok().act(connection, request)

    server = fault_server(Response(act))
    async with new_client(server.url) as client:
        await client.send_bulk(bulk_message(600), concurrency=3)
    assert (len(server.requests), most[0]) == (12, 3)


async def test_concurrency_above_the_number_of_calls_starts_no_more_tasks(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks: list[object] = []
    send_parts = Sender._send_parts

    async def count(self: Sender, *args: Any) -> None:
        tasks.append(args)
        await send_parts(self, *args)

    monkeypatch.setattr(Sender, "_send_parts", count)
    async with new_client(fault_server(ok()).url) as client:
        await client.send_bulk(bulk_message(3), concurrency=10**9)
    assert len(tasks) == 3


@APIS
async def test_only_throttled_and_transient_entries_are_retried(
    fault_server: StartFaultServer, api: Any
) -> None:
    statuses = {
        "user1": ("ACCOUNT_THROTTLED", "Maximum sending rate exceeded."),
        "user2": ("TRANSIENT_FAILURE", "later"),
        "user3": ("MESSAGE_REJECTED", "no"),
        "user4": ("SUCCESS", ""),
        "user5": ("ACCOUNT_DAILY_QUOTA_EXCEEDED", "no"),
        "user6": ("QUEUED_FOR_LATER", "?"),
    }
    statuses = {
        name: (status.title().replace("_", "") if api == "v1" else status, text)
        for name, (status, text) in statuses.items()
    }

    def step(request: Request) -> Response:
        emails = recipients_in(request)
        again = len(server.requests) > 1
        good = "Success" if api == "v1" else "SUCCESS"
        entries = [
            (good, email.split("@")[0])
            if again
            else statuses.get(email.split("@")[0], (good, "user0"))
            for email in emails
        ]
        return bulk(*entries)

    server = fault_server(step)
    async with new_client(server.url, api=api, retry=RetryPolicy(first_delay=0.01)) as client:
        result = await client.send_bulk(bulk_message(7))
    assert [recipients_in(request) for request in server.requests][1:] == [
        ["user1@example.com", "user2@example.com"]
    ]
    assert [each.outcome for each in result.recipients] == [
        "accepted",
        "accepted",
        "accepted",
        "rejected",
        "unknown",
        "rejected",
        "unknown",
    ]
    assert [len(each.attempts) for each in result.recipients] == [1, 2, 2, 1, 1, 1, 1]
    throttled = result.recipients[1].attempts
    assert [(each.outcome, each.code) for each in throttled] == [
        ("rejected", statuses["user1"][0]),
        ("accepted", None),
    ]
    assert [each.status for each in result.recipients][3] == statuses["user3"][0]


async def test_results_of_failed_calls_keep_the_order(fault_server: StartFaultServer) -> None:
    def step(request: Request) -> Response:
        first = int(recipients_in(request)[0].split("@")[0][4:])
        return {
            0: ok(),
            50: error(400, "MessageRejected"),
            100: responses.close_after_request(),
            150: bulk(("SUCCESS", "a")),
        }[first]

    server = fault_server(step)
    async with new_client(server.url) as client:
        result = await client.send_bulk(bulk_message(200))
    outcomes = [each.outcome for each in result.recipients]
    assert outcomes == ["accepted"] * 50 + ["rejected"] * 50 + ["unknown"] * 100
    assert len({id(each.error) for each in result.failed}) == 150
    assert "1 entries for 50" in str(result.recipients[199].error)
    with pytest.raises(sesmail.BulkSendError) as failed:
        result.raise_for_failed()
    assert len(failed.value.exceptions) == 150


async def test_invalid_recipient_prevents_all_calls(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(ok())
    recipients: list[Any] = [Recipient("a@example.com")] * 120
    recipients.append(Recipient("b@example.com", data={"text": "x" * 262_144}))
    async with new_client(server.url) as client:
        with pytest.raises(sesmail.InvalidMessageError) as refused:
            await client.send_bulk(bulk_message(0, recipients=recipients))
    assert refused.value.field == "recipients[120].data"
    assert server.requests == []


@pytest.mark.slow
async def test_recipient_that_becomes_invalid_during_the_send_is_not_sent(
    fault_server: StartFaultServer,
) -> None:
    texts: Any = ["short"]
    recipients = [Recipient(f"user{number}@example.com") for number in range(60)]
    recipients[55] = Recipient("user55@example.com", data={"texts": texts})
    message = bulk_message(0, recipients=recipients)
    changed: Any = message.recipients[55].data["texts"]

    def step(_: Request) -> Response:
        changed.append("x" * 262_144)
        return ok()

    server = fault_server(step)
    async with new_client(server.url) as client:
        result = await client.send_bulk(message, concurrency=1)
    assert [each.outcome for each in result.recipients] == ["accepted"] * 50 + ["not_sent"] * 10
    for each in result.failed:
        assert isinstance(each.error, sesmail.NotSentError)
        assert "262,144 characters" in str(each.error)
        assert not each.error.retryable
    assert len(server.requests) == 1


async def test_large_parts_are_built_in_a_thread(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[int, int] = {}

    def part(self: BulkCall, numbers: range) -> Any:
        threads[numbers.start] = threading.get_ident()
        return build(self, numbers)

    build = BulkCall.part
    monkeypatch.setattr(BulkCall, "part", part)
    recipients = [Recipient("small@example.com")] * 50
    recipients += [Recipient("large@example.com", data={"a": "x" * 6000})] * 50
    async with new_client(fault_server(ok()).url) as client:
        result = await client.send_bulk(bulk_message(0, recipients=recipients))
    assert len(result.accepted) == 100
    assert threads[0] == threading.get_ident() != threads[50]


@pytest.mark.parametrize("count", [1, 60])
async def test_entries_are_checked_and_get_send_ids_in_a_thread(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Data of a few recipients may be as large as those of many."""
    threads = Counter[int]()

    def make_id() -> UUID:
        threads[threading.get_ident()] += 1
        return uuid4()

    monkeypatch.setattr("sesmail.sending.sender.uuid4", make_id)
    async with new_client(fault_server(ok()).url, send_log=sesmail.MemorySendLog()) as client:
        result = await client.send_bulk(bulk_message(count))
    assert len({each.send_id for each in result.accepted}) == count
    assert threads.total() == count
    assert threading.get_ident() not in threads


async def test_only_the_entries_and_states_of_calls_in_flight_are_in_memory(
    fault_server: StartFaultServer,
) -> None:
    counts: list[Counter[type]] = []

    def step(_: Request) -> Response:
        counts.append(Counter(type(each) for each in gc.get_objects()))
        return ok()

    gc.collect()
    before = sum(type(each) is SendState for each in gc.get_objects())  # of other tests
    async with new_client(fault_server(step).url) as client:
        await client.send_bulk(bulk_message(400), concurrency=1)
    assert [(each[BulkPart], each[SendState] - before) for each in counts] == [(1, 50)] * 8


async def test_refuses_invalid_extra_and_concurrency_and_closed_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with new_client("http://127.0.0.1:1") as client:
        with pytest.raises(sesmail.InvalidMessageError):
            await client.send_bulk(bulk_message(1, extra={"Surprise": 1}))
        with pytest.raises(sesmail.ConfigurationError, match="concurrency"):
            await client.send_bulk(bulk_message(1), concurrency=0)
    with pytest.raises(sesmail.ConfigurationError, match="closed"):
        await client.send_bulk(bulk_message(120))


async def test_closing_the_client_during_a_bulk_send_keeps_results(
    fault_server: StartFaultServer,
) -> None:
    first = threading.Event()

    def act(connection: Connection, request: Request) -> None:
        ok().act(connection, request)
        first.set()
        time.sleep(0.1)

    server = fault_server(Response(act))
    async with new_client(server.url) as client, anyio.create_task_group() as group:

        async def close() -> None:
            await anyio.to_thread.run_sync(first.wait)
            await client.aclose()

        group.start_soon(close)
        result = await client.send_bulk(bulk_message(200), concurrency=1)
    outcomes = Counter(each.outcome for each in result.recipients)
    assert outcomes["accepted"] == 50 * sum(request.complete for request in server.requests) > 0
    assert outcomes["not_sent"] > 0


async def test_refused_connection_is_not_sent_for_each_recipient() -> None:
    async with new_client("http://127.0.0.1:1") as client:
        result = await client.send_bulk(bulk_message(60))
    assert {each.outcome for each in result.recipients} == {"not_sent"}
    assert all(
        isinstance(each.error, sesmail.NotSentError) and each.error.retryable
        for each in result.failed
    )
