"""Decryption of mail that SES encrypted, and refusal of everything else."""

import json
import pickle
import sys
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sesmail.errors import ConfigurationError, ContentTamperedError
from sesmail.receiving.storage.decrypting import decrypt, is_encrypted, read_encryption

MAIL = b"Subject: secret\r\n\r\nhello\r\n"
KEY = bytes(range(32))
NONCE = b"nonce of 12."
MESSAGE_ID = "o3vrnil0e2ic28tr"
ACCOUNT = "111122223333"
CONTEXT = {
    "aws:ses:message-id": MESSAGE_ID,
    "aws:ses:rule-name": "store",
    "aws:ses:source-account": ACCOUNT,
    "kms_cmk_id": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}
METADATA = {
    "x-amz-wrap-alg": "kms",
    "x-amz-cek-alg": "AES/GCM/NoPadding",
    "x-amz-tag-len": "128",
    "x-amz-iv": b64encode(NONCE).decode(),
    "x-amz-key-v2": b64encode(b"wrapped by KMS").decode(),
    "x-amz-unencrypted-content-length": str(len(MAIL)),
    "x-amz-matdesc": json.dumps(CONTEXT),
}
STORED = AESGCM(KEY).encrypt(NONCE, MAIL, None)


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in METADATA.items() if key != name}


def matdesc(**changes: Any) -> dict[str, str]:
    context = {name: value for name, value in (CONTEXT | changes).items() if value is not None}
    return METADATA | {"x-amz-matdesc": json.dumps(context)}


def test_reads_parameters_of_kms_decrypt() -> None:
    encryption = read_encryption(METADATA, message_id=MESSAGE_ID, account=ACCOUNT)
    assert encryption.wrapped_key == b"wrapped by KMS"
    assert encryption.context == CONTEXT
    assert "wrapped" not in repr(encryption)
    assert pickle.loads(pickle.dumps(encryption)) == encryption


@pytest.mark.parametrize("account", [ACCOUNT, None])
def test_decrypts_mail_stored_by_ses(account: str | None) -> None:
    encryption = read_encryption(METADATA, message_id=MESSAGE_ID, account=account)
    assert decrypt(STORED, encryption, KEY) == MAIL


def test_metadata_names_match_in_any_case() -> None:
    metadata = {name.title(): value for name, value in METADATA.items()} | {
        "X-Amz-Iv": METADATA["x-amz-iv"]
    }
    assert is_encrypted(metadata)
    assert decrypt(STORED, read_encryption(metadata, message_id=MESSAGE_ID), KEY) == MAIL


def test_decrypts_empty_mail() -> None:
    metadata = METADATA | {"x-amz-unencrypted-content-length": "0"}
    stored = AESGCM(KEY).encrypt(NONCE, b"", None)
    assert decrypt(stored, read_encryption(metadata, message_id=MESSAGE_ID), KEY) == b""


@pytest.mark.parametrize("metadata", [{}, {"purpose": "x"}, {"x-amzn-key": "x"}])
def test_other_metadata_is_not_encryption(metadata: dict[str, str]) -> None:
    assert not is_encrypted(metadata)


@pytest.mark.parametrize("name", [*METADATA, "x-amz-key", "X-AMZ-C"])
def test_any_encryption_field_means_encrypted(name: str) -> None:
    assert is_encrypted({"other": "x", name: "x"})


@pytest.mark.parametrize("name", METADATA)
def test_refuses_missing_metadata_field(name: str) -> None:
    with pytest.raises(ContentTamperedError, match=f"{name} is missing"):
        read_encryption(without(name), message_id=MESSAGE_ID)


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "0",
        "-1",
        "1_0",
        "\u0661",
        "é",
        "\ud800",
        "\0",
        "nul",
        "{}",
        "[]",
        "A" * 20_000,
        "A===",
        "=",
        "QUJD\n",
    ],
    ids=ascii,
)
def test_refuses_invalid_metadata_value(name: str, value: str) -> None:
    with pytest.raises(ContentTamperedError) as caught:
        decrypt(STORED, read_encryption(METADATA | {name: value}, message_id=MESSAGE_ID), KEY)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({**METADATA, "x-amz-wrap-alg": "AES"}, "x-amz-wrap-alg isn't kms"),
        ({**METADATA, "x-amz-wrap-alg": "kms+context"}, "x-amz-wrap-alg isn't kms"),
        ({**METADATA, "x-amz-wrap-alg": "KMS"}, "x-amz-wrap-alg isn't kms"),
        (
            {**METADATA, "x-amz-cek-alg": "AES/CBC/PKCS5Padding"},
            "x-amz-cek-alg isn't AES/GCM/NoPadding",
        ),
        (
            {**METADATA, "x-amz-cek-alg": "AES/CTR/NoPadding"},
            "x-amz-cek-alg isn't AES/GCM/NoPadding",
        ),
        ({**METADATA, "x-amz-tag-len": "96"}, "x-amz-tag-len isn't 128"),
        ({**METADATA, "x-amz-key": "QUJD"}, "x-amz-key, which SES"),
        ({**METADATA, "X-Amz-Iv": "QUJD"}, "two values for one name"),
        ({**METADATA, "x-amz-iv": b64encode(b"x" * 16).decode()}, "x-amz-iv doesn't have 12 bytes"),
        ({**METADATA, "x-amz-iv": "not base64!"}, "x-amz-iv isn't base64"),
        (
            {**METADATA, "x-amz-key-v2": b64encode(b"x" * 6145).decode()},
            "x-amz-key-v2 doesn't have 1 to 6144 bytes",
        ),
        ({**METADATA, "x-amz-unencrypted-content-length": "9" * 5_000}, "isn't a number of bytes"),
        ({**METADATA, "x-amz-matdesc": "[" * 5_000}, "x-amz-matdesc isn't JSON"),
        ({**METADATA, "x-amz-matdesc": "[" * 8_193}, "x-amz-matdesc is too long"),
        ({**METADATA, "x-amz-matdesc": '{"a": NaN}'}, "x-amz-matdesc isn't JSON"),
        ({**METADATA, "x-amz-matdesc": '{"a": "\\ud800"}'}, "x-amz-matdesc isn't JSON"),
        ({**METADATA, "x-amz-matdesc": '["a"]'}, "x-amz-matdesc isn't a JSON object"),
        (matdesc(kms_cmk_id=["x"]), "a value that isn't a string"),
        (matdesc(kms_cmk_id=1), "a value that isn't a string"),
        (matdesc(**{"aws:ses:message-id": None}), "another mail"),
        (matdesc(**{"aws:ses:message-id": "another"}), "another mail"),
        (matdesc(**{"aws:ses:message-id": MESSAGE_ID + " "}), "another mail"),
        (matdesc(**{"aws:ses:source-account": None}), "another AWS account"),
        (matdesc(**{"aws:ses:source-account": "444455556666"}), "another AWS account"),
    ],
)
def test_refuses_metadata_that_ses_does_not_write(metadata: dict[str, str], reason: str) -> None:
    with pytest.raises(ContentTamperedError, match=reason):
        read_encryption(metadata, message_id=MESSAGE_ID, account=ACCOUNT)


@pytest.mark.parametrize("message_id", ["", "another"])
def test_refuses_object_of_another_mail(message_id: str) -> None:
    with pytest.raises(ContentTamperedError, match="another mail"):
        read_encryption(METADATA | matdesc(**{"aws:ses:message-id": ""}), message_id=message_id)


@pytest.mark.parametrize("at", range(len(STORED)))
def test_refuses_ciphertext_with_a_changed_bit(at: int) -> None:
    changed = bytearray(STORED)
    changed[at] ^= 1
    with pytest.raises(ContentTamperedError, match="it was changed"):
        decrypt(bytes(changed), read_encryption(METADATA, message_id=MESSAGE_ID), KEY)


@pytest.mark.parametrize(
    "stored", [b"", STORED[:15], STORED[:-1], STORED[1:], STORED + b"\0", STORED * 2]
)
def test_refuses_ciphertext_of_another_length(stored: bytes) -> None:
    encryption = read_encryption(METADATA, message_id=MESSAGE_ID)
    with pytest.raises(ContentTamperedError, match="its length isn't"):
        decrypt(stored, encryption, KEY)
    length = str(max(len(stored) - 16, 0))
    encryption = read_encryption(
        METADATA | {"x-amz-unencrypted-content-length": length}, message_id=MESSAGE_ID
    )
    with pytest.raises(ContentTamperedError):
        decrypt(stored, encryption, KEY)


@pytest.mark.parametrize("key", [b"", KEY[:16], KEY[:24], KEY + b"\0"])
def test_refuses_key_of_another_size(key: bytes) -> None:
    with pytest.raises(ContentTamperedError, match="its key doesn't have 32 bytes"):
        decrypt(STORED, read_encryption(METADATA, message_id=MESSAGE_ID), key)


def test_refuses_another_key_or_nonce() -> None:
    encryption = read_encryption(METADATA, message_id=MESSAGE_ID)
    with pytest.raises(ContentTamperedError, match="its key is another one") as caught:
        decrypt(STORED, encryption, b"another key, of the right length"[:32])
    assert "another key, of" not in f"{caught.value!r} {caught.value}"
    nonce = METADATA | {"x-amz-iv": b64encode(b"another one.").decode()}
    with pytest.raises(ContentTamperedError, match="it was changed"):
        decrypt(STORED, read_encryption(nonce, message_id=MESSAGE_ID), KEY)


def test_never_decrypts_unauthenticated_ciphers(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CBC, who may write to the bucket could decrypt a mail by a padding oracle."""
    monkeypatch.setattr(AESGCM, "decrypt", lambda *_: pytest.fail("it was decrypted"))
    with pytest.raises(ContentTamperedError):
        read_encryption(METADATA | {"x-amz-cek-alg": "AES/CBC/PKCS5Padding"}, message_id=MESSAGE_ID)


def test_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    encryption = read_encryption(METADATA, message_id=MESSAGE_ID)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'sesmail\[signatures\]'"):
        decrypt(STORED, encryption, KEY)
