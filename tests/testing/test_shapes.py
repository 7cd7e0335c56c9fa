"""The keys of every event beside those that AWS documents.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
"""

from collections.abc import Mapping
from typing import Any

import pytest

from sesmail import Client, ListManagement, Message
from sesmail.testing import FakeSES

pytestmark = pytest.mark.anyio

# Keys of the object of each event type; a question mark is after those that may be absent.
PARTS = {
    "Send": "",
    "Delivery": "timestamp processingTimeMillis recipients smtpResponse reportingMTA remoteMtaIp?",
    "Bounce": "bounceType bounceSubType bouncedRecipients timestamp feedbackId remoteMtaIp? "
    "reportingMTA?",
    "Complaint": "complainedRecipients timestamp feedbackId complaintSubType? userAgent? "
    "complaintFeedbackType? arrivalDate?",
    "Reject": "reason",
    "Open": "ipAddress timestamp userAgent isBotEvent?",
    "Click": "ipAddress timestamp userAgent link linkTags? isBotEvent?",
    "Rendering Failure": "templateName errorMessage",
    "DeliveryDelay": "delayType delayedRecipients expirationTime reportingMTA? timestamp",
    "Subscription": "contactList timestamp source newTopicPreferences oldTopicPreferences",
}
OBJECTS = {
    "Rendering Failure": "failure",
    "DeliveryDelay": "deliveryDelay",
}
MAIL = (
    "timestamp source sourceArn? sourceIp? callerIdentity? sendingAccountId? messageId destination "
    "headersTruncated? headers? commonHeaders? tags?"
)
COMMON = "from to cc? bcc? replyTo? sender? returnPath? date? messageId? subject?"
RECEIPT = (
    "timestamp processingTimeMillis recipients spamVerdict virusVerdict spfVerdict dkimVerdict "
    "dmarcVerdict dmarcPolicy? action"
)


def check_keys(found: Mapping[str, Any], keys: str) -> None:
    names = keys.split()
    required = {name for name in names if not name.endswith("?")}
    assert required <= found.keys() <= {name.rstrip("?") for name in names}


LISTED = Message(
    from_email="shop@example.com",
    to="a@example.org",
    subject="News",
    text="{{amazonSESUnsubscribeUrl}}",
    html='<a href="https://example.com/">x</a>',
    list_management=ListManagement(contact_list="Customers", topic="News"),
)


@pytest.fixture
async def events(ses: FakeSES, ses_client: Client) -> dict[str, Mapping[str, Any]]:
    """One document of each kind, published by one configuration set."""
    ses.verify("example.com")
    ses.contact_list("Customers", topics={"News": "OPT_IN"})
    await ses_client.send(LISTED)
    mail = ses.outbox[0]
    for make in (
        ses.deliver,
        ses.bounce,
        ses.complain,
        ses.reject,
        ses.open,
        ses.click,
        ses.fail_rendering,
        ses.delay,
        ses.unsubscribe,
    ):
        make(mail)
    return {each.kind: each.document for each in ses.events}


async def test_keys_of_tracking_events(events: dict[str, Mapping[str, Any]]) -> None:
    assert events.keys() == PARTS.keys()
    for kind, document in events.items():
        key = OBJECTS.get(kind, kind.lower())
        assert document.keys() == {"eventType", "mail", key}
        assert document["eventType"] == kind
        check_keys(document[key], PARTS[kind])
        check_keys(document["mail"], MAIL)
        check_keys(document["mail"]["commonHeaders"], COMMON)
        assert all(each.keys() == {"name", "value"} for each in document["mail"]["headers"])
        assert all(isinstance(values, list) for values in document["mail"]["tags"].values())
        assert {"ses:configuration-set", "ses:source-ip"} <= document["mail"]["tags"].keys()


async def test_keys_of_recipients_and_preferences(events: dict[str, Mapping[str, Any]]) -> None:
    recipient = "emailAddress action? status? diagnosticCode?"
    check_keys(events["Bounce"]["bounce"]["bouncedRecipients"][0], recipient)
    check_keys(events["DeliveryDelay"]["deliveryDelay"]["delayedRecipients"][0], recipient)
    check_keys(events["Complaint"]["complaint"]["complainedRecipients"][0], "emailAddress")
    for name in ("newTopicPreferences", "oldTopicPreferences"):
        preferences = events["Subscription"]["subscription"][name]
        check_keys(preferences, "unsubscribeAll topicSubscriptionStatus")
        check_keys(preferences["topicSubscriptionStatus"][0], "topicName subscriptionStatus")


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("SNS", "type topicArn encoding?"),
        ("S3", "type topicArn? bucketName objectKeyPrefix? objectKey"),
    ],
)
async def test_keys_of_received_mail(ses: FakeSES, action: Any, keys: str) -> None:
    document = ses.receive(b"From: a@example.net\r\nTo: b@example.com\r\n\r\n", action=action)
    check_keys(document.document, "notificationType mail receipt content?")
    check_keys(document.document["mail"], MAIL)
    check_keys(document.document["receipt"], RECEIPT)
    check_keys(document.document["receipt"]["action"], keys)
    assert ("content" in document.document) == (action == "SNS")


async def test_keys_of_notifications(ses: FakeSES, ses_client: Client) -> None:
    ses.verify("example.com")
    ses.notifications("example.com", headers=False)
    await ses_client.send(LISTED.replace(list_management=None))
    for make in (ses.deliver, ses.bounce, ses.complain):
        document = make(ses.outbox[0]).document
        assert "notificationType" in document
        check_keys(document["mail"], MAIL)
        assert not {"headers", "commonHeaders", "tags"} & document["mail"].keys()
