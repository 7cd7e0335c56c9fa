"""Mails that SES encrypted before it stored them in S3, by the option "Encrypt message".

Nothing of a mail is given out before the whole of it is proven. What SES writes is decrypted, and nothing else: AES-GCM
with a key that KMS wrapped together with the id of the mail.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from ...errors import ConfigurationError, ContentTamperedError
from ...strict import from_base64, read_json
from ...values import FrozenDict, Value

__all__ = ["TAG_SIZE", "Encryption", "decrypt", "is_encrypted", "read_encryption"]

_PREFIX = "x-amz-"
TAG_SIZE = 16
"""Bytes by which an encrypted mail is longer."""
_NONCE = 12
_KEY = 32
_MAX_WRAPPED_KEY = 6144  # https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
_MAX_CONTEXT = 8192
_LENGTH = re.compile(r"[0-9]{1,10}")
_EXACTLY = {"x-amz-wrap-alg": "kms", "x-amz-cek-alg": "AES/GCM/NoPadding", "x-amz-tag-len": "128"}
_OLD_KEY = "x-amz-key"  # of the first version, which nothing protects from being changed
_MESSAGE_ID = "aws:ses:message-id"
_ACCOUNT = "aws:ses:source-account"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Encryption(Value):
    """How an object is encrypted, as its metadata has it; made by ``read_encryption`` alone, which checks it.

    Attributes:
        wrapped_key: The key as KMS wrapped it: the CiphertextBlob of kms:Decrypt.
        context: What KMS wrapped with it: the whole EncryptionContext of kms:Decrypt.
        nonce: The nonce of AES-GCM.
        length: The length of the mail in bytes.
    """

    wrapped_key: bytes = field(repr=False)
    context: Mapping[str, str]
    nonce: bytes = field(repr=False)
    length: int


def is_encrypted(metadata: Mapping[str, str]) -> bool:
    """Whether an object's user metadata has any word of encryption, whether it is one that can be decrypted or not.

    Args:
        metadata: The user metadata, names without ``x-amz-meta-``, as S3 clients give it.
    """
    return any(name.lower().startswith(_PREFIX) for name in metadata)


def read_encryption(
    metadata: Mapping[str, str], *, message_id: str, account: str | None = None
) -> Encryption:
    """Check an object's user metadata, and say what KMS needs to unwrap its key.

    Args:
        metadata: The user metadata, names without ``x-amz-meta-`` and in any case, as S3 clients give it.
        message_id: SES's id of the mail, from the event; an object of another mail is refused.
        account: The AWS account that the mail has to belong to, where that is known.

    Raises:
        ContentTamperedError: It isn't what SES stores, or belongs to another mail or account.
    """
    found = _folded(metadata)
    if _OLD_KEY in found:
        raise _tampered("it has x-amz-key, of an encryption that SES doesn't use")
    for name, expected in _EXACTLY.items():
        if _one(found, name) != expected:
            raise _tampered(f"{name} isn't {expected}")
    nonce = _base64(found, "x-amz-iv")
    if len(nonce) != _NONCE:
        raise _tampered(f"x-amz-iv hasn't {_NONCE} bytes")
    wrapped_key = _base64(found, "x-amz-key-v2")
    if not 0 < len(wrapped_key) <= _MAX_WRAPPED_KEY:
        raise _tampered(f"x-amz-key-v2 hasn't 1 to {_MAX_WRAPPED_KEY} bytes")
    length = _one(found, "x-amz-unencrypted-content-length")
    if _LENGTH.fullmatch(length) is None:
        raise _tampered("x-amz-unencrypted-content-length is no length")
    context = _context(_one(found, "x-amz-matdesc"))
    if not message_id or context.get(_MESSAGE_ID) != message_id:
        raise _tampered("it was encrypted for another mail")
    if account is not None and context.get(_ACCOUNT) != account:
        raise _tampered("it was encrypted for another AWS account")
    return Encryption(wrapped_key=wrapped_key, context=context, nonce=nonce, length=int(length))


def decrypt(ciphertext: bytes, encryption: Encryption, key: bytes) -> bytes:
    """The mail, proven to be the one that SES encrypted.

    Args:
        ciphertext: The object's bytes.
        encryption: What ``read_encryption`` made of its metadata.
        key: The Plaintext of kms:Decrypt.

    Raises:
        ContentTamperedError: The object was changed or cut, or the key is another one.
        ConfigurationError: The package for it isn't installed.
    """
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as err:
        raise ConfigurationError(
            "decrypting needs a package: pip install 'sesmail[signatures]'"
        ) from err
    if len(key) != _KEY:
        raise _tampered(f"its key hasn't {_KEY} bytes")
    if len(ciphertext) != encryption.length + TAG_SIZE:
        raise _tampered("its length isn't the one in its metadata")
    try:
        return AESGCM(key).decrypt(encryption.nonce, ciphertext, None)
    except InvalidTag as err:
        raise _tampered("it was changed, or its key is another one") from err


def _folded(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata by names in lower case; what is there twice has to be the same."""
    found: dict[str, str] = {}
    for name, value in metadata.items():
        if found.setdefault(name.lower(), value) != value:
            raise _tampered("its metadata has two values for one name")
    return found


def _one(found: Mapping[str, str], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise _tampered(f"{name} is missing in its metadata")
    return value


def _base64(found: Mapping[str, str], name: str) -> bytes:
    data = from_base64(_one(found, name))
    if data is None:
        raise _tampered(f"{name} isn't base64")
    return data


def _context(text: str) -> FrozenDict[str, str]:
    """The material description, which KMS takes for its context only if every word of it is the same."""
    if len(text) > _MAX_CONTEXT:
        raise _tampered("x-amz-matdesc is too long")
    try:
        context: object = read_json(text)
    except ValueError as err:
        raise _tampered("x-amz-matdesc isn't JSON") from err
    if not isinstance(context, dict):
        raise _tampered("x-amz-matdesc isn't a JSON object")
    words = cast("dict[str, object]", context)
    if not all(isinstance(value, str) for value in words.values()):
        raise _tampered("x-amz-matdesc has something that isn't text")
    return FrozenDict(cast("dict[str, str]", words))


def _tampered(reason: str) -> ContentTamperedError:
    return ContentTamperedError(f"the stored mail isn't what SES encrypted: {reason}")
