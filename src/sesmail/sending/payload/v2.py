"""Builds calls for SES API v2, and reads its responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...address import Address
from ...errors import InvalidMessageError
from ...tagging import METADATA_HEADER, SEND_ID_HEADER, TAG_HEADER, metadata_text
from ..limits import check_header_count, check_header_value, check_mail_size, check_part_count
from ..message.attachment import Attachment
from ..message.message import AnyMessage, BulkMessage, Message, RawMessage, TemplateMessage
from ..message.recipient import InlineTemplate, Recipient
from ..mime.header import mailbox, text_value
from ..mime.mail import mime_bytes
from ..mime.part import content_type
from .call import (
    Call,
    destination,
    drop_empty,
    entry_destination,
    from_address,
    make_call,
    template_data,
)
from .tags import message_tags, recipient_tags, tag_list

__all__ = ["ENTRIES", "RATE_OPERATION", "SERVICE", "build", "build_bulk", "read_bulk", "read_rate"]

SERVICE = "sesv2"
ENTRIES = "BulkEmailEntries"
RATE_OPERATION = "GetAccount"

# Headers that SES sets and refuses beside a template:
# https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
_WRITTEN_BY_SES = frozenset({"date", "message-id", "to"})


def build(message: AnyMessage, tag_name: str | None = None, *, tag_send_id: bool = False) -> Call:
    """Returns the call SendEmail, with template content for a templated message, else raw.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
    """
    if isinstance(message, TemplateMessage):
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
    return make_call("SendEmail", params, message.extra, size)


def _template_content(message: TemplateMessage) -> tuple[int, dict[str, Any]]:
    """Returns the size of the content, and the parameters of addresses and content."""
    size, template = _template(message, message.send_id)
    return size, {
        "FromEmailAddress": from_address(message),
        "Destination": destination(
            *(map(mailbox, some) for some in (message.to, message.cc, message.bcc))
        ),
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
        "Destination": destination(
            *(map(_email_of, some) for some in (message.to, message.cc, message.bcc))
        ),
        "Content": {"Raw": {"Data": mail}},
    }


def build_bulk(
    message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
) -> Call:
    """Returns the call SendBulkEmail, with one entry for each recipient.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
    """
    size, template = _template(message, None)
    entries = [
        _entry(message, recipient, f"recipients[{number}].", tag_send_id)
        for number, recipient in enumerate(message.recipients)
    ]
    params = {
        "FromEmailAddress": from_address(message),
        "ReplyToAddresses": [mailbox(address) for address in message.reply_to],
        "DefaultContent": {"Template": template},
        "DefaultEmailTags": tag_list(message_tags(message, tag_name, tag_send_id)),
        ENTRIES: [entry for _, entry in entries],
        **_common_params(message),
    }
    sizes = [entry_size for entry_size, _ in entries]
    return make_call("SendBulkEmail", params, message.extra, size, sizes)


def _entry(
    message: BulkMessage, recipient: Recipient, field: str, tag_send_id: bool
) -> tuple[int, dict[str, Any]]:
    """Returns the size of one recipient's data, and their BulkEmailEntry.

    SES merges headers by name; metadata are one header, and so are merged here:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntry.html
    """
    metadata = {**message.metadata, **recipient.metadata} if recipient.metadata else {}
    data = template_data(recipient.data, f"{field}data")
    return len(data), drop_empty(
        {
            "Destination": entry_destination(message, recipient),
            "ReplacementTags": tag_list(recipient_tags(recipient, tag_send_id, field)),
            "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
            "ReplacementHeaders": _headers(
                recipient.headers, (), metadata, recipient.send_id, field
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
        "ConfigurationOverrides": drop_empty({"Tracking": tracking}),
    }


def _switch(on: bool | None) -> str | None:
    return None if on is None else "ENABLED" if on else "DISABLED"


def _email_of(address: Address) -> str:
    return address.email


def _template(
    message: TemplateMessage | BulkMessage, send_id: str | None
) -> tuple[int, dict[str, Any]]:
    """Returns the size of the Template structure, and the structure.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Template.html
    """
    template = message.template
    if isinstance(template, InlineTemplate):
        source: dict[str, Any] = {
            "TemplateContent": drop_empty(
                {"Subject": template.subject, "Text": template.text, "Html": template.html}
            )
        }
    else:
        source = {"TemplateArn" if template.startswith("arn:") else "TemplateName": template}
    data = template_data(message.data, "data")
    check_part_count(len(message.attachments) + 1)
    encoded = sum(4 * len(item.content) // 3 for item in message.attachments)
    check_mail_size(encoded, "v2", "send smaller attachments, or links to them")
    return len(data) + encoded, drop_empty(
        {
            **source,
            "TemplateData": data,
            "Headers": _headers(message.headers, message.tags, message.metadata, send_id, ""),
            "Attachments": [_attachment(item) for item in message.attachments],
        }
    )


def _attachment(item: Attachment) -> dict[str, Any]:
    return drop_empty(
        {
            "RawContent": item.content,
            "FileName": item.filename,
            "ContentType": content_type(item),
            "ContentDisposition": item.disposition.upper(),
            "ContentId": item.content_id,
            "ContentDescription": item.description or None,
            "ContentTransferEncoding": "BASE64",
        }
    )


def _headers(
    headers: Mapping[str, str],
    tags: tuple[str, ...],
    metadata: Mapping[str, Any],
    send_id: str | None,
    field: str,
) -> list[dict[str, str]]:
    """Returns the headers beside a template, which SES takes as one line of printable ASCII."""
    if not (headers or tags or metadata or send_id):
        return []
    named = [
        *([] if send_id is None else [(f"{field}send_id", SEND_ID_HEADER, send_id)]),
        *((f"{field}headers", name, text) for name, text in headers.items()),
        *((f"{field}tags", TAG_HEADER, tag) for tag in tags),
    ]
    if metadata:
        named.append(
            (f"{field}metadata", METADATA_HEADER, metadata_text(metadata, f"{field}metadata"))
        )
    check_header_count(len(named), f"{field}headers")
    return [_header(*each) for each in named]


def _header(field: str, name: str, text: str) -> dict[str, str]:
    if name.lower() in _WRITTEN_BY_SES:
        raise InvalidMessageError(
            f"the header {name} can't be given beside a template: SES writes it", field=field
        )
    value = text_value(name, text, field)
    check_header_value(name, value, field)
    return {"Name": name, "Value": value}
