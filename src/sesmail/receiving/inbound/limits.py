"""Limits on how much of a received mail is parsed.

A mail can be made to exhaust its reader. These limits bound the work and the memory; whatever
exceeds one is named in the mail's ``defects``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "MAX_ADDRESS_TOKENS",
    "MAX_BOUNDARY",
    "MAX_BYTES",
    "MAX_CHARSET",
    "MAX_COMMENT_DEPTH",
    "MAX_CONTENT_ID",
    "MAX_CONVERTED",
    "MAX_DEPTH",
    "MAX_ESCAPED_URLS",
    "MAX_FALSE_DELIMITERS",
    "MAX_FIELD",
    "MAX_FIELDS",
    "MAX_FILE_EXTENSION",
    "MAX_FILE_NAME",
    "MAX_FLOWED_LINES",
    "MAX_FLOWED_TEXT",
    "MAX_HEADER",
    "MAX_HEADERS",
    "MAX_LAZY_HEADER",
    "MAX_META",
    "MAX_ODD_LINES",
    "MAX_PARTS",
    "MAX_REPAIRED_CHARACTERS",
    "MAX_REPAIRS",
    "MAX_REPLACED_ESCAPES",
    "MAX_REPORTED",
    "MAX_SEARCHED",
    "MAX_UTF_7_REPAIR",
    "Budget",
]

MAX_BYTES = 40 << 20
"""Bytes of a mail; SES receives 40 MB: https://docs.aws.amazon.com/ses/latest/dg/quotas.html"""

MAX_DEPTH = 20
"""Levels of multiparts and attached mails in each other."""

MAX_PARTS = 1000
"""Parts of a mail, those of attached mails included."""

MAX_HEADER = 1 << 20
"""Bytes of the header of one part."""

MAX_HEADERS = 2 << 20
"""Bytes of the headers of all parts together, those of attached mails included."""

MAX_FIELD = 1 << 16
"""Bytes of the value of one header field."""

MAX_FIELDS = 20_000
"""Header fields of all parts together."""

MAX_LAZY_HEADER = 1 << 16
"""Bytes of a header that ``MailHeaders.load`` leaves encoded: at worst, decoding takes 25 ms."""

MAX_ODD_LINES = 100
"""Lines in one header that aren't fields."""

MAX_ADDRESS_TOKENS = 20_000
"""Words and special characters of all address fields together; most mailboxes have two to five."""

MAX_BOUNDARY = 200
"""Bytes of a boundary. RFC 2046 allows 70: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1"""

MAX_FALSE_DELIMITERS = 20_000
"""Lines of all multiparts together that begin like a delimiter and aren't one."""

MAX_SEARCHED = 6 * MAX_BYTES
"""Bytes that are searched for delimiters; a multipart inside of another one is searched twice."""

MAX_CONTENT_ID = 998
"""Characters of a content id, as of a line: https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1"""

MAX_ESCAPED_URLS = 1000
"""URLs of content ids in HTML that are compared without their escape sequences."""

MAX_CONVERTED = 1 << 19
"""Characters of a body that are converted from plain text to HTML and back."""

MAX_FLOWED_LINES = 100_000
"""Lines of format=flowed that are joined; each takes about 1 us."""

MAX_FLOWED_TEXT = 4 << 20
"""Characters of one text in format=flowed of which lines are joined."""

MAX_CHARSET = 40
"""Characters of a charset's name: https://www.rfc-editor.org/rfc/rfc2978#section-2.3"""

MAX_REPAIRS = 100_000
"""Places in transfer encodings that are repaired one by one; each takes up to 1 us."""

MAX_REPORTED = 1000
"""Recipients of one report."""

MAX_REPLACED_ESCAPES = 1000
"""Invalid escape sequences in a chunk of ISO 2022 that are replaced one by one, which is slow."""

MAX_COMMENT_DEPTH = 8
"""Levels of nested comments in a field other than those of addresses."""

MAX_META = 4096
"""Bytes of HTML that are searched for a charset; browsers search 1,024:
https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding"""

MAX_UTF_7_REPAIR = 1 << 16
"""Bytes of malformed UTF-7 that are decoded as such, which is slow."""

MAX_REPAIRED_CHARACTERS = 5000
"""Characters in a chunk of East Asian text that are decoded one by one, which is slow."""

MAX_FILE_NAME = 255
"""Bytes of a safe file name in UTF-8: the limit of ext4, APFS and NTFS, which counts characters."""

MAX_FILE_EXTENSION = 20
"""Bytes of a file name's extension, with its dot, that shortening the name preserves."""


@dataclass(slots=True, eq=False, repr=False)
class Budget:
    """Remaining amounts of one mail, and of all the mails attached to it, that may be parsed.

    Attributes:
        parts: Parts.
        header_bytes: Bytes of headers.
        fields: Header fields.
        address_tokens: Words and special characters of address fields.
        false_delimiters: Lines that begin like a delimiter and aren't one.
        searched_bytes: Bytes of multiparts that are searched for delimiters.
        converted: Characters of bodies that are converted between plain text and HTML.
        flowed_lines: Lines of format=flowed.
        repairs: Places in transfer encodings that are repaired one by one.
    """

    parts: int = MAX_PARTS
    header_bytes: int = MAX_HEADERS
    fields: int = MAX_FIELDS
    address_tokens: int = MAX_ADDRESS_TOKENS
    false_delimiters: int = MAX_FALSE_DELIMITERS
    searched_bytes: int = MAX_SEARCHED
    converted: int = MAX_CONVERTED
    flowed_lines: int = MAX_FLOWED_LINES
    repairs: int = MAX_REPAIRS
