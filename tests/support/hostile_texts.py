"""Mails with text, names, addresses and dates that are slow for a lenient reader, on purpose."""

from collections.abc import Callable

from sesmail.receiving.inbound.charsets import BAD_TEXT, NO_CHARSET, UNKNOWN_CHARSET
from sesmail.receiving.inbound.date import BAD_DATE, NO_ZONE
from sesmail.receiving.inbound.header import BAD_WORD, CONTROLS, EIGHT_BIT
from sesmail.receiving.inbound.mailbox import BAD_MAILBOX, TOO_MANY_ADDRESSES
from sesmail.receiving.inbound.parameters import BAD_PARAMETER

from .hostile_mails import MIB, header, named, text

KIB_60 = 60_000


def filled(unit: bytes, size: int = KIB_60) -> bytes:
    return unit * (size // len(unit))


def html(body: bytes) -> bytes:
    return b"Content-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body


def undeclared(body: bytes) -> bytes:
    return b"Subject: s\r\n\r\n" + body


# A function that builds the mail, and the expected defect or None, by name.
HOSTILE_TEXTS: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "8 MB of NEC's characters in EUC-JP": (
        lambda: text(b"euc-jp", filled(b"\xad\xa1", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of NEC's characters in ISO-2022-JP": (
        lambda: text(b"iso-2022-jp", b"\x1b$B" + filled(b"-!", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of one NEC's character after each escape": (
        lambda: text(b"iso-2022-jp", filled(b"\x1b$B-!\x1b(B", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of unknown characters in EUC-JP": (
        lambda: text(b"euc-jp", filled(b"\xa9\xa1", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of unknown characters of three bytes": (
        lambda: text(b"euc-jp", filled(b"\x8f\xff\xa1", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of unknown characters in Shift JIS": (
        lambda: text(b"shift_jis", filled(b"\xfc\xfc", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of unknown characters in EUC-KR": (
        lambda: text(b"euc-kr", filled(b"\xc9\xa1", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of euro signs of GBK": (lambda: text(b"gbk", filled(b"\x80", 8 * MIB)), BAD_TEXT),
    "8 MB in one run of UTF-7": (
        lambda: text(b"utf-7", b"+" + filled(b"A", 8 * MIB)),
        BAD_TEXT,
    ),
    "8 MB of short runs of UTF-7": (lambda: text(b"utf-7", filled(b"+AOQ-", 8 * MIB)), None),
    "8 MB of malformed UTF-7": (lambda: text(b"utf-7", filled(b"+\xff", 8 * MIB)), BAD_TEXT),
    "8 MB of surrogates in UTF-7": (lambda: text(b"utf-7", filled(b"+2AA-", 8 * MIB)), BAD_TEXT),
    "script in UTF-7": (lambda: text(b"utf-7", b"+ADw-script+AD4-"), None),
    "UTF-7 that isn't declared": (lambda: html(b"+ADw-script+AD4-"), None),
    "UTF-7 that HTML declares": (
        lambda: html(b"<meta charset=utf-7>+ADw-script+AD4-\xff"),
        NO_CHARSET,
    ),
    "8 MB of 8-bit text without a charset": (
        lambda: undeclared(filled(b"\xe4", 8 * MIB)),
        NO_CHARSET,
    ),
    "8 MB of UTF-8 with one error": (
        lambda: undeclared(filled("ä".encode(), 8 * MIB) + b"\xff"),
        NO_CHARSET,
    ),
    "8 MB of meta elements": (lambda: html(filled(b"<meta ", 8 * MIB) + b"\xff"), NO_CHARSET),
    "4 KB of spaces in a meta element": (
        lambda: html(b"<meta charset" + filled(b" ", 4000) + b"\xff"),
        NO_CHARSET,
    ),
    "HTML that declares a codec": (lambda: html(b"<meta charset=zlib>\xff"), NO_CHARSET),
    "HTML that declares an endless charset": (
        lambda: html(b"<meta charset=" + b"x" * MIB + b">\xff"),
        NO_CHARSET,
    ),
    "charset of blanks": (lambda: text(b'" "', b"\xff"), NO_CHARSET),
    "charset of 60 kB of zeros": (lambda: text(filled(b"0"), b"\xff"), UNKNOWN_CHARSET),
    "charset of 60 kB of quotes": (lambda: text(filled(b"'"), b"\xff"), UNKNOWN_CHARSET),
    "60 kB of 8-bit encoded-words": (
        lambda: header("Subject", filled(b"=?koi8-r?q?\xf0\xd2?= ")),
        EIGHT_BIT,
    ),
    "60 kB in an 8-bit encoded-word": (
        lambda: header("Subject", b"=?koi8-r?q?" + filled(b"\xf0") + b"?="),
        EIGHT_BIT,
    ),
    "60 kB of open 8-bit encoded-words": (
        lambda: header("Subject", filled(b"=?a?q?\xff")),
        EIGHT_BIT,
    ),
    "60 kB of base64 cut into words": (
        lambda: header("Subject", filled(b"=?utf-8?b?w6T?= ")),
        BAD_TEXT,
    ),
    "60 kB of words with one letter": (
        lambda: header("Subject", filled(b"=?utf-8?b?w?= =?utf-8?q?a?= ")),
        BAD_WORD,
    ),
    "line breaks in UTF-7 in a name": (
        lambda: header("To", b"=?utf-7?q?+AA0ACg-Bcc:_x?= <a@b.example>"),
        CONTROLS,
    ),
    "quotes within 60 kB of quotes": (lambda: named(b"filename=" + filled(b'"')), BAD_PARAMETER),
    "60 kB of parameters without semicolons": (
        lambda: named(b'x="" ' + filled(b'name="" !')),
        None,
    ),
    "60 kB of file names without semicolons": (lambda: named(filled(b" filename=a")), None),
    "60 kB of blanks before a file name": (lambda: named(filled(b" ") + b"filename=a"), None),
    "60 kB of comments before a file name": (lambda: named(filled(b"(a)") + b"filename=a"), None),
    "60 kB of open comments before a file name": (
        lambda: named(filled(b"(") + b"filename=a"),
        None,
    ),
    "60 kB of escapes in a comment": (lambda: named(b"(" + filled(b"\\(") + b" filename=a"), None),
    "60 kB of sections that count from 1": (
        lambda: named(b"".join(b"; filename*%d=a" % number for number in range(1, 3_000))),
        BAD_PARAMETER,
    ),
    "60 kB of names with commas": (lambda: header("To", filled(b"a,") + b"b <c@d>"), BAD_MAILBOX),
    "too many names with commas": (lambda: header("To", filled(b'"",') + b"b"), TOO_MANY_ADDRESSES),
    "60 kB of spaces around a dot": (
        lambda: header("To", b"a@b" + filled(b" ") + b".c"),
        BAD_MAILBOX,
    ),
    "60 kB of dots and spaces": (lambda: header("To", b"a@b" + filled(b" .")), BAD_MAILBOX),
    "60 kB of hops in a route": (
        lambda: header("To", b"<" + filled(b"@a,") + b":b@c>"),
        BAD_MAILBOX,
    ),
    "60 kB of comments in an address": (
        lambda: header("To", b"<a" + filled(b"(a)") + b"@b>"),
        TOO_MANY_ADDRESSES,
    ),
    "60 kB of addresses with open comments": (lambda: header("To", filled(b"<a(")), BAD_MAILBOX),
    "60 kB of comments in a date": (
        lambda: header("Date", b"3 May 2024 " + filled(b"()") + b"10:11 +0200"),
        None,
    ),
    "60 kB of nested comments in a date": (
        lambda: header("Date", filled(b"(") + filled(b")") + b"3 May 2024 10:11 +0200"),
        BAD_DATE,
    ),
    "60 kB of blanks in a date": (
        lambda: header("Date", b"3 May 2024 10" + filled(b" ") + b":11 +0200"),
        None,
    ),
    "60 kB of colons in a date": (
        lambda: header("Date", b"3 May 2024 10:11" + filled(b":")),
        NO_ZONE,
    ),
    "60 kB of comments in a transfer encoding": (
        lambda: header("Content-Transfer-Encoding", filled(b"(a)") + b"base64", b"aGk="),
        None,
    ),
}
