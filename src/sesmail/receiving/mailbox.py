"""The mailboxes of From, To and the like, read as far as they can be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .header_reader import Defects, decode_words

__all__ = ["Mailbox", "read_mailboxes"]

BAD_MAILBOX = "malformed address"

# What most fields are: one mailbox with a plain name, or without.
_SIMPLE = re.compile(r"(?:(\w++(?: \w++)*+) <([\w.+-]++@[\w.-]++)>|([\w.+-]++@[\w.-]++))", re.ASCII)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"\\]*+(?:\\.[^"\\]*+)*+)"?'
    r'|<(?P<angle>[^<>"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^<>"]*+)*+)>'
    r"|=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?="  # may have a comma, though it must not
    r"|[^\"(),;:<=]++"
    r"|(?P<mark>.)"
)
_COMMENT = re.compile(r"[()]|[^()\\]++|\\.?")
_EMAIL = re.compile(
    r'(?:[^\s@"<>(),;:\\]+|"[^"\\]*+(?:\\.[^"\\]*+)*+")'
    r"@(?:[^\s@\"<>(),;:\\\[\]]+|\[[^\s\[\]<>@]*\])"
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Mailbox:
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

    def mailbox(self, defects: Defects) -> Mailbox | None:
        written = "".join(self.raw).strip()
        if not written:
            return None
        if self.angles:
            email, name = self.angles[0].strip(), "".join(self.words) or self.comment
        else:
            email, name = written, self.comment
        if len(self.angles) < 2:
            if not email:  # "<>" is a sender who wants no answer
                return Mailbox("", _name(name, defects))
            if _EMAIL.fullmatch(email):
                return Mailbox(email, _name(name, defects))
        defects[BAD_MAILBOX] = None
        return Mailbox("", _name(written, defects))


def read_mailboxes(text: str, defects: Defects) -> list[Mailbox]:
    """The mailboxes of a field, its groups flattened, in work that grows with its length alone.

    Names are decoded after the list is taken apart, so that none can pass for an address.

    Args:
        text: The field's value as plain text.
        defects: Where to note what is wrong.
    """
    if simple := _SIMPLE.fullmatch(text):
        return [Mailbox(simple[2] or simple[3], simple[1])]
    entries = [_Entry()]
    at = 0
    while match := _TOKEN.match(text, at):
        at = match.end()
        mark = match["mark"]
        if mark == "," or mark == ";":
            entries.append(_Entry())
        elif mark == "(":
            entries[-1].comment, at = _comment(text, at)
        elif mark == ":" and not entries[-1].has_at:  # so far it was the name of a group
            entries[-1] = _Entry()
        else:
            entries[-1].add(match)
    return [mailbox for entry in entries if (mailbox := entry.mailbox(defects)) is not None]


def _comment(text: str, at: int) -> tuple[str, int]:
    """The comment that starts here, without others inside of it, and where it ends."""
    depth = 1
    pieces: list[str] = []
    while depth and (match := _COMMENT.match(text, at)):
        at = match.end()
        token = match[0]
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
        elif depth == 1:
            pieces.append(token[-1] if token[0] == "\\" else token)
    return "".join(pieces), at


def _name(text: str, defects: Defects) -> str | None:
    return " ".join(decode_words(text, defects).split()) or None
