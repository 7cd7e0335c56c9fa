"""Signed requests of events that were made by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import sesmail
from sesmail import Receiver, parse
from sesmail.receiving.events.base import TrackingEvent
from sesmail.testing import signing, sns

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 6, 19, 55, 37, 123456, UTC)
FIELDS: dict[str, Any] = {
    "recipient": "alice@example.org",
    "message_id": "0102-1",
    "timestamp": NOW,
}
FULL: dict[str, Any] = {
    **FIELDS,
    "sent_at": NOW - timedelta(seconds=1),
    "source": "Shop <shop@example.com>",
    "tags": ("a", "Zürich", "=?x"),
    "metadata": {"order": 1, "name": "Zoë"},
    "send_id": "order-1",
    "message_tags": {"campaign": ("a", "b")},
    "headers_truncated": True,
}
PREFERENCES = sesmail.TopicPreferences(False, {"News": "OptIn"})
EVENTS: list[TrackingEvent] = [
    sesmail.Bounced(**FIELDS, bounce_type="Permanent"),
    sesmail.Bounced(
        **FULL,
        bounce_type="Transient",
        bounce_subtype="MailboxFull",
        action="failed",
        status="4.2.2",
        diagnostic_code="full",
        feedback_id="1",
        remote_mta_ip="192.0.2.1",
        reporting_mta="mta",
    ),
    sesmail.Delivered(**FULL, processing_millis=5, smtp_response="ok"),
    sesmail.Delivered(**FIELDS),
    sesmail.Delayed(**FULL, delay_type="General", expires_at=NOW, status="4.4.1"),
    sesmail.Complained(**FULL, feedback_type="abuse", arrived_at=NOW),
    sesmail.Opened(**FULL, ip_address="192.0.2.1", user_agent="x", bot="likely"),
    sesmail.Clicked(**FULL, link="https://example.com/", link_tags={"a": ("b",)}),
    sesmail.SubscriptionChanged(
        **FULL,
        contact_list="C",
        changed_by="UnsubscribeHeader",
        new_preferences=PREFERENCES,
        old_preferences=sesmail.TopicPreferences(None, {"News": "OptOut"}),
    ),
    *(
        each(**{**FULL, "sent_at": NOW}, **more)
        for each, more in (
            (sesmail.Sent, {}),
            (sesmail.Rejected, {"reason": "Bad content"}),
            (sesmail.RenderingFailed, {"template": "T", "error_message": "no name"}),
        )
    ),
]
RECEIVED: list[sesmail.Received] = [
    sesmail.Received(
        message_id="1",
        timestamp=NOW,
        recipients=("a@example.com",),
        source="b@example.org",
        verdicts=sesmail.Verdicts("PASS", "PASS", "FAIL", None, "FAIL", "reject"),
        action=action,
        content=content,
        processing_millis=3,
    )
    for action, content in (
        (sesmail.SnsAction(encoding="UTF8", topic_arn=sns.TOPIC), "To: a@example.com"),
        (sesmail.S3Action(bucket="b", key="k"), None),
        (
            sesmail.OtherAction(
                type="Bounce", details={"type": "Bounce", "message": "no such mailbox"}
            ),
            None,
        ),
        (None, None),
    )
]


@pytest.mark.parametrize("event", EVENTS)
async def test_event_is_posted_and_received(event: TrackingEvent) -> None:
    async with Receiver(**sns.trust()) as receiver:
        assert await receiver.receive(*sns.post(event)) == (event,)


@pytest.mark.parametrize("event", RECEIVED)
async def test_received_mail_is_posted(event: sesmail.Received) -> None:
    async with Receiver(**sns.trust()) as receiver:
        (received,) = await receiver.receive(*sns.post(event, version="2"))
    assert received == event or event.action is None


async def test_raw_of_an_event_and_any_document_are_used_as_they_are() -> None:
    document = {"eventType": "Teleport", "mail": {"messageId": "1"}}
    (unknown,) = parse(sns.post(document)[0])
    assert isinstance(unknown, sesmail.UnknownEvent)
    (first,) = parse(sns.post(EVENTS[0])[0])
    assert isinstance(first, sesmail.Bounced)
    (again,) = parse(sns.post(first)[0])
    assert again == first
    (received,) = parse(sns.post(RECEIVED[0])[0])
    assert isinstance(received, sesmail.Received)
    assert parse(sns.post(received)[0]) == (received,)
    with pytest.raises(TypeError, match="must be a tracking or Received event, not int"):
        sns.post(5)  # type: ignore[arg-type]


async def test_each_check_of_the_receiver_is_on() -> None:
    other = sns.TOPIC.replace("ses-events", "other")
    async with Receiver(**sns.trust()) as receiver:
        body, headers = sns.post(EVENTS[0])
        with pytest.raises(sesmail.UnauthenticatedError):
            await receiver.receive(*sns.post(EVENTS[0], secret=None))
        with pytest.raises(sesmail.UnauthenticatedError):
            await receiver.receive(*sns.post(EVENTS[0], secret="a:b"))
        with pytest.raises(sesmail.ForbiddenTopicError):
            await receiver.receive(*sns.post(EVENTS[0], topic=other))
        with pytest.raises(sesmail.SignatureError):
            await receiver.receive(body.replace(b"0102-1", b"0102-2"), headers)


async def test_confirmations(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver(**sns.trust(), auto_confirm=False) as receiver:
        with pytest.raises(sesmail.UnexpectedSubscriptionError) as caught:
            await receiver.receive(*sns.confirm(token="abc"))
        assert (caught.value.token, caught.value.topic_arn) == ("abc", sns.TOPIC)
        (event,) = await receiver.receive(*sns.confirm(kind="UnsubscribeConfirmation"))
    assert isinstance(event, sesmail.UnsubscribeConfirmation)


@pytest.mark.parametrize(
    "region", ["eu-west-1", "eu-south-2", "cn-north-1", "us-gov-west-1", "us-east-1"]
)
async def test_topics_of_every_partition(region: str) -> None:
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")
    topic = f"arn:{partition}:sns:{region}:123456789012:mine"
    async with Receiver(**sns.trust(topic=topic, secret="a:b")) as receiver:
        request = sns.post(EVENTS[0], topic=topic, secret="a:b")
        assert await receiver.receive(*request) == (EVENTS[0],)


def test_invalid_topics() -> None:
    for function in (signing.certificate, signing.certificate_url):
        with pytest.raises(ValueError, match="not the ARN of an SNS topic: 'x'"):
            function("x")
