"""Validation of ready-made MIME content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from ...patterns import lazy_pattern
from ...private_names import EMAIL_GENERATOR, check_private_names
from ..limits import check_part_count
from ..mime.seven_bit import is_seven_bit, to_seven_bit
from ..wire import check_wire, normalise_line_breaks
from .once import ONCE_ONLY

if TYPE_CHECKING:
    from email.message import Message as StandardMessage

__all__ = ["RawContent", "has_header"]

_FIELD = lazy_pattern(rb"([!-9;-~]+)[ \t]*:")
_BOUNDARY = lazy_pattern(rb'boundary="?([^"\r\n;]{1,70})', re.IGNORECASE)
_DELIMITER = lazy_pattern(rb"\r\n--([^\r\n]{1,70})(?=\r\n)")
_BCC = frozenset({b"bcc", b"resent-bcc"})
_FOLD = lazy_pattern(r"\r?\n(?=[ \t])")
_CONTROLS = lazy_pattern("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def _to_bytes(content: Any, info: ValidationInfo) -> Any:
    """Encodes a message of the standard library; returns any other value unchanged."""
    if isinstance(content, str) and info.mode == "python":
        raise ValueError("give bytes, or a message of the standard library")
    if not (hasattr(content, "as_bytes") and hasattr(content, "walk")):
        return content
    from email.errors import MessageError

    try:
        return _encode(cast("StandardMessage[Any, Any]", content))
    except (AttributeError, LookupError, MessageError, TypeError, UnicodeError) as err:
        raise ValueError(f"the standard library can't encode the message: {err}") from err


def _encode(message: StandardMessage[Any, Any]) -> bytes:
    """Encodes a message of the standard library, with checks against header injection.

    Some patch releases of Python write line breaks in header names and values as they are, which
    would begin further headers: https://github.com/python/cpython/issues/121650
    """
    for part in message.walk():
        for name, value in part.items():
            if not _FIELD.fullmatch(f"{name}:".encode()) or _CONTROLS.search(
                _FOLD.sub("", str(value))
            ):
                raise ValueError(
                    f"the header {name!r} has a line break or another control character"
                )
    encoded = _flatten(message)
    if [name for name, _ in _header_fields(encoded)] != [name.lower().encode() for name in message]:
        raise ValueError(
            "the encoded headers differ from those of the message; look for line breaks in them"
        )
    _check_addresses_unchanged(message, encoded)
    return encoded if is_seven_bit(encoded) else to_seven_bit(encoded)


def _flatten(message: StandardMessage[Any, Any]) -> bytes:
    """Encodes a message, 7-bit where its class allows that.

    Classes of Django before 6.0 have an ``as_bytes`` without policy, and text in UTF-8 that can
    only be written as 8-bit: https://docs.djangoproject.com/en/5.2/topics/email/
    """
    from email.generator import BytesGenerator, Generator

    class Utf8Generator(BytesGenerator):
        def write(self, s: str) -> None:
            generator: Any = self
            generator._fp.write(s.encode("utf-8", "surrogateescape"))

    policy = message.policy.clone(linesep="\r\n", cte_type="7bit")
    try:
        return _generate(BytesGenerator, message, policy)
    except UnicodeEncodeError:
        for part in message.walk():
            text: Any = part.get_payload()
            is_utf8 = part.get_content_charset("utf-8") in ("utf-8", "utf8")
            if isinstance(text, str) and not is_utf8 and not text.isascii():
                raise
        check_private_names(EMAIL_GENERATOR, lambda: {"Generator": Generator})
        return _generate(Utf8Generator, message, policy.clone(cte_type="8bit"))


def _generate(generator: Any, message: StandardMessage[Any, Any], policy: Any) -> bytes:
    buffer = BytesIO()
    generator(buffer, mangle_from_=False, policy=policy).flatten(message)
    return buffer.getvalue()


def _check_addresses_unchanged(message: StandardMessage[Any, Any], encoded: bytes) -> None:
    """Refuses a message whose addresses the standard library changes when it folds headers.

    It drops the quotes of long display names, which then may be read as addresses:
    https://github.com/python/cpython/issues/80222
    """
    for (name, value), (_, lines) in zip(message.items(), _header_fields(encoded), strict=True):
        if not hasattr(value, "addresses"):
            continue
        text = lines.decode("ascii", "replace").partition(":")[2].replace("\r\n", "")
        policy: Any = message.policy
        decoded = policy.header_factory(name, text.strip())
        if [each.addr_spec for each in decoded.addresses] != [
            each.addr_spec for each in value.addresses
        ]:
            raise ValueError(
                f"the standard library would write other addresses into {name}; "
                "send a Message instead"
            )


def _normalise(content: bytes) -> bytes:
    """Returns the mail with CRLF line breaks and without Bcc headers, after all checks."""
    content = normalise_line_breaks(content)
    fields = _header_fields(content)
    authors = [lines for name, lines in fields if name == b"from"]
    if not authors:
        raise ValueError("the From header is missing, which SES requires")
    _check_once_only(fields)
    kept = [lines for name, lines in fields if name not in _BCC]
    if len(kept) < len(fields):
        content = b"\r\n".join(kept) + b"\r\n\r\n" + content.partition(b"\r\n\r\n")[2]
    check_wire(content)
    if b"@" not in authors[0]:
        raise ValueError("the From header has no email address, which SES requires")
    check_part_count(_count_parts(content), field="")
    return content


def _check_once_only(fields: Sequence[tuple[bytes, bytes]]) -> None:
    seen: set[bytes] = set()
    for name, _ in fields:
        if name in seen and name in ONCE_ONLY:
            raise ValueError(
                f"the header has {name.decode()} more than once, which SES rejects; remove one, or "
                "use RawMessage.forward for a received mail: "
                "https://docs.aws.amazon.com/ses/latest/dg/header-fields.html"
            )
        seen.add(name)


def _count_parts(content: bytes) -> int:
    """Counts the parts of a mail, without the multiparts inside of other multiparts."""
    boundaries = set(_BOUNDARY.findall(content))
    delimiters = [line for line in _DELIMITER.findall(content) if line in boundaries]
    return len(delimiters) - max(0, len(set(delimiters)) - 1)


def has_header(content: bytes, name: str) -> bool:
    """Reports whether a mail has a header of this name."""
    return any(found == name.lower().encode() for found, _ in _header_fields(content))


def _header_fields(content: bytes) -> list[tuple[bytes, bytes]]:
    """Splits the header: each name in lower case, and its lines without the last CRLF."""
    end = content.find(b"\r\n\r\n")
    head = content[:end] if end >= 0 else content.removesuffix(b"\r\n")
    fields: list[tuple[bytes, list[bytes]]] = []
    for number, line in enumerate(head.split(b"\r\n"), 1):
        begin = _FIELD.match(line)
        if begin:
            fields.append((begin[1].lower(), [line]))
        elif fields and line[:1] in (b" ", b"\t") and line.strip():
            fields[-1][1].append(line)
        else:
            raise ValueError(f"line {number} is neither a header field nor the continuation of one")
    return [(name, b"\r\n".join(lines)) for name, lines in fields]


RawContent = Annotated[bytes, BeforeValidator(_to_bytes), AfterValidator(_normalise)]
