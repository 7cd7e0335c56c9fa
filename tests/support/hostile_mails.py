"""Mails that are malformed, oversized or misleading on purpose."""

from base64 import b64encode
from collections.abc import Callable

from sesmail.receiving.inbound.base_64 import BAD_BASE64
from sesmail.receiving.inbound.body_text import TOO_LARGE_TO_CONVERT
from sesmail.receiving.inbound.charsets import BAD_TEXT, UNKNOWN_CHARSET
from sesmail.receiving.inbound.contents import DUPLICATE_ID
from sesmail.receiving.inbound.date import BAD_DATE
from sesmail.receiving.inbound.delimiters import NOT_CLOSED, TOO_MANY_DELIMITERS, TOO_MANY_LEVELS
from sesmail.receiving.inbound.flowed import TOO_MANY_LINES
from sesmail.receiving.inbound.header import (
    BAD_WORD,
    CONTROLS,
    EIGHT_BIT,
    FIELD_TOO_LARGE,
    HEADERS_TOO_LARGE,
    ODD_LINE,
    REPEATED,
    TOO_MANY_FIELDS,
)
from sesmail.receiving.inbound.mailbox import BAD_MAILBOX, TOO_MANY_ADDRESSES
from sesmail.receiving.inbound.parameters import BAD_PARAMETER
from sesmail.receiving.inbound.parts import (
    BAD_CONTENT_TYPE,
    ENCODED_TWICE,
    HEADER_TOO_LARGE,
    NO_BOUNDARY,
    NO_HEADER,
    NO_SEPARATOR,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY_PARTS,
)
from sesmail.receiving.inbound.report import TOO_MANY_RECIPIENTS
from sesmail.receiving.inbound.transfer_encoding import (
    BAD_QUOTED_PRINTABLE,
    UNKNOWN_ENCODING,
)
from sesmail.receiving.inbound.uuencode import BAD_UUENCODE

MIB = 1 << 20


def header(name: str, value: bytes, body: bytes = b"body") -> bytes:
    return b"From: a@b.example\r\n" + name.encode() + b": " + value + b"\r\n\r\n" + body


def text(charset: bytes, body: bytes, encoding: bytes = b"8bit") -> bytes:
    return (
        b"Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n"
        % (charset, encoding)
    ) + body


def multipart(
    *parts: bytes, boundary: bytes = b"b", kind: bytes = b"mixed", close: bool = True
) -> bytes:
    head = b'Content-Type: multipart/%s; boundary="%s"\r\n' % (kind, boundary)
    delimiter = b"\r\n--%s\r\n" % boundary
    lines = [piece for part in parts for piece in (delimiter, part)]
    return b"".join([head, *lines, b"\r\n--%s--\r\n" % boundary if close else b""])


def nested(depth: int, boundary: Callable[[int], bytes], inner: bytes = b"\r\nhello") -> bytes:
    """Return nested multiparts around an inner part, which may be large."""
    heads, tails = [], []
    for level in range(depth):
        head, tail = multipart(b"\0", boundary=boundary(level)).split(b"\0")
        heads.append(head)
        tails.append(tail)
    return b"".join([*reversed(heads), inner, *tails])


def opened(depth: int) -> bytes:
    """Return nested multiparts without closing delimiters."""
    return b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(depth)
    )


def attached(
    depth: int, inner: bytes = b"Subject: in\r\n\r\nhello", encoding: bytes = b"7bit"
) -> bytes:
    """Return a mail with attached mails, nested to a depth."""
    head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %s\r\n\r\n" % encoding
    if encoding != b"base64":
        return b"".join([head * depth, inner])
    for _ in range(depth):
        inner = head + b64encode(inner)
    return inner


def named(parameter: bytes) -> bytes:
    return multipart(
        b"\r\ntext",
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; %s\r\n\r\nx"
        % parameter,
    )


def continued(count: int, step: int = 1) -> bytes:
    pieces = b";\r\n ".join(b"filename*%d*=%%41%%42" % (number * step) for number in range(count))
    return named(pieces)


CONTINUATIONS = b"".join(b"; a*%d*=%%41" % number for number in range(3_500))


def mails_to(addresses: bytes, count: int = 9) -> bytes:
    """Return a multipart of attached mails, each with 16 address fields of almost 64 KiB."""
    field = b"To: " + addresses * (60_000 // len(addresses)) + b"\r\n"
    return multipart(*[b"Content-Type: message/rfc822\r\n\r\n" + field * 16 + b"\r\nx"] * count)


HTML = b"Content-Type: text/html\r\n\r\n<p>"
STATUS = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\n\n%s"

# A function that builds the mail, and the expected defect or None, by name.
HOSTILE_MAILS: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "empty mail": (lambda: b"", None),
    "one line break": (lambda: b"\n", None),
    "one NUL": (lambda: b"\0", NO_HEADER),
    "single colon": (lambda: b":", NO_HEADER),
    "only NULs": (lambda: b"\0" * MIB, NO_HEADER),
    "every byte": (lambda: bytes(range(256)) * 100, NO_HEADER),
    "no header": (lambda: b"just some words\r\nand more\r\n", NO_HEADER),
    "no separator": (lambda: b"Subject: x\r\nTo: a@b.example", NO_SEPARATOR),
    "first line folded": (lambda: b" folded\r\nSubject: x\r\n\r\nbody", NO_HEADER),
    "mbox line": (
        lambda: b"From a@b.example Mon Jan  1 00:00:00 2024\r\nSubject: x\r\n\r\nbody",
        None,
    ),
    "bare CR instead of line breaks": (lambda: b"Subject: x\rTo: a@b.example\r\rbody", CONTROLS),
    "bare CR and LF mixed": (lambda: b"Subject: a\rb\nTo: x\r\r\n\n\rbody\r\n\r", CONTROLS),
    "LF CR": (lambda: b"Subject: x\n\rTo: y\n\r\n\rbody", NO_SEPARATOR),
    "text instead of the empty line after the header": (
        lambda: b"Subject: x\r\nHello\r\n\r\nmore\r\n",
        NO_SEPARATOR,
    ),
    "two From fields": (lambda: header("From", b"c@d.example"), REPEATED),
    "garbage between fields": (
        lambda: b"Subject: x\r\ngarbage\r\nTo: a@b.example\r\n\r\nbody",
        ODD_LINE,
    ),
    "header of 10 MB": (lambda: header("Subject", b"x" * (10 * MIB)), HEADER_TOO_LARGE),
    "folded header of 10 MB": (
        lambda: header("Subject", b"x\r\n " * (5 * MIB // 2)),
        HEADER_TOO_LARGE,
    ),
    "header of 10 MB in short fields": (
        lambda: b"a:\n" * (10 * MIB // 3) + b"\nbody",
        TOO_MANY_FIELDS,
    ),
    "40 MB of header, no body": (lambda: b"a: b\n" * (40 * MIB // 5), TOO_MANY_FIELDS),
    "40 MB in a line of mbox": (lambda: b"From " + b"x" * (40 * MIB - 5), NO_HEADER),
    "40 MB in one line": (lambda: b"x" * (40 * MIB), NO_HEADER),
    "40 MB of folds": (lambda: b"a: b" + b"\n " * (20 * MIB - 8), HEADER_TOO_LARGE),
    "field of 100 kB": (lambda: header("Subject", b"y" * 100_000), FIELD_TOO_LARGE),
    "64,000 encoded-words": (
        lambda: header("Subject", b" ".join([b"=?utf-8?b?w6Q=?="] * 64_000)),
        HEADER_TOO_LARGE,
    ),
    "60 kB of encoded-words": (lambda: header("Subject", b"=?utf-8?q?=C3=A4?=" * 3_400), None),
    "unterminated encoded-words": (lambda: header("Subject", b"=?utf-8?q?" * 6_000), None),
    "encoded-words without charset and encoding": (lambda: header("Subject", b"=?" * 30_000), None),
    "encoded-word of 60 kB of question marks": (
        lambda: header("Subject", b"=?a?q?" + b"?" * 60_000),
        None,
    ),
    "encoded-word with line breaks": (
        lambda: header("Subject", b"=?utf-8?q?a=0D=0ABcc:_x@y?="),
        CONTROLS,
    ),
    "encoded-word with NUL": (lambda: header("Subject", b"=?utf-8?b?AAAA?="), CONTROLS),
    "encoded-word with bad base64": (lambda: header("Subject", b"=?utf-8?b?a*?="), BAD_WORD),
    "encoded-word in unknown charset": (
        lambda: header("Subject", b"=?no-such?q?=FF?="),
        UNKNOWN_CHARSET,
    ),
    "encoded-word in malformed utf-7": (lambda: header("Subject", b"=?utf-7?q?+2AA-?="), BAD_TEXT),
    "encoded-word in utf-7 with line breaks": (
        lambda: header("Subject", b"=?utf-7?q?+AA0ACg-Bcc:_x@y?="),
        CONTROLS,
    ),
    "encoded-word in idna": (lambda: header("Subject", b"=?idna?q?xn--a?="), UNKNOWN_CHARSET),
    "encoded-word invalid in its charset": (
        lambda: header("Subject", b"=?utf-8?q?=FF=FE?="),
        BAD_TEXT,
    ),
    "8-bit header": (lambda: header("Subject", b"Gr\xfc\xdfe"), EIGHT_BIT),
    "surrogates in UTF-8": (lambda: header("Subject", b"\xed\xa0\x80\xed\xb0\x80"), EIGHT_BIT),
    "bad date": (lambda: header("Date", b"Mon, 99 Foo 99999 99:99:99 +9999"), BAD_DATE),
    "date out of range": (lambda: header("Date", b"Mon, 31 Feb 2024 25:61:61 +9999"), BAD_DATE),
    "date of digits": (lambda: header("Date", b"1" * 60_000), BAD_DATE),
    "date of spaces": (lambda: header("Date", b"1" + b" " * 60_000 + b"Jan"), BAD_DATE),
    "unterminated quoted address": (lambda: header("To", b'"' + b"a\\" * 30_000), BAD_MAILBOX),
    "addresses without at sign": (
        lambda: header("To", b"a " * 10_000 + b"a" * 40_000),
        BAD_MAILBOX,
    ),
    "60,000 angle brackets": (lambda: header("To", b"<" * 60_000), TOO_MANY_ADDRESSES),
    "30,000 angle brackets and quotes": (lambda: header("To", b'<"' * 30_000), TOO_MANY_ADDRESSES),
    "13,000 angle brackets, comments and quotes": (
        lambda: header("To", b'<(\\")' * 13_000),
        TOO_MANY_ADDRESSES,
    ),
    "60,000 nested comments": (lambda: header("To", b"(" * 60_000), None),
    "30,000 comments": (lambda: header("To", b"a@b.example" + b"()" * 30_000), TOO_MANY_ADDRESSES),
    "60,000 colons after an at sign": (
        lambda: header("To", b"@" + b":" * 60_000),
        TOO_MANY_ADDRESSES,
    ),
    "20,000 groups": (lambda: header("To", b"a:;" * 20_000), TOO_MANY_ADDRESSES),
    "60,000 commas": (lambda: header("To", b"," * 60_000), TOO_MANY_ADDRESSES),
    "20,000 mailboxes": (lambda: header("To", b"a@b," * 16_000), TOO_MANY_ADDRESSES),
    "two addresses in one": (
        lambda: header("From", b"<good@example.com> <evil@example.com>"),
        BAD_MAILBOX,
    ),
    "content type without subtype": (lambda: header("Content-Type", b"text"), BAD_CONTENT_TYPE),
    "content type of garbage": (
        lambda: header("Content-Type", b"/;=;;;\"\"'*0*=''%"),
        BAD_CONTENT_TYPE,
    ),
    "content type with 20,000 parameters": (
        lambda: header("Content-Type", b"text/plain" + b";a=b" * 15_000),
        None,
    ),
    "unterminated parameter": (
        lambda: header("Content-Type", b'text/plain; charset="' + b"\\a" * 30_000),
        BAD_PARAMETER,
    ),
    "boundary missing": (
        lambda: header("Content-Type", b"multipart/mixed", b"--\r\n\r\nx\r\n----"),
        NO_BOUNDARY,
    ),
    "boundary empty": (
        lambda: header("Content-Type", b'multipart/mixed; boundary=""', b"--\r\n\r\nx\r\n----"),
        NO_BOUNDARY,
    ),
    "boundary of 60 kB": (
        lambda: header(
            "Content-Type", b"multipart/mixed; boundary=" + b"b" * 60_000, b"--" + b"b" * 60_000
        ),
        NO_BOUNDARY,
    ),
    "boundary never used": (
        lambda: header("Content-Type", b"multipart/mixed; boundary=b"),
        NO_BOUNDARY,
    ),
    "boundary of another charset": (
        lambda: header("Content-Type", b"multipart/mixed; boundary=\xff", b"--\xff\r\n"),
        NO_BOUNDARY,
    ),
    "only the closing delimiter": (
        lambda: header("Content-Type", b"multipart/mixed; boundary=b", b"--b--"),
        NO_BOUNDARY,
    ),
    "no closing delimiter": (lambda: multipart(b"\r\nx", close=False), NOT_CLOSED),
    "parts without content": (lambda: multipart(*[b""] * 500), None),
    "parts without a header": (lambda: multipart(b"words\r\nand words"), NO_HEADER),
    "100,000 parts": (lambda: multipart(*[b"\r\nx"] * 100_000), TOO_MANY_PARTS),
    "200 parts of 40 kB of parameters": (
        lambda: multipart(*[b"Content-Type: text/plain; " + b"a=b; " * 8_000 + b"\r\n\r\nx"] * 200),
        HEADERS_TOO_LARGE,
    ),
    "200 parts of 40 kB of continuations": (
        lambda: multipart(*[b"Content-Type: text/plain" + CONTINUATIONS + b"\r\n\r\nx"] * 200),
        HEADERS_TOO_LARGE,
    ),
    "200 parts of 40 kB of encoded-words": (
        lambda: multipart(
            *[b'Content-Type: text/plain; name="' + b"=?utf-8?q?=C3=A4?= " * 2_200 + b'"\r\n\r\nx']
            * 200
        ),
        HEADERS_TOO_LARGE,
    ),
    "9 attached mails to 1 MB of mailboxes": (lambda: mails_to(b"a@b,"), TOO_MANY_ADDRESSES),
    "9 attached mails to 1 MB of comments": (lambda: mails_to(b"()"), TOO_MANY_ADDRESSES),
    "9 attached mails to 1 MB of comments in comments": (
        lambda: mails_to(b"((\\))"),
        HEADERS_TOO_LARGE,
    ),
    "9 attached mails to 1 MB of encoded-words": (
        lambda: mails_to(b"=?utf-8?q?=C3=A4?=,"),
        TOO_MANY_ADDRESSES,
    ),
    "900 parts in 10 multiparts": (
        lambda: multipart(*[multipart(*[b"\r\nx"] * 90, boundary=b"c")] * 10),
        None,
    ),
    "500,000 lines that almost are delimiters": (
        lambda: multipart(b"\r\n" + b"--b-\n" * 500_000),
        TOO_MANY_DELIMITERS,
    ),
    "40 MB of lines that almost are delimiters in 19 multiparts": (
        lambda: nested(
            19,
            lambda level: b"-" * (40 + level),
            b"\r\n" + (b"-" * 39 + b"x\n") * (40 * MIB // 41 - 200),
        ),
        TOO_MANY_LEVELS,
    ),
    "40 MB in 19 multiparts": (
        lambda: nested(19, lambda level: b"b%d" % level, b"\r\n" + b"x" * (40 * MIB - 10_000)),
        TOO_MANY_LEVELS,
    ),
    "40 MB of dashes in 19 multiparts": (
        lambda: nested(19, lambda level: b"b%d" % level, b"\r\n" + b"-" * (40 * MIB - 10_000)),
        TOO_MANY_LEVELS,
    ),
    "12 MB in 19 multiparts": (
        lambda: nested(19, lambda level: b"b%d" % level, b"\r\n" + b"x" * (12 * MIB)),
        None,
    ),
    "depth 900": (lambda: nested(900, lambda level: b"b%d" % level), TOO_DEEP),
    "depth 3,000, none closed": (lambda: opened(3_000), TOO_DEEP),
    "50 nested multiparts with one boundary": (lambda: nested(50, lambda _: b"b"), NO_BOUNDARY),
    "boundaries with a common prefix": (
        lambda: nested(19, lambda level: b"b" * (20 - level)),
        None,
    ),
    "boundaries with a common suffix": (lambda: nested(19, lambda level: b"b" * (level + 1)), None),
    "boundary that equals a closing delimiter": (
        lambda: nested(2, lambda level: b"b" + b"--" * level),
        NOT_CLOSED,
    ),
    "spaces after a boundary": (
        lambda: multipart(b"\r\nx").replace(b"--b\r\n", b"--b" + b" \t" * 400 + b"\r\n"),
        None,
    ),
    "100,000 spaces after a boundary": (
        lambda: multipart(b"\r\nx").replace(b"--b\r\n", b"--b" + b" \t" * 50_000 + b"\r\n"),
        NO_BOUNDARY,
    ),
    "1,000 attached mails": (lambda: attached(1_000), TOO_DEEP),
    "nested attached mails in base64": (
        lambda: attached(8, encoding=b"base64"),
        ENCODED_TWICE,
    ),
    "attached mail of 39 MB, 19 deep": (
        lambda: attached(19, b"Subject: in\r\n\r\n" + b"x" * (39 * MIB)),
        None,
    ),
    "1,000 attached mails side by side": (
        lambda: multipart(*[b"\r\nSubject: digest\r\n\r\nx"] * 2_000, kind=b"digest"),
        TOO_MANY_PARTS,
    ),
    "multipart in base64": (
        lambda: header(
            "Content-Transfer-Encoding",
            b"base64\r\nContent-Type: multipart/mixed; boundary=b",
            b64encode(multipart(b"\r\nx")),
        ),
        NO_BOUNDARY,
    ),
    **{
        f"charset {charset}": (
            lambda charset=charset: text(
                charset.encode(), b"+AGEAYg- \\x41 xn--a \x01\x80\xff", b"8bit"
            ),
            UNKNOWN_CHARSET,
        )
        for charset in (
            "idna",
            "punycode",
            "unicode_escape",
            "raw_unicode_escape",
            "undefined",
            "hex",
            "rot13",
            "zlib",
            "bz2",
            "base64",
            "uu",
            "quopri",
            "mbcs",
            "oem",
            "charmap",
            "../../etc/passwd",
            "x" * 50_000,
            "\u0131so-8859-1",
            "..",
        )
    },
    # Contents are decoded in chunks of 1 MiB: a few chunks show the growth as well as 40 would.
    "8 MB that isn't cp1252": (lambda: text(b"cp1252", b"\x81" * (8 * MIB)), BAD_TEXT),
    "8 MB that isn't UTF-8": (lambda: text(b"utf-8", b"\xff" * (8 * MIB)), BAD_TEXT),
    "8 MB that isn't UTF-16": (lambda: text(b"utf-16-le", b"\0\xd8" * (4 * MIB)), BAD_TEXT),
    "8 MB that isn't ASCII": (lambda: text(b"us-ascii", b"\xe9" * (8 * MIB)), BAD_TEXT),
    "8 MB that isn't Big5": (lambda: text(b"big5", b"\xff" * (8 * MIB)), BAD_TEXT),
    "8 MB that isn't GB 2312": (lambda: text(b"gb2312", b"\xff" * (8 * MIB)), BAD_TEXT),
    "8 MB that isn't ISO-2022-JP": (
        lambda: text(b"iso-2022-jp", b"\x1b$B\xff" * (2 * MIB)),
        BAD_TEXT,
    ),
    "ISO-2022-JP with an unterminated escape": (
        lambda: text(b"iso-2022-jp", b"a" * (MIB - 12) + b"\x1b$" + b"a" * 30),
        BAD_TEXT,
    ),
    "8 MB of escapes": (lambda: text(b"iso-2022-kr", b"\x1b$" * (4 * MIB)), BAD_TEXT),
    "8 MB of UTF-16 without byte order mark": (lambda: text(b"utf-16", b"a\0" * (4 * MIB)), None),
    "UTF-16 of an odd length": (lambda: text(b"utf-16", b"a\0b"), BAD_TEXT),
    "base64 of one character": (lambda: text(b"utf-8", b"a", b"base64"), BAD_BASE64),
    "base64 without padding": (lambda: text(b"utf-8", b"aGVsbG8", b"base64"), BAD_BASE64),
    "base64 with words after its padding": (
        lambda: text(b"utf-8", b"aGVsbG8=\r\n-- \r\nlist footer", b"base64"),
        BAD_BASE64,
    ),
    "base64 of garbage": (lambda: text(b"utf-8", bytes(range(256)) * 4_000, b"base64"), BAD_BASE64),
    "40 MB of padding": (lambda: text(b"utf-8", b"=" * (39 * MIB), b"base64"), None),
    "8 MB of line breaks after one letter": (
        lambda: text(b"utf-8", b"a" + b"\n" * (8 * MIB), b"base64"),
        BAD_BASE64,
    ),
    "40 MB of single letters with padding": (
        lambda: text(b"utf-8", b"a=" * (39 * MIB // 2), b"base64"),
        BAD_BASE64,
    ),
    "quoted-printable of garbage": (
        lambda: text(b"utf-8", b"=ZZ=\r=3=\0==" * 10_000, b"quoted-printable"),
        BAD_QUOTED_PRINTABLE,
    ),
    "40 MB of equals signs": (
        lambda: text(b"utf-8", b"=" * (39 * MIB), b"quoted-printable"),
        BAD_QUOTED_PRINTABLE,
    ),
    "8 MB of short blocks of base64": (
        lambda: text(b"utf-8", b"YQ==" * (2 * MIB), b"base64"),
        BAD_BASE64,
    ),
    "8 MB of lines with padding": (
        lambda: text(b"utf-8", b"YWI=\n" * (8 * MIB // 5), b"base64"),
        BAD_BASE64,
    ),
    "40 MB of words after padding": (
        lambda: text(b"utf-8", b"YWI=" + b"\nwords" * (6 * MIB), b"base64"),
        BAD_BASE64,
    ),
    "20 MB of one block after another": (
        lambda: text(b"utf-8", b"YWI=" + b"YWJj" * (5 * MIB), b"base64"),
        BAD_BASE64,
    ),
    "8 MB of blanks at the end of lines": (
        lambda: text(b"utf-8", b" \n" * (4 * MIB), b"quoted-printable"),
        None,
    ),
    "40 MB of blanks": (lambda: text(b"utf-8", b" " * (39 * MIB), b"quoted-printable"), None),
    "40 MB of blanks, then a line break": (
        lambda: text(b"utf-8", b" \t" * (19 * MIB) + b"\n", b"quoted-printable"),
        None,
    ),
    "8 MB of soft line breaks with blanks": (
        lambda: text(b"utf-8", b"= \n" * (8 * MIB // 3), b"quoted-printable"),
        BAD_QUOTED_PRINTABLE,
    ),
    "40 MB of short lines in uuencode": (
        lambda: text(b"utf-8", b"begin 644 x\n" + b"!\n" * (19 * MIB), b"x-uuencode"),
        BAD_UUENCODE,
    ),
    "40 MB in one line of uuencode": (
        lambda: text(b"utf-8", b"begin 644 x\n" + b"M" * (39 * MIB), b"x-uuencode"),
        BAD_UUENCODE,
    ),
    "40 MB of lines that begin a file in uuencode": (
        lambda: text(b"utf-8", b"begin 64\n" * (4 * MIB), b"x-uuencode"),
        BAD_UUENCODE,
    ),
    "40 MB of flowed lines": (
        lambda: text(b"utf-8; format=flowed", b" \n" * (19 * MIB)),
        TOO_MANY_LINES,
    ),
    "40 MB of quote marks": (
        lambda: text(b"utf-8; format=flowed", b" \n" + b">" * (39 * MIB)),
        TOO_MANY_LINES,
    ),
    "4 MB of quote marks": (
        lambda: text(b"utf-8; format=flowed", b" \n" + b">" * (4 * MIB - 2)),
        None,
    ),
    "one paragraph of 90,000 flowed lines": (
        lambda: text(b"utf-8; format=flowed; delsp=yes", b"words \n" * 90_000),
        None,
    ),
    "900 flowed texts": (
        lambda: multipart(*[text(b"utf-8; format=flowed", b" \n" * 2_000)] * 900),
        TOO_MANY_LINES,
    ),
    "40 MB of text beside html": (
        lambda: multipart(text(b"utf-8", b"&\n" * (19 * MIB)), HTML),
        TOO_LARGE_TO_CONVERT,
    ),
    "500 texts beside html": (
        lambda: multipart(*[text(b"utf-8", b"&\n" * 4_000)] * 500, HTML),
        TOO_LARGE_TO_CONVERT,
    ),
    **{
        f"500 kB of {unit!r} in html beside text": (
            lambda unit=unit: multipart(b"\r\nwords", HTML + unit * (500_000 // len(unit))),
            None,
        )
        for unit in (b"<", b"<script>", b"<!--", b"<b>", b"</p>", b"&lt;", b"\n ", b"<!---->", b"&")
    },
    "8 MB of URLs of content ids": (
        lambda: multipart(
            HTML + b"cid:%41 " * MIB,
            b"Content-Type: image/png\r\nContent-ID: <A (1)>\r\n\r\nx",
        ),
        None,
    ),
    "1 MB of blanks before the first field": (
        lambda: b" " * MIB + b"\r\nSubject: x\r\n\r\nbody",
        NO_HEADER,
    ),
    "1 MB of blanks in the middle of the header": (
        lambda: b"a: b\r\n" + b" " * MIB + b"\r\nSubject: x\r\n\r\nbody",
        HEADER_TOO_LARGE,
    ),
    "10,000 lines of blanks before the first field": (
        lambda: b" \r\n" * 10_000 + b"Subject: x\r\n\r\nbody",
        NO_HEADER,
    ),
    "1 MB of lines of an mbox file in the header": (
        lambda: b"a: b\n" + b"From x\n" * 140_000 + b"Subject: x\n\nbody",
        NO_SEPARATOR,
    ),
    "1 MB of byte order marks in the header": (
        lambda: b"a: b\n" + b"\xef\xbb\xbf" * 340_000 + b"Subject: x\n\nbody",
        NO_SEPARATOR,
    ),
    "300 headers of odd lines": (
        lambda: multipart(*[b"a: b\n" + b"words\n" * 1_000 + b"To: c\n\nx"] * 300),
        NO_SEPARATOR,
    ),
    "90 odd lines of 10 kB": (
        lambda: b"a: b\n" + (b"x" * 10_000 + b"\n") * 90 + b"To: c\n\nx",
        ODD_LINE,
    ),
    "10,000 closing delimiters": (
        lambda: multipart(b"\r\nx") + b"\r\n--b--" * 10_000,
        None,
    ),
    "40 MB of closing delimiters": (
        lambda: multipart(b"\r\nx") + b"\n--b--" * (6 * MIB),
        TOO_MANY_DELIMITERS,
    ),
    "40 MB of delimiters after the closing one": (
        lambda: multipart(b"\r\nx") + b"\n--b" * (9 * MIB),
        TOO_MANY_DELIMITERS,
    ),
    "40 MB of delimiters in succession": (
        lambda: multipart(b"\r\nx", close=False) + b"\n--b" * (9 * MIB) + b"\n",
        TOO_MANY_DELIMITERS,
    ),
    "header of 20,000 lines before a delimiter": (
        lambda: b"From: a@b.example\n" + b"x\n" * 20_000 + b"--b\n\nx",
        NO_SEPARATOR,
    ),
    "5,000 parts after the closing delimiter": (
        lambda: multipart(b"\r\nx") + b"\n--b\n\nx" * 5_000,
        TOO_MANY_PARTS,
    ),
    "alternatives 19 deep": (
        lambda: nested(19, lambda level: b"b%d" % level, b"\r\nx").replace(
            b"mixed", b"alternative"
        ),
        None,
    ),
    "related 19 deep": (
        lambda: nested(19, lambda level: b"b%d" % level, b"\r\nx").replace(b"mixed", b"related"),
        None,
    ),
    "900 alternatives": (lambda: multipart(*[b"\r\nx"] * 900, kind=b"alternative"), None),
    "18 nested reports": (lambda: attached(18, STATUS % b"Status: 5.1.1"), None),
    "report of 100,000 recipients": (
        lambda: STATUS % (b"Final-Recipient: rfc822; a@b.example\n\n" * 100_000),
        TOO_MANY_RECIPIENTS,
    ),
    "report of 40 MB of empty lines": (lambda: STATUS % (b"\n" * (39 * MIB)), None),
    "report of 1 MB of blanks": (lambda: STATUS % (b"\n" + b" \r" * MIB), None),
    "500 reports": (
        lambda: multipart(*[STATUS % (b"Final-Recipient: a\n\n" * 50)] * 500),
        None,
    ),
    "unknown transfer encoding": (
        lambda: text(b"utf-8", b"x", b"x-unknown"),
        UNKNOWN_ENCODING,
    ),
    "file name with slashes": (lambda: named(b'filename="../../../etc/passwd"'), None),
    "file name with backslashes": (lambda: named(b'filename="..\\..\\windows\\system.ini"'), None),
    "file name with NUL": (lambda: named(b"filename*=utf-8''a%00.exe%0d%0a"), None),
    "file name with right-to-left override": (
        lambda: named(b"filename*=utf-8''invoice%E2%80%AEfdp.exe"),
        None,
    ),
    "file name of a Windows device": (lambda: named(b"filename=CON.txt"), None),
    "file name of dots": (lambda: named(b'filename=".."'), None),
    "file name of combining marks": (
        lambda: named(b"filename*=utf-8''" + b"%CC%95%CC%80" * 5_000),
        None,
    ),
    "file name in unknown charset": (lambda: named(b"filename*=no-such''%FF"), BAD_PARAMETER),
    "file name with unterminated quote": (lambda: named(b'filename="a.pdf'), BAD_PARAMETER),
    "10,000 continuations": (lambda: continued(10_000), FIELD_TOO_LARGE),
    "2,500 continuations": (lambda: continued(2_500), None),
    "continuations with gaps": (lambda: continued(1_000, step=2), BAD_PARAMETER),
    "continuation with a number of 5,000 digits": (
        lambda: named(b"filename*" + b"9" * 5_000 + b"=x"),
        None,
    ),
    "continuations without the first one": (
        lambda: named(b"filename*1=a; filename*2=b"),
        BAD_PARAMETER,
    ),
    "file name of 50,000 percent signs": (
        lambda: named(b"filename*=utf-8''" + b"%" * 50_000),
        None,
    ),
    DUPLICATE_ID: (
        lambda: multipart(*[b"Content-Type: image/png\r\nContent-ID: <a>\r\n\r\nx"] * 2),
        DUPLICATE_ID,
    ),
    "more than 40 MiB": (lambda: header("Subject", b"x", b"x" * (40 * MIB + 1)), TOO_LARGE),
}
