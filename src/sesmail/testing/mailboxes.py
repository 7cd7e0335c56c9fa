"""Mailboxes of a mail as text."""

from __future__ import annotations

import re

from ..address import quoted
from ..receiving.inbound.mailbox import Mailbox

__all__ = ["mailbox_text"]

_PLAIN = re.compile(r"[^()<>\[\]:;@\\,\"]*")


def mailbox_text(mailbox: Mailbox) -> str:
    """Returns a mailbox as SES reports it: the decoded name, if there is one, and the address."""
    if not mailbox.name:
        return mailbox.email
    name = mailbox.name if _PLAIN.fullmatch(mailbox.name) else quoted(mailbox.name)
    return f"{name} <{mailbox.email}>"
