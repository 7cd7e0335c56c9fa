"""Quickstart: sends plain, html, templated and bulk mail to a local SES, and receives a bounce.

It needs no AWS account: `FakeSES`, in this process, stands in for Amazon. It prints the mails that
SES got, the events that a webhook received and verified, and three errors. The same `main` runs on
trio: pip install 'sesmail[trio]', then trio.run(main).

Run: pip install 'sesmail[testing]'; python examples/quickstart.py (or nox -s quickstart)
"""

import asyncio
import base64
import os
import platform
from collections.abc import Mapping

import pydantic

import sesmail
from sesmail.testing import FakeSES, SentMail

LOGO = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SHOP = "Zoë's Shop <shop@example.com>"

plain = sesmail.Message(
    from_email=SHOP,
    to="Alice <alice@example.com>",
    subject="Your order 12345",
    text="Dear Alice,\nyour order has been shipped.\n",
    tags=["order"],
    metadata={"order_id": 12345},
)
rich = sesmail.Message(
    from_email=SHOP,
    to=["Alice <alice@example.com>", sesmail.Address("bob@example.com", "Bob, the buyer")],
    bcc="archive@example.com",
    subject="Größe 42: your invoice",
    text="Your invoice is attached.\n",
    html='<p><img src="cid:logo" alt="Shop"> Your invoice is <b>attached</b>.</p>\n',
    attachments=[
        sesmail.Attachment("logo.png", LOGO, content_id="logo"),
        sesmail.Attachment("Rechnung für Alice.csv", "article,price\nshoes,42.00\n"),
    ],
)
shipped = sesmail.TemplateMessage(
    from_email=SHOP,
    to="alice@example.com",
    template="Shipped",
    data={"name": "Alice", "day": "May 15"},
)
bulk = sesmail.BulkMessage(
    from_email=SHOP,
    template="Shipped",
    data={"day": "May 15"},
    recipients=[
        sesmail.Recipient("alice@example.com", data={"name": "Alice"}),
        sesmail.Recipient("bob@example.com", data={"name": "Bob"}),
    ],
)


async def main() -> None:
    async with FakeSES() as fake:
        fake.verify("example.com")
        fake.template("Shipped", "Shipped: {{day}}", "{{name}}, your order arrives on {{day}}.")
        print(f"sesmail {sesmail.__version__} on Python {platform.python_version()};", end=" ")
        print(f"local SES at {fake.url}")
        async with fake.client() as v2, fake.client(api="v1") as v1:
            print_title("Sent")
            print_results("plain text, v2", (await v2.send(plain)).recipients)
            print_results("html, inline image, attachment, v2", (await v2.send(rich)).recipients)
            print_results("templated message, v2", (await v2.send(shipped)).recipients)
            print_results("bulk message, v2", (await v2.send_bulk(bulk)).recipients)
            print_results("html message, v1", (await v1.send(rich)).recipients)
            print_results("bulk message, v1", (await v1.send_bulk(bulk)).recipients)

            print_title("Mails on the server")
            for number, mail in enumerate(fake.outbox, 1):
                print_mail(number, mail)

            print_title("Events at the webhook")
            await receive_events(fake)

            print_title("Errors")
            await show_errors(v1)


async def receive_events(fake: FakeSES) -> None:
    """Delivers the first mail to one recipient of two, and bounces it for the other."""
    async with sesmail.Receiver(**fake.trust()) as receiver:

        async def webhook(body: bytes, headers: Mapping[str, str]) -> int:
            """The webhook of a program, without the web framework."""
            try:
                events = await receiver.receive(body, headers)
            except sesmail.WebhookError as error:
                print(f"  {error.status}  {type(error).__name__}")  # SNS asks for the secret first
                return error.status
            for event in events:
                print_event(event)
            return 204

        fake.subscribe(post=webhook)
        mail = fake.outbox.latest(subject=plain.subject)
        await fake.deliver(mail).wait()
        await fake.bounce(mail, subtype="NoEmail").wait()


async def show_errors(client: sesmail.Client) -> None:
    """Prints three errors: an invalid field, a rejection by SES, and a field that v1 lacks."""
    to = "alice@example.com"
    try:
        sesmail.Message(from_email=SHOP, to=to, subject="Hello\r\nBcc: everyone@example.com")
    except pydantic.ValidationError as error:
        found = error.errors()[0]
        print_error("line break in a subject", error, field=found["loc"][0], text=found["msg"])
    unverified = "Shop <shop@unknown.example>"
    try:
        await client.send(sesmail.TemplateMessage(from_email=unverified, to=to, template="Shipped"))
    except sesmail.SendError as error:
        print_error(
            "sender that isn't verified",
            error,
            code=error.code,
            outcome=error.outcome,
            retryable=error.retryable,
            text=error.message,
        )
    try:
        await client.send(sesmail.Message(from_email=SHOP, to=to, text="Hi", track_opens=False))
    except sesmail.UnsupportedFeatureError as error:
        print_error(
            "open tracking per message on v1",
            error,
            field=error.feature,
            outcome=error.outcome,
            text=error.instead,
        )


def print_title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def print_row(name: str, value: object) -> None:
    print(f"     {name:<12}{value}")


def print_results(label: str, results: tuple[sesmail.RecipientResult, ...]) -> None:
    for result in results:
        message_id = (result.message_id or "")[:20]
        print(f"  {label:<36}{result.recipient:<21}{result.outcome:<10}{message_id}...")
        label = ""


def print_mail(number: int, mail: SentMail) -> None:
    print(f"\n  {number}  {mail.subject}")
    print_row("from", mail.from_email)
    print_row("recipients", ", ".join(mail.recipients))
    for name in ("To", "Bcc", "X-Tag", "X-Metadata"):
        for value in mail.headers.get_all(name):
            print_row(name, value)
    for kind, text in (("text/plain", mail.text), ("text/html", mail.html)):
        if text is not None:
            print_row(kind, text.splitlines()[0][:60])
    for item in (*mail.parsed.inline.values(), *mail.attachments):
        print_row(item.media_type, f"{len(item.content)} bytes, {item.file_name}")


def print_event(event: sesmail.Event) -> None:
    print(f"  204  {type(event).__name__}")
    if isinstance(event, sesmail.TrackingEvent):
        print_row("recipient", event.recipient)
        print_row("metadata", event.metadata)
    if isinstance(event, sesmail.Bounced):
        print_row("bounce", f"{event.bounce_type} {event.bounce_subtype}, {event.cause}")
        print_row("permanent", event.permanent)


def print_error(label: str, error: Exception, **facts: object) -> None:
    print(f"\n  {label}")
    print_row("error", type(error).__name__)
    for name, value in facts.items():
        print_row(name, value)


if __name__ == "__main__":
    os.environ.pop("AWS_PROFILE", None)  # it may name one that doesn't exist here
    asyncio.run(main())
