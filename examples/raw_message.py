"""RawMessage: MIME written by another library, or a mail that is forwarded.

Run: python examples/raw_message.py
"""

from email.message import EmailMessage

import anyio
from embedded_ses import ses_server

import sesmail

# As `InboundMail.raw` has it: 8-bit, with fields that SES would reject or that no longer hold.
RECEIVED = """\
Return-Path: <zoe@example.org>
DKIM-Signature: v=1; a=rsa-sha256; d=example.org; ...
From: Zoë <zoe@example.org>
To: shop@example.com
Subject: Größe 42?
Content-Type: text/plain; charset=utf-8

Habt ihr Größe 42?
""".encode()


async def main() -> None:
    written = EmailMessage()
    written["From"] = "Shop <shop@example.com>"
    written["To"] = "Alice <alice@example.com>"
    written["Bcc"] = "archive@example.com"
    written["Subject"] = "Written by the standard library"
    written.set_content("Größe 42 is back.\n")

    # Recipients are those of `to`, `cc` and `bcc`, never of the headers. The Bcc header is removed.
    message = sesmail.RawMessage(content=written, to="alice@example.com", bcc="archive@example.com")
    mime = b"From: shop@example.com\n\nMIME as bytes.\n"
    async with sesmail.Client() as client:
        result = await client.send(message)
        await client.send(sesmail.RawMessage(content=mime, to="bob@example.com"))
        forwarded = sesmail.RawMessage.forward(
            RECEIVED, from_email="forwarder@example.com", to="team@example.com"
        )
        await client.send(forwarded)
    print(message.content.decode("ascii"))
    print("accepted for", ", ".join(each.recipient for each in result.recipients))


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
