"""Parses the mailboxes of address fields such as From and To."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...patterns import lazy_pattern
from ...values import Value
from .comments import read_comment
from .header import Defects, decode_words
from .limits import Budget

__all__ = ["Mailbox", "read_mailboxes"]

BAD_MAILBOX = "malformed address"
TOO_MANY_ADDRESSES = "too many addresses, rest not parsed"

# The most frequent fields: one mailbox, with an unquoted name or none.
_SIMPLE = lazy_pattern(r"(?:(\w+(?: \w+)*) <([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))", re.ASCII)
# https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3. Linear time, as an unclosed angle
# bracket is matched at most twice: inside of it, tokens are the same as outside.
_TOKEN = lazy_pattern(
    r'"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"?'
    r'|<(?P<angle>[^<>"(]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^<>"(]*)*)>'
    r'|(?P<word>=\?[^?\s"]{1,60}\?[bBqQ]\?[^?"]*\?=)'  # some contain commas, against RFC 2047
    r"|[^\"(),;:<=]+"
    r"|(?P<special>.)"
)
_ANGLE_TOKEN = lazy_pattern(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^<>"(]+|(?P<special>.)')
_EMAIL = lazy_pattern(
    r'(?:[^\s@"<>(),;:\\]+|"[^"\\]*(?:\\.[^"\\]*)*")'
    r"@(?:[^\s@\"<>(),;:\\\[\]]+|\[[^\s\[\]<>@]*\])"
)
_WORD = lazy_pattern(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=")
# Obsolete forms of an address: spaces around dots and the at sign, quotes around words of the local
# part, and a route. https://www.rfc-editor.org/rfc/rfc5322#section-4.4
_SPACED = lazy_pattern(r'("[^"\\]*(?:\\.[^"\\]*)*")|(?<!\s)\s*([.@])\s*')
_OBSOLETE_EMAIL = lazy_pattern(
    r'(?:[^\s@"<>(),;:\\.]+|"[^"\\]*(?:\\.[^"\\]*)*")'
    r'(?:\.(?:[^\s@"<>(),;:\\.]+|"[^"\\]*(?:\\.[^"\\]*)*"))*@[^\s@\"<>(),;:\\\[\]]+'
)
_HOP = lazy_pattern(r"\s*(?:@[^\s@<>()\",;:\\]+\s*)?")
_ESCAPED = lazy_pattern(r"\\(.)")
_MAX_ANGLE_TOKENS = 100
_MAX_EMAIL = 998  # characters, with spaces
_SPACES = " \t"  # other white space, such as U+3000, belongs to a name


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mailbox(Value):
    """A mailbox in an address field of a received mail (RFC 5322, section 3.4).

    To send to it, make an ``Address(mailbox.email, mailbox.name)``, which validates it.

    Attributes:
        email: The address as in the mail, without display name, comments, route and spaces; empty
            if there is none or it is ambiguous, such as one with two at signs.
        name: The display name, decoded, or the comment in its place; the whole text of a mailbox
            that is malformed; None if there is none.
    """

    email: str
    name: str | None = None


class _Entry:
    """Tokens of one mailbox, between two commas."""

    __slots__ = ("angles", "comment", "has_at", "has_word", "raw", "words")

    def __init__(self) -> None:
        self.raw: list[str] = []
        self.words: list[str] = []
        self.angles: list[str] = []
        self.comment = ""
        self.has_at = False
        self.has_word = False

    def add(self, match: re.Match[str]) -> None:
        token = match[0]
        if match["angle"] is not None:
            self.add_angle(token, match["angle"])
            return
        self.raw.append(token)
        quoted = match["quoted"]
        if quoted is not None:
            self.words.append(_ESCAPED.sub(r"\1", quoted))
        else:
            after_comment = self.words[-1:] == [" "]
            self.words.append(token.lstrip(_SPACES) if after_comment else token)
        self.has_at = self.has_at or "@" in token
        self.has_word = self.has_word or match["word"] is not None

    def add_angle(self, token: str, email: str) -> None:
        self.raw.append(token)
        self.angles.append(email)
        self.has_at = self.has_at or "@" in email

    def add_comment(self, comment: str) -> None:
        self.comment = comment
        self.raw.append(" ")
        if self.words:
            self.words[-1] = self.words[-1].rstrip(_SPACES)
            self.words.append(" ")

    def is_name(self) -> bool:
        """Returns True if it is text without an address."""
        return not self.has_at and not self.angles and bool("".join(self.raw).strip())

    def mailboxes(self, names: list[_Entry], defects: Defects) -> list[Mailbox]:
        """The mailbox as a list of one; an empty list if there is nothing but white space.

        Args:
            names: Entries before it that are only names. Commas of a name that isn't quoted
                separated them from it if it has a name and an address.
            defects: Receives the defects found.
        """
        name = "".join(self.words).strip(_SPACES)
        email = _email(_after_route(self.angles[0])) if len(self.angles) == 1 else None
        if names and email:
            parts = ["".join(each.words).strip(_SPACES) for each in names]
            defects[BAD_MAILBOX] = None
            return [Mailbox(email, _name(", ".join([*parts, name] if name else parts), defects))]
        found = [box for each in names for box in each.mailboxes([], defects)]
        text = "".join(self.raw).strip()
        if not text:
            return found
        if not self.angles:
            email, name = None if self.has_word else _email(text), ""
        if email is None:
            defects[BAD_MAILBOX] = None
            return [*found, Mailbox("", _name(text, defects))]
        return [*found, Mailbox(email, _name(name or self.comment, defects))]


class _List:
    """The mailboxes of a field so far, the names before the next address, and its tokens."""

    __slots__ = ("_defects", "_names", "entry", "mailboxes")

    def __init__(self, defects: Defects) -> None:
        self.mailboxes: list[Mailbox] = []
        self.entry = _Entry()
        self._names: list[_Entry] = []
        self._defects = defects

    def end_entry(self) -> None:
        """Ends an entry by a comma, which may belong to a name."""
        if self.entry.is_name():
            self._names.append(self.entry)
            self.entry = _Entry()
        else:
            self.end()

    def end(self) -> None:
        self.mailboxes += self.entry.mailboxes(self._names, self._defects)
        self.entry, self._names = _Entry(), []


def read_mailboxes(text: str, defects: Defects, budget: Budget) -> list[Mailbox]:
    """Parses the mailboxes of a field, those in groups included, in time linear in its length.

    Encoded-words are decoded after the list is split, so that none is taken for an address:
    https://www.rfc-editor.org/rfc/rfc2047#section-6.2

    Args:
        text: Value of the field as plain text.
        defects: Receives the defects found.
        budget: Amounts that may be parsed; reduced by what is parsed.
    """
    remaining = budget.address_tokens
    if remaining > 0 and (simple := _SIMPLE.fullmatch(text)):
        budget.address_tokens -= 1
        return [Mailbox(simple[2] or simple[3], simple[1])]
    found = _List(defects)
    at = 0
    while match := _TOKEN.match(text, at):
        remaining -= 1
        if remaining < 0:
            defects[TOO_MANY_ADDRESSES] = None
            found.entry = _Entry()
            break
        at = match.end()
        special = match["special"]
        if special == ",":
            found.end_entry()
        elif special == ";":
            found.end()
        elif special == "(":
            comment, at = read_comment(text, at)
            found.entry.add_comment(comment)
        elif special == "<" and (angle := _angle(text, at)):
            found.entry.add_angle(text[at - 1 : angle[1]], angle[0])
            at = angle[1]
        elif special == ":" and not found.entry.has_at:  # before it is the name of a group
            found.entry = _Entry()
            found.end()
        else:
            found.entry.add(match)
    found.end()
    budget.address_tokens = max(0, remaining)
    return found.mailboxes


def _angle(text: str, at: int) -> tuple[str, int] | None:
    """An address in angle brackets that contains comments, and the position after it."""
    pieces: list[str] = []
    while len(pieces) < _MAX_ANGLE_TOKENS and (match := _ANGLE_TOKEN.match(text, at)):
        at = match.end()
        special = match["special"]
        if special == ">":
            return "".join(pieces), at
        if special == "(":
            _, at = read_comment(text, at)
            pieces.append(" ")
        elif special:
            return None
        else:
            pieces.append(match[0])
    return None


def _email(text: str) -> str | None:
    """The address in text without comments; None if it is malformed, empty for ``<>``.

    ``<>`` is the null reverse-path: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.5
    """
    text = text.strip()
    if "=?" in text and _WORD.search(text):
        return None
    if not text or _EMAIL.fullmatch(text):
        return text
    if len(text) > _MAX_EMAIL:
        return None
    text = _SPACED.sub(r"\1\2", text)
    return text if _EMAIL.fullmatch(text) or _OBSOLETE_EMAIL.fullmatch(text) else None


def _after_route(text: str) -> str:
    """The address after a route, which is ignored: ``@a.example,@b.example:user@c.example``."""
    route, colon, rest = text.partition(":")
    if colon and "@" in route and '"' not in route and len(route) <= _MAX_EMAIL:
        hops = _SPACED.sub(r"\2", route).strip().split(",")
        return rest if all(map(_HOP.fullmatch, hops)) else text
    return text


def _name(text: str, defects: Defects) -> str | None:
    name = decode_words(text, defects).strip(_SPACES)
    return name if name.strip() else None
