"""One-click unsubscribe, and unsubscribe links that SES writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator

from ...encoded_word import has_encoded_word
from ...errors import InvalidMessageError
from ...patterns import lazy_pattern
from ..limits import MAX_RECIPIENTS_WITH_LIST, MAX_UNSUBSCRIBE_LINKS, MAX_UNSUBSCRIBE_URL

__all__ = [
    "PLACEHOLDER",
    "UNSUBSCRIBE_TWICE",
    "UnsubscribeUrl",
    "check_list_recipients",
    "check_no_unsubscribe_headers",
    "check_placeholder",
    "unsubscribe_headers",
]

# Placeholder that SES replaces by the link of a contact list:
# https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html
PLACEHOLDER = "{{amazonSESUnsubscribeUrl}}"

UNSUBSCRIBE_TWICE = "unsubscribe writes it; give one of the two"

_URL = lazy_pattern(r"https://[^/?#@<>\"\\^`{|}]+(?:[/?#][^<>\"\\^`{|}]*)?", re.IGNORECASE)
_HEADERS = frozenset({"list-unsubscribe", "list-unsubscribe-post"})


def _check_url(url: str) -> str:
    if url[:7].lower() == "http://":
        raise ValueError("RFC 8058 requires https; the address has http")
    if not all("!" <= character <= "~" for character in url):
        raise ValueError(
            "the address has to be ASCII without spaces; percent-encode its path and query, "
            "and write its domain as Punycode"
        )
    if _URL.fullmatch(url) is None or has_encoded_word(url):
        raise ValueError(
            "write an absolute address such as https://example.com/unsubscribe/5f1d6a; "
            "percent-encode other characters"
        )
    if len(url) > MAX_UNSUBSCRIBE_URL:
        raise ValueError(f"the address has more than {MAX_UNSUBSCRIBE_URL} characters")
    return url


UnsubscribeUrl = Annotated[str, AfterValidator(_check_url)]


def unsubscribe_headers(url: str | None) -> list[tuple[str, str]]:
    """Returns the header fields of one-click unsubscribe, none without an address.

    https://www.rfc-editor.org/rfc/rfc8058#section-3.1
    """
    if url is None:
        return []
    return [
        ("List-Unsubscribe", f"<{url}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def check_no_unsubscribe_headers(headers: Mapping[str, str], field: str, instead: str) -> None:
    """Refuses header fields for unsubscribing that another field would replace or repeat.

    Raises:
        InvalidMessageError: ``headers`` has List-Unsubscribe or List-Unsubscribe-Post.
    """
    for name in headers:
        if name.lower() in _HEADERS:
            raise InvalidMessageError(f"the header {name} is given, too; {instead}", field=field)


def check_list_recipients(count: int) -> None:
    """Refuses a contact list with several recipients, where SES writes no unsubscribe link.

    https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html
    """
    if count > MAX_RECIPIENTS_WITH_LIST:
        raise InvalidMessageError(
            "SES writes unsubscribe links only into a mail with one recipient over to, cc and bcc, "
            f"this one has {count}; send each recipient a mail of their own",
            field="list_management",
            limit=MAX_RECIPIENTS_WITH_LIST,
            actual=count,
        )


def check_placeholder(bodies: Iterable[str | None]) -> None:
    """Refuses bodies without the place of the unsubscribe link, or with more than SES replaces.

    https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html
    """
    count = sum(body.count(PLACEHOLDER) for body in bodies if body is not None)
    if count == 0:
        raise InvalidMessageError(
            "SES writes its unsubscribe link and headers only if text or html has "
            f"{PLACEHOLDER}; add it",
            field="list_management",
        )
    if count > MAX_UNSUBSCRIBE_LINKS:
        raise InvalidMessageError(
            f"SES replaces {PLACEHOLDER} only {MAX_UNSUBSCRIBE_LINKS} times, text and html have it "
            f"{count} times",
            field="list_management",
            limit=MAX_UNSUBSCRIBE_LINKS,
            actual=count,
        )
