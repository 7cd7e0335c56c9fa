"""Random mails as real programs write them, correct or not, composed byte by byte.

Nothing of a mail package is used, so that no parser is tested with its own writer. Each mail knows
what is in it, and its oddities: what differs from the standards or is read differently by design.
"""

from collections.abc import Callable

from hypothesis import strategies as st

from .random_choices import CHARSETS, Choices, RandomMail, encoded_word
from .random_parts import PartComposer

CHOICES = 160
PLAIN_SUBJECTS = ["Hello", "Re: 50% off!", "", "a b", "[list] x?=y =?z", 'He said "no"', "a\tb"]
# As written, and the name that is meant.
PLAIN_NAMES = [
    ("Jane Doe", "Jane Doe"),
    ('"Doe, Jane"', "Doe, Jane"),
    ('"Jane (work)"', "Jane (work)"),
    ('"J. R. Doe"', "J. R. Doe"),
    ('"shop@example.net"', "shop@example.net"),
    (r'"Jane \"JD\" Doe"', 'Jane "JD" Doe'),
    (r'"back\\slash"', "back\\slash"),
    ('"<x>"', "<x>"),
    ("Jane", "Jane"),
]
ODD_NAMES = [
    ("name with comment", "Jane (at work) Doe", "Jane Doe"),
    ("unquoted dot", "J. R. Doe", "J. R. Doe"),
    ("unquoted comma", "Doe, Jane", "Doe, Jane"),
    ("unquoted at sign", "jane@example.com", "jane@example.com"),
    ("8-bit header", "Jané", "Jané"),
    ("single quotes", "'Jane Doe'", "'Jane Doe'"),
    ("quotes within", '"Jane" Doe', "Jane Doe"),
]
LOCALS = ["jane", "jane.doe", "a+b", "x_y", "jane-doe", "o'brien", "123", "a=b", '"a b"']
DOMAINS = ["example.com", "mail.example.org", "example.net", "sub.host.example", "[192.0.2.1]"]
DATES = [
    b"Fri, 3 May 2024 10:11:12 +0200",
    b"Fri, 03 May 2024 10:11:12 -0700 (PDT)",
    b"3 May 2024 10:11 +0000",
    b"Fri, 3 May 2024 10:11:12 GMT",
    b"Fri, 3 May 2024 10:11:12 -0000",
    b"Fri,  3 May 2024 10:11:12 +0530",
    b"Fri, 3 May 2024 10:11:12\r\n +0200",
    b"Fri, 3 May 24 10:11:12 EST",
    b"Fri, 3 May 2024 10:11:12 UT",
]
ODD_DATES = [
    b"Fri, 3 May 2024 10:11:12",
    b"Fri, 3 May 2024 10:11:12 CEST",
    b"2024-05-03T10:11:12Z",
    b"2024-05-03 10:11:12 +0200",
    b"Fri May  3 10:11:12 2024",
    b"Fri, 31 Feb 2024 10:11:12 +0000",
    b"Fri, 3 May 2024 24:11:12 +0000",
    b"Fri, 3 May 2024 10.11.12 +0200",
    b"Friday, 3-May-24 10:11:12 GMT",
    b"Fri, 3 Mai 2024 10:11:12 +0200",
    b"Mon, 3 May 2024 10:11:12 +0200",
    b"Fri, 3 May 2024 10:11:12 +02:00",
    b"Fri, 3 (third) May 2024 10:11:12 +0200",
    "Sáb, 3 May 2024 10:11:12 +0200".encode(),
    b"yesterday",
]
TRACE = [
    b"Return-Path: <jane@example.com>",
    b"Received: from a.example (a.example [192.0.2.1])\r\n\tby b.example with ESMTPS id 1"
    b"\r\n\tfor <box@example.com>; Fri, 3 May 2024 08:11:12 +0000 (UTC)",
    b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1;\r\n b=abc\r\n def=",
    b"X-Mailer: Mailer 1.0",
]


def compose(choices: bytes) -> RandomMail:
    """Compose a mail; each byte chooses one detail, and zeros the plainest ones."""
    return _MailComposer(Choices(choices)).mail()


def random_mails() -> st.SearchStrategy[RandomMail]:
    """Random mails; one draw for each is ten times as fast as one for each detail."""
    return st.binary(min_size=CHOICES, max_size=CHOICES).map(compose)


class _MailComposer:
    """Composes one mail."""

    def __init__(self, choices: Choices) -> None:
        self._choose = choices
        self._mail = choices.mail

    def mail(self) -> RandomMail:
        choose = self._choose
        header = TRACE[: choose.one_of(range(5))]
        fields: list[tuple[str, Callable[[], bytes]]] = [
            ("From", lambda: self._mailbox([])),
            ("To", self._to),
            ("Subject", self._subject),
            ("Date", self._date),
        ]
        for name, value in fields:
            with choose.scope(name.lower()):
                if choose.often():
                    header.append(self._name(name) + value())
        if choose.often():
            header.append(b"MIME-Version: 1.0")
        with choose.scope("body"):
            content_header, body = PartComposer(choose).content()
        lines = [*header, *content_header]
        if choose.rarely():
            choose.note("value on the next line")
            lines = [line.replace(b": ", b":\r\n\t", 1) for line in lines]
        raw = b"\r\n".join(lines) + b"\r\n\r\n" + body
        if body.startswith((b"--", b"This is a multi-part")) and choose.rarely():
            choose.note("no empty line after header")
            raw = b"\r\n".join([*lines, body])
        if choose.rarely():
            raw = choose.odd("byte order mark", b"\xef\xbb\xbf") + raw
        elif choose.rarely():
            raw = choose.odd("mbox line", b"From jane Fri May  3 10:11:00 2024\r\n") + raw
        if choose.one_of([False, False, True]):
            raw = raw.replace(b"\r\n", b"\n")
        self._mail.raw = raw
        return self._mail

    def _name(self, name: str) -> bytes:
        if self._choose.rarely():
            return self._choose.odd("blank before colon", f"{name} : ".encode())
        spellings = [f"{name}: ", f"{name}: ", f"{name.lower()}: ", f"{name.upper()}: ", f"{name}:"]
        return self._choose.one_of(spellings).encode()

    def _subject(self) -> bytes:
        choose = self._choose
        label, codec, words = choose.one_of(CHARSETS)
        text = choose.one_of(words)
        self._mail.subject = text
        word = encoded_word(choose, label, codec, text)
        form = choose.one_of(range(12))
        if form == 0:
            self._mail.subject = text = choose.one_of(PLAIN_SUBJECTS)
            return text.encode()
        if form == 1:
            return choose.odd("8-bit header", text.encode())
        if form == 2:
            self._mail.subject = None
            return choose.odd("8-bit header not in UTF-8", text.encode(codec))
        if form == 3:
            other_label, other_codec, others = choose.one_of(CHARSETS)
            more = choose.one_of(others)
            self._mail.subject = text + more
            return word + b"\r\n " + encoded_word(choose, other_label, other_codec, more)
        if form == 4:
            self._mail.subject = f"Re: {text} (2)"
            return b"Re: " + word + b" (2)"
        if form == 5:
            self._mail.subject = f"Re:{text}"
            return choose.odd("word touches text", b"Re:" + word)
        if form == 6:
            self._mail.subject = f"{text}ü"
            return choose.odd("words touch", word + encoded_word(choose, "utf-8", "utf-8", "ü"))
        if form == 7:
            word = encoded_word(choose, f"{label}*en", codec, text)
            return choose.odd("word with language", word)
        if form == 8:
            self._mail.subject = f'"{text}"'
            return choose.odd("word in quotes", b'"' + word + b'"')
        if form == 9:
            return self._cut_words(label, codec, text)
        return word

    def _cut_words(self, label: str, codec: str, text: str) -> bytes:
        """Two words, cut between characters or, against RFC 2047, within one."""
        choose = self._choose
        half = len(text) // 2
        pieces = [text[:half].encode(codec), text[half:].encode(codec)]
        if label != "iso-2022-jp" and choose.one_of([False, True]):
            choose.note("character cut into words")
            pieces = [pieces[0] + pieces[1][:1], pieces[1][1:]]
        words = [encoded_word(choose, label, codec, data=each) for each in pieces if each]
        return b"\r\n ".join(words)

    def _to(self) -> bytes:
        choose = self._choose
        meant: list[tuple[str, str]] = []
        boxes = [self._mailbox(meant) for _ in range(choose.one_of([1, 1, 2, 3]))]
        self._mail.mailboxes = meant
        joined = choose.one_of([b", ", b",", b",\r\n ", b",\r\n\t", b" , "]).join(boxes)
        form = choose.one_of(range(14))
        if form == 9:
            return choose.odd("group", b"Team: " + joined + b";")
        if form == 10:
            return choose.odd("trailing comma", joined + b",")
        if form == 11:
            self._mail.mailboxes = []
            return choose.odd("empty group", b"undisclosed-recipients:;")
        if form == 12:
            return choose.odd("semicolons", b"; ".join(boxes))
        if form == 13:
            return choose.odd("empty entry", joined + b", , " + self._mailbox(meant))
        return joined

    def _mailbox(self, meant: list[tuple[str, str]]) -> bytes:
        choose = self._choose
        email = f"{choose.one_of(LOCALS)}@{choose.one_of(DOMAINS)}"
        written, name = choose.one_of(PLAIN_NAMES)
        form = choose.one_of(range(16))
        address = f" <{email}>".encode()
        if form in (1, 2):
            name, address = "", [b"", email.encode(), f"<{email}>".encode()][form]
            written = ""
        elif form in (5, 6, 7, 8):
            label, codec, words = choose.one_of(CHARSETS)
            name = choose.one_of(words)
            word = encoded_word(choose, label, codec, name)
            meant.append((name, email))
            if form == 8:
                return choose.odd("word in quotes", b'"' + word + b'"' + address)
            return word + address
        elif form == 9:
            meant.append(("Jane Doe", email))
            return choose.odd("comment as name", f"{email} (Jane Doe)".encode())
        elif form in (10, 11):
            odd, written, name = choose.one_of(ODD_NAMES)
            choose.note(odd)
        elif form == 12:
            address = address.strip()
        elif form == 13:
            address = choose.odd("space in address", f" < {email} >".encode())
        meant.append((name, email))
        return written.encode() + address

    def _date(self) -> bytes:
        if self._choose.one_of(range(6)) == 5:
            return self._choose.odd("date of another format", self._choose.one_of(ODD_DATES))
        return self._choose.one_of(DATES)
