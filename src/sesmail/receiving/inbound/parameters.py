"""Parses fields of one value with parameters, such as Content-Type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...patterns import lazy_pattern
from .charset_labels import codec_of
from .charsets import decode_text, decode_undeclared
from .comments import without_comments
from .header import Defects, decode_words

__all__ = ["read_parameters"]

BAD_PARAMETER = "malformed parameter"

# The most frequent fields: one parameter, which isn't encoded.
_SIMPLE = lazy_pattern(r'([\w/.+-]+);\s*([\w-]+)=(?:"([^"\\]*[^"\\\s])"|([\w.:/+-]+))')
# Some programs write no semicolon before a parameter, or quotes within quotes.
_KNOWN = r"(?:(?:file)?name|charset|boundary|format|size)\*?[0-9]{0,5}\*?\s*="
_MISSING = lazy_pattern(rf"\s(?={_KNOWN})", re.IGNORECASE)
_NEXT = lazy_pattern(r'[\s,]*(?:\([^()]*\)\s*)*[^\s=;"]+\s*=')
_MAX_REPAIRS = 20  # of missing semicolons and of quotes; the text after each is read again
_PARAMETER = lazy_pattern(
    rf'(?:;|(?<=")[\s,]|\s(?={_KNOWN}))\s*(?:\([^()]*\)\s*)*([^\s=;"]+)\s*=\s*'
    r'(?:"([^"\\]*(?:\\.[^"\\]*)*)("?)|([^;]*))',
    re.IGNORECASE,
)
_NO_VALUE = lazy_pattern(r'(?:^|(?<=[\s,]))(?=[^\s=;",]+\s*=)')
_LAST_COMMENT = lazy_pattern(r"(?<=\S)\s+\([^()]*\)\Z")
_SECTION = lazy_pattern(r"([^*]+)\*(?:([0-9]{1,5})(\*?))?")
_ESCAPED = lazy_pattern(r'\\(["\\])')  # no others: some mails contain unescaped Windows paths

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
        A blank parameter is empty.
    """
    if "=?" not in text and (simple := _SIMPLE.fullmatch(text)):
        return simple[1].lower(), {simple[2].lower(): simple[3] or simple[4]}
    value, semicolon, _ = text.partition(";")
    if "=" in value or "(" in value:
        text = _normalized(text)
        value, semicolon, _ = text.partition(";")
    parameters: dict[str, str] = {}
    if not semicolon:
        return value.strip().lower(), parameters
    continued: dict[str, dict[int, _Section]] = {}
    for name, content in _contents(text, len(value), defects):
        section = _SECTION.fullmatch(name) if "*" in name else None
        if section is None:
            content = decode_words(content, defects) if "=?" in content else content
            parameters.setdefault(name.lower(), "" if content.isspace() else content)
        else:
            number, star = int(section[2] or 0), section[2] is None or section[3] == "*"
            continued.setdefault(section[1].lower(), {}).setdefault(number, (star, content))
    for name, sections in continued.items():
        parameters[name] = _join(sections, defects)
    return value.strip().lower(), parameters


def _contents(text: str, at: int, defects: Defects) -> Iterator[tuple[str, str]]:
    """Name and content of each parameter, without quotes and comments."""
    repairs = _MAX_REPAIRS
    while match := _PARAMETER.search(text, at):
        name, quoted, closing, bare = match.groups()
        at = match.end()
        if quoted is None:
            if "=" in bare and repairs and (missing := _MISSING.search(bare)):
                repairs -= 1
                at = match.start(4) + missing.start()
                bare = bare[: missing.start()]
            content = bare.rstrip()
            yield name, _LAST_COMMENT.sub("", content) if content.endswith(")") else content
            continue
        if not closing:
            defects[BAD_PARAMETER] = None
        elif repairs and text[at : at + 1] not in ("", ";"):
            repairs -= 1
            if more := _more(text, at):
                defects[BAD_PARAMETER] = None
                quoted, at = f'{quoted}"{more.rstrip()[:-1]}', at + len(more)
        yield name, _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted


def _more(text: str, at: int) -> str:
    """The rest of a quoted string that contains quotes, with the last one; empty if it doesn't."""
    more = text[at:].partition(";")[0]
    return more if more.rstrip().endswith('"') and not _NEXT.match(more) else ""


def _normalized(text: str) -> str:
    """The field without comments before its first parameter, and with a semicolon there."""
    before, equals, rest = text.partition("=")
    text = without_comments(before) + equals + rest
    if missing := _NO_VALUE.search(text.partition(";")[0]):
        text = f"{text[: missing.start()]};{text[missing.start() :]}"
    return text


def _join(sections: dict[int, _Section], defects: Defects) -> str:
    """Decodes the sections of a parameter in order, with those that are there if some are missing.

    Some programs count them from 1, or put encoded-words into them.
    """
    from urllib.parse import unquote_to_bytes  # lazily, as most parameters aren't encoded

    numbers = sorted(sections)
    if numbers != list(range(len(numbers))):
        defects[BAD_PARAMETER] = None
    charset = None
    encoded, first = sections[numbers[0]]
    if encoded and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    elif encoded and (quote := first.find("'")) > 0 and codec_of(first[:quote]):
        defects[BAD_PARAMETER] = None
        charset, first = first[:quote], first[quote + 1 :]
    sections[numbers[0]] = (encoded, first)
    decoded: list[bytes] = []
    for number in numbers:
        encoded, section = sections[number]
        decoded.append(unquote_to_bytes(section) if encoded else section.encode())
    data = b"".join(decoded)
    text, defect = decode_text(data, charset or "utf-8")
    if defect:
        defects[BAD_PARAMETER] = None
        text = text if charset else decode_undeclared(data)[0]
    if "=?" in "".join(section for _, section in sections.values()):
        text = decode_words(text, defects)
    return "" if text.isspace() else text
