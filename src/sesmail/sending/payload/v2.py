"""Builds calls for SES API v2, and reads its responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...address import Address
from ...errors import InvalidMessageError
from ..limits import check_mail_size
from ..message.unsubscribe import (
    UNSUBSCRIBE_TWICE,
    check_list_recipients,
    check_no_unsubscribe_headers,
    check_placeholder,
)
from ..mime.header import mailbox
from ..mime.mail import mime_bytes
from .call import (
    Call,
    add_entries,
    destination,
    drop_empty,
    entry_destination,
    from_address,
    make_call,
    recipients_of,
    template_data,
)
from .tags import message_tags, recipient_tags, tag_list
from .template import template_headers, template_structure

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.kinds import AnyMessage
    from ..message.message import Message
    from ..message.raw_message import RawMessage
    from ..message.template_message import TemplateMessage

__all__ = [
    "ENTRIES",
    "OPERATION",
    "RATE_OPERATION",
    "SERVICE",
    "build",
    "build_bulk",
    "build_content",
    "build_entry",
    "read_bulk",
    "read_rate",
]

SERVICE = "sesv2"
OPERATION = "SendEmail"
ENTRIES = "BulkEmailEntries"
RATE_OPERATION = "GetAccount"


def build(message: AnyMessage, tag_name: str | None = None, *, tag_send_id: bool = False) -> Call:
    """Returns the call SendEmail, with template content for a templated message, else raw.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    """
    if message.list_management is not None:
        _check_list_management(message)
    if message.kind == "TemplateMessage":
        size, content = _template_content(message)
    else:
        size, content = _raw_content(message)
    params = {
        **content,
        "EmailTags": tag_list(message_tags(message, tag_name, tag_send_id)),
        "ListManagementOptions": message.list_management
        and drop_empty(
            {
                "ContactListName": message.list_management.contact_list,
                "TopicName": message.list_management.topic,
            }
        ),
        **_common_params(message),
    }
    return make_call(OPERATION, params, message.extra, size)


def _check_list_management(message: AnyMessage) -> None:
    """Refuses a contact list for a mail into which SES would write no unsubscribe link."""
    check_list_recipients(len(recipients_of(message)))
    if message.kind == "RawMessage":
        return
    if message.unsubscribe is not None:
        raise InvalidMessageError(
            "list_management writes the same headers; give one of the two", field="unsubscribe"
        )
    check_no_unsubscribe_headers(
        message.headers, "headers", "SES replaces it with that of list_management"
    )
    if message.kind == "Message":
        check_placeholder((message.text, message.html))
    elif not isinstance(message.template, str):
        check_placeholder((message.template.text, message.template.html))


def _template_content(message: TemplateMessage) -> tuple[int, dict[str, Any]]:
    """Returns the size of the content, and the parameters of addresses and content."""
    size, template = template_structure(message, message.send_id)
    return size, {
        "FromEmailAddress": from_address(message),
        "Destination": destination(message.to, message.cc, message.bcc),
        "ReplyToAddresses": [mailbox(address) for address in message.reply_to],
        "Content": {"Template": template},
    }


def _raw_content(message: Message | RawMessage) -> tuple[int, dict[str, Any]]:
    """Returns the size of the content, and the parameters of recipients and content.

    FromEmailAddress would replace the From header of the content. Display names of recipients are
    in its headers, too, so that the Destination needs none.
    """
    mail = mime_bytes(message)
    check_mail_size(len(mail), "v2", "send less, or a link to it")
    return len(mail), {
        "Destination": destination(message.to, message.cc, message.bcc, _email_of),
        "Content": {"Raw": {"Data": mail}},
    }


def build_bulk(
    message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
) -> Call:
    """Returns the call SendBulkEmail, with one entry for each recipient."""
    content = build_content(message, tag_name, tag_send_id=tag_send_id)
    entries = [
        build_entry(message, number, recipient.send_id, tag_send_id=tag_send_id)
        for number, recipient in enumerate(message.recipients)
    ]
    return add_entries(content, ENTRIES, entries)


def build_content(
    message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
) -> Call:
    """Returns the call SendBulkEmail without its entries.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
    """
    size, template = template_structure(message, None)
    params = {
        "FromEmailAddress": from_address(message),
        "ReplyToAddresses": [mailbox(address) for address in message.reply_to],
        "DefaultContent": {"Template": template},
        "DefaultEmailTags": tag_list(message_tags(message, tag_name, tag_send_id)),
        **_common_params(message),
    }
    return make_call("SendBulkEmail", params, message.extra, size)


def build_entry(
    message: BulkMessage, number: int, send_id: str | None, *, tag_send_id: bool
) -> tuple[int, dict[str, Any]]:
    """Returns the size of one recipient's data, and their BulkEmailEntry.

    SES merges headers by name; metadata are one header, and so are merged here:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntry.html
    """
    recipient, field = message.recipients[number], f"recipients[{number}]."
    if message.unsubscribe is not None or recipient.unsubscribe is not None:
        for headers, prefix in ((message.headers, ""), (recipient.headers, field)):
            check_no_unsubscribe_headers(headers, f"{prefix}headers", UNSUBSCRIBE_TWICE)
    metadata = {**message.metadata, **recipient.metadata} if recipient.metadata else {}
    data = template_data(recipient.data, f"{field}data")
    return len(data), drop_empty(
        {
            "Destination": entry_destination(message, recipient),
            "ReplacementTags": tag_list(
                recipient_tags(recipient.message_tags, send_id, tag_send_id, field)
            ),
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
            "ReplacementHeaders": template_headers(
                recipient.headers, (), metadata, send_id, recipient.unsubscribe, field
            ),
        }
    )


def read_bulk(response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns Status, Error and MessageId of each recipient in a bulk response."""
    return [entry or {} for entry in response.get("BulkEmailEntryResults") or ()]


def read_rate(response: Mapping[str, Any]) -> object:
    """Returns the account's sending rate in recipients per second.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendQuota.html
    """
    quota: Mapping[str, Any] = response.get("SendQuota") or {}
    return quota.get("MaxSendRate")


def _common_params(message: AnyMessage | BulkMessage) -> dict[str, Any]:
    """Returns the parameters that SendEmail and SendBulkEmail share."""
    if message.source_arn and message.from_arn and message.source_arn != message.from_arn:
        raise InvalidMessageError(
            "SES API v2 has one parameter for both source_arn and from_arn; give one",
            field="from_arn",
        )
    tracking = drop_empty(
        {
            "OpenTrackingEnabled": _switch(message.track_opens),
            "ClickTrackingEnabled": _switch(message.track_clicks),
        }
    )
    return {
        "FromEmailAddressIdentityArn": message.from_arn or message.source_arn,
        "FeedbackForwardingEmailAddress": message.envelope_sender and message.envelope_sender.email,
        "FeedbackForwardingEmailAddressIdentityArn": message.return_path_arn,
        "ConfigurationSetName": message.configuration_set,
        "EndpointId": message.endpoint_id,
        "TenantName": message.tenant,
        "ConfigurationOverrides": tracking and {"Tracking": tracking},
    }


def _switch(on: bool | None) -> str | None:
    return None if on is None else "ENABLED" if on else "DISABLED"


def _email_of(address: Address) -> str:
    return address.email
