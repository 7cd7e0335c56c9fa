"""Templates, headers and attachments of API v2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import InvalidMessageError
from ...tagging import METADATA_HEADER, SEND_ID_HEADER, TAG_HEADER, metadata_text
from ..limits import check_header_count, check_header_value, check_mail_size, check_part_count
from ..message.attachment import Attachment
from ..message.file_content import content_of
from ..message.unsubscribe import (
    UNSUBSCRIBE_TWICE,
    check_no_unsubscribe_headers,
    unsubscribe_headers,
)
from ..mime.attached_mail import is_attached_mail, prepare_all
from ..mime.header import text_value
from ..mime.part import content_type
from .call import drop_empty, template_data

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.template_message import TemplateMessage

__all__ = ["template_headers", "template_structure"]

# Headers that SES sets and refuses beside a template:
# https://docs.aws.amazon.com/ses/latest/dg/header-fields.html
_WRITTEN_BY_SES = frozenset({"date", "message-id", "to"})


def template_structure(
    message: TemplateMessage | BulkMessage, send_id: str | None
) -> tuple[int, dict[str, Any]]:
    """Returns the size of the Template structure, and the structure.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Template.html
    """
    template = message.template
    if isinstance(template, str):
        name = "TemplateArn" if template.startswith("arn:") else "TemplateName"
        source: dict[str, Any] = {name: template}
    else:
        source = {
            "TemplateContent": drop_empty(
                {"Subject": template.subject, "Text": template.text, "Html": template.html}
            )
        }
    data = template_data(message.data, "data")
    check_part_count(len(message.attachments) + 1)
    attachments = prepare_all(message.attachments)
    encoded = sum(len(content_of(item)) * 78 // 57 for item in attachments)  # in base64 lines
    check_mail_size(encoded, "v2", "send smaller attachments, or links to them")
    return len(data) + encoded, drop_empty(
        {
            **source,
            "TemplateData": data,
            "Headers": template_headers(
                message.headers, message.tags, message.metadata, send_id, message.unsubscribe, ""
            ),
            "Attachments": [_attachment(item) for item in attachments],
        }
    )


def _attachment(item: Attachment) -> dict[str, Any]:
    """Returns the Attachment structure; a mail is not encoded (RFC 2046, section 5.2.1).

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Attachment.html
    """
    return drop_empty(
        {
            "RawContent": content_of(item),
            "FileName": item.filename,
            "ContentType": content_type(item),
            "ContentDisposition": item.disposition.upper(),
            "ContentId": item.content_id,
            "ContentDescription": item.description or None,
            "ContentTransferEncoding": "SEVEN_BIT" if is_attached_mail(item) else "BASE64",
        }
    )


def template_headers(
    headers: Mapping[str, str],
    tags: tuple[str, ...],
    metadata: Mapping[str, Any],
    send_id: str | None,
    unsubscribe: str | None,
    field: str,
) -> list[dict[str, str]]:
    """Returns the headers beside a template, which SES takes as one line of printable ASCII."""
    if not (headers or tags or metadata or send_id or unsubscribe):
        return []
    if unsubscribe is not None:
        check_no_unsubscribe_headers(headers, f"{field}headers", UNSUBSCRIBE_TWICE)
    named = [
        *([] if send_id is None else [(f"{field}send_id", SEND_ID_HEADER, send_id)]),
        *((f"{field}headers", name, text) for name, text in headers.items()),
        *((f"{field}unsubscribe", *header) for header in unsubscribe_headers(unsubscribe)),
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
