"""Texts with several JSON objects: one on each line, or run together without any separator."""

from __future__ import annotations

from ...errors import MalformedBodyError
from ...patterns import lazy_pattern

__all__ = ["JSON_WHITESPACE", "MAX_RECORDS", "check_count", "is_json_lines", "split_documents"]

MAX_RECORDS = 10_000
"""Maximum number of records in a batch, as of AWS Lambda and of Firehose.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html (BatchSize)
"""

JSON_WHITESPACE = b" \t\r\n"
"""White space in JSON: https://www.rfc-editor.org/rfc/rfc8259#section-2"""

_MAX_MEETINGS = 100_000
# Two objects meet; within one object this occurs only in strings.
_MEETING = lazy_pattern(rb"\}[ \t\r\n]*\{")


def is_json_lines(text: bytes) -> bool:
    """Returns True if a text has one JSON object on each line, as SES writes them to Firehose.

    In a single object, a line that ends in ``}`` is followed by ``,`` or a closing bracket.
    """
    first, newline, others = text.lstrip(JSON_WHITESPACE).partition(b"\n")
    if not newline or not first.rstrip(JSON_WHITESPACE).endswith(b"}"):
        return False
    return others.lstrip(JSON_WHITESPACE)[:1] not in (b"", b",", b"}", b"]")


def split_documents(text: bytes, path: str = "") -> list[bytes]:
    """Returns the JSON objects of a text in which they follow each other immediately.

    EventBridge and SNS write records to Firehose without a line break at the end, so that the
    files of Firehose have all objects in one line:
    https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html#format

    Args:
        text: The text, which may be one object or anything else.
        path: Path to it, for errors.

    Raises:
        MalformedBodyError: There are more than 10,000.
    """
    meeting = _MEETING.search(text)
    if meeting is None:
        return [text]
    # Of the same length, so that only the quotes around strings remain.
    plain = text.replace(rb"\\", b"__").replace(rb"\"", b"__")
    found: list[bytes] = []
    start = counted = 0
    for _ in range(_MAX_MEETINGS):
        if meeting is None:
            break
        position = meeting.start() + 1
        if plain.count(b'"', counted, position) % 2:  # the objects meet within a string
            counted = plain.find(b'"', position) + 1
            if not counted:
                break
            meeting = _MEETING.search(plain, counted)
        else:
            found.append(text[start:position])
            check_count(len(found) + 1, path)
            start = counted = position
            meeting = _MEETING.search(plain, position)
    found.append(text[start:])
    return found


def check_count(count: int, path: str) -> None:
    """Checks the number of records in a batch.

    Raises:
        MalformedBodyError: There are more than 10,000.
    """
    if count > MAX_RECORDS:
        raise MalformedBodyError(
            f"its {count:,} records are over the limit of {MAX_RECORDS:,}", path=path
        )
