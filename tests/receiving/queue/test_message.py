"""Messages in responses of SQS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import sesmail
from sesmail.receiving.queue.message import read_message, with_lag
from support import ses_events

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
MESSAGE: dict[str, Any] = {
    "MessageId": "m-1",
    "ReceiptHandle": "h-1",
    "Body": "{}",
    "Attributes": {
        "ApproximateReceiveCount": "3",
        "SentTimestamp": "1772798390500",
        "MessageGroupId": "g-1",
    },
}


def test_attributes_are_read() -> None:
    received = read_message(MESSAGE, NOW)
    assert received is not None
    info = received.info
    assert (received.handle, received.body) == ("h-1", "{}")
    assert (info.message_id, info.receive_count, info.group) == ("m-1", 3, "g-1")
    assert info.sent_at == datetime(2026, 3, 6, 11, 59, 50, 500_000, tzinfo=UTC)
    assert info.age == 9.5
    assert info.lag is None


@pytest.mark.parametrize(
    "attributes",
    [
        None,
        {},
        [],
        "text",
        {"ApproximateReceiveCount": 3, "SentTimestamp": 5, "MessageGroupId": 5},
        {"ApproximateReceiveCount": "x", "SentTimestamp": "-1"},
        {"ApproximateReceiveCount": "0", "SentTimestamp": "9" * 30},
        {"ApproximateReceiveCount": "\u0663", "SentTimestamp": ""},
    ],
)
def test_missing_and_malformed_attributes_have_defaults(attributes: Any) -> None:
    received = read_message({**MESSAGE, "Attributes": attributes}, NOW)
    assert received is not None
    assert (received.info.receive_count, received.info.sent_at, received.info.age) == (
        1,
        None,
        None,
    )
    assert received.info.group is None


def test_clock_that_is_late_gives_no_negative_age() -> None:
    received = read_message(MESSAGE, NOW - timedelta(hours=1))
    assert received is not None
    assert received.info.age == 0


@pytest.mark.parametrize("handle", [None, "", 5])
def test_message_without_a_receipt_handle_is_none(handle: Any) -> None:
    assert read_message({**MESSAGE, "ReceiptHandle": handle}, NOW) is None


def test_message_without_id_and_body_is_read_as_an_empty_one() -> None:
    received = read_message({"ReceiptHandle": "h-1"}, NOW)
    assert received is not None
    assert (received.info.message_id, received.body) == ("", "")


def test_lag_is_that_of_the_earliest_event() -> None:
    received = read_message(MESSAGE, NOW)
    assert received is not None
    events = sesmail.parse(ses_events.published("Bounce"))
    lag = with_lag(received.info, events).lag
    assert lag == max(0.0, (NOW - events[0].timestamp).total_seconds())  # type: ignore[union-attr]
    assert with_lag(received.info, ()) == received.info
