"""Reads SES's responses: only a message id proves that SES accepted a mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...address import Address
from ...error_codes import is_documented_code, rejected_error
from ...errors import SendError, UnknownOutcomeError
from ...patterns import lazy_pattern
from ...tagging import rfc5322_message_id
from ..result import RecipientResult, SendResult

__all__ = ["read_bulk", "read_single", "replay_single"]

_MESSAGE_ID = lazy_pattern(r"[!#-;=?A-~]{1,255}")


def read_single(
    response: Mapping[str, Any],
    recipients: Sequence[Address],
    *,
    operation: str,
    region: str | None,
) -> SendResult:
    """Reads the response to a single send.

    Args:
        response: The response.
        recipients: All recipients.
        operation: The operation.
        region: Region that sent the mail; None if it isn't known.

    Raises:
        UnknownOutcomeError: The response has no message id, or another status than 200.
    """
    message_id = _message_id(response)
    request_id = _request_id(response)
    if message_id is None or response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 200:
        raise UnknownOutcomeError(
            "the response has no message id, or another status than 200",
            operation=operation,
            request_id=request_id,
            answer=response,
        )
    header = region and rfc5322_message_id(message_id, region)
    results = [
        RecipientResult(address.email, "accepted", message_id, header) for address in recipients
    ]
    return SendResult(message_id, header, tuple(results), request_id)


def replay_single(message_id: str | None, recipients: Sequence[Address]) -> SendResult:
    """Returns the result of a send that the send log has as accepted."""
    results = [
        RecipientResult(address.email, "accepted", message_id, replayed=True)
        for address in recipients
    ]
    return SendResult(message_id or "", None, tuple(results), replayed=True)


def read_bulk(
    response: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    recipients: Sequence[Address],
    *,
    operation: str,
    region: str | None,
) -> list[RecipientResult | SendError]:
    """Reads the response to a bulk call: a result or an error for each recipient.

    A message id that several entries have proves nothing about any of them.

    Raises:
        UnknownOutcomeError: The numbers of entries and recipients differ, so that no entry can be
            attributed to a recipient.
    """
    request_id = _request_id(response)
    if len(entries) != len(recipients):
        raise UnknownOutcomeError(
            f"the response has {len(entries)} entries for {len(recipients)} recipients",
            operation=operation,
            request_id=request_id,
            answer=response,
        )
    counts = Counter(map(_message_id, entries))
    return [
        _shared_id(entry, operation, request_id)
        if (message_id := _message_id(entry)) is not None and counts[message_id] > 1
        else _read_entry(entry, address, operation, request_id, region)
        for entry, address in zip(entries, recipients, strict=True)
    ]


def _shared_id(
    entry: Mapping[str, Any], operation: str, request_id: str | None
) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        "several bulk entries have the same message id",
        operation=operation,
        code=_text(entry, "Status"),
        request_id=request_id,
        answer=entry,
    )


def _read_entry(
    entry: Mapping[str, Any],
    address: Address,
    operation: str,
    request_id: str | None,
    region: str | None,
) -> RecipientResult | SendError:
    status, reason = _text(entry, "Status"), _text(entry, "Error")
    message_id = _message_id(entry)
    if message_id is not None and (status is None or status.lower() == "success"):
        header = region and rfc5322_message_id(message_id, region)
        return RecipientResult(address.email, "accepted", message_id, header, status)
    if status is not None and message_id is None and is_documented_code(status):
        return rejected_error(status, reason or "", operation=operation, request_id=request_id)
    return UnknownOutcomeError(
        f"bulk entry with status {status} and {'a' if message_id else 'no'} message id",
        operation=operation,
        code=status,
        request_id=request_id,
        answer=entry,
    )


def _message_id(response: Mapping[str, Any]) -> str | None:
    """Returns the message id of a response or a bulk entry; None if there is no plausible one."""
    message_id = _text(response, "MessageId")
    return message_id if message_id is not None and _MESSAGE_ID.fullmatch(message_id) else None


def _text(response: Mapping[str, Any], name: str) -> str | None:
    """Returns a string field; None for other types, which botocore doesn't check in responses."""
    value = response.get(name)
    return value if isinstance(value, str) else None


def _request_id(response: Mapping[str, Any]) -> str | None:
    request_id: str | None = response.get("ResponseMetadata", {}).get("RequestId")
    return request_id
