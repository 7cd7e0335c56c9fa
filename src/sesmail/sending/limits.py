"""Limits of SES on outgoing mail, and the checks that enforce them before a call.

Lengths count characters unless a name says otherwise.
Quotas: https://docs.aws.amazon.com/ses/latest/dg/quotas.html
"""

from __future__ import annotations

from typing import Final

from ..errors import InvalidMessageError

__all__ = [
    "MAX_ARN",
    "MAX_ATTACHMENT_DESCRIPTION",
    "MAX_BYTES",
    "MAX_CONFIGURATION_SET",
    "MAX_CONTENT_ID",
    "MAX_FILE_NAME",
    "MAX_HEADER_NAME",
    "MAX_LINE",
    "MAX_MEDIA_TYPE",
    "MAX_PARTS",
    "MAX_RECIPIENTS",
    "MAX_RECIPIENTS_WITH_LIST",
    "MAX_TEMPLATE_DATA",
    "MAX_TEMPLATE_HEADER",
    "MAX_TEMPLATE_HEADERS",
    "MAX_TEMPLATE_HEADER_VALUE",
    "MAX_UNSUBSCRIBE_LINKS",
    "MAX_UNSUBSCRIBE_URL",
    "check_header_count",
    "check_header_value",
    "check_mail_size",
    "check_part_count",
    "check_recipient_count",
    "check_template_data",
]

# One call and one mail: https://docs.aws.amazon.com/ses/latest/dg/quotas.html
MAX_RECIPIENTS: Final = 50  # recipients of a call, over to, cc and bcc
MAX_PARTS: Final = 500  # MIME parts of a mail
MAX_BYTES: Final = {"v1": 10 * 1024 * 1024, "v2": 40 * 1024 * 1024}  # bytes of the encoded mail

# Without the CRLF: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1
MAX_LINE: Final = 998

# Name, colon and a space fit into the line of 78 characters that RFC 5322 recommends; SES API v2
# takes 126: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html
MAX_HEADER_NAME: Final = 76

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Attachment.html
MAX_FILE_NAME: Final = 255
MAX_MEDIA_TYPE: Final = 78
MAX_CONTENT_ID: Final = 78
MAX_ATTACHMENT_DESCRIPTION: Final = 1000

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Template.html
MAX_TEMPLATE_DATA: Final = 262_144  # characters of JSON
MAX_TEMPLATE_HEADERS: Final = 15  # headers beside a template

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html
MAX_TEMPLATE_HEADER: Final = 996  # name and value together
MAX_TEMPLATE_HEADER_VALUE: Final = 995

# https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html
MAX_RECIPIENTS_WITH_LIST: Final = 1
MAX_UNSUBSCRIBE_LINKS: Final = 2

# With List-Unsubscribe and angle brackets it is a header of MAX_TEMPLATE_HEADER characters.
MAX_UNSUBSCRIBE_URL: Final = MAX_TEMPLATE_HEADER - len("List-Unsubscribe<>")

# https://docs.aws.amazon.com/ses/latest/APIReference/API_ConfigurationSet.html
MAX_CONFIGURATION_SET: Final = 64

# The 256 characters of a message tag, and so of a send id, are in sesmail.tagging.TAG_WORD.

# No limit of SES, whose identity and template ARNs are far shorter.
MAX_ARN: Final = 2004


def check_recipient_count(count: int, field: str, instead: str) -> None:
    """Refuses more recipients than SES takes in one call."""
    if count > MAX_RECIPIENTS:
        raise InvalidMessageError(
            f"one call has at most {MAX_RECIPIENTS} recipients over to, cc and bcc, "
            f"this one has {count}; {instead}",
            field=field,
            limit=MAX_RECIPIENTS,
            actual=count,
        )


def check_part_count(count: int, field: str = "attachments") -> None:
    """Refuses a mail with more MIME parts than SES takes."""
    if count > MAX_PARTS:
        raise InvalidMessageError(
            f"a mail has at most {MAX_PARTS} parts, this one has {count}; send fewer attachments",
            field=field,
            limit=MAX_PARTS,
            actual=count,
        )


def check_mail_size(size: int, api: str, instead: str) -> None:
    """Refuses an encoded mail with more bytes than the API takes."""
    limit = MAX_BYTES[api]
    if size > limit:
        raise InvalidMessageError(
            f"the encoded mail has {size:,} bytes, and SES API {api} takes {limit:,}; {instead}",
            field="message",
            limit=limit,
            actual=size,
        )


def check_template_data(text: str, field: str) -> None:
    """Refuses template data that is longer, as JSON, than SES takes."""
    if len(text) > MAX_TEMPLATE_DATA:
        raise InvalidMessageError(
            f"template data has at most {MAX_TEMPLATE_DATA:,} characters as JSON, "
            f"this has {len(text):,}",
            field=field,
            limit=MAX_TEMPLATE_DATA,
            actual=len(text),
        )


def check_header_count(count: int, field: str) -> None:
    """Refuses more headers than SES takes beside a template."""
    if count > MAX_TEMPLATE_HEADERS:
        raise InvalidMessageError(
            f"beside a template a mail has at most {MAX_TEMPLATE_HEADERS} headers, "
            "those for tags, metadata, send_id and unsubscribe included; "
            f"this one has {count}",
            field=field,
            limit=MAX_TEMPLATE_HEADERS,
            actual=count,
        )


def check_header_value(name: str, value: str, field: str) -> None:
    """Refuses a header value that is empty, or longer than SES takes beside a template."""
    longest = min(MAX_TEMPLATE_HEADER_VALUE, MAX_TEMPLATE_HEADER - len(name))
    if not 1 <= len(value) <= longest:
        raise InvalidMessageError(
            f"beside a template the value of {name} has 1 to {longest} ASCII characters, "
            f"this one has {len(value)}",
            field=field,
            limit=longest,
            actual=len(value),
        )
