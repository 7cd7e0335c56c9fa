"""Received mails made fit to be sent again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...address import Address
from ...encoded_word import decode_words
from ...errors import InvalidMessageError
from ...patterns import lazy_pattern
from ..mime.header import address_field
from ..mime.header_field import Field, encode_field, field_text, split_header
from ..mime.seven_bit import Rules, encode_body, split_mail
from .once import ONCE_ONLY

__all__ = ["forwarded"]

# Fields that speak for the first transmission. SES refuses a Return-Path or Sender of an identity
# that isn't verified, and signatures don't fit the changed mail:
# https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-manual.html
_DROPPED = frozenset(
    {
        *(b"return-path", b"sender", b"bcc", b"bounces-to", b"errors-to", b"feedback-id"),
        *(b"dkim-signature", b"domainkey-signature", b"authentication-results", b"received-spf"),
        *(b"content-length", b"x-metadata", b"x-sesmail-id", b"x-tag"),
    }
)
_MAX_HEADER = 1 << 20  # no limit of SES; a header of this size takes two seconds
_DROPPED_PREFIXES = (b"arc-", b"resent-", b"x-ses-")
_BEFORE_HEADER = lazy_pattern(rb"\A(?:>?From [^\n]*\n|\r?\n)+")  # as in files of the format mbox
_MAILBOX = lazy_pattern(r"(.*)<([^<>]+)>[^<>]*", re.DOTALL)


def forwarded(mail: bytes, from_email: Address, reply_to: Sequence[Address]) -> bytes:
    """Returns a received mail with another author, as 7-bit lines without its first transmission.

    Args:
        mail: The mail as it was received.
        from_email: Verified author. Without a name it gets that of the original author.
        reply_to: Addresses for the Reply-To header; the original ones, or the original author, if
            it is empty.

    Raises:
        InvalidMessageError: The mail can't be read, or not be made 7-bit.
    """
    header, body = split_mail(_BEFORE_HEADER.sub(b"", mail))
    if len(header) > _MAX_HEADER:
        raise InvalidMessageError(
            f"the header of the mail has more than {_MAX_HEADER:,} bytes",
            field="mail",
            limit=_MAX_HEADER,
            actual=len(header),
        )
    kept: list[Field] = []
    seen: set[bytes] = set()
    for field in split_header(header, lossy=True):
        if field.key in _DROPPED or field.key.startswith(_DROPPED_PREFIXES):
            continue
        if field.key in seen and field.key in ONCE_ONLY:
            continue
        seen.add(field.key)
        kept.append(field)
    author = next((field for field in kept if field.key == b"from"), None)
    first = _new_fields(author, from_email, reply_to, b"reply-to" in seen)
    replaced = {b"from", b"reply-to"} if reply_to else {b"from"}
    others = [field for field in kept if field.key not in replaced]
    try:
        others, body = encode_body(others, body, Rules(lossy=True))
        lines = [encode_field(field, lossy=True) for field in others]
    except ValueError as err:
        raise InvalidMessageError(f"the mail {err}", field="mail") from err
    return first + b"".join([line + b"\r\n" for line in lines if line]) + b"\r\n" + body


def _new_fields(
    author: Field | None, from_email: Address, reply_to: Sequence[Address], has_reply_to: bool
) -> bytes:
    """Returns From, Reply-To if it is new, and the original From."""
    original = _mailbox(author)
    if from_email.name is None and original is not None:
        from_email = Address(from_email.email, original.name)
    lines = address_field("From", [from_email])
    if reply_to:
        lines += address_field("Reply-To", reply_to)
    elif not has_reply_to and original is not None:
        lines += address_field("Reply-To", [original])
    encoded = lines.encode("ascii")
    if author is not None:
        line = encode_field(Field(b"X-Original-From", author.value), lossy=True)
        encoded += line + b"\r\n" if line else b""
    return encoded


def _mailbox(author: Field | None) -> Address | None:
    """Returns the first author, None if there is none that an Address can be."""
    if author is None:
        return None
    text = field_text(author)
    found = _MAILBOX.match(text)
    name, email = (found[1], found[2]) if found else ("", text)
    name = decode_words(name.strip(" \t")).strip('"').replace('\\"', '"')
    for candidate in (name or None, None):
        try:
            return Address(email.strip(), candidate)
        except InvalidMessageError:
            continue
    return None
