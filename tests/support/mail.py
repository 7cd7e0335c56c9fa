"""Two independent mail parsers with a common result, for comparisons."""

import email
import re
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message as StandardMessage
from email.utils import getaddresses
from typing import Any

from fast_mail_parser import parse_email_tree


@dataclass(frozen=True, order=True)
class Leaf:
    """A part that is no multipart."""

    media_type: str
    content: bytes
    filename: str = ""
    content_id: str = ""


@dataclass(frozen=True)
class Mail:
    """Headers and leaf parts of a parsed mail."""

    headers: list[tuple[str, str]]
    leaves: list[Leaf]

    def all(self, name: str) -> list[str]:
        return [text for key, text in self.headers if key == name]


def decoded(raw: str) -> str:
    """Return a raw header value unfolded, with its encoded-words decoded."""
    pieces = decode_header(re.sub(r"\r\n(?=[ \t])", "", raw))
    return "".join(
        text if isinstance(text, str) else text.decode(charset or "ascii")
        for text, charset in pieces
    )


def mailboxes(raw: str) -> list[tuple[str, str]]:
    """Return the name and the bare address of each mailbox in a raw address field."""
    return [
        (decoded(name), address)
        for name, address in getaddresses([re.sub(r"\r\n(?=[ \t])", "", raw)])
    ]


def parsed(wire: bytes) -> "StandardMessage[str, str]":
    return email.message_from_bytes(wire)


def read_by_standard_library(wire: bytes) -> Mail:
    message = parsed(wire)
    leaves = [
        Leaf(
            part.get_content_type(),
            part.get_payload(decode=True),  # type: ignore[arg-type]
            part.get_filename() or "",
            (part["Content-ID"] or "").strip("<>"),
        )
        for part in message.walk()
        if not part.is_multipart()
    ]
    return Mail([(name, decoded(raw)) for name, raw in message.raw_items()], leaves)


def read_by_fast_mail_parser(wire: bytes) -> Mail:
    root = parse_email_tree(wire)
    leaves = [
        Leaf(part.content_type, part.content or b"", part.filename, part.content_id or "")
        for part in _walk(root)
        if not part.content_type.startswith("multipart/")
    ]
    return Mail([(name, text) for name, texts in root.headers.items() for text in texts], leaves)


def _walk(part: Any) -> list[Any]:
    return [part, *(found for child in part.children for found in _walk(child))]


def raw_fields(wire: bytes) -> list[tuple[str, str]]:
    """Return the header fields as written, including folds."""
    return list(parsed(wire).raw_items())


def field_names(wire: bytes) -> list[str]:
    return [name for name, _ in raw_fields(wire)]


def structure(wire: bytes) -> Any:
    """Return the media types of all parts as nested tuples."""

    def of(part: "StandardMessage[str, str]") -> Any:
        inner = [of(each) for each in part.get_payload()] if part.is_multipart() else []  # type: ignore[union-attr]
        return (part.get_content_type(), *inner) if inner else part.get_content_type()

    return of(parsed(wire))
