"""Interface of the modules that build calls for the two SES APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal, Protocol, TypeAlias

    from ..message.bulk_message import BulkMessage
    from ..message.kinds import AnyMessage
    from .call import Call

    Api: TypeAlias = Literal["v1", "v2"]

    class Dialect(Protocol):
        """Module that builds the calls of one SES API and reads its responses: ``v1`` or ``v2``."""

        @property
        def SERVICE(self) -> str:
            """Name of the API in botocore."""
            ...

        @property
        def OPERATION(self) -> str:
            """Operation that sends a message without a template."""
            ...

        @property
        def ENTRIES(self) -> str:
            """Parameter of a bulk call that has one entry for each recipient."""
            ...

        @property
        def RATE_OPERATION(self) -> str:
            """Operation that returns the account's sending rate."""
            ...

        def build(
            self, message: AnyMessage, tag_name: str | None = None, *, tag_send_id: bool = False
        ) -> Call:
            """Returns the call that sends one mail."""
            ...

        def build_bulk(
            self, message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
        ) -> Call:
            """Returns the call that sends a mail to each recipient."""
            ...

        def build_content(
            self, message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
        ) -> Call:
            """Returns that call without its entries."""
            ...

        def build_entry(
            self, message: BulkMessage, number: int, send_id: str | None, *, tag_send_id: bool
        ) -> tuple[int, dict[str, Any]]:
            """Returns the entry of a recipient, by its number, after its approximate size in bytes.

            Args:
                message: The message.
                number: Position of the recipient in the message.
                send_id: Send id of the recipient's mail, instead of that in the message.
                tag_send_id: Whether the send id is sent as a message tag, too.
            """
            ...

        def read_bulk(self, response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
            """Returns the result of each recipient in a bulk response."""
            ...

        def read_rate(self, response: Mapping[str, Any]) -> object:
            """Returns the account's sending rate in recipients per second, None without."""
            ...


__all__ = ["APIS", "Api", "Dialect", "dialect_of"]

APIS = ("v1", "v2")


def dialect_of(api: Api) -> Dialect:
    """Returns the module of an API; a program loads the one that it uses."""
    if api == "v1":
        from . import v1

        return v1
    from . import v2

    return v2
