"""The two SES APIs, and what a dialect is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

from ..message.message import AnyMessage, BulkMessage
from . import v1, v2
from .call import Call

__all__ = ["DIALECTS", "Api", "Dialect"]

Api: TypeAlias = Literal["v1", "v2"]


class Dialect(Protocol):
    """How an API spells calls and answers; ``v1`` and ``v2`` are the two."""

    @property
    def SERVICE(self) -> str:
        """The name that botocore has for the API."""
        ...

    @property
    def ENTRIES(self) -> str:
        """The parameter of a bulk call that has one entry for each recipient."""
        ...

    @property
    def RATE_OPERATION(self) -> str:
        """The operation that tells the account's sending rate."""
        ...

    def build(
        self, message: AnyMessage, tag_name: str | None = None, *, tag_send_id: bool = False
    ) -> Call:
        """The call that sends one mail."""
        ...

    def build_bulk(
        self, message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
    ) -> Call:
        """The call that sends a mail to each recipient."""
        ...

    def read_bulk(self, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The entries of a bulk answer."""
        ...

    def read_rate(self, answer: Mapping[str, Any]) -> object:
        """The account's sending rate, if the answer has it."""
        ...


DIALECTS: dict[str, Dialect] = {"v1": v1, "v2": v2}
