"""Reads reports about a sent mail that arrive as mails: bounces, read receipts, complaints."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ...patterns import lazy_pattern
from ...values import Value
from .header import MailHeaders, read_fields
from .limits import MAX_HEADER, MAX_REPORTED
from .part import Part

__all__ = ["MailReport", "ReportedRecipient", "read_report"]

BAD_REPORT = "report without fields"
TOO_MANY_RECIPIENTS = f"report of more than {MAX_REPORTED:,} recipients, rest not parsed"

ReportKind: TypeAlias = Literal["delivery", "disposition", "complaint"]

# https://www.rfc-editor.org/rfc/rfc6533 has those of mails to addresses outside of ASCII.
_KINDS: dict[str, ReportKind] = {
    "message/delivery-status": "delivery",
    "message/global-delivery-status": "delivery",
    "message/disposition-notification": "disposition",
    "message/global-disposition-notification": "disposition",
    "message/feedback-report": "complaint",
}
_HEADER_TYPES = frozenset(
    ["text/rfc822-headers", "message/rfc822-headers", "message/global-headers"]
)
_EMPTY_LINE = lazy_pattern(rb"\n[ \t\r]*\n")
_WHITE_SPACE = lazy_pattern(rb"\s*")
_MESSAGE_ID = lazy_pattern(r"<[^<>]+>")
_ADDRESS_TYPE = lazy_pattern(r"\s*[\w.-]{1,40}\s*;", re.ASCII)
_ESCAPED = lazy_pattern(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_STATUS = lazy_pattern(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9])")
_WORD = lazy_pattern(r"[a-z-]+")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReportedRecipient(Value):
    """A recipient in a report about a sent mail; all of it is a claim of the report's sender.

    Attributes:
        email: Address to which the mail was delivered in the end, or wasn't; empty if it is
            missing.
        original_email: Address that the mail was sent to, if the report names it; None otherwise.
        action: ``failed``, ``delayed``, ``delivered``, ``relayed`` or ``expanded`` (RFC 3464); of a
            disposition report ``displayed``, ``deleted``, ``dispatched`` or ``processed`` (RFC
            8098); another word in lower case, or None if there is none.
        status: Enhanced status code (RFC 3463), such as ``5.1.1``; None if there is none.
        diagnostic: Response of the mail server after its type, such as ``smtp; 550 5.1.1 unknown``,
            or the error in a disposition report; None if there is none.
        remote_mta: Mail server that gave the response, after its type; None if there is none.
    """

    email: str
    original_email: str | None = None
    action: str | None = None
    status: str | None = None
    diagnostic: str | None = None
    remote_mta: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MailReport(Value):
    """A report about a sent mail, received as a mail.

    Anybody can send one: suppress an address only if the original message's id is one of yours.
    SES's own reports are events, such as ``Bounced``, not mails, unless email feedback forwarding
    is enabled.

    Attributes:
        kind: ``delivery`` for delivery status notifications (RFC 3464), in which the ``action`` of
            each recipient tells failures from delays and deliveries; ``disposition`` for read
            receipts (RFC 8098); ``complaint`` for feedback reports (ARF, RFC 5965).
        recipients: The recipients that it reports about; empty if it names none.
        original_message_id: Message-ID of the reported mail, with angle brackets, such as
            ``SendResult.rfc5322_message_id``; None if the report has it nowhere.
        feedback_type: ``abuse``, ``fraud``, ``virus``, ``not-spam``, ``auth-failure``, ``other`` or
            another word in lower case; None unless it is a complaint.
        reporting_mta: Mail server or program that reports, after its type; None if there is none.
        fields: Names and values of all fields about the mail as a whole, in order.
    """

    kind: ReportKind
    recipients: tuple[ReportedRecipient, ...] = ()
    original_message_id: str | None = None
    feedback_type: str | None = None
    reporting_mta: str | None = None
    fields: tuple[tuple[str, str], ...] = ()


def read_report(parts: Sequence[Part]) -> MailReport | None:
    """Reads the report in a mail; None if it isn't one, or only an attached mail is.

    Args:
        parts: The parts of the mail other than its body, in order.
    """
    for part in parts:
        kind = _KINDS.get(part.media_type)
        if kind is not None:
            return _read(parts, part, kind)
    return None


def _read(parts: Sequence[Part], part: Part, kind: ReportKind) -> MailReport:
    groups = list(_groups(part))
    if not groups:
        part.defects[BAD_REPORT] = None
        return MailReport(kind, original_message_id=_original_message_id(parts, None))
    first = groups[0]
    if kind == "delivery":
        recipients = [_recipient(group) for group in groups if "final-recipient" in group]
    elif kind == "disposition":
        recipients = [_recipient(first)] if "final-recipient" in first else []
    else:
        addresses = first.get_all("original-rcpt-to")
        recipients = [ReportedRecipient(_address(address)) for address in addresses]
    return MailReport(
        kind,
        tuple(recipients),
        _original_message_id(parts, first),
        _first_word(first.get("feedback-type")) if kind == "complaint" else None,
        first.get("reporting-mta") or first.get("reporting-ua") or first.get("user-agent"),
        tuple(first),
    )


def _groups(part: Part) -> Iterator[MailHeaders]:
    """The groups of fields, which empty lines separate: that of the mail, those of recipients."""
    content = part.content(MAX_HEADER)
    count, start = 0, _end_of_white_space(content, 0)
    while start < len(content):
        empty_line = _EMPTY_LINE.search(content, start)
        end = len(content) if empty_line is None else empty_line.start() + 1
        fields, _ = read_fields(content, start, end, part.budget, part.defects, is_closed=True)
        start = _end_of_white_space(content, end)
        if not fields:
            continue
        if count > MAX_REPORTED:
            part.defects[TOO_MANY_RECIPIENTS] = None
            return
        count += 1
        yield MailHeaders(fields, part.defects)


def _end_of_white_space(content: bytes, start: int) -> int:
    match = _WHITE_SPACE.match(content, start)
    assert match is not None  # it matches nothing, too
    return match.end()


def _recipient(group: MailHeaders) -> ReportedRecipient:
    original = group.get("original-recipient")
    disposition = group.get("disposition")
    action = group.get("action") if disposition is None else disposition.partition(";")[2]
    status = _STATUS.match(group.get("status") or "")
    diagnostic = (
        group.get("diagnostic-code")
        or group.get("failure")
        or group.get("error")
        or group.get("warning")
    )
    return ReportedRecipient(
        _address(group.get("final-recipient") or ""),
        _address(original) or None if original else None,
        _first_word(action),
        status and status[0],
        diagnostic or None,
        group.get("remote-mta") or None,
    )


def _address(text: str) -> str:
    """The address without its type: https://www.rfc-editor.org/rfc/rfc3464#section-2.3.2"""
    match = _ADDRESS_TYPE.match(text)
    address = text[match.end() :] if match else text
    return _ESCAPED.sub(_character, address.strip("<> "))


def _character(match: re.Match[str]) -> str:
    """A character outside of ASCII: https://www.rfc-editor.org/rfc/rfc6533#section-3"""
    number = int(match[1], 16)
    is_character = number <= sys.maxunicode and chr(number).isprintable()
    return chr(number) if is_character else match[0]


def _first_word(text: str | None) -> str | None:
    match = _WORD.search(text.lower()) if text else None
    return match[0] if match else None


def _original_message_id(parts: Sequence[Part], fields: MailHeaders | None) -> str | None:
    """Message-ID of the mail that a report is about, from its fields or the mail or its header."""
    names = ("original-message-id", "x-original-message-id")
    found = [fields.get(name) for name in names] if fields is not None else []
    for part in parts:
        if part.mail is not None:
            found.append(part.mail.headers.get("message-id"))
        elif part.media_type in _HEADER_TYPES:
            found.append(_header(part).get("message-id"))
    for text in found:
        if text and (match := _MESSAGE_ID.search(text)):
            return match[0]
    return None


def _header(part: Part) -> MailHeaders:
    """The header in a part that is only a header."""
    content = part.content(MAX_HEADER)
    empty_line = _EMPTY_LINE.search(content)
    end = len(content) if empty_line is None else empty_line.start() + 1
    fields, _ = read_fields(content, 0, end, part.budget, part.defects, is_closed=True)
    return MailHeaders(fields, {})
