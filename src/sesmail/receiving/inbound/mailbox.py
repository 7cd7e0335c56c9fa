"""The mailboxes of From, To and the like, read as far as they can be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...values import Value
from .header import Defects, decode_words
from .limits import Budget

__all__ = ["Mailbox", "read_mailboxes"]

BAD_MAILBOX = "malformed address"
TOO_MANY_ADDRESSES = "too many addresses, not read further"

# What most fields are: one mailbox with a plain name, or without.
_SIMPLE = re.compile(r"(?:(\w+(?: \w+)*) <([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))", re.ASCII)
# An angle that has no end is looked at twice, and no more: up to where it fails, all that follows it as tokens of their
# own is the same as it was within.
_TOKEN = re.compile(
    r'"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"?'
    r'|<(?P<angle>[^<>"(]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^<>"(]*)*)>'
    r'|=\?[^?\s"]{1,60}\?[bBqQ]\?[^?"]*\?='  # may have a comma, though it must not
    r"|[^\"(),;:<=]+"
    r"|(?P<mark>.)"
)
_COMMENT = re.compile(r"\(+|\)|[^()\\]+|\\.?")
_EMAIL = re.compile(
    r'(?:[^\s@"<>(),;:\\]+|"[^"\\]*(?:\\.[^"\\]*)*")'
    r"@(?:[^\s@\"<>(),;:\\\[\]]+|\[[^\s\[\]<>@]*\])"
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Mailbox(Value):
    """A mailbox as a mail has it; ``Address(mailbox.email, mailbox.name)`` makes an address to send to, or refuses.

    Attributes:
        email: The bare address, as it came; empty where there is none, or none that can be told for sure.
        name: The display name, or what stands there instead of a readable mailbox; None if nothing does.
    """

    email: str
    name: str | None = None


class _Entry:
    """What stands between two commas."""

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
        """The one that it is, if it is more than space."""
        written = "".join(self.raw).strip()
        if not written:
            return []
        if self.angles:
            email, name = self.angles[0].strip(), "".join(self.words) or self.comment
        else:
            email, name = written, self.comment
        if len(self.angles) < 2:
            if not email:  # "<>" is a sender who wants no answer
                return [Mailbox("", _name(name, defects))]
            if _EMAIL.fullmatch(email):
                return [Mailbox(email, _name(name, defects))]
        defects[BAD_MAILBOX] = None
        return [Mailbox("", _name(written, defects))]


def read_mailboxes(text: str, defects: Defects, budget: Budget) -> list[Mailbox]:
    """The mailboxes of a field, its groups flattened, in work that grows with its length alone.

    Names are decoded after the list is taken apart, so that none can pass for an address.

    Args:
        text: The field's value as plain text.
        defects: Where to note what is wrong.
        budget: How many addresses are still read.
    """
    left = budget.addresses
    if left > 0 and (simple := _SIMPLE.fullmatch(text)):
        budget.addresses -= 1
        return [Mailbox(simple[2] or simple[3], simple[1])]
    found: list[Mailbox] = []
    entry = _Entry()
    at = 0
    while match := _TOKEN.match(text, at):
        left -= 1
        if left < 0:
            defects[TOO_MANY_ADDRESSES] = None
            budget.addresses = 0
            return found
        at = match.end()
        mark = match["mark"]
        if mark == "," or mark == ";":
            found += entry.mailboxes(defects)
            entry = _Entry()
        elif mark == "(":
            entry.comment, at = _comment(text, at)
        elif mark == ":" and not entry.has_at:  # so far it was the name of a group
            entry = _Entry()
        else:
            entry.add(match)
    budget.addresses = left
    return found + entry.mailboxes(defects)


def _comment(text: str, at: int) -> tuple[str, int]:
    """The comment that starts here, without others inside of it, and where it ends."""
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
