"""Meaning of bounces and complaints: the cause, and whether an address is suppressed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sesmail.receiving.events.event import Bounced, Complained, event_from_json
from sesmail.receiving.parsing.parser import parse
from support.ses_events import ALICE, BOB, Json, changed, published

NOW = datetime(2026, 3, 6, 19, 55, tzinfo=UTC)


def bounced(**fields: Any) -> Bounced:
    return Bounced(
        **{
            "recipient": "a@example.com",
            "message_id": "1",
            "timestamp": NOW,
            "bounce_type": "Permanent",
            **fields,
        }
    )


def parsed(
    bounce_type: str, subtype: str | None = None, *statuses: str | None
) -> list[tuple[str, bool]]:
    """Returns cause and ``permanent`` of each recipient, after a round trip through JSON."""
    names = (ALICE, BOB, "carol@example.net")
    recipients: list[Json] = [
        {"emailAddress": name} | ({} if status is None else {"status": status})
        for name, status in zip(names, statuses or (None,), strict=False)
    ]
    document = changed(published("Bounce"), "bounce.bouncedRecipients", recipients)
    document = changed(document, "bounce.bounceType", bounce_type)
    document = changed(document, "bounce.bounceSubType", ... if subtype is None else subtype)
    events = [event_from_json(event.to_json()) for event in parse(document)]
    return [(event.cause, event.permanent) for event in events if isinstance(event, Bounced)]


@pytest.mark.parametrize(
    ("bounce_type", "subtype", "cause"),
    [
        ("Permanent", None, "address"),
        ("Permanent", "", "address"),
        ("Permanent", "General", "address"),
        ("Permanent", "NoEmail", "address"),
        ("PERMANENT", "noemail", "address"),
        ("Permanent", "Suppressed", "suppressed"),
        ("Permanent", "OnAccountSuppressionList", "suppressed"),
        ("Permanent", "OnTenantSuppressionList", "suppressed"),
        ("Permanent", "EmailValidationSuppressed", "suppressed"),
        ("Permanent", "UnsubscribedRecipient", "unsubscribed"),
        ("Permanent", "Undetermined", "unknown"),
        ("Permanent", "OnLunarSuppressionList", "unknown"),
        ("Transient", "General", "unknown"),
        ("Transient", "NoEmail", "unknown"),
        ("Transient", "MailboxFull", "mailbox"),
        ("Transient", "MessageTooLarge", "content"),
        ("Transient", "ContentRejected", "content"),
        ("Transient", "AttachmentRejected", "content"),
        ("Transient", "CustomTimeoutExceeded", "timeout"),
        ("Transient", "OnTenantSuppressionList", "suppressed"),
        ("Undetermined", "Undetermined", "unknown"),
        ("Undetermined", None, "unknown"),
        ("New", "General", "unknown"),
    ],
)
def test_cause_of_each_subtype(bounce_type: str, subtype: str | None, cause: str) -> None:
    permanent = cause == "address"
    assert parsed(bounce_type, subtype) == [(cause, permanent)]
    # The lists answer with the status of an address that doesn't exist.
    assert parsed(bounce_type, subtype, "5.1.1") == [(cause, permanent)]


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (None, "address"),
        ("", "address"),
        ("x", "address"),
        ("smtp; 5.1.1", "address"),
        ("5", "address"),
        ("550", "address"),
        ("5.0.0", "address"),
        ("5.1.0", "address"),
        ("5.1.1", "address"),
        ("5.1.1 (bad destination mailbox address)", "address"),
        ("5.1.2", "address"),
        ("5.1.10", "address"),
        ("5.2.1", "address"),
        ("5.4.4", "address"),
        ("5.5.0", "address"),
        ("5.1.7", "unknown"),
        ("5.1.8", "unknown"),
        ("5.2.2", "mailbox"),
        ("5.2.3", "content"),
        ("5.3.4", "content"),
        ("5.4.7", "timeout"),
        ("5.5.3", "content"),
        ("5.6.1", "content"),
        ("5.7.1", "content"),
        ("5.7.26", "content"),
        ("5.7", "content"),
        ("4", "unknown"),
        ("450", "unknown"),
        ("4.0.0", "unknown"),
        ("4.1.1", "unknown"),
        (" 4.4.1", "unknown"),
        ("4.2.2", "mailbox"),
        ("4.3.4", "content"),
        ("4.4.7", "timeout"),
        ("4.7.0", "content"),
        ("2.0.0", "unknown"),
        ("2.4.7", "unknown"),
    ],
)
def test_status_of_the_recipient_refines_a_general_bounce(status: str | None, cause: str) -> None:
    assert parsed("Permanent", "General", status) == [(cause, cause == "address")]
    assert parsed("Permanent", None, status) == [(cause, cause == "address")]
    transient = "unknown" if cause == "address" else cause
    assert parsed("Transient", "General", status) == [(transient, False)]


@pytest.mark.parametrize("status", ["5.1.1", "5.7.1", "5.2.2", None])
def test_missing_address_is_permanent_with_any_permanent_status(status: str | None) -> None:
    assert parsed("Permanent", "NoEmail", status) == [("address", True)]


@pytest.mark.parametrize(("status", "cause"), [("4.1.1", "unknown"), ("4.2.2", "mailbox")])
def test_missing_address_with_a_temporary_status_is_not_permanent(status: str, cause: str) -> None:
    assert parsed("Permanent", "NoEmail", status) == [(cause, False)]


@pytest.mark.parametrize(
    ("diagnostic_code", "cause"),
    [
        ("smtp; 550 5.1.1 user unknown", "address"),
        ("smtp;550-5.1.1 user unknown", "address"),
        ("smtp; 550 user unknown", "address"),
        ("smtp; 5.4.4 Invalid domain", "address"),
        ("Amazon SES 4.2.2", "address"),
        ("x-unix; 4.2.2", "address"),
        ("smtp; hello", "address"),
        ("", "address"),
        ("smtp; 450 4.2.1 try later", "unknown"),
        ("SMTP; 421 try later", "unknown"),
        ("smtp; 550 4.4.7 Message expired: unable to deliver in 840 minutes", "timeout"),
        ("smtp; 552 5.2.2 over quota", "mailbox"),
        ("smtp; 550-5.7.26 Unauthenticated email", "content"),
        ("smtp; 554 4 attempts", "address"),
        ("smtp; 55", "address"),
    ],
)
def test_diagnostic_code_is_read_without_a_status(diagnostic_code: str, cause: str) -> None:
    assert bounced(diagnostic_code=diagnostic_code).cause == cause
    assert bounced(diagnostic_code=diagnostic_code, status="").cause == cause
    assert bounced(diagnostic_code=diagnostic_code, status="5.1.1").cause == "address"
    assert bounced(diagnostic_code=diagnostic_code, status="4.1.1").cause == "unknown"


def test_each_recipient_of_a_bounce_has_its_own_cause() -> None:
    assert parsed("Permanent", "General", "5.1.1", "4.2.2", None) == [
        ("address", True),
        ("mailbox", False),
        ("address", True),
    ]


@pytest.mark.parametrize(
    ("action", "permanent"),
    [
        (None, True),
        ("", True),
        ("failed", True),
        ("Failed", True),
        ("delayed", False),
        ("delivered", False),
        ("relayed", False),
        ("expanded", False),
    ],
)
def test_bounce_is_permanent_only_for_recipients_that_failed(
    action: str | None, permanent: bool
) -> None:
    assert bounced(action=action).permanent is permanent


@pytest.mark.parametrize("nobody", [..., None, []])
def test_bounce_that_names_nobody_is_not_permanent(nobody: Any) -> None:
    """Its events are of all recipients of the message, most of which didn't bounce."""
    events = parse(changed(published("Bounce"), "bounce.bouncedRecipients", nobody))
    found = [(event.cause, event.permanent) for event in events if isinstance(event, Bounced)]
    assert found == [("unknown", False)] * 2


@pytest.mark.parametrize(
    ("word", "is_spam"),
    [
        ("abuse", True),
        ("fraud", True),
        ("virus", True),
        ("other", True),
        ("New", True),
        (None, True),
        ("", True),
        ("not-spam", False),
        ("Not-Spam", False),
        ("auth-failure", False),
        ("AUTH-FAILURE", False),
        (" auth-failure ", False),
    ],
)
def test_complaint_is_spam_by_its_feedback_type(word: str | None, is_spam: bool) -> None:
    event = Complained(recipient="a@example.com", message_id="1", timestamp=NOW, feedback_type=word)
    assert event.is_spam is is_spam
