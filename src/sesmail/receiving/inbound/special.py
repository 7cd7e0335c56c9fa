"""Recognises TNEF, S/MIME and PGP, which sesmail doesn't decode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

__all__ = ["UNREADABLE", "Special", "special_of"]

Special: TypeAlias = Literal[
    "tnef",
    "smime-encrypted",
    "smime-signed",
    "smime-signature",
    "pgp-encrypted",
    "pgp-signature",
    "pgp-keys",
]

UNREADABLE: dict[Special, str] = {
    "tnef": "part in TNEF (winmail.dat), not decoded",
    "smime-encrypted": "part encrypted with S/MIME, not decrypted",
    "smime-signed": "part within a S/MIME signature, not decoded",
    "pgp-encrypted": "part encrypted with PGP, not decrypted",
}
"""Defects of a mail of which a part can't be read."""

_BY_MEDIA_TYPE: dict[str, Special] = {
    # https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxtnef
    "application/ms-tnef": "tnef",
    "application/vnd.ms-tnef": "tnef",
    "application/x-ms-tnef": "tnef",
    # https://www.rfc-editor.org/rfc/rfc8551#section-3.2 and names from before its first version
    "application/pkcs7-signature": "smime-signature",
    "application/x-pkcs7-signature": "smime-signature",
    # https://www.rfc-editor.org/rfc/rfc3156
    "application/pgp-encrypted": "pgp-encrypted",
    "application/pgp-signature": "pgp-signature",
    "application/pgp-keys": "pgp-keys",
}
_MIME_TYPES = frozenset(["application/pkcs7-mime", "application/x-pkcs7-mime"])
# https://www.rfc-editor.org/rfc/rfc8551#section-3.2.2
_BY_SMIME_TYPE: dict[str, Special | None] = {
    "signed-data": "smime-signed",
    "certs-only": None,
    "compressed-data": None,
}
_BY_FILE_NAME: dict[str, Special] = {"winmail.dat": "tnef", "encrypted.asc": "pgp-encrypted"}
_BY_EXTENSION: dict[str, Special] = {
    ".p7m": "smime-encrypted",
    ".p7s": "smime-signature",
    ".pgp": "pgp-encrypted",
    ".gpg": "pgp-encrypted",
}
_UNTYPED = frozenset(["application/octet-stream", "application/x-unknown"])


def special_of(
    media_type: str, parameters: Mapping[str, str], file_name: str | None
) -> Special | None:
    """Format of a part that only other software reads, None for all other parts.

    Args:
        media_type: Media type in lower case.
        parameters: Parameters of the media type.
        file_name: File name as claimed.
    """
    if not media_type.startswith("application/"):
        return None
    if found := _BY_MEDIA_TYPE.get(media_type):
        return found
    if media_type in _MIME_TYPES:
        kind = parameters.get("smime-type", "").strip().lower()
        return _BY_SMIME_TYPE.get(kind, "smime-encrypted")
    name = (file_name or "").strip().lower()
    if found := _BY_FILE_NAME.get(name):
        return found
    return _BY_EXTENSION.get(name[-4:]) if media_type in _UNTYPED else None
