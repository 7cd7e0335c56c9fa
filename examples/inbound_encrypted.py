"""Inbound mail that SES encrypted with a KMS key ("Message encryption"): fetched and decrypted.

Run: pip install 'sesmail[signatures]'; python examples/inbound_encrypted.py
"""

import dataclasses
import json
import os
from base64 import b64encode
from datetime import UTC, datetime

import anyio
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from embedded_ses import REGION, aws_client, ses_server

import sesmail

MAIL = b"From: alice@example.com\r\nSubject: For your eyes only\r\n\r\nHello.\r\n"
EVENT = sesmail.Received(
    message_id="d6iitobk75ur44p8kdnnp7g2n800",
    timestamp=datetime(2026, 3, 6, tzinfo=UTC),
    recipients=("help@example.com",),
    action=sesmail.S3Action(bucket="safe", key="d6iitobk75ur44p8kdnnp7g2n800"),
)


async def store() -> str:
    """Stores the mail as SES does, and returns the ARN of the KMS key."""
    async with aws_client("kms") as kms, aws_client("s3") as s3:
        arn: str = (await kms.create_key())["KeyMetadata"]["Arn"]
        context = {
            "aws:ses:message-id": EVENT.message_id,
            "aws:ses:source-account": "123456789012",
            "kms_cmk_id": arn,
        }
        key = await kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext=context)
        nonce = os.urandom(12)
        metadata = {
            "x-amz-wrap-alg": "kms",
            "x-amz-cek-alg": "AES/GCM/NoPadding",
            "x-amz-tag-len": "128",
            "x-amz-iv": b64encode(nonce).decode(),
            "x-amz-key-v2": b64encode(key["CiphertextBlob"]).decode(),
            "x-amz-unencrypted-content-length": str(len(MAIL)),
            "x-amz-matdesc": json.dumps(context),
        }
        location = {"LocationConstraint": REGION}
        await s3.create_bucket(Bucket="safe", CreateBucketConfiguration=location)
        body = AESGCM(key["Plaintext"]).encrypt(nonce, MAIL, None)
        await s3.put_object(Bucket="safe", Key=EVENT.message_id, Body=body, Metadata=metadata)
    return arn


async def main() -> None:
    arn = await store()
    storage = sesmail.InboundStorage(buckets=["safe"], kms_key=arn, require_encrypted=True)
    async with sesmail.Receiver(secret="sns:secret", storage=storage) as receiver:
        mail = await receiver.fetch(EVENT)
        print(mail.subject)

        # The message id is part of KMS's encryption context: the object of another mail is refused.
        another = dataclasses.replace(EVENT, message_id="another")
        try:
            await receiver.fetch(another)
        except sesmail.ContentTamperedError as error:
            print(error)


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
