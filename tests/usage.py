"""What users type; never run, and held by both type checkers, strictly.

Each line that has to be an error carries the comments that silence it: where it isn't one, the comment itself is.
"""

from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any, assert_never, assert_type

import sesmail
from sesmail import (
    Address,
    Alternative,
    Attachment,
    BulkMessage,
    BulkResult,
    Client,
    InlineTemplate,
    ListManagement,
    Message,
    Outcome,
    RawMessage,
    Recipient,
    RecipientResult,
    SendResult,
    TemplateMessage,
)


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
        assert_type(result.rfc5322_message_id, str)
        assert_type(result.request_id, str | None)
        assert_type(result.recipients, tuple[RecipientResult, ...])

        await client.send(
            TemplateMessage(
                from_email="shop@example.com", to="a@example.com", template="Shipped", data={"name": "Alice"}
            )
        )
        await client.send(RawMessage(content=b"From: a@example.com\r\n\r\n", to="a@example.com"))
        bulk = await client.send_bulk(
            BulkMessage(
                from_email="shop@example.com",
                template="Shipped",
                data={"ship_date": "May 15"},
                recipients=[Recipient("alice@example.com", data={"name": "Alice"}, metadata={"order_id": 1})],
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


def one_address_or_several(texts: list[str], mixed: list[str | Address], some: Iterator[str]) -> None:
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
        template="T", to=texts, cc=mixed, bcc=some, reply_to="a@example.com", from_email=Address("a@b.example")
    )
    RawMessage(content=b"", to=texts, cc=mixed, bcc=some)
    BulkMessage(template="T", recipients=(Recipient(text) for text in texts), cc=mixed, bcc="a@example.com")
    BulkMessage(template="T", recipients=["a@example.com", Address("b@example.com"), Recipient("c@example.com")])
    Recipient(Address("a@example.com"), cc=texts, bcc=mixed)
    Recipient(to="a@example.com")


def reading(message: Message, template: TemplateMessage, bulk: BulkMessage, raw: RawMessage, each: Recipient) -> None:
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


def files(path: Path, standard: EmailMessage) -> None:
    Attachment("a.pdf", b"%PDF")
    Attachment("a.txt", "text", "text/plain", content_id="id", disposition="inline", description="words")
    Attachment(filename="a.pdf", content=b"%PDF", media_type="application/pdf")
    attachment = Attachment.from_path(path, content_id="logo", filename="logo.png")
    assert_type(attachment, Attachment)
    assert_type(attachment.content, bytes)
    assert_type(attachment.media_type, str)
    Attachment.from_path("a.pdf")
    Message(attachments=[attachment], alternatives=[Alternative("<html amp4email>", "text/x-amp-html")])
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
            return "SES said no"
        case "not_sent":
            return "nothing left"
        case "unknown":
            return "nobody knows"
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


# What has to be an error


def frozen(message: Message, recipient: Recipient, attachment: Attachment, result: SendResult) -> None:
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
