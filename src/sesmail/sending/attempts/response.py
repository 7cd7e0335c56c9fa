"""Reads SES's answers: an id that SES issued is the only proof that it took a mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...address import Address
from ...error_codes import is_documented_code, rejected_error
from ...errors import SendError, UnknownOutcomeError
from ..result import RecipientResult, SendResult, rfc5322_message_id

__all__ = ["read_bulk", "read_single"]

_MESSAGE_ID = re.compile(r"[!#-;=?A-~]{1,255}")


def read_single(
    answer: Mapping[str, Any], recipients: Sequence[Address], *, operation: str, region: str
) -> SendResult:
    """The result of a single send.

    Raises:
        UnknownOutcomeError: There is no message id in the answer, which it keeps.
    """
    message_id = _message_id(answer)
    request_id = _request_id(answer)
    if message_id is None or answer.get("ResponseMetadata", {}).get("HTTPStatusCode") != 200:
        raise UnknownOutcomeError(
            "the answer has no message id, or a status of its own",
            operation=operation,
            request_id=request_id,
            answer=answer,
        )
    header = rfc5322_message_id(message_id, region)
    return SendResult(
        message_id,
        header,
        tuple(
            RecipientResult(address.email, "accepted", message_id, header) for address in recipients
        ),
        request_id,
    )


def read_bulk(
    answer: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    recipients: Sequence[Address],
    *,
    operation: str,
    region: str,
) -> list[RecipientResult | SendError]:
    """The results of a bulk call: for each of its recipients what SES accepted, or why it didn't.

    Raises:
        UnknownOutcomeError: There aren't as many entries as recipients.
    """
    request_id = _request_id(answer)
    if len(entries) != len(recipients):
        raise UnknownOutcomeError(
            f"{len(entries)} entries answer {len(recipients)} recipients, so none can be told whose it is",
            operation=operation,
            request_id=request_id,
            answer=answer,
        )
    return [
        _read_entry(entry, address, operation, request_id, region)
        for entry, address in zip(entries, recipients, strict=True)
    ]


def _read_entry(
    entry: Mapping[str, Any], address: Address, operation: str, request_id: str | None, region: str
) -> RecipientResult | SendError:
    status, reason = _text(entry, "Status"), _text(entry, "Error")
    message_id = _message_id(entry)
    if message_id is not None and (status is None or status.lower() == "success"):
        header = rfc5322_message_id(message_id, region)
        return RecipientResult(address.email, "accepted", message_id, header, status)
    if status is not None and message_id is None and is_documented_code(status):
        return rejected_error(status, reason or "", operation=operation, request_id=request_id)
    return UnknownOutcomeError(
        f"the entry says {status or 'nothing'}, {'with' if message_id else 'without'} a message id",
        operation=operation,
        code=status,
        request_id=request_id,
        answer=entry,
    )


def _message_id(answer: Mapping[str, Any]) -> str | None:
    """The id that SES issued, if what stands there can be one."""
    message_id = _text(answer, "MessageId")
    return message_id if message_id is not None and _MESSAGE_ID.fullmatch(message_id) else None


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    """A text of an answer, which botocore passes on whatever its type is."""
    value = answer.get(name)
    return value if isinstance(value, str) else None


def _request_id(answer: Mapping[str, Any]) -> str | None:
    request_id: str | None = answer.get("ResponseMetadata", {}).get("RequestId")
    return request_id
