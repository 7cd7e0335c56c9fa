"""A part of a received mail other than its body."""

from __future__ import annotations

from typing import TypeAlias

from ...patterns import lazy_pattern
from ...values import cached_property
from .charsets import decode_text
from .file_name import safe_file_name
from .header import Defects, decode_words, plain_field
from .parameters import read_parameters
from .part import Part
from .special import Special, special_of

__all__ = ["InboundAttachment", "Special", "decode_part", "disposition_of"]

_CONTENT_ID = lazy_pattern(r"<([^<>]*)>")
_DISPOSITION = lazy_pattern(r"[\s\"']*([^\s\"';,()]+)")

_Disposition: TypeAlias = tuple[str | None, dict[str, str]]
_NO_DISPOSITION: _Disposition = (None, {})


class InboundAttachment:
    """A part of a received mail other than its text and HTML.

    The sender chooses everything about it: names, types and ids are claims, and the content may be
    malicious. Serve it as a download, not inline.

    Attributes:
        media_type: Media type in lower case, without parameters; ``text/plain`` if it is missing or
            malformed, ``message/rfc822`` if it is missing in a digest (RFC 2045, RFC 2046).
        claimed_file_name: File name as sent, decoded (RFC 2183, RFC 2231, RFC 2047); None if there
            is none. It may contain anything, such as slashes: never store a file under it, but
            under ``file_name``.
        content_id: Content id without angle brackets (RFC 2392); None if there is none.
        disposition: Content disposition in lower case without parameters, such as ``attachment`` or
            ``inline`` (RFC 2183); None if there is none.
    """

    def __init__(self, part: Part) -> None:
        disposition, parameters = disposition_of(part)
        self._part = part
        self.media_type: str = part.media_type
        self.disposition = disposition
        self.claimed_file_name: str | None = (
            parameters.get("filename") or part.parameters.get("name") or None
        )
        self.content_id: str | None = None
        if field := plain_field(part.headers, b"content-id"):
            match = _CONTENT_ID.search(field)
            self.content_id = (match[1] if match else field).strip("<> ") or None

    @property
    def file_name(self) -> str:
        """A name that is safe to store the file under, made of the claimed one.

        It is one path component of at most 255 bytes, without control characters, leading dots or
        names that Windows reserves; ``attachment`` if no file name is claimed. Two attachments of a
        mail may have the same.
        """
        return safe_file_name(self.claimed_file_name or "")

    @property
    def special(self) -> Special | None:
        """The format of a part that only other software reads; None for all other parts.

        * ``tnef``: files and formatted text of Outlook, usually named ``winmail.dat``.
        * ``smime-encrypted``, ``smime-signed``: a mail within S/MIME (RFC 8551).
        * ``smime-signature``: the signature of other parts by S/MIME.
        * ``pgp-encrypted``, ``pgp-signature``, ``pgp-keys``: parts of OpenPGP (RFC 3156).

        sesmail neither decodes nor verifies them. It is concluded from the media type and, where
        this says nothing, from the file name: a claim of the sender.
        """
        return special_of(self.media_type, self._part.parameters, self.claimed_file_name)

    @property
    def content(self) -> bytes:
        """The decoded bytes; for an attached mail, its raw bytes.

        They are decoded on first access and kept; those of an attached mail may be copied from
        ``InboundMail.raw`` on each access. Malformed base64 and quoted-printable are decoded as far
        as possible; content in an unknown transfer encoding is returned as it is (RFC 2045).
        """
        return self._content if self._part.mail is None else self._part.content()

    def load(self) -> None:
        """Decodes the content now instead of on first access; ``InboundMail.load`` calls this."""
        if self._part.mail is None:
            self._content  # noqa: B018

    @property
    def text(self) -> str:
        """The content as text, with line ends as sent; decoded on each access and not kept.

        The charset is the declared one. Text without a known charset is decoded as UTF-8 if it is,
        else in the charset that HTML declares, else as Windows-1252. Invalid bytes become U+FFFD.
        """
        return decode_part(self._part, self.content, with_lf=False)

    def __repr__(self) -> str:
        return f"<InboundAttachment {self.file_name!r} {self.media_type}>"

    @cached_property
    def _content(self) -> bytes:
        return self._part.content()


def disposition_of(part: Part) -> _Disposition:
    """Content disposition in lower case, None if there is none, and its parameters.

    Some programs write it in quotes, as an encoded-word, or without the semicolon after it.
    """
    field = plain_field(part.headers, b"content-disposition")
    if not field:
        return _NO_DISPOSITION
    value, parameters = read_parameters(field, part.defects)
    if not value.isalpha():
        value = _first_word(value, part.defects)
    return value or None, parameters


def decode_part(part: Part, content: bytes | memoryview, *, with_lf: bool) -> str:
    """Decodes the content of a part by the charset that it declares."""
    charset, html = part.parameters.get("charset"), part.media_type == "text/html"
    text, defect = decode_text(content, charset, with_lf=with_lf, html=html)
    if defect:
        part.defects[defect] = None
    return text


def _first_word(value: str, defects: Defects) -> str:
    match = _DISPOSITION.match(decode_words(value, defects))
    return match[1].lower() if match else ""
