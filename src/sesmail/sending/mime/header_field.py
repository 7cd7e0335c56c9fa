"""Header fields of others' mails as 7-bit lines."""

from __future__ import annotations

import re
from typing import NamedTuple

from ...encoded_word import encode_words
from ...patterns import lazy_pattern
from ..limits import MAX_LINE
from .header import ADDRESS_FIELDS, ID_FIELDS, fold

__all__ = ["FIELD_BEGIN", "Field", "encode_field", "field_text", "split_header"]

FIELD_BEGIN = lazy_pattern(rb"([!-9;-~]+)[ \t]*:")
_UNSAFE = bytes([0, *range(10, 14)])  # NUL and what some reader takes for a line break
_MAX_WORD = 60  # characters of an encoded-word beside quotes and a parameter's name
_PARAMETERS = frozenset({"content-type", "content-disposition"})
_MAILBOXES = ADDRESS_FIELDS | {"from", "sender", "reply-to", "cc", "bcc"}
_TOKEN = lazy_pattern(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)"|<[^>]*>|\((?P<comment>[^()]*)\)|[^\s"(),:;<>@\[\]\\=]+|\s+|.',
    re.DOTALL,
)


class Field(NamedTuple):
    """Header field: its name, and what follows the colon without the final line break."""

    name: bytes
    value: bytes

    @property
    def key(self) -> bytes:
        """Name in lower case."""
        return self.name.lower()


def split_header(header: bytes, lossy: bool = False) -> list[Field]:
    """Splits a header into its fields.

    Raises:
        ValueError: A line is neither a field nor the continuation of one, without ``lossy``, which
            drops such lines.
    """
    fields: list[tuple[bytes, list[bytes]]] = []
    for number, line in enumerate(header.replace(b"\r\n", b"\n").split(b"\n"), 1):
        if found := FIELD_BEGIN.match(line):
            fields.append((found[1], [line[found.end() :]]))
        elif fields and line[:1] in (b" ", b"\t"):
            fields[-1][1].append(line)
        elif line and not lossy:
            raise ValueError(f"has a line {number} that is no header field")
    return [Field(name, b"\r\n".join(lines)) for name, lines in fields]


def field_text(field: Field) -> str:
    """Returns the value of a field, unfolded: UTF-8, or Latin-1 where it isn't."""
    value = field.value.replace(b"\r\n", b"").translate(None, _UNSAFE).strip(b" \t")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def encode_field(field: Field, lossy: bool = False) -> bytes:
    """Returns a field as 7-bit lines without the final CRLF.

    Raises:
        ValueError: That isn't possible. With ``lossy`` such a field is encoded as text under
            another name, or is empty if it has ids or URLs.
    """
    lines = field.name + b":" + field.value
    if _is_safe(lines):
        return lines
    name, text = field.name.decode("ascii"), field_text(field)
    tokens = _tokens(name.lower(), text)
    if tokens is None and lossy and name.lower() not in ID_FIELDS:
        name = f"X-Original-{name}"
        tokens = encode_words(text, _MAX_WORD)
    encoded = b"" if tokens is None else fold(name, tokens)[:-2].encode("ascii")
    if tokens is None or not _is_safe(encoded):
        if not lossy:
            raise ValueError(f"has a header field {name} that can't be made 7-bit")
        return b""
    return encoded


def _is_safe(lines: bytes) -> bool:
    rest = lines.replace(b"\r\n", b"")
    return (
        rest.isascii()
        and len(rest.translate(None, _UNSAFE)) == len(rest)
        and all(len(line) <= MAX_LINE for line in lines.split(b"\r\n"))
        and not any(line.isspace() or not line for line in lines.split(b"\r\n")[1:])
    )


def _tokens(key: str, text: str) -> list[str] | None:
    """Returns a value as ASCII tokens for ``fold``, None if it can't be ASCII."""
    if text.isascii():
        tokens = text.split()
        if key in ID_FIELDS | _MAILBOXES | _PARAMETERS or max(map(len, tokens), default=0) < 900:
            return tokens
        return encode_words(text, _MAX_WORD)
    if key in ID_FIELDS:
        return None
    if key in _MAILBOXES or key in _PARAMETERS:
        return _structured(text, key in _PARAMETERS)
    return encode_words(text, _MAX_WORD)


def _structured(text: str, has_parameters: bool) -> list[str] | None:
    """Encodes names, comments and values of parameters; None if an address isn't ASCII."""
    pieces: list[str] = []
    words: list[str] = []  # neighbours, which are encoded together
    for found in [*_TOKEN.finditer(text), None]:
        token = found[0] if found else ""
        is_word = found is not None and (token.isspace() or token[0] not in '"<()@,:;[]\\=')
        if is_word and not has_parameters:
            words.append(token)
            continue
        if (encoded := _phrase("".join(words), token == "@" or pieces[-1:] == ["@"])) is None:
            return None
        pieces.append(encoded)
        words.clear()
        if token.isascii():
            pieces.append(token)
        elif token.startswith("<") or found is None:
            return None
        else:
            pieces.append(_encode_token(found, has_parameters))
    return "".join(pieces).split()


def _phrase(words: str, beside_at: bool) -> str | None:
    if words.isascii():
        return words
    if beside_at:
        return None
    return f" {' '.join(encode_words(words.strip(), _MAX_WORD))} "


def _encode_token(found: re.Match[str], has_parameters: bool) -> str:
    inner = found["quoted"] if found["quoted"] is not None else found["comment"]
    if inner is None:
        inner = found[0]
    encoded = " ".join(encode_words(re.sub(r"\\(.)", r"\1", inner), _MAX_WORD))
    if has_parameters:
        return f'"{encoded}"'
    return f"({encoded})" if found["comment"] is not None else encoded
