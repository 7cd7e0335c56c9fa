"""A mail that a call asks the fake to send, in one form for all send operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Addresses", "Draft"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Recipients of a mail, each a mailbox as text."""

    to: Sequence[str] = ()
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.to) + len(self.cc) + len(self.bcc)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One mail of a call.

    Attributes:
        api: API of the call.
        operation: Name of the operation.
        from_email: The author, a mailbox as text.
        addresses: The recipients.
        build: Returns the MIME. It raises RenderingError if a template can't be rendered.
        header_senders: Addresses in the From and Sender of ready-made MIME.
        return_path: Address that bounces go to; None for that of the author.
        is_delegated: Whether the call names the identity of another account, which isn't checked.
        configuration_set: Name of the configuration set of the call; None without.
        message_tags: Pairs of name and value.
        template: Name of the stored template; None without.
        template_data: Data of the template; None without a template.
        tenant: Name of the tenant; None without.
        contact_list: Name of the contact list; None without.
        topic: Name of its topic; None without.
        track_opens: As in ConfigurationOverrides; None if not given.
        track_clicks: As in ConfigurationOverrides; None if not given.
    """

    api: Literal["v1", "v2"]
    operation: str
    from_email: str
    addresses: Addresses
    build: Callable[[], bytes]
    header_senders: Sequence[str] = ()
    return_path: str | None = None
    is_delegated: bool = False
    configuration_set: str | None = None
    message_tags: Sequence[tuple[str, str]] = ()
    template: str | None = None
    template_data: Mapping[str, Any] | None = None
    tenant: str | None = None
    contact_list: str | None = None
    topic: str | None = None
    track_opens: bool | None = None
    track_clicks: bool | None = None
