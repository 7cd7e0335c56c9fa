"""Fetch a received mail from S3 and read it; all of its content is untrusted."""

from datetime import UTC, datetime
from email.message import EmailMessage

import anyio
from embedded_ses import REGION, amazon, some_ses

import sesmail

# An event as Receiver.receive returns it, created by hand.
EVENT = sesmail.Received(
    message_id="d6iitobk75ur44p8kdnnp7g2n800",
    timestamp=datetime(2026, 3, 6, tzinfo=UTC),
    source="alice@example.com",
    recipients=("help@example.com",),
    verdicts=sesmail.Verdicts(spam="PASS", virus="PASS", spf="PASS", dkim="PASS", dmarc="FAIL"),
    action=sesmail.S3Action(bucket="inbox", key="mail/d6iitobk75ur44p8kdnnp7g2n800"),
)


async def store() -> None:
    """Stores a mail as SES does."""
    mail = EmailMessage()
    mail["From"] = "Zoë <zoe@example.com>"
    mail["To"] = "The shop <help@example.com>"
    mail["Subject"] = "Größe 42?"
    mail.set_content("Have you got them in 42?\n")
    mail.add_alternative(
        "Have you got them in <b>42</b>? <script>alert()</script>\n", subtype="html"
    )
    mail.add_attachment(
        b"%PDF-1.7 ...", maintype="application", subtype="pdf", filename="../../order\u202efdp.exe"
    )
    async with amazon("s3") as s3:
        await s3.create_bucket(
            Bucket="inbox", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        await s3.put_object(
            Bucket="inbox", Key="mail/d6iitobk75ur44p8kdnnp7g2n800", Body=bytes(mail)
        )


async def main() -> None:
    await store()
    storage = sesmail.InboundStorage(buckets=["inbox"])
    async with sesmail.Receiver(secret="sns:secret", storage=storage) as receiver:
        mail = await receiver.fetch(EVENT)
        print("envelope  ", mail.envelope_sender, "to", *mail.envelope_recipients)
        print("verdicts  ", mail.verdicts)
        print("from      ", *(f"{each.name} <{each.email}>" for each in mail.from_))
        print("subject   ", mail.subject)
        print("text      ", repr(mail.text))
        print("html      ", repr(mail.html))
        for attachment in mail.attachments:
            print(
                "attachment", attachment.media_type, len(attachment.content), attachment.file_name
            )
            print("  claimed ", ascii(attachment.claimed_file_name))
        print("headers   ", *(name for name, _ in mail.headers))

        await receiver.delete_object(EVENT)
        try:
            await receiver.fetch(EVENT)
        except sesmail.ContentMissingError as error:
            print("gone      ", error)

    # read_mail parses any bytes: errors in them are listed in `defects` and never raised.
    broken = sesmail.read_mail(
        b"Subject: =?klingon?q?Qapla'?=\nContent-Transfer-Encoding: base64\n\nSGVsbG8=!"
    ).load()
    print("broken    ", broken.subject, broken.text)
    print("defects   ", ", ".join(broken.defects))


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
