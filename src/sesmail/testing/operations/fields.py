"""Parameters that several send operations share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...sending.limits import MAX_TEMPLATE_HEADERS
from ..api_errors import bad_request
from ..draft import Addresses

__all__ = [
    "common_v2",
    "destination",
    "header_pairs",
    "merged_headers",
    "merged_tags",
    "pairs",
    "required_sender",
]

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html
_HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")
_MAX_HEADER = 996  # characters of name and value


def destination(params: Mapping[str, Any]) -> Addresses:
    """Returns to, cc and bcc of a Destination, which may be absent."""
    given: Mapping[str, Sequence[str]] = params.get("Destination") or {}
    return Addresses(
        given.get("ToAddresses", ()), given.get("CcAddresses", ()), given.get("BccAddresses", ())
    )


def required_sender(params: Mapping[str, Any], key: str) -> str:
    """Returns the author, which only raw content may contain instead."""
    sender: str | None = params.get(key)
    if not sender:
        raise bad_request(f"{key} is required.")
    return sender


def pairs(tags: Sequence[Mapping[str, str]] | None) -> list[tuple[str, str]]:
    """Returns message tags as pairs."""
    return [(tag["Name"], tag["Value"]) for tag in tags or ()]


def merged_tags(
    default: Sequence[Mapping[str, str]] | None, own: Sequence[Mapping[str, str]] | None
) -> list[tuple[str, str]]:
    """Returns the default tags of a bulk call with those of an entry, which win by name."""
    return list(dict([*pairs(default), *pairs(own)]).items())


def header_pairs(headers: Sequence[Mapping[str, str]] | None) -> list[tuple[str, str]]:
    """Returns headers as pairs.

    Raises:
        ApiError: A header is invalid, or there are too many.
    """
    found = pairs(headers)
    if len(found) > MAX_TEMPLATE_HEADERS:
        raise bad_request(f"The number of headers exceeds {MAX_TEMPLATE_HEADERS}.")
    for name, value in found:
        if _HEADER_NAME.fullmatch(name) is None:
            raise bad_request(f"Invalid header name <{name}>.")
        if _HEADER_VALUE.fullmatch(value) is None or len(name) + len(value) > _MAX_HEADER:
            raise bad_request(f"Invalid value of header <{name}>.")
    return found


def merged_headers(
    default: Sequence[tuple[str, str]], own: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Returns the headers of a template with those of an entry, which replace equal names."""
    replaced = {name.lower() for name, _ in own}
    return [*(each for each in default if each[0].lower() not in replaced), *own]


def common_v2(params: Mapping[str, Any], operation: str) -> dict[str, Any]:
    """Returns the arguments of Draft that SendEmail and SendBulkEmail have in common."""
    tracking: Mapping[str, str] = params.get("ConfigurationOverrides", {}).get("Tracking", {})
    management: Mapping[str, str] = params.get("ListManagementOptions", {})
    return {
        "api": "v2",
        "operation": operation,
        "return_path": params.get("FeedbackForwardingEmailAddress"),
        "is_delegated": "FromEmailAddressIdentityArn" in params,
        "configuration_set": params.get("ConfigurationSetName"),
        "message_tags": pairs(params.get("EmailTags")),
        "tenant": params.get("TenantName"),
        "contact_list": management.get("ContactListName"),
        "topic": management.get("TopicName"),
        "track_opens": _switch(tracking.get("OpenTrackingEnabled")),
        "track_clicks": _switch(tracking.get("ClickTrackingEnabled")),
    }


def _switch(value: str | None) -> bool | None:
    return None if value is None else value == "ENABLED"
