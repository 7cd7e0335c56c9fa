"""Parses fields of one value with parameters, such as Content-Type."""

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
_ESCAPED = re.compile(r'\\(["\\])')  # no others: some mails contain unescaped Windows paths

_Section = tuple[bool, str]  # whether it is percent-encoded, and its text


def read_parameters(text: str, defects: Defects) -> tuple[str, dict[str, str]]:
    """Parses the value and the parameters of a field.

    Charsets and continuations are decoded (https://www.rfc-editor.org/rfc/rfc2231), and so are
    encoded-words, which https://www.rfc-editor.org/rfc/rfc2047#section-5 forbids here.

    Args:
        text: Value of the field as plain text.
        defects: Receives the defects found.

    Returns:
        The value in lower case, and the parameters by name in lower case, the first of each name.
    """
    if text.startswith("(") and (comment := _COMMENT.match(text)):
        text = text[comment.end() :]
    value, semicolon, _ = text.partition(";")
    value = value.strip().lower()
    if not semicolon:
        return value, {}
    parameters: dict[str, str] = {}
    continued: dict[str, dict[int, _Section]] = {}
    for match in _PARAMETER.finditer(text):
        name, quoted, closing, bare = match.groups()
        if quoted is None:
            content = bare.rstrip()
            if content.endswith(")"):
                content = _LAST_COMMENT.sub("", content)
        else:
            content = _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted
            if not closing:
                defects[BAD_PARAMETER] = None
        section = _SECTION.fullmatch(name) if "*" in name else None
        if section is None:
            content = decode_words(content, defects) if "=?" in content else content
            parameters.setdefault(name.lower(), content)
        else:
            number, star = int(section[2] or 0), section[2] is None or section[3] == "*"
            continued.setdefault(section[1].lower(), {}).setdefault(number, (star, content))
    for name, sections in continued.items():
        if 0 in sections:
            parameters[name] = _join(sections, defects)
        else:
            defects[BAD_PARAMETER] = None
    return value, parameters


def _join(sections: dict[int, _Section], defects: Defects) -> str:
    """Decodes the sections of a parameter, up to the first one that is missing."""
    charset = None
    encoded, first = sections[0]
    if encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    sections = {**sections, 0: (encoded, first)}
    decoded: list[bytes] = []
    while len(decoded) in sections:
        encoded, section = sections[len(decoded)]
        decoded.append(unquote_to_bytes(section) if encoded else section.encode())
    text, defect = decode_text(b"".join(decoded), charset)
    if defect or len(decoded) < len(sections):
        defects[BAD_PARAMETER] = None
    return text
