"""Ready-made MIME: mended where that is safe, refused where it isn't."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from ..limits import check_part_count
from ..wire import as_crlf, check_wire

if TYPE_CHECKING:
    from email.message import Message as StandardMessage

__all__ = ["RawContent", "has_field"]

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_BOUNDARY = re.compile(rb'boundary="?([^"\r\n;]{1,70})', re.IGNORECASE)
_DELIMITER = re.compile(rb"\r\n--([^\r\n]{1,70})(?=\r\n)")
_BLIND = frozenset({b"bcc", b"resent-bcc"})
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def _serialised(content: Any, info: ValidationInfo) -> Any:
    """The bytes of a message of the standard library; anything else as it is.

    On some patch levels of Python its writer lets line breaks in names and values through, and they would begin
    header fields of their own: so they are looked for before it writes, and the fields compared after it.
    """
    if isinstance(content, str) and info.mode == "python":
        raise ValueError("give bytes, or a message of the standard library")
    if not (hasattr(content, "as_bytes") and hasattr(content, "walk")):
        return content
    from email.errors import MessageError

    try:
        return _written(cast("StandardMessage[Any, Any]", content))
    except (AttributeError, LookupError, MessageError, TypeError) as err:
        raise ValueError(f"the standard library can't write it: {err}") from err


def _written(message: StandardMessage[Any, Any]) -> bytes:
    for part in message.walk():
        for name, value in part.items():
            if not _FIELD.fullmatch(f"{name}:".encode()) or _CONTROLS.search(
                _FOLD.sub("", str(value))
            ):
                raise ValueError(
                    f"its header {name!r} has a line break or another control character"
                )
    written = message.as_bytes(policy=message.policy.clone(linesep="\r\n", cte_type="7bit"))
    if [name for name, _ in _fields(written)] != [name.lower().encode() for name in message]:
        raise ValueError(
            "its headers, written out, aren't the ones that it has; look for line breaks in them"
        )
    _refuse_rewritten(message, written)
    return written


def _refuse_rewritten(message: StandardMessage[Any, Any], written: bytes) -> None:
    """Refuse what the standard library's folding changes: it drops the quotes of long names, which may be addresses."""
    for (name, value), (_, lines) in zip(message.items(), _fields(written), strict=True):
        if not hasattr(value, "addresses"):
            continue
        text = lines.decode("ascii", "replace").partition(":")[2].replace("\r\n", "")
        policy: Any = message.policy
        read = policy.header_factory(name, text.strip())
        if [each.addr_spec for each in read.addresses] != [
            each.addr_spec for each in value.addresses
        ]:
            raise ValueError(
                f"the standard library would write other addresses into {name}; send a Message instead"
            )


def _prepared(content: bytes) -> bytes:
    """The mail with CRLFs and without Bcc, proven to keep the rules of the wire."""
    content = as_crlf(content)
    fields = _fields(content)
    if not any(name == b"from" for name, _ in fields):
        raise ValueError("it has no From header, which SES needs")
    visible = [lines for name, lines in fields if name not in _BLIND]
    if len(visible) < len(fields):
        content = b"\r\n".join(visible) + b"\r\n\r\n" + content.partition(b"\r\n\r\n")[2]
    check_wire(content)
    _refuse_parts(content)
    return content


def _refuse_parts(content: bytes) -> None:
    boundaries = set(_BOUNDARY.findall(content))
    delimiters = [line for line in _DELIMITER.findall(content) if line in boundaries]
    parts = len(delimiters) - max(
        0, len(set(delimiters)) - 1
    )  # without the multiparts inside of others
    check_part_count(parts, field="")


def has_field(content: bytes, name: str) -> bool:
    """Whether a mail has a header field of this name."""
    return any(found == name.lower().encode() for found, _ in _fields(content))


def _fields(content: bytes) -> list[tuple[bytes, bytes]]:
    """The header fields of a mail: the name in lower case, and the lines as they stand, without the last CRLF."""
    end = content.find(b"\r\n\r\n")
    head = content[:end] if end >= 0 else content.removesuffix(b"\r\n")
    fields: list[tuple[bytes, list[bytes]]] = []
    for number, line in enumerate(head.split(b"\r\n"), 1):
        begins = _FIELD.match(line)
        if begins:
            fields.append((begins[1].lower(), [line]))
        elif fields and line[:1] in (b" ", b"\t") and line.strip():
            fields[-1][1].append(line)
        else:
            raise ValueError(f"line {number} is neither a header field nor the continuation of one")
    return [(name, b"\r\n".join(lines)) for name, lines in fields]


RawContent = Annotated[bytes, BeforeValidator(_serialised), AfterValidator(_prepared)]
