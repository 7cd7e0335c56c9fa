"""Contents of random mails: structures, texts, files and transfer encodings."""

import base64
from collections.abc import Callable, Sequence

from .random_choices import CHARSETS, Choices, encoded_word, is_alphanumeric

FILE_NAMES = [
    "a.pdf",
    "report 2024.pdf",
    "semi;colon.txt",
    'quo"te.txt',
    "no extension",
    "x.tar.gz",
]
FOREIGN_NAMES = ["Übersicht.pdf", "資料.xlsx", "отчёт за май.doc", "naïve résumé.txt"]
MEDIA_TYPES = ["application/pdf", "image/png", "application/octet-stream", "text/csv", "audio/mpeg"]
SIZES = [3, 0, 1, 2, 56, 57, 58, 114, 200]
ODD_LINES = ["", ">quoted", "-- ", "From here", "x" * 90, "a  b\tc", ".", " indented", "--", "=zz"]
ODD_CHARSETS = [
    b"charset='%s'",
    b'charset="%s";',
    b"charset*=us-ascii'en'%s",
    b'charset="%s" (comment)',
    b'charset = "%s" ',
    b'CHARSET="%s" format=fixed',
]
LINE_LENGTH = 76

Part = tuple[list[bytes], bytes]
"""Header fields and content."""


class PartComposer:
    """Composes the content of one mail."""

    def __init__(self, choices: Choices) -> None:
        self._choose = choices
        self._mail = choices.mail
        self._boundaries = 0

    def content(self) -> Part:
        """Header fields and content of the mail."""
        structures: list[Callable[[], Part]] = [
            self._text,
            self._html,
            self._alternative,
            self._with_files,
            self._rich,
            self._related,
            self._html_file_html,
            self._with_footer,
            self._forward,
            self._delivery_report,
            self._signed,
            self._invitation,
            self._file,
            self._empty,
            self._bare_part,
        ]
        return self._choose.one_of(structures)()

    # Structures

    def _alternative(self) -> Part:
        second = self._choose.one_of([self._html, self._html, self._related])
        parts = [self._text(), second()]
        if self._choose.rarely():
            self._choose.note("HTML first")
            parts.reverse()
        return self._multipart("alternative", parts)

    def _related(self) -> Part:
        identity = [b"Content-ID: <image@example.com>"]
        image = self._file(identity, media_types=["image/png", "image/jpeg"])
        return self._multipart("related", [self._html(image=True), image])

    def _with_files(self) -> Part:
        first = self._choose.one_of([self._text, self._html, self._alternative])
        files = [self._file() for _ in range(self._choose.one_of([1, 2]))]
        return self._multipart("mixed", [first(), *files])

    def _rich(self) -> Part:
        alternative = self._multipart("alternative", [self._text(), self._related()])
        return self._multipart("mixed", [alternative, self._file()])

    def _html_file_html(self) -> Part:
        self._choose.note("body in pieces")
        part = self._choose.one_of([self._html, self._text])
        return self._multipart("mixed", [part(), self._file(), part()])

    def _with_footer(self) -> Part:
        self._choose.note("body in pieces")
        first = self._choose.one_of([self._text, self._html, self._alternative])
        return self._multipart("mixed", [first(), self._text()])

    def _forward(self) -> Part:
        outer = self._text()
        texts, files = list(self._mail.texts), list(self._mail.files)
        header, body = self._choose.one_of([self._text, self._alternative, self._with_files])()
        self._mail.texts, self._mail.files = texts, files
        mail = b"\r\n".join([b"Subject: inner", b"From: inner@example.org", *header, b"", body])
        self._mail.files.append(mail)
        return self._multipart("mixed", [outer, ([b"Content-Type: message/rfc822"], mail)])

    def _delivery_report(self) -> Part:
        status = (
            b"Reporting-MTA: dns; mail.example.org\r\n\r\n"
            b"Final-Recipient: rfc822; gone@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        )
        original = b"From: jane@example.com\r\nMessage-ID: <1@example.com>\r\n"
        self._mail.files += [status, original]
        return self._multipart(
            "report",
            [
                self._text(),
                ([b"Content-Type: message/delivery-status"], status),
                ([b"Content-Type: text/rfc822-headers"], original),
            ],
            parameters=b"; report-type=delivery-status",
        )

    def _signed(self) -> Part:
        signature = self._file(media_types=["application/pgp-signature"])
        return self._multipart("signed", [self._text(), signature])

    def _invitation(self) -> Part:
        event = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
        self._mail.files.append(event)
        calendar = ([b"Content-Type: text/calendar; charset=utf-8; method=REQUEST"], event)
        return self._multipart("alternative", [self._text(), self._html(), calendar])

    def _empty(self) -> Part:
        if self._choose.one_of([True, False]):
            return [b"Content-Type: multipart/mixed; boundary=none"], b""
        return self._choose.one_of([[], [b"Content-Type: text/plain"]]), b""

    def _bare_part(self) -> Part:
        """A multipart whose first part has no header, which makes it text in ASCII."""
        self._mail.texts.append("bare part")
        return self._multipart("mixed", [([], b"bare part"), self._file()])

    def _multipart(self, subtype: str, parts: list[Part], parameters: bytes = b"") -> Part:
        choose = self._choose
        self._boundaries += 1
        boundary = choose.one_of([b"=_b%d", b"----=_Part_%d.1", b"b'(%d)+_,-./:=?", b"%d b"])
        boundary %= self._boundaries
        header = choose.one_of(
            [
                b'Content-Type: multipart/%s; boundary="%s"%s',
                b'Content-Type: multipart/%s;\r\n\tboundary="%s"%s',
                b'content-type: Multipart/%s;\r\n BOUNDARY="%s"%s;',
                b'Content-Type: multipart/%s; charset=utf-8; boundary = "%s"%s',
            ]
        ) % (subtype.encode(), boundary, parameters)
        body = choose.one_of(
            [
                b"",
                b"This is a multi-part message in MIME format.\r\n",
                b"\r\n",
                b"--%sx\r\n--\r\n" % boundary,
            ]
        )
        blanks = choose.odd("blanks after boundary", b" \t") if choose.rarely() else b""
        if choose.rarely():
            body += b"--%s\r\n" % boundary  # written twice
        for fields, content in parts:
            lines = b"".join(line + b"\r\n" for line in fields)
            body += b"--%s%s\r\n%s\r\n%s\r\n" % (boundary, blanks, lines, content)
        if choose.rarely():
            return [header], choose.odd("multipart not closed", body)
        end = choose.one_of([b"\r\n", b"", b"\r\n\r\n", b"\r\nepilogue\r\n"])
        if b"epilogue" in end:
            choose.note("epilogue")
        return [header], body + b"--" + boundary + b"--" + end

    # Texts

    def _text(self) -> Part:
        return self._body("plain", "\r\n".join)

    def _html(self, *, image: bool = False) -> Part:
        source = '<img src="cid:image@example.com">' if image else ""
        return self._body(
            "html", lambda lines: f"<html><body><p>{'<br>'.join(lines)}</p>{source}</body></html>"
        )

    def _body(self, subtype: str, join: Callable[[list[str]], str]) -> Part:
        choose = self._choose
        label, codec, words = choose.one_of(CHARSETS)
        lines = [choose.one_of(words) for _ in range(choose.one_of([1, 2, 4]))]
        if choose.one_of(range(6)) == 3:
            lines.insert(0, choose.one_of(ODD_LINES))
        text = join(lines)
        data = text.encode(codec) + choose.one_of([b"\r\n", b"", b"\r\n\r\n"])
        header, is_readable = self._content_type(subtype, label, codec)
        disposition = choose.one_of(range(16))
        if disposition == 13:
            header.append(b"Content-Disposition: inline")
        elif disposition == 14:
            choose.note("body with name")
            header.append(b'Content-Disposition: inline; filename="body.txt"')
        elif disposition == 15:
            choose.note("body as attachment")
            header.append(b"Content-Disposition: attachment")
        if is_readable or (data.isascii() and b"\x1b" not in data):
            self._mail.texts.append(text)
        return self._encoded(header, data, is_text=True)

    def _content_type(self, subtype: str, label: str, codec: str) -> tuple[list[bytes], bool]:
        """The field, and whether a parser can know the charset."""
        choose = self._choose
        form = choose.one_of(range(14))
        kind, charset = subtype.encode(), label.encode()
        if form == 9:
            return [b"Content-Type: TEXT/%s; charset=%s" % (kind.upper(), charset)], True
        if form == 10:
            choose.note("format=flowed")
            end = choose.one_of([b"", b"; delsp=yes"])
            field = b'Content-Type: text/%s; charset="%s"; format=flowed%s' % (kind, charset, end)
            return [field], True
        if form == 11 and subtype == "plain":
            choose.note("no charset")
            fields = [[], [b"Content-Type: text/plain"], [b"Content-Type: text"]]
            return choose.one_of(fields), codec == "utf-8"
        if form == 12:
            choose.note("unknown charset")
            return [b"Content-Type: text/%s; charset=x-nothing" % kind], codec == "utf-8"
        if form == 13:
            choose.note("odd charset parameter")
            parameter = choose.one_of(ODD_CHARSETS) % charset
            return [b"Content-Type: text/%s; %s" % (kind, parameter)], True
        spelling = choose.one_of([b'"%s"', b"%s"]) % charset
        return [b"Content-Type: text/%s; charset=%s" % (kind, spelling)], True

    # Files

    def _file(self, header: Sequence[bytes] = (), media_types: Sequence[str] = MEDIA_TYPES) -> Part:
        choose = self._choose
        size = choose.one_of(SIZES)
        data = bytes((each * 37 + size) % 256 for each in range(size))
        self._mail.files.append(data)
        content_type = b"Content-Type: " + choose.one_of(media_types).encode()
        disposition = choose.one_of([b"attachment", b"attachment", b"inline", b"ATTACHMENT"])
        name = self._file_name()
        form = choose.one_of(range(8))
        fields = [content_type + name.replace(b"filename", b"name")]
        if form < 6:
            fields = [content_type, b"Content-Disposition: " + disposition + name]
        elif form == 6:
            fields = [content_type, b"Content-Disposition: " + disposition]
        return self._encoded([*fields, *header], data, is_text=False)

    def _file_name(self) -> bytes:
        choose = self._choose
        foreign, plain = choose.one_of(FOREIGN_NAMES), choose.one_of(FILE_NAMES)
        percent = b"".join(
            bytes([byte]) if is_alphanumeric(byte) else b"%%%02X" % byte
            for byte in foreign.encode()
        )
        form = choose.one_of(range(9))
        if form == 1:
            return b"; filename*=utf-8''" + percent
        if form == 2:
            cut = percent.index(b"%", 1)
            pieces = (percent[:cut], percent[cut:])
            return b";\r\n filename*0*=UTF-8'en'%s;\r\n filename*1*=%s" % pieces
        if form == 3:
            word = encoded_word(choose, "utf-8", "utf-8", foreign)
            return choose.odd("word in parameter", b'; filename="' + word + b'"')
        if form == 4:
            return choose.odd("8-bit parameter", b'; filename="' + foreign.encode() + b'"')
        if form == 5:
            return choose.odd("unquoted name", b"; filename=report 2024.pdf")
        if form == 6:
            return b";\r\n\tfilename=a.pdf; size=3"
        return b'; filename="' + plain.replace('"', r"\"").encode() + b'"'

    # Transfer encodings

    def _encoded(self, header: list[bytes], data: bytes, *, is_text: bool) -> Part:
        choose = self._choose
        form = choose.one_of(["base64", "quoted-printable", "as it is"])
        if form == "as it is" and is_text and not data.startswith(b"--") and b"\n--" not in data:
            encodings = [b"7bit", b"", b"8bit", b"binary"] if data.isascii() else [b"8bit"]
            encoding = choose.one_of(encodings)
            field = [b"Content-Transfer-Encoding: " + encoding] if encoding else []
            return [*header, *field], data
        spelling = "base64" if form != "quoted-printable" else form
        if spelling == "base64":
            content = self._base64(data)
        else:
            content = self._quoted_printable(data, is_text=is_text)
        spelling = choose.one_of([spelling, spelling, spelling.upper()])
        if choose.rarely():
            choose.note("odd transfer encoding")
            spelling = choose.one_of(["{} ", "{} (comment)", '"{}"', "{};"]).format(spelling)
        return [*header, b"Content-Transfer-Encoding: " + spelling.encode()], content

    def _base64(self, data: bytes) -> bytes:
        choose = self._choose
        encoded = base64.b64encode(data)
        length = choose.one_of([76, 76, 76, 60, 4, 1000])
        lines = [encoded[at : at + length] for at in range(0, len(encoded), length)]
        content = b"\r\n".join(lines) + choose.one_of([b"\r\n", b"", b"\r\n\r\n"])
        form = choose.one_of(range(24))
        if form == 20:
            return choose.odd("base64 without padding", encoded.rstrip(b"="))
        if form == 21:
            return choose.odd("base64 with blanks", content.replace(b"\r\n", b" \r\n "))
        if form == 22:
            half = len(data) // 2
            halves = [base64.b64encode(each) for each in (data[:half], data[half:])]
            return choose.odd("base64 in blocks", b"\r\n".join(halves))
        if form == 23:
            return choose.odd("base64 with other characters", b"\r\n!*\r\n".join(lines))
        return content

    def _quoted_printable(self, data: bytes, *, is_text: bool) -> bytes:
        choose = self._choose
        escape = choose.one_of([b"=%02X", b"=%02X", b"=%02x"])
        content = b"\r\n".join(_quoted_line(line, escape) for line in data.split(b"\r\n"))
        form = choose.one_of(range(24))
        if form == 21:
            return choose.odd("blanks at end of line", content.replace(b"\r\n", b" \t\r\n"))
        if form == 22:
            return choose.odd("soft break at end", content + b"=")
        if form == 23 and is_text:
            # Kept as it is, as https://www.rfc-editor.org/rfc/rfc2045#section-6.7 recommends.
            return choose.odd("unescaped equals sign", content.replace(b"=3D", b"="))
        return content


def _quoted_line(line: bytes, escape: bytes) -> bytes:
    pieces = [bytes([byte]) if 32 <= byte < 127 and byte != 61 else escape % byte for byte in line]
    if pieces and pieces[-1] == b" ":
        pieces[-1] = escape % 32
    lines = [b""]
    for piece in pieces:
        if len(lines[-1]) + len(piece) >= LINE_LENGTH:
            lines[-1] += b"="
            lines.append(b"")
        lines[-1] += piece
    return b"\r\n".join(lines)
