"""What knows of each mail whether it may have left, also after a crash."""

from __future__ import annotations

from typing import Protocol

from .errors import Outcome

__all__ = ["SendLog"]


class SendLog(Protocol):
    """Knows of each mail whether it may have left."""

    async def begin(self, send_id: str) -> None:
        """A mail is about to leave."""
        ...

    async def finish(self, send_id: str, outcome: Outcome, message_id: str | None = None) -> None:
        """An attempt has ended."""
        ...
