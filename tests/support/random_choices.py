"""Choices of random mails, and what the mails are composed of."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

# Label, codec of Python, and words that the charset can encode.
# ruff: noqa: RUF001
CHARSETS: list[tuple[str, str, list[str]]] = [
    ("utf-8", "utf-8", ["Grüße aus Köln", "日本語の本文", "Привет, мир", "emoji 😀 ok", "naïve"]),
    ("us-ascii", "ascii", ["Hello there", "see you at 5", "a=b; c", "1 < 2 & 3"]),
    ("UTF8", "utf-8", ["Grüße", "ça va", "Ελληνικά"]),
    ("iso-8859-1", "latin-1", ["Grüße", "ça va très bien", "año nuevo"]),
    ("iso-8859-15", "iso8859-15", ["10 € œuvre", "Grüße"]),
    ("windows-1252", "cp1252", ["“quoted” – dash…", "price 10 €", "Grüße"]),
    ("windows-1250", "cp1250", ["Příliš žluťoučký kůň", "Zażółć gęślą"]),
    ("iso-8859-2", "iso8859-2", ["Příliš žluťoučký", "Łódź"]),
    ("windows-1251", "cp1251", ["Привет, мир", "Добрый день"]),
    ("koi8-r", "koi8-r", ["Привет", "письмо с вложением"]),
    ("koi8-u", "koi8-u", ["Їжак і ґанок"]),
    ("iso-8859-7", "iso8859-7", ["Καλημέρα κόσμε"]),
    ("iso-8859-9", "cp1254", ["İstanbul güneşli"]),
    ("windows-1255", "cp1255", ["שלום עולם"]),
    ("windows-1256", "cp1256", ["مرحبا بالعالم"]),
    ("windows-874", "cp874", ["สวัสดีครับ"]),
    ("ibm850", "cp850", ["Grüße"]),
    ("macintosh", "mac_roman", ["Grüße “ok”"]),
    ("shift_jis", "shift_jis", ["こんにちは", "表示と能力", "テスト"]),
    ("iso-2022-jp", "iso2022_jp", ["こんにちは世界", "会議のお知らせ"]),
    ("euc-jp", "euc_jp", ["日本語の件名", "資料を送ります"]),
    ("gb2312", "gb2312", ["你好世界", "会议通知"]),
    ("gbk", "gbk", ["你好，朋友", "發票"]),
    ("gb18030", "gb18030", ["你好😀", "附件"]),
    ("big5", "big5", ["繁體中文", "您好"]),
    ("euc-kr", "euc_kr", ["안녕하세요", "회의 안내"]),
    ("ks_c_5601-1987", "cp949", ["안녕하세요", "첨부 파일"]),
]


@dataclass(slots=True)
class RandomMail:
    """A mail, what is in it, and what is odd about it.

    Attributes:
        raw: The mail.
        subject: The subject that was encoded; None if no parser can know it.
        mailboxes: Name and address of the mailboxes in To.
        texts: The texts of the parts that are plain text or HTML.
        files: The bytes of all other parts.
        oddities: Scope (`subject`, `from`, `to`, `date`, `body`, or `all`) and name of what differs
            from the standards, or is read differently by design.
    """

    raw: bytes = b""
    subject: str | None = ""
    mailboxes: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    oddities: set[tuple[str, str]] = field(default_factory=set)


class Choices:
    """Chooses details by given bytes, and records what is odd about the mail."""

    def __init__(self, choices: bytes) -> None:
        self._choices = iter(choices)
        self._scope = "all"
        self.mail = RandomMail()

    def one_of(self, values: Sequence[T]) -> T:
        return values[next(self._choices, 0) % len(values)]

    def rarely(self) -> bool:
        return self.one_of(range(12)) == 7

    def often(self) -> bool:
        return self.one_of(range(8)) != 7

    def note(self, oddity: str) -> None:
        self.mail.oddities.add((self._scope, oddity))

    def odd(self, oddity: str, value: T) -> T:
        self.note(oddity)
        return value

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        before, self._scope = self._scope, name
        yield
        self._scope = before


def encoded_word(
    choose: Choices, label: str, codec: str, text: str = "", data: bytes | None = None
) -> bytes:
    """An encoded-word of text, or of bytes in the charset."""
    data = text.encode(codec) if data is None else data
    if choose.one_of([True, False]):
        kind = choose.one_of([b"B", b"b"])
        return b"=?%s?%s?%s?=" % (label.encode(), kind, base64.b64encode(data))
    escaped = b"".join(
        b"_" if byte == 32 else bytes([byte]) if is_alphanumeric(byte) else b"=%02X" % byte
        for byte in data
    )
    return b"=?%s?%s?%s?=" % (label.encode(), choose.one_of([b"Q", b"q"]), escaped)


def is_alphanumeric(byte: int) -> bool:
    return byte < 128 and chr(byte).isalnum()
