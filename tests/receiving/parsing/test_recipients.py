"""Recipients and times of events."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.receiving.events.event import Bounced, Delivered, Received
from sesmail.receiving.parsing.parser import parse
from support import ses_events
from support.ses_events import ALICE, BOB, CAROL, changed, published, received

SENT_AT = datetime(2026, 3, 6, 19, 55, 37, 123000, tzinfo=UTC)
TIME = datetime(2026, 3, 6, 19, 55, 38, 903000, tzinfo=UTC)


class TestRecipients:
    def test_recipient_need_not_be_in_the_destination(self) -> None:
        (event,) = parse(changed(published("Delivery"), "delivery.recipients", [CAROL]))
        assert isinstance(event, Delivered)
        assert event.recipient == CAROL

    def test_recipients_are_deduplicated(self) -> None:
        twice = [
            {"emailAddress": ALICE, "status": "5.1.1"},
            {"emailAddress": ALICE, "status": "5.0.0"},
            ALICE,
        ]
        (event,) = parse(changed(published("Bounce"), "bounce.bouncedRecipients", twice))
        assert isinstance(event, Bounced)
        assert event.status == "5.1.1"
        assert len(parse(changed(published("Open"), "mail.destination", [BOB, ALICE, BOB]))) == 2

    @pytest.mark.parametrize("nobody", [..., None, []], ids=repr)
    @pytest.mark.parametrize(
        "path",
        [
            "bounce.bouncedRecipients",
            "complaint.complainedRecipients",
            "delivery.recipients",
            "deliveryDelay.delayedRecipients",
        ],
    )
    def test_missing_recipients_are_replaced_by_the_destination(
        self, path: str, nobody: Any
    ) -> None:
        key = path.partition(".")[0]
        word = next(word for word, (place, _) in ses_events.PARTS.items() if place == key)
        events = parse(changed(published(word), path, nobody))
        assert [getattr(event, "recipient", None) for event in events] == [ALICE, BOB]
        assert {event.defects for event in events} == {
            (f"{path}: it is empty; replaced by all recipients of the message",)
        }

    def test_recipient_may_be_an_address_instead_of_an_object(self) -> None:
        (event,) = parse(changed(published("Bounce"), "bounce.bouncedRecipients", [CAROL]))
        assert isinstance(event, Bounced)
        assert (event.recipient, event.action, event.status, event.diagnostic_code) == (
            CAROL,
            None,
            None,
            None,
        )

    def test_accepts_1000_recipients(self) -> None:
        many = [f"{number}@example.com" for number in range(1000)]
        assert len(parse(changed(published("Open"), "mail.destination", many))) == 1000


class TestTimes:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "late",
            5,
            None,
            "2018-13-08T14:05:45Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-0100",
            "+0000",
            "9" * 51,
        ],
        ids=repr,
    )
    def test_invalid_event_time_is_replaced_by_message_time(self, text: Any) -> None:
        (event,) = parse(changed(published("Delivery"), "delivery.timestamp", text))
        assert isinstance(event, Delivered)
        assert event.timestamp == SENT_AT
        assert event.defects[-1] == "delivery.timestamp: replaced by the time of the message"
        assert event.defects[:-1] == (
            () if text is None else ("delivery.timestamp: it isn't a time",)
        )

    def test_invalid_message_time_is_none(self) -> None:
        (event,) = parse(changed(published("Delivery"), "mail.timestamp", "late"))
        assert isinstance(event, Delivered)
        assert (event.timestamp, event.sent_at) == (TIME, None)
        assert event.defects == ("mail.timestamp: it isn't a time",)

    @pytest.mark.parametrize("time", [..., None, "late"], ids=repr)
    def test_invalid_receipt_time_is_replaced_by_message_time(self, time: Any) -> None:
        (event,) = parse(changed(received(), "receipt.timestamp", time))
        assert isinstance(event, Received)
        assert event.timestamp == SENT_AT
        assert event.defects[-1] == "receipt.timestamp: replaced by the time of the message"
        assert event.defects[:-1] == (
            ("receipt.timestamp: it isn't a time",) if time == "late" else ()
        )
