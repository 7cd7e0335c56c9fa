"""Builds calls for SES API v1, and reads its responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import UnsupportedFeatureError
from ..limits import check_mail_size
from ..mime.header import mailbox
from ..mime.mail import mime_bytes
from .call import (
    Call,
    add_entries,
    check_unsupported,
    destination,
    entry_destination,
    from_address,
    make_call,
    recipients_of,
    template_data,
)
from .tags import message_tags, recipient_tags, tag_list

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.inline_template import InlineTemplate
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

SERVICE = "ses"
OPERATION = "SendRawEmail"
ENTRIES = "Destinations"
RATE_OPERATION = "GetSendQuota"

_USE_V2 = "use Client(api='v2')"
_TRACKING = (
    "turn it on or off in a configuration set and name that in configuration_set, "
    "or use Client(api='v2')"
)

# Fields that API v1 doesn't support, each with the alternative for the user.
_UNSUPPORTED = {
    "track_opens": _TRACKING,
    "track_clicks": _TRACKING,
    "tenant": _USE_V2,
    "endpoint_id": _USE_V2,
}
_UNSUPPORTED_SINGLE = {
    **_UNSUPPORTED,
    "list_management": (
        "send a Message with unsubscribe, which writes List-Unsubscribe headers, "
        "or use Client(api='v2')"
    ),
}
_UNSUPPORTED_WITH_TEMPLATE = {
    "headers": _USE_V2,
    "metadata": "use message_tags, which come back with events, or Client(api='v2')",
    "attachments": "send a Message, or use Client(api='v2')",
    "unsubscribe": "send a Message, or use Client(api='v2')",
    "from_arn": "use source_arn",
}
_UNSUPPORTED_FOR_RECIPIENT = {
    "headers": _USE_V2,
    "metadata": "use message_tags, which come back with events, or Client(api='v2')",
    "unsubscribe": _USE_V2,
}
_SEND_ID_UNTAGGED = "give the client tag_send_id=True, or use Client(api='v2')"


def build(message: AnyMessage, tag_name: str | None = None, *, tag_send_id: bool = False) -> Call:
    """Returns SendTemplatedEmail for a templated message, SendRawEmail for any other."""
    check_unsupported(message, _UNSUPPORTED_SINGLE, "v1")
    if message.kind == "TemplateMessage":
        return _templated(message, tag_name, tag_send_id)
    return _raw(message, tag_name, tag_send_id)


def _raw(message: Message | RawMessage, tag_name: str | None, tag_send_id: bool) -> Call:
    """Returns the call SendRawEmail.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html
    """
    mail = mime_bytes(message)
    check_mail_size(
        len(mail),
        "v1",
        "use Client(api='v2'), which takes four times as much, or send a link",
    )
    params = {
        "Source": _source(message),
        "Destinations": [address.email for address in recipients_of(message)],
        "RawMessage": {"Data": mail},
        "SourceArn": message.source_arn,
        "FromArn": message.from_arn,
        "ReturnPathArn": message.return_path_arn,
        "Tags": tag_list(message_tags(message, tag_name, tag_send_id)),
        "ConfigurationSetName": message.configuration_set,
    }
    return make_call(OPERATION, params, message.extra, len(mail))


def _source(message: Message | RawMessage) -> str | None:
    """Returns the envelope sender if it is given, or if a From header has several authors.

    From the header alone, SES takes it only if there is one author.
    """
    if message.envelope_sender is not None:
        return message.envelope_sender.email
    if message.kind == "Message" and len(message.from_email) > 1:
        return (message.sender or message.from_email[0]).email
    return None


def _templated(message: TemplateMessage, tag_name: str | None, tag_send_id: bool) -> Call:
    """Returns the call SendTemplatedEmail.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendTemplatedEmail.html
    """
    _check_send_id(message.send_id, tag_send_id, "")
    data = template_data(message.data, "data")
    params = {
        "Destination": destination(message.to, message.cc, message.bcc),
        "TemplateData": data,
        "Tags": tag_list(message_tags(message, tag_name, tag_send_id)),
        **_template_params(message, tag_name),
    }
    return make_call("SendTemplatedEmail", params, message.extra, len(data))


def build_bulk(
    message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
) -> Call:
    """Returns the call SendBulkTemplatedEmail, with one destination for each recipient."""
    content = build_content(message, tag_name, tag_send_id=tag_send_id)
    entries = [
        build_entry(message, number, recipient.send_id, tag_send_id=tag_send_id)
        for number, recipient in enumerate(message.recipients)
    ]
    return add_entries(content, ENTRIES, entries)


def build_content(
    message: BulkMessage, tag_name: str | None = None, *, tag_send_id: bool = False
) -> Call:
    """Returns the call SendBulkTemplatedEmail without its destinations.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_SendBulkTemplatedEmail.html
    """
    check_unsupported(message, _UNSUPPORTED, "v1")
    data = template_data(message.data, "data")
    params = {
        "DefaultTemplateData": data,
        "DefaultTags": tag_list(message_tags(message, tag_name, tag_send_id)),
        **_template_params(message, tag_name),
    }
    return make_call("SendBulkTemplatedEmail", params, message.extra, len(data))


def build_entry(
    message: BulkMessage, number: int, send_id: str | None, *, tag_send_id: bool
) -> tuple[int, dict[str, Any]]:
    """Returns the size of one recipient's data, and their BulkEmailDestination."""
    recipient, field = message.recipients[number], f"recipients[{number}]."
    check_unsupported(recipient, _UNSUPPORTED_FOR_RECIPIENT, "v1", field)
    _check_send_id(send_id, tag_send_id, field)
    data = template_data(recipient.data, f"{field}data")
    entry: dict[str, Any] = {
        "Destination": entry_destination(message, recipient),
        "ReplacementTemplateData": data,
    }
    if tags := recipient_tags(recipient.message_tags, send_id, tag_send_id, field):
        entry["ReplacementTags"] = tag_list(tags)
    return len(data), entry


def _check_send_id(send_id: str | None, tag_send_id: bool, prefix: str) -> None:
    if send_id is not None and not tag_send_id:
        raise UnsupportedFeatureError(
            feature=f"{prefix}send_id", api="v1", instead=_SEND_ID_UNTAGGED
        )


def read_bulk(response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns Status, Error and MessageId of each recipient in a bulk response."""
    return [entry or {} for entry in response.get("Status") or ()]


def read_rate(response: Mapping[str, Any]) -> object:
    """Returns the account's sending rate in recipients per second.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_GetSendQuota.html
    """
    return response.get("MaxSendRate")


def _template_params(
    message: TemplateMessage | BulkMessage, tag_name: str | None
) -> dict[str, Any]:
    """Returns the parameters that both templated operations share."""
    check_unsupported(message, _UNSUPPORTED_WITH_TEMPLATE, "v1")
    if message.tags and tag_name is None:
        raise UnsupportedFeatureError(
            feature="tags",
            api="v1",
            instead="give the client a message_tag_name, or use message_tags or api='v2'",
        )
    template = _template_source(message.template)
    return {
        "Source": from_address(message),
        "ReplyToAddresses": [mailbox(address) for address in message.reply_to],
        "ReturnPath": message.envelope_sender and message.envelope_sender.email,
        "SourceArn": message.source_arn,
        "ReturnPathArn": message.return_path_arn,
        "ConfigurationSetName": message.configuration_set,
        **template,
    }


def _template_source(template: str | InlineTemplate) -> dict[str, Any]:
    if not isinstance(template, str):
        raise UnsupportedFeatureError(
            feature="template",
            api="v1",
            instead="store the template and name it, or use Client(api='v2')",
        )
    if not template.startswith("arn:"):
        return {"Template": template, "TemplateArn": None}
    # Template is required beside TemplateArn; the ARN ends with the name.
    return {"Template": template.rpartition("/")[2], "TemplateArn": template}
