"""Inbound mail: fetched from S3, its headers, bodies and attachments, and deleted.

Run: python examples/inbound_mail.py
"""

from datetime import UTC, datetime
from email.message import EmailMessage

import anyio
from embedded_ses import REGION, aws_client, ses_server

import sesmail

# Built in code here; Receiver.receive returns such an event when SES has stored a mail.
EVENT = sesmail.Received(
    message_id="d6iitobk75ur44p8kdnnp7g2n800",
    timestamp=datetime(2026, 3, 6, tzinfo=UTC),
    source="alice@example.com",
    recipients=("help@example.com",),
    verdicts=sesmail.Verdicts(spam="PASS", virus="PASS", spf="PASS", dkim="PASS", dmarc="FAIL"),
    action=sesmail.S3Action(bucket="inbox", key="mail/d6iitobk75ur44p8kdnnp7g2n800"),
)


async def store() -> None:
    """Writes a mail and stores it in a bucket, as the sender and SES do."""
    mail = EmailMessage()
    mail["From"] = "Zoë <zoe@example.com>"
    mail["To"] = "The shop <help@example.com>"
    mail["Subject"] = "Größe 42?"
    mail.set_content("Have you got them in 42?\n")
    html = "Have you got them in <b>42</b>? <script>alert()</script>\n"
    mail.add_alternative(html, subtype="html")
    name = "../../order\u202efdp.exe"
    mail.add_attachment(b"%PDF-1.7 ...", maintype="application", subtype="pdf", filename=name)
    location = {"LocationConstraint": REGION}
    async with aws_client("s3") as s3:
        await s3.create_bucket(Bucket="inbox", CreateBucketConfiguration=location)
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
        print("html      ", repr(mail.html))  # not sanitised: scripts are kept
        for item in mail.attachments:
            print("attachment", item.media_type, len(item.content), item.file_name)
            print("  claimed ", ascii(item.claimed_file_name))
        print("headers   ", *(name for name, _ in mail.headers))

        await receiver.delete_object(EVENT)
        try:
            await receiver.fetch(EVENT)
        except sesmail.ContentMissingError as error:
            print("deleted   ", error)

    # read_mail accepts any bytes: it lists what is malformed in `defects`, and never raises.
    malformed = b"Subject: =?klingon?q?Qapla'?=\nContent-Transfer-Encoding: base64\n\nSGVsbG8=!"
    mail = sesmail.read_mail(malformed).load()
    print("malformed ", mail.subject, mail.text)
    print("defects   ", ", ".join(mail.defects))


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
