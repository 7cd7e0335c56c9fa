"""Inbound mail: fetched from S3, its headers, bodies and attachments, and deleted.

Requires: pip install 'sesmail[testing]', for the local SES that receives the mail
"""

from email.message import EmailMessage

import anyio

import sesmail
from sesmail.testing import FakeSES


def mail_of_a_customer() -> bytes:
    """Returns the mail that somebody sends to the program."""
    mail = EmailMessage()
    mail["From"] = "Zoë <zoe@example.com>"
    mail["To"] = "The shop <help@example.com>"
    mail["Subject"] = "Größe 42?"
    mail.set_content("Have you got them in 42?\n")
    html = "Have you got them in <b>42</b>? <script>alert()</script>\n"
    mail.add_alternative(html, subtype="html")
    name = "../../order\u202efdp.exe"
    mail.add_attachment(b"%PDF-1.7 ...", maintype="application", subtype="pdf", filename=name)
    return bytes(mail)


async def main() -> None:
    storage = sesmail.InboundStorage(buckets=["inbox"])
    async with FakeSES() as fake, sesmail.Receiver(**fake.trust(), storage=storage) as receiver:
        # SES stores the mail in a bucket, and SNS posts body and headers to the webhook.
        stored = fake.receive(
            mail_of_a_customer(),
            sender="alice@example.com",
            action="S3",
            bucket="inbox",
            prefix="mail",
            verdicts={"dmarc": "FAIL"},
        )
        body, headers = stored.request()

        for event in await receiver.receive(body, headers):
            assert isinstance(event, sesmail.Received)
            await show(receiver, event)

    # read_mail accepts any bytes: it lists what is malformed in `defects`, and never raises.
    malformed = b"Subject: =?klingon?q?Qapla'?=\nContent-Transfer-Encoding: base64\n\nSGVsbG8=!"
    mail = sesmail.read_mail(malformed).load()
    print("malformed ", mail.subject, mail.text)
    print("defects   ", ", ".join(mail.defects))


async def show(receiver: sesmail.Receiver, event: sesmail.Received) -> None:
    mail = await receiver.fetch(event)
    print("envelope  ", mail.envelope_sender, "to", *mail.envelope_recipients)
    print("verdicts  ", mail.verdicts)
    print("from      ", *(f"{each.name} <{each.email}>" for each in mail.from_))
    print("subject   ", mail.subject)
    print("text      ", repr(mail.text))
    print("html      ", repr(mail.html))  # not sanitised: scripts are kept
    for item in mail.attachments:
        print("attachment", item.media_type, len(item.content), item.file_name)
        print("  claimed ", ascii(item.claimed_file_name))
    print("headers   ", *(name for name, _ in mail.headers))

    await receiver.delete_object(event)
    try:
        await receiver.fetch(event)
    except sesmail.ContentMissingError as error:
        print("deleted   ", error)


if __name__ == "__main__":
    anyio.run(main)
