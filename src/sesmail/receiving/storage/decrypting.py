"""Decryption of mail that SES encrypted on the client side before it stored it in S3.

SES uses AES-GCM, with a data key that KMS encrypted together with the id of the mail. No other
algorithm is accepted, and no byte is returned before the whole mail is authenticated.

https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from ...errors import ConfigurationError, ContentTamperedError
from ...patterns import lazy_pattern
from ...strict import from_base64, read_json
from ...values import FrozenDict, Value

__all__ = ["TAG_SIZE", "Encryption", "decrypt", "is_encrypted", "read_encryption"]

_PREFIX = "x-amz-"
TAG_SIZE = 16
"""Size in bytes of the authentication tag at the end of an encrypted mail."""
_NONCE_SIZE = 12
_KEY_SIZE = 32
_MAX_WRAPPED_KEY = 6144  # https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
_MAX_CONTEXT = 8192  # characters
_LENGTH = lazy_pattern(r"[0-9]{1,10}")
_REQUIRED_VALUES = {
    "x-amz-wrap-alg": "kms",
    "x-amz-cek-alg": "AES/GCM/NoPadding",
    "x-amz-tag-len": "128",
}
_V1_KEY = "x-amz-key"  # key of encryption client version 1, whose mode isn't authenticated
_MESSAGE_ID = "aws:ses:message-id"
_ACCOUNT = "aws:ses:source-account"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Encryption(Value):
    """Parameters of an encrypted object, from its metadata; created by `read_encryption` only.

    Attributes:
        wrapped_key: Encrypted data key: the CiphertextBlob of kms:Decrypt.
        context: The whole EncryptionContext of kms:Decrypt.
        nonce: Nonce of AES-GCM.
        length: Size of the mail in bytes.
    """

    wrapped_key: bytes = field(repr=False)
    context: Mapping[str, str]
    nonce: bytes = field(repr=False)
    length: int


def is_encrypted(metadata: Mapping[str, str]) -> bool:
    """Returns True if an object's user metadata has any field of encryption, supported or not.

    Args:
        metadata: The user metadata, with names without ``x-amz-meta-``, as S3 clients return it.
    """
    return any(name.lower().startswith(_PREFIX) for name in metadata)


def read_encryption(
    metadata: Mapping[str, str], *, message_id: str | None, account: str | None = None
) -> Encryption:
    """Checks an object's user metadata, and returns the parameters to decrypt it.

    Args:
        metadata: The user metadata, with names without ``x-amz-meta-`` and in any case.
        message_id: Id of the mail, from the event; an object of another mail is refused. None if
            there is no event.
        account: AWS account that the mail must belong to; None for any.

    Raises:
        ContentTamperedError: SES doesn't write such metadata, or for another mail or account.
    """
    fields = _lower_case_names(metadata)
    if _V1_KEY in fields:
        raise _tampered("it has x-amz-key, which SES doesn't write")
    for name, expected in _REQUIRED_VALUES.items():
        if _field(fields, name) != expected:
            raise _tampered(f"{name} isn't {expected}")
    nonce = _base64_field(fields, "x-amz-iv")
    if len(nonce) != _NONCE_SIZE:
        raise _tampered(f"x-amz-iv doesn't have {_NONCE_SIZE} bytes")
    wrapped_key = _base64_field(fields, "x-amz-key-v2")
    if not 0 < len(wrapped_key) <= _MAX_WRAPPED_KEY:
        raise _tampered(f"x-amz-key-v2 doesn't have 1 to {_MAX_WRAPPED_KEY} bytes")
    length = _field(fields, "x-amz-unencrypted-content-length")
    if _LENGTH.fullmatch(length) is None:
        raise _tampered("x-amz-unencrypted-content-length isn't a number of bytes")
    context = _encryption_context(_field(fields, "x-amz-matdesc"))
    if message_id is not None and (not message_id or context.get(_MESSAGE_ID) != message_id):
        raise _tampered("it was encrypted for another mail")
    if account is not None and context.get(_ACCOUNT) != account:
        raise _tampered("it was encrypted for another AWS account")
    return Encryption(wrapped_key=wrapped_key, context=context, nonce=nonce, length=int(length))


def decrypt(ciphertext: bytes, encryption: Encryption, key: bytes) -> bytes:
    """Decrypts and authenticates a mail.

    Args:
        ciphertext: The object's content.
        encryption: The parameters from its metadata.
        key: Data key: the Plaintext of kms:Decrypt.

    Raises:
        ContentTamperedError: The object was changed or truncated, or the key is another one.
        ConfigurationError: The extra ``signatures`` isn't installed.
    """
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as err:
        raise ConfigurationError(
            "decrypting mail needs cryptography: pip install 'sesmail[signatures]'"
        ) from err
    if len(key) != _KEY_SIZE:
        raise _tampered(f"its key doesn't have {_KEY_SIZE} bytes")
    if len(ciphertext) != encryption.length + TAG_SIZE:
        raise _tampered("its length isn't the one in its metadata")
    try:
        return AESGCM(key).decrypt(encryption.nonce, ciphertext, None)
    except InvalidTag as err:
        raise _tampered("it was changed, or its key is another one") from err


def _lower_case_names(metadata: Mapping[str, str]) -> dict[str, str]:
    """Returns metadata by name in lower case; values of one name must be equal."""
    fields: dict[str, str] = {}
    for name, value in metadata.items():
        if fields.setdefault(name.lower(), value) != value:
            raise _tampered("its metadata has two values for one name")
    return fields


def _field(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise _tampered(f"{name} is missing in its metadata")
    return value


def _base64_field(fields: Mapping[str, str], name: str) -> bytes:
    data = from_base64(_field(fields, name))
    if data is None:
        raise _tampered(f"{name} isn't base64")
    return data


def _encryption_context(text: str) -> FrozenDict[str, str]:
    """Parses the material description; KMS decrypts only with the identical encryption context.

    https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
    """
    if len(text) > _MAX_CONTEXT:
        raise _tampered("x-amz-matdesc is too long")
    try:
        context: object = read_json(text)
    except ValueError as err:
        raise _tampered("x-amz-matdesc isn't JSON") from err
    if not isinstance(context, dict):
        raise _tampered("x-amz-matdesc isn't a JSON object")
    values = cast("dict[str, object]", context)
    if not all(isinstance(value, str) for value in values.values()):
        raise _tampered("x-amz-matdesc has a value that isn't a string")
    return FrozenDict(cast("dict[str, str]", values))


def _tampered(reason: str) -> ContentTamperedError:
    return ContentTamperedError(f"the stored mail isn't as SES encrypted it: {reason}")
