"""Request bodies as SES's two protocols take them, with the base64 of a mail made piece by piece as they leave."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from json import JSONEncoder
from typing import Any, cast
from urllib.parse import quote, urlencode

__all__ = ["Body", "json_body", "query_body"]

_PIECE = 192 * 1024  # bytes; a multiple of 3, so that the base64 of pieces is that of the whole
_HOLE = b'"Data":""'  # no text in JSON can have it: its quotes are escaped


def _base64(data: bytes) -> bytes:
    return b2a_base64(data, newline=False)


class Body:
    """What is posted: a content in base64 with text around it, which is never in memory as a whole if it's large.

    Args:
        head: What stands before the content, or all there is.
        content: The bytes to encode.
        tail: What stands after them.
        encode: Makes base64 of them.

    Attributes:
        size: In bytes.
        sha256: The hash, in hexadecimal digits.
    """

    __slots__ = ("_content", "_encode", "_head", "_tail", "sha256", "size")

    def __init__(
        self,
        head: bytes,
        content: bytes = b"",
        tail: bytes = b"",
        encode: Callable[[Any], bytes] = _base64,
    ) -> None:
        self._head, self._content, self._tail, self._encode = (
            head,
            memoryview(content),
            tail,
            encode,
        )
        if len(content) <= _PIECE:
            self._head, self._content, self._tail = (
                b"".join([head, encode(content), tail]),
                memoryview(b""),
                b"",
            )
        digest = sha256()
        self.size: int = 0
        for piece in self:
            digest.update(piece)
            self.size += len(piece)
        self.sha256: str = digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """Its pieces."""
        yield self._head
        for start in range(0, len(self._content), _PIECE):
            yield self._encode(self._content[start : start + _PIECE])
        if self._tail:
            yield self._tail


def json_body(operation: str, params: Mapping[str, Any]) -> Body:
    """The body of SES API v2, whose parameters are JSON.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    """
    mail = params.get("Content", {}).get("Raw", {}).get("Data")
    if mail is None:
        return Body(_JSON(params).encode())
    head, _, tail = _JSON({**params, "Content": {"Raw": {"Data": ""}}}).encode().partition(_HOLE)
    return Body(head + _HOLE[:-1], mail, _HOLE[-1:] + tail)


def query_body(operation: str, params: Mapping[str, Any]) -> Body:
    """The body of SES API v1, whose parameters are a form.

    https://docs.aws.amazon.com/ses/latest/DeveloperGuide/using-ses-api-requests.html
    """
    mail = params.get("RawMessage", {}).get("Data")
    fields = [
        ("Action", operation),
        ("Version", "2010-12-01"),
        *_fields("", {**params, "RawMessage": {}}),
    ]
    form = urlencode(fields, quote_via=quote, safe="-._~").encode()
    return (
        Body(form) if mail is None else Body(form + b"&RawMessage.Data=", mail, b"", _quoted_base64)
    )


def _fields(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """The fields of a form for a structure, a list, or a text."""
    if isinstance(value, str):
        yield prefix, value
    elif isinstance(value, Mapping):
        for name, each in cast("Mapping[str, Any]", value).items():
            yield from _fields(f"{prefix}.{name}" if prefix else name, each)
    else:
        for number, each in enumerate(value, 1):
            yield from _fields(f"{prefix}.member.{number}", each)


def _quoted_base64(data: bytes) -> bytes:
    """Base64 as a form takes it; of its characters only these three mean something there."""
    return _base64(data).replace(b"+", b"%2B").replace(b"/", b"%2F").replace(b"=", b"%3D")


def _text(data: bytes) -> str:
    return _base64(data).decode()


_JSON = JSONEncoder(separators=(",", ":"), default=_text).encode
