"""Parses the mailboxes of address fields such as From and To."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...values import Value
from .header import Defects, decode_words
from .limits import Budget

__all__ = ["Mailbox", "read_mailboxes"]

BAD_MAILBOX = "malformed address"
TOO_MANY_ADDRESSES = "too many addresses, rest not parsed"

# The most frequent fields: one mailbox, with an unquoted name or none.
_SIMPLE = re.compile(r"(?:(\w+(?: \w+)*) <([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))", re.ASCII)
# https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3. Linear time, as an unclosed angle
# bracket is matched at most twice: inside of it, tokens are the same as outside.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"?'
    r'|<(?P<angle>[^<>"(]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^<>"(]*)*)>'
    r'|=\?[^?\s"]{1,60}\?[bBqQ]\?[^?"]*\?='  # some contain commas, against RFC 2047
    r"|[^\"(),;:<=]+"
    r"|(?P<special>.)"
)
_COMMENT = re.compile(r"\(+|\)|[^()\\]+|\\.?")
_EMAIL = re.compile(
    r'(?:[^\s@"<>(),;:\\]+|"[^"\\]*(?:\\.[^"\\]*)*")'
    r"@(?:[^\s@\"<>(),;:\\\[\]]+|\[[^\s\[\]<>@]*\])"
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mailbox(Value):
    """A mailbox in an address field of a received mail (RFC 5322, section 3.4).

    To send to it, make an ``Address(mailbox.email, mailbox.name)``, which validates it.

    Attributes:
        email: The address as in the mail, without display name; empty if there is none or it is
            ambiguous, such as one with two at signs.
        name: The display name, decoded, or the comment in its place; the whole text of a mailbox
            that is malformed; None if there is none.
    """

    email: str
    name: str | None = None


class _Entry:
    """Tokens of one mailbox, between two commas."""

    __slots__ = ("angles", "comment", "has_at", "raw", "words")

    def __init__(self) -> None:
        self.raw: list[str] = []
        self.words: list[str] = []
        self.angles: list[str] = []
        self.comment = ""
        self.has_at = False

    def add(self, match: re.Match[str]) -> None:
        token = match[0]
        self.raw.append(token)
        if match["angle"] is not None:
            self.angles.append(match["angle"])
        else:
            quoted = match["quoted"]
            self.words.append(token if quoted is None else _ESCAPED.sub(r"\1", quoted))
        self.has_at = self.has_at or "@" in token

    def mailboxes(self, defects: Defects) -> list[Mailbox]:
        """The mailbox as a list of one; an empty list if there is nothing but white space."""
        text = "".join(self.raw).strip()
        if not text:
            return []
        if self.angles:
            email, name = self.angles[0].strip(), "".join(self.words) or self.comment
        else:
            email, name = text, self.comment
        if len(self.angles) < 2:
            if (
                not email
            ):  # the null reverse-path, https://www.rfc-editor.org/rfc/rfc5321#section-4.5.5
                return [Mailbox("", _name(name, defects))]
            if _EMAIL.fullmatch(email):
                return [Mailbox(email, _name(name, defects))]
        defects[BAD_MAILBOX] = None
        return [Mailbox("", _name(text, defects))]


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
    mailboxes: list[Mailbox] = []
    entry = _Entry()
    at = 0
    while match := _TOKEN.match(text, at):
        remaining -= 1
        if remaining < 0:
            defects[TOO_MANY_ADDRESSES] = None
            budget.address_tokens = 0
            return mailboxes
        at = match.end()
        special = match["special"]
        if special == "," or special == ";":
            mailboxes += entry.mailboxes(defects)
            entry = _Entry()
        elif special == "(":
            entry.comment, at = _comment(text, at)
        elif special == ":" and not entry.has_at:  # the tokens before it are the name of a group
            entry = _Entry()
        else:
            entry.add(match)
    budget.address_tokens = remaining
    return mailboxes + entry.mailboxes(defects)


def _comment(text: str, at: int) -> tuple[str, int]:
    """Text of the comment that starts here, without nested ones, and the position after it."""
    depth = 1
    pieces: list[str] = []
    while depth and (match := _COMMENT.match(text, at)):
        at = match.end()
        token = match[0]
        if token[0] == "(":
            depth += len(token)
        elif token == ")":
            depth -= 1
        elif depth == 1:
            pieces.append(token[-1] if token[0] == "\\" else token)
    return "".join(pieces), at


def _name(text: str, defects: Defects) -> str | None:
    return " ".join(decode_words(text, defects).split()) or None
