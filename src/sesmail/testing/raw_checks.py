"""Checks of the MIME of a mail, with the error texts of SES."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..receiving.inbound.mail import InboundMail, read_mail
from ..sending.message.media_type import check_extension
from ..sending.message.once import ONCE_ONLY
from .api_errors import bad_request

__all__ = [
    "check_attachments",
    "check_headers",
    "check_subject",
    "header_senders",
    "is_refused_extension",
]

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def check_subject(subject: str) -> None:
    """Refuses a subject with a line break or another control character."""
    if _CONTROL.search(subject):
        raise bad_request("Subject contains control characters.")


def check_headers(mail: InboundMail) -> None:
    """Refuses a mail with two fields of which SES allows one.

    https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
    """
    found: set[bytes] = set()
    for name, _ in mail.headers:
        key = name.lower().encode("utf-8", "replace")
        if key in found and key in ONCE_ONLY:
            raise bad_request(f"Duplicate header '{name}'.")
        found.add(key)


def header_senders(mail: InboundMail) -> Sequence[str]:
    """Returns the addresses in From and Sender, which have to be verified, too.

    https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
    """
    mailboxes = [*mail.from_, *([mail.sender] if mail.sender is not None else [])]
    return [each.email for each in mailboxes if each.email]


def check_attachments(raw: bytes) -> None:
    """Refuses a mail with a file of a type that SES doesn't take.

    https://docs.aws.amazon.com/ses/latest/dg/mime-types.html
    """
    if b"name" not in raw:  # neither filename nor name
        return
    mail = read_mail(raw)
    for item in (*mail.attachments, *mail.inline.values()):
        name = item.claimed_file_name or ""
        if is_refused_extension(name):
            raise bad_request(f"Illegal filename '{name}'.")


def is_refused_extension(filename: str) -> bool:
    """Returns whether SES refuses files of this name."""
    try:
        check_extension(filename)
    except ValueError:
        return True
    return False
