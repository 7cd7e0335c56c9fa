"""Request bodies of the two SES APIs, whose base64 is encoded in chunks while they are sent."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from json import JSONEncoder
from typing import Any, cast
from urllib.parse import quote, urlencode

__all__ = ["Body", "json_body", "query_body"]

_CHUNK = 192 * 1024  # bytes; a multiple of 3, so that the chunks have no base64 padding inside
_EMPTY_DATA = b'"Data":""'  # which no JSON string contains, as its quotes are escaped


def _base64(data: bytes) -> bytes:
    return b2a_base64(data, newline=False)


class Body:
    """Request body with a base64-encoded part, which is never in memory as a whole if it is large.

    Args:
        head: Bytes before the encoded part.
        content: Bytes to encode.
        tail: Bytes after the encoded part.
        encode: Encodes bytes as base64.

    Attributes:
        size: Size in bytes.
        sha256: SHA-256 hash in hexadecimal digits.
    """

    __slots__ = ("_content", "_encode", "_head", "_tail", "sha256", "size")

    def __init__(
        self,
        head: bytes,
        content: bytes = b"",
        tail: bytes = b"",
        encode: Callable[[Any], bytes] = _base64,
    ) -> None:
        if len(content) <= _CHUNK:
            head, content, tail = b"".join([head, encode(content), tail]), b"", b""
        self._head, self._content, self._tail, self._encode = head, content, tail, encode
        if not content:
            self.size: int = len(head)
            self.sha256: str = sha256(head).hexdigest()
            return
        digest = sha256()
        self.size = 0
        for chunk in self:
            digest.update(chunk)
            self.size += len(chunk)
        self.sha256 = digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """Yields its chunks."""
        yield self._head
        content = memoryview(self._content)
        for start in range(0, len(content), _CHUNK):
            yield self._encode(content[start : start + _CHUNK])
        if self._tail:
            yield self._tail


def json_body(operation: str, params: Mapping[str, Any]) -> Body:
    """Returns the body of a call of SES API v2, which is JSON.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    """
    mail = params.get("Content", {}).get("Raw", {}).get("Data")
    if mail is None:
        return Body(_JSON(params).encode())
    empty = _JSON({**params, "Content": {"Raw": {"Data": ""}}}).encode()
    head, _, tail = empty.partition(_EMPTY_DATA)
    return Body(head + _EMPTY_DATA[:-1], mail, _EMPTY_DATA[-1:] + tail)


def query_body(operation: str, params: Mapping[str, Any]) -> Body:
    """Returns the body of a call of SES API v1, which is a form.

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
    """Yields the form fields of a structure, a list, or a text."""
    if isinstance(value, str):
        yield prefix, value
    elif isinstance(value, Mapping):
        for name, each in cast("Mapping[str, Any]", value).items():
            yield from _fields(f"{prefix}.{name}" if prefix else name, each)
    else:
        for number, each in enumerate(value, 1):
            yield from _fields(f"{prefix}.member.{number}", each)


def _quoted_base64(data: bytes) -> bytes:
    """Returns base64 for a form, where three of its characters have to be escaped."""
    return _base64(data).replace(b"+", b"%2B").replace(b"/", b"%2F").replace(b"=", b"%3D")


def _text(data: bytes) -> str:
    return _base64(data).decode()


_JSON = JSONEncoder(separators=(",", ":"), default=_text).encode
