"""Send typed mail to an SES on this machine, look at what arrived there, and see three messages refused.

No account is needed: moto's server runs inside this process and plays Amazon. Against the real one, `main` stays as it
is, without `embedded_ses`. It runs on trio just as well: pip install 'sesmail[trio]', and trio.run(main, server).
"""

import asyncio
import base64
import platform

import pydantic
from embedded_ses import EmbeddedSes, HeldMail, embedded_ses

import sesmail

LOGO = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SHOP = "Zoë's Shop <shop@example.com>"

plain = sesmail.Message(
    from_email=SHOP,
    to="Alice <alice@example.com>",
    subject="Your order 12345",
    text="Dear Alice,\nyour order is on its way.\n",
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


async def main(server: EmbeddedSes) -> None:
    print(
        f"sesmail {sesmail.__version__} on Python {platform.python_version()}, to moto's SES at {server.url}"
    )
    # moto calls every account one for trying out, which may send to one recipient a second.
    async with sesmail.Client() as v2, sesmail.Client(api="v1", rate_limit=100) as v1:
        await v2.call("CreateEmailIdentity", {"EmailIdentity": "example.com"})
        template = {
            "TemplateName": "Shipped",
            "SubjectPart": "Shipped",
            "TextPart": "{{name}}, it comes on {{day}}.",
        }
        await v1.call("CreateTemplate", {"Template": template})

        title("Sent")
        sent("a plain mail, v2", (await v2.send(plain)).recipients)
        sent("html, inline image, attachment, v2", (await v2.send(rich)).recipients)
        sent("the same, v1", (await v1.send(rich)).recipients)
        sent("a templated mail, v1", (await v1.send(shipped)).recipients)
        sent("a bulk mail, v1", (await v1.send_bulk(bulk)).recipients)
        print("  (Amazon takes templated and bulk mail by both APIs; moto knows them by v1 alone.)")

        title("What the server holds")
        for number, mail in enumerate(server.held(), 1):
            show(number, mail)

        title("Refused")
        try:
            sesmail.Message(
                from_email=SHOP,
                to="alice@example.com",
                subject="Hello\r\nBcc: everyone@example.com",
            )
        except pydantic.ValidationError as error:
            found = error.errors()[0]
            refused("a line break in a subject", error, field=found["loc"][0], says=found["msg"])
        try:
            unknown = "Shop <shop@unknown.example>"
            await v1.send(
                sesmail.TemplateMessage(
                    from_email=unknown, to="alice@example.com", template="Shipped"
                )
            )
        except sesmail.SendError as error:
            facts = {
                "code": error.code,
                "outcome": error.outcome,
                "retryable": error.retryable,
                "says": error.message,
            }
            refused("a sender that nobody verified", error, **facts)
        try:
            await v1.send(
                sesmail.Message(
                    from_email=SHOP, to="alice@example.com", text="Hi", track_opens=False
                )
            )
        except sesmail.UnsupportedFeatureError as error:
            refused(
                "per-message tracking on v1",
                error,
                field=error.feature,
                outcome=error.outcome,
                says=error.instead,
            )


def title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def row(name: str, value: object) -> None:
    print(f"     {name:<12}{value}")


def sent(what: str, results: tuple[sesmail.RecipientResult, ...]) -> None:
    for result in results:
        print(
            f"  {what:<36}{result.recipient:<21}{result.outcome:<10}{(result.message_id or '')[:20]}..."
        )
        what = ""


def show(number: int, mail: HeldMail) -> None:
    subject = (
        f"template {mail.template!r}, for Amazon to fill in"
        if mail.mime is None
        else mail.mime["Subject"]
    )
    print(f"\n  {number}  {subject}")
    row("from", mail.sender)
    row("recipients", ", ".join(mail.recipients))
    for name, data in mail.data.items():
        row("data", f"{name:<21}{data}")
    if mail.mime is None:
        return
    for name in ("To", "Bcc", "X-Tag", "X-Metadata"):
        if name in mail.mime:
            row(name, mail.mime[name])
    for part in mail.mime.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            first = (
                content.decode().splitlines()[0] if part.get_content_maintype() == "text" else ""
            )
            label = part.get_filename() or first[:50]
            row("part", f"{part.get_content_type():<12}{len(content):>4} bytes   {label}")


def refused(what: str, error: Exception, **facts: object) -> None:
    print(f"\n  {what}")
    row("error", type(error).__name__)
    for name, value in facts.items():
        row(name, value)


if __name__ == "__main__":
    with embedded_ses() as ses:
        asyncio.run(main(ses))
