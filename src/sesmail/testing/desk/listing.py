"""Lists of mails, by conditions in the query of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from starlette.datastructures import QueryParams

from .item import Item, Items

__all__ = ["MAX_WAIT", "Listing", "read_seconds"]

MAX_WAIT = 60.0  # seconds
_MAX_LIMIT = 1000
_LIMIT = 200
_NAMES = ("to", "from", "subject", "q", "kind", "limit", "wait")


@dataclass(frozen=True, slots=True)
class Listing:
    """Conditions of a list; empty ones are met by all mails.

    Attributes:
        to: A bare address that is among the recipients, in any case.
        from_email: Part of the author.
        subject: Part of the subject.
        words: Words that are each in addresses, subject, text, HTML or template name, or the id.
        kind: ``sent`` or ``received``.
        limit: Maximum number of mails.
        wait: Seconds to wait for the first mail.
    """

    to: str = ""
    from_email: str = ""
    subject: str = ""
    words: Sequence[str] = ()
    kind: str = ""
    limit: int = _LIMIT
    wait: float = 0.0

    @classmethod
    def read(cls, query: QueryParams) -> Self:
        """Returns the conditions of a request.

        Raises:
            ValueError: One is unknown or invalid.
        """
        unknown = sorted(set(query.keys()) - set(_NAMES))
        if unknown:
            raise ValueError(f"parameters are {', '.join(_NAMES)}, not {', '.join(unknown)}")
        limit = query.get("limit", str(_LIMIT))
        if not (limit.isascii() and limit.isdecimal() and len(limit) < 9):
            raise ValueError(f"limit must be a number from 0 to {_MAX_LIMIT}, not {limit!r}")
        kind = query.get("kind", "")
        if kind not in ("", "sent", "received"):
            raise ValueError(f"kind must be sent or received, not {kind!r}")
        return cls(
            to=query.get("to", "").strip().lower(),
            from_email=query.get("from", "").lower(),
            subject=query.get("subject", "").lower(),
            words=query.get("q", "").lower().split(),
            kind=kind,
            limit=min(int(limit), _MAX_LIMIT),
            wait=read_seconds(query),
        )

    def find(self, items: Items) -> list[Item]:
        """Returns the mails that meet all conditions, the newest first."""
        found: list[Item] = []
        for item in items.all():
            if len(found) == self.limit:
                break
            if self._matches(item):
                found.append(item)
        return found

    def _matches(self, item: Item) -> bool:
        if self.kind not in ("", item.kind):
            return False
        if self.to and self.to not in map(str.lower, item.recipients):
            return False
        if self.from_email not in item.from_email.lower():
            return False
        if self.subject and self.subject not in (item.parsed.subject or "").lower():
            return False
        return not self.words or _contains(item, self.words)


def _contains(item: Item, words: Sequence[str]) -> bool:
    template = None if item.sent is None else item.sent.template
    texts = [item.from_email, *item.recipients, template, item.parsed.subject]
    texts += [item.parsed.text, item.parsed.html]
    text = "\n".join(each for each in texts if each).lower()
    return all(word in text or word == item.id for word in words)


def read_seconds(query: QueryParams) -> float:
    """Returns ``wait`` of a request, in seconds.

    Raises:
        ValueError: It isn't a number from 0 to 60.
    """
    text = query.get("wait", "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_WAIT:
        raise ValueError(f"wait must be a number of seconds from 0 to {MAX_WAIT:.0f}, not {text!r}")
    return seconds
