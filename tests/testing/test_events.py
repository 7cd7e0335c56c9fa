"""Events of a fake: made by a test or by themselves, verified and parsed by sesmail."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import sesmail
from sesmail import Message, Receiver, parse
from sesmail.testing import Emitted, FakeSES, SentMail

pytestmark = pytest.mark.anyio

ALICE = "alice@example.org"
BOB = "bob@example.org"
ORDER = Message(
    from_email="Shop <shop@example.com>",
    to=["Alice <alice@example.org>", BOB],
    subject="Your order",
    text="On its way: https://example.com/t",
    html='<a href="https://example.com/a?b=c">a</a>',
    tags=["order", "Zürich"],
    metadata={"order_id": 1, "customer": "Zoë"},
    message_tags={"campaign": "spring"},
    send_id="order-1",
)

Make = Callable[[FakeSES, SentMail], Emitted]
KINDS: dict[str, tuple[Make, type[sesmail.TrackingEvent]]] = {
    "deliver": (lambda fake, mail: fake.deliver(mail), sesmail.Delivered),
    "bounce": (lambda fake, mail: fake.bounce(mail), sesmail.Bounced),
    "complain": (lambda fake, mail: fake.complain(mail), sesmail.Complained),
    "delay": (lambda fake, mail: fake.delay(mail), sesmail.Delayed),
    "open": (lambda fake, mail: fake.open(mail), sesmail.Opened),
    "click": (
        lambda fake, mail: fake.click(mail, link_tags={"place": ["top"]}),
        sesmail.Clicked,
    ),
    "reject": (lambda fake, mail: fake.reject(mail), sesmail.Rejected),
    "fail_rendering": (lambda fake, mail: fake.fail_rendering(mail), sesmail.RenderingFailed),
}


@pytest.fixture
async def mail(ses: FakeSES, ses_client: sesmail.Client) -> SentMail:
    """A mail to two recipients."""
    ses.verify("example.com")
    await ses_client.send(ORDER)
    return ses.outbox.latest()


@pytest.mark.parametrize("kind", KINDS)
async def test_event_is_verified_and_correlated(
    ses: FakeSES, ses_receiver: Receiver, mail: SentMail, kind: str
) -> None:
    make, event_class = KINDS[kind]
    events = await ses_receiver.receive(*make(ses, mail).request(version="2"))
    assert [type(each) for each in events] == [event_class, event_class]
    for event, recipient in zip(events, (ALICE, BOB), strict=True):
        assert isinstance(event, sesmail.TrackingEvent)
        assert event.recipient == recipient
        assert event.message_id == mail.message_id
        assert event.tags == ORDER.tags
        assert event.metadata == ORDER.metadata
        assert event.send_id == "order-1"
        assert event.message_tags is not None
        assert event.message_tags["campaign"] == ("spring",)
        assert event.message_tags["ses:configuration-set"] == ("events",)
        assert event.source == "Shop <shop@example.com>"
        assert not event.headers_truncated
        assert event.defects == ()


async def test_event_of_one_recipient(ses: FakeSES, mail: SentMail) -> None:
    (event,) = parse(ses.bounce(mail.message_id, BOB, subtype="NoEmail").firehose())
    assert isinstance(event, sesmail.Bounced)
    assert (event.recipient, event.bounce_subtype, event.permanent) == (BOB, "NoEmail", True)
    assert ses.state.suppressed.keys() == {BOB}
    delivered = parse(ses.deliver(mail, [ALICE]).document)
    assert [each.recipient for each in delivered if isinstance(each, sesmail.Delivered)] == [ALICE]


@pytest.mark.parametrize(
    ("bot", "word"), [(None, "unknown"), (True, "likely"), (False, "unlikely")]
)
async def test_bots_open_and_click(
    ses: FakeSES, mail: SentMail, bot: bool | None, word: str
) -> None:
    for emitted in (ses.open(mail, bot=bot), ses.click(mail, bot=bot)):
        (event, _) = parse(emitted.document)
        assert isinstance(event, sesmail.Opened | sesmail.Clicked)
        assert event.bot == word


async def test_unknown_mail_recipient_or_link_is_an_error(ses: FakeSES, mail: SentMail) -> None:
    with pytest.raises(ValueError, match="no mail has the message id 'x'"):
        ses.bounce("x")
    with pytest.raises(ValueError, match="aren't recipients of <SentMail to=alice"):
        ses.bounce(mail, "carol@example.org")
    with pytest.raises(ValueError, match=r"has no link https://example\.com/z; it has"):
        ses.click(mail, "https://example.com/z")
    assert parse(ses.click(mail, "https://example.com/t").document)[0].kind == "Clicked"


async def test_untracked_mail_has_no_opens_and_clicks(
    ses: FakeSES, mail: SentMail, ses_client: sesmail.Client
) -> None:
    await ses_client.send(ORDER.replace(track_opens=False, track_clicks=False, send_id=None))
    with pytest.raises(ValueError, match="doesn't track opens"):
        ses.open(ses.outbox.latest())
    with pytest.raises(ValueError, match="doesn't track clicks"):
        ses.click(ses.outbox.latest())


async def test_headers_are_truncated_on_request_and_beyond_10_kb(
    ses: FakeSES, mail: SentMail, ses_client: sesmail.Client
) -> None:
    (event, _) = parse(ses.deliver(mail, truncate_headers=True).document)
    assert isinstance(event, sesmail.Delivered)
    assert (event.headers_truncated, event.metadata) == (True, {})
    await ses_client.send(ORDER.replace(headers={"X-Long": "x " * 6000}, send_id="order-2"))
    (event, _) = parse(ses.deliver(ses.outbox.latest()).document)
    assert isinstance(event, sesmail.Delivered)
    assert (event.headers_truncated, event.send_id, event.metadata) == (True, "order-2", {})


async def test_every_transport_gives_equal_events(ses: FakeSES, mail: SentMail) -> None:
    bounce = ses.bounce(mail)
    events = parse(bounce.document)
    assert parse(bounce.sqs_body()) == events
    assert parse(bounce.sqs_body(raw=True)) == events
    assert parse(bounce.lambda_event()) == events
    assert parse(bounce.lambda_event("sqs")) == events
    assert parse(bounce.lambda_event("sqs", raw=True)) == events
    assert parse(json.dumps(bounce.eventbridge())) == events
    assert parse(bounce.firehose()) == events
    assert bounce.eventbridge()["resources"] == [
        "arn:aws:ses:eu-west-1:123456789012:configuration-set/events"
    ]
    assert bounce.eventbridge()["detail-type"] == "Email Bounced"
    assert "Bounce of <SentMail to=alice@example.org, bob" in repr(bounce)
    with pytest.raises(
        ValueError, match="source must be 'sns', 'sqs' or for received mail 'ses', not 'ses'"
    ):
        bounce.lambda_event("ses")


async def test_notifications_of_an_identity(ses: FakeSES, ses_client: sesmail.Client) -> None:
    ses.verify("example.com")
    ses.notifications("example.com", "Bounce", "Complaint")
    await ses_client.send(ORDER)
    bounced = ses.bounce(ses.outbox[0])
    assert bounced.document["notificationType"] == "Bounce"
    assert bounced.record.topics == (ses.topic_arn,)
    (event, _) = parse(bounced.document)
    assert isinstance(event, sesmail.Bounced)
    assert (event.message_tags, event.tags) == (None, ORDER.tags)
    assert bounced.eventbridge()["resources"] == []
    assert ses.deliver(ses.outbox[0]).record.topics == ()
    ses.notifications("example.com", headers=False)
    (event, _) = parse(ses.deliver(ses.outbox[0]).document)
    assert isinstance(event, sesmail.Delivered)
    assert event.tags == ()


async def test_both_systems_report_one_occurrence_with_one_key(
    ses: FakeSES, mail: SentMail
) -> None:
    ses.state.identities["example.com"].topics = {"Bounce": ses.topic_arn}
    ses.bounce(mail, ALICE)
    published, notified = (each.document for each in ses.events[-2:])
    assert (published["eventType"], notified["notificationType"]) == ("Bounce", "Bounce")
    assert parse(published)[0].dedup_key == parse(notified)[0].dedup_key


async def test_configuration_set_chooses_events(
    ses: FakeSES, mail: SentMail, ses_client: sesmail.Client
) -> None:
    ses.configuration_set("some", events=["Bounce", "RENDERING_FAILURE"])
    ses.configuration_set("none", events=[])
    await ses_client.send(ORDER.replace(configuration_set="some"))
    assert ses.bounce(ses.outbox.latest()).record.topics == (ses.topic_arn,)
    assert ses.deliver(ses.outbox.latest()).record.topics == ()
    await ses_client.send(ORDER.replace(configuration_set="none"))
    assert ses.bounce(ses.outbox.latest(), ALICE).record.topics == ()
    with pytest.raises(ValueError, match="no event type 'Bounced'; one of Send, Reject"):
        ses.configuration_set("x", events=["Bounced"])


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("success", ["Sent", "Delivered"]),
        ("bounce+label", ["Sent", "Bounced"]),
        ("ooto", ["Sent", "Delivered", "Bounced"]),
        ("complaint", ["Sent", "Delivered", "Complained"]),
        ("suppressionlist", ["Sent", "Bounced"]),
        ("other", ["Sent"]),
    ],
)
async def test_simulator_addresses(
    ses: FakeSES, ses_client: sesmail.Client, name: str, kinds: list[str]
) -> None:
    ses.verify("example.com")
    await ses_client.send(ORDER.replace(to=f"{name}@simulator.amazonses.com"))
    events = [parse(each.document)[0] for each in ses.events]
    assert [each.kind for each in events] == kinds
    assert ses.state.suppressed == {}
    if name == "ooto":
        assert isinstance(events[-1], sesmail.Bounced)
        assert (events[-1].permanent, events[-1].status) == (False, "4.4.7")


async def test_suppressed_addresses_bounce(
    ses: FakeSES, mail: SentMail, ses_client: sesmail.Client
) -> None:
    ses.bounce(mail, ALICE)
    ses.complain(mail, BOB, feedback_type="not-spam")
    ses.bounce(mail, BOB, bounce_type="Transient", subtype="MailboxFull")
    assert ses.state.suppressed.keys() == {ALICE}
    ses.complain(mail, BOB)
    assert ses.state.suppressed[BOB].reason == "COMPLAINT"
    await ses_client.send(ORDER)
    bounced = [event for each in ses.events[-2:] for event in parse(each.document)]
    subtypes = [each.bounce_subtype for each in bounced if isinstance(each, sesmail.Bounced)]
    assert subtypes == ["OnAccountSuppressionList"] * 2
    ses.state.configuration_sets["events"].suppression_reasons = ()
    await ses_client.send(ORDER)
    assert ses.events[-1].kind == "Send"
    ses.account(suppress=[])
    ses.suppress("carol@example.org")
    ses.bounce(mail, ALICE)
    assert ses.state.suppressed["carol@example.org"].reason == "BOUNCE"


async def test_suppression_list_of_a_tenant(
    ses: FakeSES, mail: SentMail, ses_client: sesmail.Client
) -> None:
    await ses_client.call("CreateTenant", {"TenantName": "acme"})
    params = {"EmailAddress": ALICE, "Reason": "BOUNCE", "TenantName": "acme"}
    await ses_client.call("PutSuppressedDestination", params)
    await ses_client.send(ORDER.replace(to=ALICE, tenant="acme"))
    (event,) = parse(ses.events[-1].document)
    assert isinstance(event, sesmail.Bounced)
    assert event.bounce_subtype == "OnTenantSuppressionList"


async def test_events_are_settled_in_a_send_log(ses: FakeSES) -> None:
    log = sesmail.MemorySendLog()
    ses.verify("example.com")
    ses.faults.lost_response()
    async with ses.client(rate_limit=None, send_log=log) as client:
        with pytest.raises(sesmail.UnknownOutcomeError):
            await client.send(ORDER)
    async with Receiver(**ses.trust(), send_log=log) as receiver:
        await receiver.receive(*ses.deliver(ses.outbox[0]).request())
    record = await log.get("order-1")
    assert record is not None
    assert (record.outcome, record.message_id) == ("accepted", ses.outbox[0].message_id)


LISTED = ORDER.replace(
    to=ALICE,
    html='<a href="{{amazonSESUnsubscribeUrl}}">leave</a>' + " text" * 30,
    text="hello\nleave: {{amazonSESUnsubscribeUrl}}",  # a line that looks like base64
    list_management=sesmail.ListManagement(contact_list="Customers", topic="News"),
)


async def test_list_management(ses: FakeSES, ses_client: sesmail.Client) -> None:
    ses.verify("example.com")
    ses.contact_list("Customers", topics={"News": "OPT_IN", "Tips": "OPT_OUT"}, contacts=[ALICE])
    await ses_client.send(LISTED)
    mail = ses.outbox.latest()
    (link,) = mail.links
    assert link.startswith(f"{ses.url}/unsubscribe/")
    assert mail.headers.get("List-Unsubscribe") == f"<{link}>"
    (event,) = parse(ses.unsubscribe(mail).document)
    assert isinstance(event, sesmail.SubscriptionChanged)
    assert event.contact_list == "Customers"
    assert event.old_preferences is not None
    assert event.new_preferences is not None
    assert event.old_preferences.topics == {"News": "OptIn", "Tips": "OptOut"}
    assert event.new_preferences.topics == {"News": "OptOut", "Tips": "OptOut"}
    await ses_client.send(LISTED)
    (bounced,) = parse(ses.events[-1].document)
    assert isinstance(bounced, sesmail.Bounced)
    assert bounced.bounce_subtype == "UnsubscribedRecipient"


@pytest.mark.parametrize("padding", range(0, 76, 5))
async def test_unsubscribe_link_in_every_transfer_encoding(
    ses: FakeSES, ses_client: sesmail.Client, padding: int
) -> None:
    ses.verify("example.com")
    ses.contact_list("Customers")
    placeholder = "{{amazonSESUnsubscribeUrl}}"
    await ses_client.send(
        LISTED.replace(
            text=f"{'é' * padding} {placeholder} 配信停止はこちら" + "日本語" * 100,  # base64
            html="x" * padding + f' <a href="{placeholder}">x</a> é',  # quoted-printable
            list_management=sesmail.ListManagement(contact_list="Customers"),
        )
    )
    mail = ses.outbox[0]
    assert mail.text is not None
    assert b"Content-Transfer-Encoding: base64" in mail.raw
    assert b"Content-Transfer-Encoding: quoted-printable" in mail.raw
    assert len(mail.links) == 1
    assert mail.links[0] in mail.text
    assert placeholder not in f"{mail.text}{mail.html}"


async def test_unsubscribing_from_the_whole_list(
    ses: FakeSES, ses_client: sesmail.Client, mail: SentMail
) -> None:
    ses.contact_list("Customers")
    whole = LISTED.replace(list_management=sesmail.ListManagement(contact_list="Customers"))
    await ses_client.send(whole)
    ses.unsubscribe(ses.outbox.latest(), ALICE)
    assert ses.state.contact_lists["Customers"].contacts[ALICE].unsubscribed
    await ses_client.send(whole)
    assert ses.events[-1].kind == "Bounce"
    with pytest.raises(ValueError, match="without list management"):
        ses.unsubscribe(mail)


@pytest.mark.parametrize(
    ("name", "topic", "to", "text"),
    [
        ("None", None, [ALICE], "Contact list <None> does not exist"),
        ("Customers", "None", [ALICE], "Topic <None> does not exist"),
        ("Customers", None, [ALICE, BOB], "for one recipient only"),
    ],
)
async def test_invalid_list_management(
    ses: FakeSES, v2: Any, name: str, topic: str | None, to: list[str], text: str
) -> None:
    ses.contact_list("Customers")
    options = {"ContactListName": name} | ({"TopicName": topic} if topic else {})
    body = {"Text": {"Data": "x"}}
    with pytest.raises(v2.exceptions.ClientError, match=text):
        v2.send_email(
            FromEmailAddress="a@example.com",
            Destination={"ToAddresses": to},
            Content={"Simple": {"Subject": {"Data": "x"}, "Body": body}},
            ListManagementOptions=options,
        )
