"""Attachments by reference: objects in Amazon S3 that are read when the mail is sent.

The message stays small in queues, logs and outboxes. Here it is a received mail, which SES stored
in a bucket, and which is attached to the answer.

Requires: pip install 'sesmail[testing]', for the local SES and S3
"""

import os
from unittest import mock

import anyio

import sesmail
from sesmail.testing import FakeSES

MAIL = (
    b"From: zoe@example.com\r\nTo: help@example.com\r\nSubject: Size 42?\r\n\r\n"
    b"Have you got them in 42?\r\n"
)


async def main() -> None:
    # A program that uses Amazon needs neither of the two.
    with FakeSES() as fake, mock.patch.dict(os.environ, fake.environment()):
        fake.verify("example.com")
        received = fake.receive(MAIL, action="S3", bucket="inbox", prefix="mail")
        (event,) = sesmail.parse(received.document)
        assert isinstance(event, sesmail.Received)
        assert isinstance(event.action, sesmail.S3Action)

        async with fake.client() as client:
            await answer(client, event.action.bucket, event.action.key)
        for item in fake.outbox[0].attachments:
            print(item.media_type, item.file_name, len(item.content), "bytes")


async def answer(client: sesmail.Client, bucket: str, key: str) -> None:
    question = sesmail.Attachment.from_s3(bucket, key, filename="your mail.eml")
    message = sesmail.Message(
        from_email="Shop <help@example.com>",
        to="zoe@example.com",
        subject="Re: Size 42?",
        text="They are back in 42.",
        attachments=[question],
    )
    print(len(message.to_json()), "characters of JSON, without the content")
    await client.send(message)

    gone = sesmail.Attachment.from_s3(bucket, "mail/gone", filename="gone.eml")
    try:
        await client.send(message.replace(attachments=[question, gone]))
    except sesmail.NotSentError as error:
        print(error.outcome, error.retryable, error.message)


if __name__ == "__main__":
    anyio.run(main)
