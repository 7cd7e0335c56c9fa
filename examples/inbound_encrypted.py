"""Inbound mail that SES encrypted with a KMS key ("Message encryption"): fetched and decrypted.

Requires: pip install 'sesmail[testing]', for the local SES that receives the mail; a program that
receives from Amazon requires sesmail[signatures]
"""

import dataclasses

import anyio

import sesmail
from sesmail.testing import FakeSES

MAIL = (
    b"From: alice@example.com\r\nTo: help@example.com\r\nSubject: For your eyes only\r\n\r\nHi.\r\n"
)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


async def main() -> None:
    storage = sesmail.InboundStorage(buckets=["safe"], kms_key=KEY, require_encrypted=True)
    async with FakeSES() as fake, sesmail.Receiver(**fake.trust(), storage=storage) as receiver:
        # SES encrypts the mail and stores it; SNS posts body and headers to the webhook.
        body, headers = fake.receive(MAIL, action="S3", bucket="safe", kms_key=KEY).request()

        (event,) = await receiver.receive(body, headers)
        assert isinstance(event, sesmail.Received)
        mail = await receiver.fetch(event)
        print(mail.subject)

        # The message id is part of KMS's encryption context: the object of another mail is refused.
        another = dataclasses.replace(event, message_id="another")
        try:
            await receiver.fetch(another)
        except sesmail.ContentTamperedError as error:
            print(error)


if __name__ == "__main__":
    anyio.run(main)
