"""Requests on the items of a send log in DynamoDB, without I/O.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import Outcome
from .protocol import SendRecord

__all__ = ["begin", "look_up", "read_record", "settle", "token_of", "undo", "unknown"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PAGE_SIZE = 500  # items that a page of a scan reads

# All names by placeholders, as several of them may become reserved words.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
_NAMES = {f"#{name}": name for name in ("send_id", "outcome", "message_id", "token", "expires_at")}


def begin(send_id: str, began: datetime, token: str) -> dict[str, Any]:
    """Returns the parameters of PutItem that begins a send, unless it is in flight or accepted.

    Args:
        send_id: The send id.
        began: The time.
        token: Identifies this begin: a request that is repeated after a lost response finds it.
    """
    return {
        "Item": {
            "send_id": {"S": send_id},
            "began": {"N": str((began - _EPOCH) // _MICROSECOND)},
            "outcome": {"S": "unknown"},
            "token": {"S": token},
        },
        "ConditionExpression": (
            "attribute_not_exists(#send_id) OR #outcome IN (:rejected, :not_sent)"
        ),
        "ExpressionAttributeNames": _names("send_id", "outcome"),
        "ExpressionAttributeValues": _texts(rejected="rejected", not_sent="not_sent"),
    }


def settle(
    send_id: str, outcome: Outcome, message_id: str | None, token: str, expires_at: int | None
) -> dict[str, Any]:
    """Returns the parameters of UpdateItem that sets the outcome of a send, if the rules allow it.

    Args:
        send_id: The send id.
        outcome: The outcome.
        message_id: Message id of SES; None without.
        token: Identifies this change.
        expires_at: Time in seconds since 1970 when DynamoDB may delete the item; None for never.
    """
    values = _texts(outcome=outcome, token=token)
    sets = ["#outcome = :outcome", "#token = :token"]
    removes: list[str] = []
    if message_id is None:
        removes.append("#message_id")
    else:
        sets.append("#message_id = :message_id")
        values |= _texts(message_id=message_id)
    if expires_at is None:
        removes.append("#expires_at")
    else:
        sets.append("#expires_at = :expires_at")
        values[":expires_at"] = {"N": str(expires_at)}
    condition = "#outcome = :unknown"
    if outcome == "accepted":
        condition = "attribute_exists(#send_id) AND #outcome <> :outcome"
    else:
        values |= _texts(unknown="unknown")
    used = ["outcome", "token", "message_id", "expires_at"]
    return {
        "Key": {"send_id": {"S": send_id}},
        "UpdateExpression": f"SET {', '.join(sets)}"
        + (f" REMOVE {', '.join(removes)}" if removes else ""),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": _names(*used, *(["send_id"] if outcome == "accepted" else [])),
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def undo(send_id: str, token: str) -> dict[str, Any]:
    """Returns the parameters of UpdateItem that sets a send to ``not_sent`` if this begin began it.

    Args:
        send_id: The send id.
        token: The token of the begin.
    """
    return {
        "Key": {"send_id": {"S": send_id}},
        "UpdateExpression": "SET #outcome = :not_sent",
        "ConditionExpression": "#token = :token AND #outcome = :unknown",
        "ExpressionAttributeNames": _names("outcome", "token"),
        "ExpressionAttributeValues": _texts(not_sent="not_sent", unknown="unknown", token=token),
    }


def look_up(send_id: str) -> dict[str, Any]:
    """Returns the parameters of GetItem for the record of a send."""
    return {"Key": {"send_id": {"S": send_id}}, "ConsistentRead": True}


def unknown(before: datetime | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns the parameters of Scan for a page of the sends of unknown outcome.

    Args:
        before: Only sends that began before; None for all.
        after: Key at which the page before ended; None for the first page.
    """
    params: dict[str, Any] = {
        "ConsistentRead": True,
        "Limit": _PAGE_SIZE,
        "FilterExpression": "#outcome = :unknown",
        "ExpressionAttributeNames": _names("outcome"),
        "ExpressionAttributeValues": _texts(unknown="unknown"),
    }
    if before is not None:
        params["FilterExpression"] += " AND #began < :before"
        params["ExpressionAttributeNames"] = {**_names("outcome"), "#began": "began"}
        number = str((before - _EPOCH) // _MICROSECOND)
        params["ExpressionAttributeValues"] |= {":before": {"N": number}}
    return params if after is None else {**params, "ExclusiveStartKey": after}


def read_record(item: Mapping[str, Any]) -> SendRecord:
    """Returns the record in an item."""
    message_id = item.get("message_id")
    return SendRecord(
        item["send_id"]["S"],
        _EPOCH + int(item["began"]["N"]) * _MICROSECOND,
        item["outcome"]["S"],
        None if message_id is None else message_id["S"],
    )


def token_of(item: Mapping[str, Any] | None) -> str | None:
    """Returns the token of the last begin or change of an item; None without."""
    token: Any = None if item is None else item.get("token")
    value: str | None = None if token is None else token.get("S")
    return value


def _names(*names: str) -> dict[str, str]:
    return {f"#{name}": _NAMES[f"#{name}"] for name in names}


def _texts(**values: str) -> dict[str, dict[str, str]]:
    return {f":{name}": {"S": value} for name, value in values.items()}
