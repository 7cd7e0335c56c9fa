"""Mailboxes of a mail as text."""

from __future__ import annotations

import re

from ..address import Address, quoted
from ..encoded_word import decode_words
from ..receiving.inbound.mailbox import Mailbox

__all__ = ["decoded_mailbox", "mailbox_text"]

_PLAIN = re.compile(r"[^()<>\[\]:;@\\,\"]*")


def mailbox_text(mailbox: Mailbox) -> str:
    """Returns a mailbox as SES reports it: the decoded name, if there is one, and the address."""
    if not mailbox.name:
        return mailbox.email
    name = mailbox.name if _PLAIN.fullmatch(mailbox.name) else quoted(mailbox.name)
    return f"{name} <{mailbox.email}>"


def decoded_mailbox(text: str) -> str:
    """Returns a mailbox, as a call has it, with its name decoded."""
    address = Address.parse(text)
    return mailbox_text(Mailbox(address.email, decode_words(address.name or "") or None))
