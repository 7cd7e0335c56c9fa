"""Quickstart: plain, html, templated and bulk mail, sent to an SES server in this process.

It needs no AWS account: moto's server stands in for Amazon. It prints what the server received, and
three errors. The same `main` runs on trio: pip install 'sesmail[trio]', then trio.run(main, ses).

Run: pip install sesmail moto flask flask-cors; python examples/quickstart.py (or nox -s quickstart)
"""

import asyncio
import base64
import platform

import pydantic
from embedded_ses import EmbeddedSes, StoredMail, embedded_ses

import sesmail

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
TEMPLATE = {
    "TemplateName": "Shipped",
    "SubjectPart": "Shipped",
    "TextPart": "{{name}}, your order arrives on {{day}}.",
}


async def main(server: EmbeddedSes) -> None:
    print(f"sesmail {sesmail.__version__} on Python {platform.python_version()};", end=" ")
    print(f"moto's SES server at {server.url}")
    # A rate, since moto reports the rate of the sandbox: one recipient a second.
    async with sesmail.Client() as v2, sesmail.Client(api="v1", rate_limit=100) as v1:
        await v2.call("CreateEmailIdentity", {"EmailIdentity": "example.com"})
        await v1.call("CreateTemplate", {"Template": TEMPLATE})

        print_title("Sent")
        print_results("plain text, v2", (await v2.send(plain)).recipients)
        print_results("html, inline image, attachment, v2", (await v2.send(rich)).recipients)
        print_results("the same message, v1", (await v1.send(rich)).recipients)
        print_results("templated message, v1", (await v1.send(shipped)).recipients)
        print_results("bulk message, v1", (await v1.send_bulk(bulk)).recipients)
        print("  (Amazon supports templates and bulk on both APIs, moto on v1 alone.)")

        print_title("Mails on the server")
        for number, mail in enumerate(server.mails(), 1):
            print_mail(number, mail)

        print_title("Errors")
        await show_errors(v1)


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


def print_mail(number: int, mail: StoredMail) -> None:
    mime = mail.mime
    subject = f"template {mail.template!r}, not rendered" if mime is None else mime["Subject"]
    print(f"\n  {number}  {subject}")
    print_row("from", mail.sender)
    print_row("recipients", ", ".join(mail.recipients))
    for name, data in mail.data.items():
        print_row("data", f"{name:<21}{data}")
    if mime is None:
        return
    for name in ("To", "Bcc", "X-Tag", "X-Metadata"):
        if name in mime:
            print_row(name, mime[name])
    for part in mime.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            is_text = part.get_content_maintype() == "text"
            label = part.get_filename() or (
                content.decode().splitlines()[0][:50] if is_text else ""
            )
            print_row("part", f"{part.get_content_type():<12}{len(content):>4} bytes   {label}")


def print_error(label: str, error: Exception, **facts: object) -> None:
    print(f"\n  {label}")
    print_row("error", type(error).__name__)
    for name, value in facts.items():
        print_row(name, value)


if __name__ == "__main__":
    with embedded_ses() as ses:
        asyncio.run(main(ses))
