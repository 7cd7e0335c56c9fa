"""S3 and KMS, as far as stored mail needs them.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
"""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .state import State, StoredObject

__all__ = ["decrypt_key", "encrypted", "s3_error"]

_MASTER_KEY = os.urandom(32)  # of this process
_NONCE_SIZE = 12


def encrypted(state: State, mail: bytes, message_id: str, kms_key: str) -> StoredObject:
    """Returns a mail as SES stores it when the action encrypts it."""
    key, nonce = os.urandom(32), os.urandom(_NONCE_SIZE)
    context = {
        "aws:ses:message-id": message_id,
        "aws:ses:rule-name": "store",
        "aws:ses:source-account": state.account_id,
        "kms_cmk_id": kms_key,
    }
    metadata = {
        "x-amz-wrap-alg": "kms",
        "x-amz-cek-alg": "AES/GCM/NoPadding",
        "x-amz-tag-len": "128",
        "x-amz-iv": b64encode(nonce).decode(),
        "x-amz-key-v2": b64encode(_wrapped(key, context)).decode(),
        "x-amz-unencrypted-content-length": str(len(mail)),
        "x-amz-matdesc": json.dumps(context),
    }
    return StoredObject(AESGCM(key).encrypt(nonce, mail, None), metadata)


def _wrapped(key: bytes, context: Mapping[str, str]) -> bytes:
    nonce = os.urandom(_NONCE_SIZE)
    return nonce + AESGCM(_MASTER_KEY).encrypt(nonce, key, _bound(context))


def _bound(context: Mapping[str, str]) -> bytes:
    """Returns the context as bytes; KMS decrypts only with an equal one."""
    return json.dumps(sorted(context.items())).encode()


def decrypt_key(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the output of kms:Decrypt; None if the ciphertext or its context is another one."""
    blob: bytes = params["CiphertextBlob"]
    context: Mapping[str, str] = params.get("EncryptionContext", {})
    try:
        key = AESGCM(_MASTER_KEY).decrypt(blob[:_NONCE_SIZE], blob[_NONCE_SIZE:], _bound(context))
    except (InvalidTag, ValueError):
        return None
    return {
        "KeyId": context.get("kms_cmk_id"),
        "Plaintext": key,
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }


def s3_error(code: str, text: str, key: str) -> bytes:
    """Returns the XML document of an error of S3."""
    return (
        f"<Error><Code>{code}</Code><Message>{escape(text)}</Message><Key>{escape(key)}</Key>"
        "</Error>"
    ).encode()
