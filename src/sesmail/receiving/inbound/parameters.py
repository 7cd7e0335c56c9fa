"""Fields of one value with parameters, such as Content-Type, in every way that mails write them."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from .charsets import decode_text
from .header import Defects, decode_words

__all__ = ["read_parameters"]

BAD_PARAMETER = "malformed parameter"

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)("?)|([^;]*))')
_COMMENT = re.compile(r"(?:\([^()]*(?:\([^()]*\)[^()]*)*\)\s*)+")
_LAST_COMMENT = re.compile(r"(?<=\S)\s+\([^()]*\)\Z")
_SECTION = re.compile(r"([^*]+)\*(?:([0-9]{1,5})(\*?))?")
_ESCAPED = re.compile(r'\\(["\\])')  # no others: some write the path of a file on Windows

_Section = tuple[bool, str]


def read_parameters(text: str, defects: Defects) -> tuple[str, dict[str, str]]:
    """The value in lower case, and the parameters by name in lower case, the first of each.

    Understood are RFC 2231's charsets and continuations and, where they don't belong, encoded-words.

    Args:
        text: The field's value as plain text.
        defects: Where to note what is wrong.

    https://www.rfc-editor.org/rfc/rfc2231
    """
    if text.startswith("(") and (comment := _COMMENT.match(text)):
        text = text[comment.end() :]
    value, semicolon, _ = text.partition(";")
    value = value.strip().lower()
    if not semicolon:
        return value, {}
    plain: dict[str, str] = {}
    split: dict[str, dict[int, _Section]] = {}
    for match in _PARAMETER.finditer(text):
        name, quoted, closing, bare = match.groups()
        if quoted is None:
            found = bare.rstrip()
            if found.endswith(")"):
                found = _LAST_COMMENT.sub("", found)
        else:
            found = _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted
            if not closing:
                defects[BAD_PARAMETER] = None
        section = _SECTION.fullmatch(name) if "*" in name else None
        if section is None:
            plain.setdefault(name.lower(), decode_words(found, defects) if "=?" in found else found)
        else:
            number, star = int(section[2] or 0), section[2] is None or section[3] == "*"
            split.setdefault(section[1].lower(), {}).setdefault(number, (star, found))
    for name, sections in split.items():
        if 0 in sections:
            plain[name] = _joined(sections, defects)
        else:
            defects[BAD_PARAMETER] = None
    return value, plain


def _joined(sections: dict[int, _Section], defects: Defects) -> str:
    """The sections of a parameter up to the first that is missing, as text."""
    charset = None
    encoded, first = sections[0]
    if encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    sections = {**sections, 0: (encoded, first)}
    pieces: list[bytes] = []
    while len(pieces) in sections:
        encoded, piece = sections[len(pieces)]
        pieces.append(unquote_to_bytes(piece) if encoded else piece.encode())
    text, flaw = decode_text(b"".join(pieces), charset)
    if flaw or len(pieces) < len(sections):
        defects[BAD_PARAMETER] = None
    return text
