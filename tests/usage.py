"""Code of applications, checked by mypy and pyright in strict mode, and never run.

Each line with a type error has comments that suppress it; unused suppressions are errors.
"""

import signal
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, assert_never, assert_type

from pydantic import SecretStr
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

import sesmail
import sesmail.sql
import sesmail.testing
from sesmail import (
    Address,
    Alternative,
    Attachment,
    Bounced,
    BulkMessage,
    BulkResult,
    Client,
    Delivery,
    DynamoSendLog,
    Event,
    EventQueue,
    InboundAttachment,
    InboundMail,
    InboundStorage,
    InlineTemplate,
    ListManagement,
    Mailbox,
    MailReport,
    MemorySendLog,
    Message,
    Outcome,
    QueueMessage,
    RawMessage,
    Received,
    Receiver,
    Recipient,
    RecipientResult,
    ReportedRecipient,
    S3Object,
    SeenMessages,
    SendLog,
    SendRecord,
    SendResult,
    SnsMessage,
    SqliteSendLog,
    TemplateMessage,
    TopicPreferences,
    Verdicts,
)
from sesmail.testing import desk

TOPICS = ["arn:aws:sns:eu-west-1:111122223333:mail"]


async def first_screen() -> None:
    async with sesmail.Client("eu-west-1", configuration_set="tracking") as client:
        assert_type(client, Client)
        result = await client.send(
            sesmail.Message(
                from_email="Shop <shop@example.com>",
                to="alice@example.com",
                subject="Your order",
                text="It is on its way.",
                html="<p>It is <b>on its way</b>.</p>",
                tags=["order"],
                metadata={"order_id": 12345},
            )
        )
        assert_type(result, SendResult)
        assert_type(result.message_id, str)
        assert_type(result.rfc5322_message_id, str | None)
        assert_type(result.replayed, bool)
        assert_type(result.request_id, str | None)
        assert_type(result.recipients, tuple[RecipientResult, ...])

        await client.send(
            TemplateMessage(
                from_email="shop@example.com",
                to="a@example.com",
                template="Shipped",
                data={"name": "Alice"},
            )
        )
        await client.send(RawMessage(content=b"From: a@example.com\r\n\r\n", to="a@example.com"))
        bulk = await client.send_bulk(
            BulkMessage(
                from_email="shop@example.com",
                template="Shipped",
                data={"ship_date": "May 15"},
                recipients=[
                    Recipient("alice@example.com", data={"name": "Alice"}, metadata={"order_id": 1})
                ],
            )
        )
        assert_type(bulk, BulkResult)
        assert_type(bulk.failed, tuple[RecipientResult, ...])
        bulk.raise_for_failed()
        for failed in bulk.failed:
            assert_type(failed.recipient, str)
            assert_type(failed.status, str | None)
            assert_type(failed.error, sesmail.SendError | None)
        assert_type(await client.call("GetAccount"), dict[str, Any])
        await client.call("GetEmailIdentity", {"EmailIdentity": "example.com"})


def one_address_or_several(
    texts: list[str], mixed: list[str | Address], some: Iterator[str]
) -> None:
    Message(to="a@example.com")
    Message(to=Address("a@example.com", "Ann"))
    Message(to=Address("a@example.com", name="Ann"))
    Message(to=["a@example.com", Address("b@example.com")])
    Message(to=("a@example.com", "b@example.com"))
    Message(to={"a@example.com"})
    Message(to=(f"{name}@example.com" for name in "ab"))
    Message(from_email=texts, to=mixed, cc=some, bcc=[], reply_to=())
    Message(sender="a@example.com", envelope_sender=Address("b@example.com"))
    TemplateMessage(
        template="T",
        to=texts,
        cc=mixed,
        bcc=some,
        reply_to="a@example.com",
        from_email=Address("a@b.example"),
    )
    RawMessage(content=b"", to=texts, cc=mixed, bcc=some)
    BulkMessage(
        template="T", recipients=(Recipient(text) for text in texts), cc=mixed, bcc="a@example.com"
    )
    BulkMessage(
        template="T",
        recipients=["a@example.com", Address("b@example.com"), Recipient("c@example.com")],
    )
    Recipient(Address("a@example.com"), cc=texts, bcc=mixed)
    Recipient(to="a@example.com", unsubscribe="https://example.com/u/1")
    Message(to="a@example.com", unsubscribe="https://example.com/u/1")
    assert_type(Alternative.calendar("BEGIN:VCALENDAR", method="REQUEST"), Alternative)
    assert_type(Attachment.calendar(b"BEGIN:VCALENDAR", filename="invite.ics"), Attachment)


def forwarding(mail: InboundMail, other: bytes) -> None:
    sent = RawMessage.forward(mail, from_email="me@example.com", to="a@example.com", send_id="1")
    assert_type(sent, RawMessage)
    RawMessage.forward(other, from_email=Address("me@example.com"), reply_to=["b@example.com"])
    RawMessage.forward("text", from_email="me@example.com")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def reading(
    message: Message, template: TemplateMessage, bulk: BulkMessage, raw: RawMessage, each: Recipient
) -> None:
    assert_type(message.from_email, tuple[Address, ...])
    assert_type(message.to, tuple[Address, ...])
    assert_type(message.sender, Address | None)
    assert_type(message.subject, str | None)
    assert_type(message.tags, tuple[str, ...])
    assert_type(message.attachments, tuple[Attachment, ...])
    assert_type(message.alternatives, tuple[Alternative, ...])
    assert_type(message.headers, Mapping[str, str])
    assert_type(message.message_tags, Mapping[str, str])
    assert_type(message.track_opens, bool | None)
    assert_type(message.list_management, ListManagement | None)
    assert_type(message.extra, Mapping[str, Any])
    assert_type(message.send_id, str | None)
    assert_type(each.send_id, str | None)
    assert_type(template.from_email, Address | None)
    assert_type(template.template, str | InlineTemplate)
    assert_type(bulk.recipients, tuple[Recipient, ...])
    assert_type(raw.content, bytes)
    assert_type(each.to, Address)
    assert_type(each.cc, tuple[Address, ...])
    assert_type(Address.parse("a@example.com"), Address)
    assert_type(message.to[0].email, str)
    assert_type(message.to[0].name, str | None)
    assert_type(Message.model_validate_json(message.model_dump_json()), Message)
    assert_type(message.model_copy(update={"subject": "Another"}), Message)
    assert_type(message.replace(subject="Another", to=["a@example.com"]), Message)
    message.replace(subject=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    message.replace(data={})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(Recipient("a@example.com").replace(data={"a": 1}), Recipient)
    assert_type(Attachment("a.txt", b"").replace(filename="b.txt"), Attachment)
    assert_type(
        sesmail.message_from_json(message.to_json()),
        Message | RawMessage | TemplateMessage | BulkMessage,
    )


def files(path: Path, standard: EmailMessage) -> None:
    Attachment("a.pdf", b"%PDF")
    Attachment(
        "a.txt", "text", "text/plain", content_id="id", disposition="inline", description="words"
    )
    Attachment(filename="a.pdf", content=b"%PDF", media_type="application/pdf")
    attachment = Attachment.from_path(path, content_id="logo", filename="logo.png")
    assert_type(attachment, Attachment)
    assert_type(attachment.content, bytes | S3Object)
    assert_type(attachment.media_type, str)
    Attachment.from_path("a.pdf")
    stored = Attachment.from_s3(
        "invoices",
        "2026/7.pdf",
        version_id="1",
        filename="a.pdf",
        media_type="application/pdf",
        content_id="id",
        disposition="inline",
        description="words",
    )
    assert_type(stored, Attachment)
    assert_type(stored.replace(content=S3Object("invoices", "8.pdf")), Attachment)
    if isinstance(stored.content, S3Object):
        assert_type(stored.content.key, str)
        assert_type(stored.content.version_id, str | None)
        assert_type(stored.content.replace(version_id=None), S3Object)
    Attachment("a.pdf", S3Object("invoices", "7.pdf"))
    Attachment.from_s3("invoices", b"7.pdf")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Attachment.from_s3("invoices", "7.pdf", "1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Message(
        attachments=[attachment], alternatives=[Alternative("<html amp4email>", "text/x-amp-html")]
    )
    Message(attachments=(Attachment.from_path(each) for each in path.iterdir()))
    RawMessage(content=standard, to="a@example.com")


def everything_of_a_call() -> None:
    Message(
        configuration_set="tracking",
        message_tags={"kind": "order"},
        envelope_sender="bounces@example.com",
        track_opens=False,
        track_clicks=None,
        tenant="tenant",
        endpoint_id="abc.123",
        list_management=ListManagement(contact_list="list", topic="topic"),
        source_arn="arn:aws:ses:...",
        from_arn="arn:aws:ses:...",
        return_path_arn="arn:aws:ses:...",
        extra={"FeedbackForwardingEmailAddress": "a@example.com"},
        headers={"List-Unsubscribe": "<https://example.com/u>"},
        metadata={"nested": {"list": [1, None]}},
        tags=("order",),
    )
    TemplateMessage(template=InlineTemplate(subject="Hi {{name}}", text="Hi", html="<b>Hi</b>"))


def clients() -> None:
    Client()
    Client("eu-west-1", api="v1")
    Client(
        region="eu-west-1",
        api="v2",
        profile="work",
        configuration_set="tracking",
        message_tag_name="campaign",
        defaults=Message(from_email="shop@example.com", tags=["all"]),
        timeout=10,
        config={"max_pool_connections": 10},
        endpoint_url="http://localhost:5000",
        aws_access_key_id="id",
        aws_secret_access_key="secret",
        verify=False,
    )
    Client(endpoint_url=None, verify=None, use_ssl=None, aws_session_token=None)


async def closing(client: Client, message: Message) -> None:
    try:
        await client.send(message)
    finally:
        await client.aclose()


async def errors(client: Client, message: Message) -> None:
    try:
        await client.send(message)
    except sesmail.UnsupportedFeatureError as error:
        assert_type(error.feature, str)
        assert_type(error.instead, str)
    except sesmail.InvalidMessageError as error:
        assert_type(error.field, str)
        assert_type(error.limit, int | None)
        assert_type(error.actual, int | None)
    except sesmail.UnknownOutcomeError as error:
        assert_type(error.answer, Any)
    except sesmail.SendError as error:
        assert_type(error.retryable, bool)
        assert_type(error.code, str | None)
        assert_type(error.request_id, str | None)
        assert_type(error.operation, str)
        assert_type(outcome_in_words(error.outcome), str)


def bulk_errors(result: BulkResult) -> None:
    try:
        result.raise_for_failed()
    except sesmail.BulkSendError as group:
        for error in group.exceptions:
            assert_type(error, sesmail.SendError | ExceptionGroup[sesmail.SendError])


def outcome_in_words(outcome: Outcome) -> str:
    match outcome:
        case "accepted":
            return "SES has it"
        case "rejected":
            return "SES rejected it"
        case "not_sent":
            return "nothing left"
        case "unknown":
            return "unknown"
        case _:
            assert_never(outcome)


def matching(result: RecipientResult) -> str:
    match result:
        case RecipientResult(outcome="accepted", message_id=str(message_id)):
            return message_id
        case RecipientResult(error=sesmail.ThrottledError() as error):
            return error.message
        case RecipientResult(recipient=recipient):
            return recipient


async def webhook(
    receiver: Receiver, body: bytes, headers: dict[str, str]
) -> tuple[int, Mapping[str, str]]:
    try:
        events = await receiver.receive(body, headers)
    except sesmail.WebhookError as error:
        assert_type(error.status, int)
        assert_type(error.headers, dict[str, str])
        return error.status, error.headers
    assert_type(events, tuple[Event, ...])
    for event in events:
        match event:
            case sesmail.Bounced(recipient=who, permanent=True):
                assert_type(who, str)
            case sesmail.Received():
                mail = await receiver.fetch(event)
                assert_type(mail, InboundMail)
                await receiver.delete_object(event)
            case _:
                pass
    return 204, {}


def receivers(path: Path) -> None:
    recent = SeenMessages(size=1_000)
    Receiver(secret="user:password")
    Receiver(topics=TOPICS)
    Receiver(secret=SecretStr("user:password"), topics=set(TOPICS), signatures=False)
    Receiver(secret=["new:password", SecretStr("old:password")])
    Receiver(secret=path.read_text().splitlines(), topics=tuple(TOPICS))
    Receiver(allow_unproven=True, signatures=False)
    Receiver(
        secret="user:password",
        topics=TOPICS,
        signatures=True,
        accept="inbound",
        auto_confirm=False,
        allow_raw=True,
        max_age=600,
        seen=recent,
        storage=InboundStorage(
            buckets=["example-inbound"],
            account="111122223333",
            kms_key="alias/mail",
            require_encrypted=True,
            max_size=10_000_000,
        ),
        fetch_certificate=certificate,
        clock=lambda: datetime.now(UTC),
        region="eu-west-1",
        profile="work",
        timeout=5,
        config={"max_pool_connections": 10},
        endpoint_url="http://localhost:5000",
        verify=False,
    )


async def send_logs(path: Path) -> None:
    logs: list[SendLog] = [MemorySendLog(), MemorySendLog(clock=lambda: datetime.now(UTC))]
    for log in (SqliteSendLog(path), SqliteSendLog("sends.db", clock=lambda: datetime.now(UTC))):
        logs.append(log)
        Client(send_log=log, tag_send_id=True)
        Receiver(secret="user:password", send_log=log)
    async with SqliteSendLog(path) as entered:
        assert_type(entered, SqliteSendLog)
        assert_type(await entered.get("id-1"), SendRecord | None)
        async for record in entered.unknown(before=datetime.now(UTC)):
            assert_type(record, SendRecord)
            assert_type(record.began, datetime)
            assert_type(record.outcome, Outcome)
            assert_type(await entered.settle(record.send_id, "not_sent"), bool)
        assert_type(await entered.forget(datetime.now(UTC)), int)
    for each in logs:
        try:
            await each.begin("id-1")
        except sesmail.DuplicateSendError as error:
            assert_type(error.send_id, str | None)
            assert_type(error.recorded_outcome, Outcome)
            assert_type(error.message_id, str | None)
            assert_type(error.outcome, Outcome)
            assert_type(error.began, datetime | None)
        await each.finish("id-1", "accepted", "m-1")
        await each.settle("id-1", "sent")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Heard(sesmail.Listener):
    def before_attempt(self, call: sesmail.CallInfo) -> None:
        assert_type(call.recipients, int)

    def after_attempt(self, call: sesmail.CallInfo, attempts: Sequence[sesmail.Attempt]) -> None:
        assert_type(attempts[0].outcome, Outcome)


def pacing(limiter: sesmail.RateLimiter) -> None:
    Client(rate_limit="account", retry=sesmail.RetryPolicy(), listener=Heard())
    Client(rate_limit=14, retry=sesmail.RetryPolicy(attempts=1, on_unknown="retry"))
    Client(rate_limit=limiter)
    Client(rate_limit=None)
    Client(fast_path=False)
    Client(rate_limit="fast")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(retry=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    sesmail.RetryPolicy(on_unknown="ignore")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(limiter.account_rate, float | None)
    assert_type(limiter.expected_wait(low_priority=True), float)


class OldSendLog:
    """Send log whose begin returns nothing."""

    async def begin(self, send_id: str) -> None:
        raise sesmail.DuplicateSendError(send_id=send_id, recorded_outcome="accepted")

    async def finish(
        self, send_id: str, outcome: Outcome, message_id: str | None = None
    ) -> None: ...

    async def settle(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> bool:
        return True


Client(send_log=OldSendLog())


async def many(
    client: Client, some: Iterator[Message], later: AsyncIterator[sesmail.TemplateMessage]
) -> None:
    async with client.send_many(later, concurrency=5, ordered=True, on_progress=print) as outcomes:
        async for outcome in outcomes:
            assert_type(outcome, sesmail.MessageResult)
            assert_type(outcome.outcome, Outcome)
            if outcome.error is None:
                assert_type(outcome.result, SendResult | None)
            else:
                assert_type(outcome.error.retryable, bool)
            outcomes.stop()
    assert_type(outcomes.progress.rate, float)
    assert_type(outcomes.progress.replayed, int)
    assert_type(outcomes.unconsumed, tuple[sesmail.MessageResult, ...])
    client.send_many(some, on_progress=print, progress_interval=10)
    client.send_many(Message())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.send_many([RawMessage(content=b"", to="a@example.com"), Message()])
    client.send_many(["text"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def certificate(url: str) -> bytes:
    return url.encode()


async def handled(message_id: str) -> bool:
    return not message_id


async def bodies_and_headers(
    receiver: Receiver, body: Mapping[str, Any], raw: list[tuple[bytes, bytes]]
) -> None:
    await receiver.receive("{}", {"x-amz-sns-message-type": "Notification"})
    await receiver.receive(body, [("x-amz-sns-message-type", "Notification")])
    await receiver.receive(b"{}", raw)
    assert_type(sesmail.parse(b"{}"), tuple[Event, ...])
    sesmail.parse("{}")
    records: list[dict[str, Any]] = [{"body": "{}"}]
    sesmail.parse(records)
    sesmail.parse(tuple(records))
    sesmail.parse({"Messages": records})
    sesmail.parse(body)
    async with Receiver(secret="user:password", seen=handled) as entered:
        assert_type(entered, Receiver)
    await receiver.aclose()


async def refusals(
    receiver: Receiver, body: bytes, headers: Mapping[str, str], event: Received
) -> None:
    try:
        await receiver.receive(body, headers)
    except sesmail.MalformedBodyError as error:
        assert_type(error.path, str)
        assert_type(error.reason, str)
        assert_type(error.input, str)
    except sesmail.UnexpectedSubscriptionError as error:
        assert_type(error.topic_arn, str)
        assert_type(error.token, str)
        assert_type(await receiver.confirm(error), str)
    except (sesmail.ForbiddenTopicError, sesmail.UnexpectedEventError) as error:
        assert_type(error.topic_arn, str | None)
    except (
        sesmail.UnauthenticatedError,
        sesmail.SignatureError,
        sesmail.ConfirmationError,
        sesmail.TemporaryError,
    ):
        raise
    try:
        await receiver.fetch(event)
    except sesmail.ContentTooLargeError as error:
        assert_type(error.limit, int)
        assert_type(error.actual, int)
    except (sesmail.ContentMissingError, sesmail.ContentDeniedError, sesmail.ContentKeyError):
        raise
    except sesmail.ContentTamperedError:
        pass
    except sesmail.ContentError as error:
        assert_type(error.status, int)


def without_an_event_loop(body: bytes, headers: Mapping[str, str]) -> tuple[Event, ...]:
    cache = sesmail.CertificateCache()
    message = sesmail.verify(
        body, headers, secret="user:password", topics=TOPICS, certificate=cache
    )
    assert_type(message, SnsMessage)
    assert_type(message.type, str)
    assert_type(message.token, str | None)
    sesmail.verify(
        body, headers, topics=TOPICS, certificate=b"-----BEGIN", now=datetime.now(UTC), max_age=60
    )
    sesmail.check_secret(headers, ["new:password", "old:password"])
    assert_type(sesmail.check_signature(message, b"-----BEGIN", now=datetime.now(UTC)), SnsMessage)
    return sesmail.parse(message)


def each_event(event: Event) -> str:
    assert_type(event.dedup_key, str)
    assert_type(event.defects, tuple[str, ...])
    assert_type(event.sns, sesmail.SnsOrigin | None)
    assert_type(event.to_json(), str)
    assert_type(sesmail.event_from_json(event.to_json()), Event)
    match event:
        case (
            sesmail.Sent()
            | sesmail.Delivered()
            | sesmail.Delayed()
            | sesmail.Rejected()
            | sesmail.RenderingFailed()
        ):
            return event.recipient
        case sesmail.Bounced(diagnostic_code=str(words)):
            return words
        case sesmail.Bounced(cause="unsubscribed" | "suppressed"):
            assert_type(event.permanent, bool)
            return event.cause
        case sesmail.Bounced(bounce_type=word, bounce_subtype=subtype):
            return f"{word} {subtype}"
        case sesmail.Complained(is_spam=True, arrived_at=datetime() as arrived):
            return arrived.isoformat()
        case sesmail.Complained():
            return event.feedback_type or ""
        case sesmail.Opened(bot="likely") | sesmail.Clicked(bot="likely"):
            return event.bot
        case sesmail.Opened(user_agent=program):
            return program or ""
        case sesmail.Clicked(link=link):
            return link
        case sesmail.SubscriptionChanged(new_preferences=TopicPreferences(topics=topics)):
            return ", ".join(topics)
        case sesmail.SubscriptionChanged():
            return event.contact_list or ""
        case sesmail.Received(action=sesmail.S3Action(bucket=bucket, key=key)):
            return f"{bucket}/{key}"
        case sesmail.Received(recipients=recipients):
            return ", ".join(recipients)
        case sesmail.MailStored(bucket=bucket, key=key, size=int()):
            return f"{bucket}/{key}"
        case sesmail.MailStored():
            assert_type(event.timestamp, datetime | None)
            return event.version_id or event.etag or event.sequencer or event.region or ""
        case sesmail.UnknownEvent(resources=(tenant, *_), timestamp=datetime()):
            assert_type(event.account, str | None)
            assert_type(event.region, str | None)
            assert_type(event.event_id, str | None)
            return tenant
        case sesmail.UnknownEvent(event_type=word):
            return word
        case sesmail.SubscriptionConfirmation() | sesmail.UnsubscribeConfirmation():
            return event.topic_arn
        case _:
            assert_never(event)


def fields_of_events(
    event: sesmail.TrackingEvent, click: sesmail.Clicked, received: Received
) -> None:
    assert_type(event.recipient, str)
    assert_type(event.timestamp, datetime)
    assert_type(event.sent_at, datetime | None)
    assert_type(event.tags, tuple[str, ...])
    assert_type(event.metadata, Mapping[str, Any])
    assert_type(event.message_tags, Mapping[str, tuple[str, ...]] | None)
    assert_type(event.headers_truncated, bool)
    assert_type(event.raw, Mapping[str, Any])
    assert_type(event.subject, str | None)
    assert_type(event.from_, tuple[str, ...])
    assert_type(event.to, tuple[str, ...])
    assert_type(event.rfc5322_message_id, str | None)
    assert_type(event.source_arn, str | None)
    assert_type(event.sending_account, str | None)
    assert_type(event.caller_identity, str | None)
    assert_type(event.source_ip, str | None)
    assert_type(click.bot, Literal["likely", "unlikely", "unknown"])
    assert_type(received.subject, str | None)
    assert_type(received.rfc5322_message_id, str | None)
    assert_type(click.link_tags, Mapping[str, tuple[str, ...]])
    assert_type(click.kind, Literal["Clicked"])
    assert_type(received.recipients, tuple[str, ...])
    assert_type(received.source, str | None)
    assert_type(received.verdicts, Verdicts)
    assert_type(received.verdicts.spam, str | None)
    assert_type(received.action, sesmail.S3Action | sesmail.SnsAction | sesmail.OtherAction | None)
    made = Bounced(
        recipient="a@b.example",
        message_id="1",
        timestamp=datetime.now(UTC),
        bounce_type="Permanent",
    )
    assert_type(made.permanent, bool)


def inbound(mail: InboundMail, event: Received) -> None:
    assert_type(mail.envelope_sender, str | None)
    assert_type(mail.envelope_recipients, tuple[str, ...])
    assert_type(mail.from_, tuple[Mailbox, ...])
    assert_type(mail.bcc, tuple[Mailbox, ...])
    assert_type(mail.sender, Mailbox | None)
    assert_type(mail.mailboxes("Resent-To"), tuple[Mailbox, ...])
    assert_type(mail.from_[0].email, str)
    assert_type(mail.from_[0].name, str | None)
    assert_type(mail.subject, str | None)
    assert_type(mail.date, datetime | None)
    assert_type(mail.text, str | None)
    assert_type(mail.html, str | None)
    assert_type(mail.attachments, tuple[InboundAttachment, ...])
    assert_type(mail.attachments[0].file_name, str)
    assert_type(mail.attachments[0].claimed_file_name, str | None)
    assert_type(mail.attachments[0].content, bytes)
    assert_type(mail.inline, Mapping[str, InboundAttachment])
    assert_type(mail.mails, tuple[InboundMail, ...])
    assert mail.attachments[0].special != "tnef"
    if mail.report is not None:
        assert_type(mail.report, MailReport)
        assert_type(mail.report.kind, Literal["delivery", "disposition", "complaint"])
        assert_type(mail.report.recipients, tuple[ReportedRecipient, ...])
        assert_type(mail.report.recipients[0].status, str | None)
        assert_type(mail.report.original_message_id, str | None)
        assert_type(mail.report.feedback_type, str | None)
    assert_type(mail.headers.get("Subject"), str | None)
    assert_type(mail.headers.get_all("received"), tuple[str, ...])
    assert_type(list(mail.headers), list[tuple[str, str]])
    assert_type(mail.defects, tuple[str, ...])
    assert_type(mail.raw, bytes)
    assert_type(sesmail.read_mail(b""), InboundMail)
    sesmail.read_mail(
        b"",
        envelope_sender=event.source,
        envelope_recipients=event.recipients,
        verdicts=event.verdicts,
    )
    Message(to=[Address(mailbox.email, mailbox.name) for mailbox in mail.reply_to or mail.from_])


# What has to be an error


def frozen(
    message: Message, recipient: Recipient, attachment: Attachment, result: SendResult
) -> None:
    message.subject = "Another"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    recipient.to = Address("b@example.com")  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    attachment.filename = "b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    result.message_id = "b"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    message.to[0].email = "b@example.com"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    message.headers["X-One"] = "1"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    message.metadata["a"] = 1  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    message.to.append(Address("b@example.com"))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def wrong_types() -> None:
    Message(to=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Message(to=[5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    Message(to=b"a@example.com")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Message(to=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Message(subject=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Message(tags=[5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    Message(headers={"X-One": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    Message(headers=[("X-One", "1")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Message(sender=["a@example.com"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Message(track_opens="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Message(attachments=["a.pdf"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    RawMessage(content="From: a@example.com")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    TemplateMessage(template="T", from_email=["a@example.com"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    BulkMessage(template="T", recipients=[5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    Recipient(["a@example.com"])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Attachment("a", 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Attachment("a", b"x", disposition="inlined")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(api="v3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Client(timeout="10")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_fields() -> None:
    Message(subjekt="Hi")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Message(template="T")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RawMessage(to="a@example.com")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    RawMessage(content=b"", subject="Hi")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    TemplateMessage(to="a@example.com")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    TemplateMessage(template="T", subject="Hi")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    TemplateMessage(template="T", text="Hi")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    BulkMessage(template="T")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    BulkMessage(template="T", recipients=[], send_id="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    BulkMessage(template="T", recipients=[], to="a@example.com")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    BulkMessage(template="T", recipients=[], html="Hi")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Recipient()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Recipient("a@example.com", {"name": "A"})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Attachment("a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Attachment("a", b"x", "text/x", "id")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Alternative("x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Client("eu-west-1", "v2")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def wrong_kinds(client: Client, bulk: BulkMessage, message: Message) -> None:
    await client.send(bulk)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.send_bulk(message)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.send("Hi")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def frozen_events(event: Event, bounce: Bounced, mail: InboundMail, mailbox: Mailbox) -> None:
    event.defects = ()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    bounce.recipient = "b@example.com"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    bounce.permanent = False  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    bounce.metadata["a"] = 1  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    mailbox.email = "b@example.com"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    mail.raw = b""  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    mail.inline["id"] = mail.attachments[0]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]


async def event_queues(url: str, log: SendLog) -> None:
    async def handle(delivery: Delivery) -> None:
        assert_type(delivery.events, tuple[Event, ...])
        assert_type(delivery.message, QueueMessage)
        assert_type(delivery.message.age, float | None)
        assert_type(delivery.message.lag, float | None)
        assert_type(delivery.dedup_id, str)
        assert_type(delivery.is_held, bool)

    class Metrics(sesmail.QueueListener):
        def received(self, message: QueueMessage, events: int) -> None:
            assert_type(message.receive_count, int)

    async with EventQueue(
        url,
        topics=TOPICS,
        send_log=log,
        seen=SeenMessages(),
        storage=InboundStorage(bucket="inbound"),
        listener=Metrics(),
        visibility_timeout=30,
        endpoint_url="http://localhost:4566",
    ) as queue:
        assert_type(queue, EventQueue)
        await queue.run(handle, concurrency=20, signals=[signal.SIGTERM])
        async with queue.receive(max_in_flight=20) as deliveries:
            assert_type(deliveries, sesmail.Deliveries)
            async for delivery in deliveries:
                assert_type(delivery, Delivery)
                assert_type(await delivery.ack(), bool)
                assert_type(await delivery.retry(after=5), bool)
                for event in delivery.events:
                    if isinstance(event, (Received, sesmail.MailStored)):
                        assert_type(await queue.fetch(event), InboundMail)
            deliveries.stop()
        queue.stop()
        await queue.run(lambda delivery: handle(delivery))
    table = DynamoSendLog("sends", region="eu-west-1", expire_after=timedelta(days=90))
    logs: list[SendLog] = [table]
    EventQueue(url, send_log=logs[0])
    async with table as entered:
        assert_type(entered, DynamoSendLog)
        assert_type(await entered.begin("id-1"), datetime)
        async for record in entered.unknown():
            assert_type(record, SendRecord)


def wrong_queues(url: str) -> None:
    EventQueue()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    EventQueue(url, TOPICS)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    EventQueue(url, wait_time="20")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    EventQueue(url, listener=sesmail.Listener())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    EventQueue(url, region_name="eu-west-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    DynamoSendLog("sends", expire_after=90)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def wrong_receivers() -> None:
    Receiver("user:password")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Receiver(secret=b"user:password")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Receiver(secret="user:password", topics=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Receiver(secret="user:password", accept="bounces")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Receiver(secret="user:password", seen=lambda message_id: False)  # type: ignore[arg-type, return-value]  # pyright: ignore[reportArgumentType]
    Receiver(secret="user:password", fetch_certificate=sesmail.fetch_certificate)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    InboundStorage(account=111122223333)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Receiver(secret="user:password", region_name="eu-west-1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def wrong_calls(
    receiver: Receiver, bounce: Bounced, event: Event, envelope: SnsMessage
) -> None:
    await receiver.receive(b"{}")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await receiver.receive(5, {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await receiver.fetch(bounce)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await receiver.fetch(event)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await receiver.delete_object(bounce)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await receiver.confirm(bounce)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    print(event.recipient)  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    Bounced(recipient="a@b.example", message_id="1", timestamp=datetime.now(UTC))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    sesmail.verify(b"{}", {}, certificate=certificate)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    sesmail.check_signature(envelope, b"")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    sesmail.read_mail("From: a@b.example")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def blocking(message: Message, bulk: BulkMessage) -> None:
    with sesmail.BlockingClient("eu-west-1", timeout=10, rate_limit=None) as client:
        assert_type(client, sesmail.BlockingClient)
        assert_type(client.send(message), sesmail.SendResult)
        assert_type(client.send_bulk(bulk, concurrency=2), sesmail.BulkResult)
        assert_type(client.call("GetAccount"), dict[str, Any])
        with client.send_many([message], ordered=True) as results:
            for result in results:
                assert_type(result, sesmail.MessageResult)
            assert_type(results.progress, sesmail.SendProgress)
    sesmail.BlockingClient(api="v3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.send(bulk)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def unsubscribe_links(token: str, body: bytes) -> None:
    links = sesmail.Unsubscribe(
        secrets=["0123456789abcdef", b"fedcba9876543210"], url="https://a.example/"
    )
    assert_type(links.link("a@example.com", "news"), str)
    assert_type(links.read(token), sesmail.Unsubscription)
    assert_type(links.is_one_click(body), bool)


async def fake(message: Message, log: sesmail.SendLog, bounced: Bounced) -> None:
    async with sesmail.testing.FakeSES("eu-west-1", lenient=True) as ses:
        assert_type(ses, sesmail.testing.FakeSES)
        sesmail.Client(**ses.client_settings(), timeout=5)
        Receiver(**ses.trust(), accept="tracking")
        assert_type(ses.client(rate_limit=None), sesmail.Client)
        assert_type(ses.outbox[0], sesmail.testing.SentMail)
        assert_type(ses.outbox[:1], list[sesmail.testing.SentMail])
        mail = await ses.outbox.wait(to="a@example.com", timeout=1)
        assert_type(mail.links, tuple[str, ...])
        assert_type(mail.code(), str)
        assert_type(ses.bounce(mail, "a@example.com"), sesmail.testing.Emitted)
        assert_type(ses.bounce(mail).request(), tuple[bytes, dict[str, str]])
        ses.receive(b"", action="S3", kms_key="arn")
        ses.receive(b"", action="s3")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        ses.subscribe("http://127.0.0.1/", secret="user:password")
        ses.faults.throttle(times=None)
    await sesmail.testing.check_send_log(log)
    assert_type(sesmail.testing.sns.post(bounced), tuple[bytes, dict[str, str]])
    Receiver(**sesmail.testing.sns.trust())
    problems = sesmail.testing.check_mail(message, bulk=True)
    assert_type(problems, list[sesmail.testing.MailProblem])
    assert_type(problems[0].level, Literal["error", "warning", "advice"])
    assert_type(desk.app, desk.Desk)
    assert_type(desk.Desk(ses, previews="shop.mails").fake, sesmail.testing.FakeSES)
    Receiver(**desk.trust("http://127.0.0.1:8025"), accept="tracking")
    assert_type(message.to_bytes(), bytes)
    assert_type(message.to_eml("mail.eml"), Path)
    assert_type(message.preview(), str)


async def queued(message: Message, engine: AsyncEngine, session: AsyncSession) -> None:
    outbox = sesmail.sql.Outbox(schema="mail", table="outbox")
    assert_type(outbox.metadata, MetaData)
    at = datetime.now(UTC)
    await session.execute(outbox.insert(message, send_id="a", at=at, priority="high", group="b"))
    await session.execute(outbox.insert_many([message], existing="skip"))
    outbox.insert(message, priority="urgent")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await session.execute(outbox.cancel("a"))
    await session.execute(outbox.reschedule("a", at))
    await session.execute(outbox.requeue("a", may_send_twice=True))
    await session.execute(outbox.forget(at))
    await session.execute(outbox.get("a"))
    assert_type(outbox.sql(outbox.cancel("a"), "sqlite"), list[sesmail.sql.Statement])
    assert_type(outbox.ddl(), list[str])
    assert_type(outbox.log(engine), sesmail.sql.SqlSendLog)
    log: SendLog = sesmail.sql.SqlSendLog(engine)
    async with Client(send_log=log) as client:
        progress = await outbox.work(client, engine, concurrency=100, until_empty=True)
        assert_type(progress, sesmail.sql.WorkProgress)
        await outbox.work(client, engine, workers=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
        worker = outbox.worker(client, engine, listener=sesmail.sql.WorkListener())
        assert_type(worker, sesmail.sql.Worker)
        worker.stop()
    Receiver(secret="user:password", send_log=outbox.log(engine))


def unknown_names_of_lazy_modules() -> None:
    sesmail.Mesage  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
    sesmail.testing.Fake  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
    desk.none  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018
