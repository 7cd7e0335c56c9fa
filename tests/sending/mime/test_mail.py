"""Messages encoded as MIME."""

from typing import Any

import pytest
from pydantic import ValidationError

from sesmail import Address, Alternative, Attachment, InvalidMessageError, Message
from sesmail.sending.mime.mail import iter_mime, write_mime
from sesmail.sending.wire import check_wire
from support.hostile import CONTROLS
from support.mail import (
    Leaf,
    decoded,
    field_names,
    mailboxes,
    raw_fields,
    read_by_fast_mail_parser,
    read_by_standard_library,
    structure,
)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def mime(**fields: Any) -> bytes:
    if not fields.keys() & {"text", "html", "alternatives", "attachments"}:
        fields["text"] = ""
    return write_mime(
        Message(**{"from_email": "shop@example.com", "to": "alice@example.com"} | fields)
    )


def header(wire: bytes, name: str) -> str:
    (value,) = (decoded(raw) for key, raw in raw_fields(wire) if key == name)
    return value


def leaves(wire: bytes) -> list[Leaf]:
    found = read_by_standard_library(wire).leaves
    assert read_by_fast_mail_parser(wire).leaves == found
    return found


def test_small_message_is_encoded_as_expected() -> None:
    assert mime(subject="Hello", text="It is on its way.\n") == (
        b"From: shop@example.com\r\n"
        b"To: alice@example.com\r\n"
        b"Subject: Hello\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n"
        b"\r\n"
        b"It is on its way.\r\n"
    )


def test_every_field_has_its_header_in_order() -> None:
    wire = mime(
        from_email=["Shop <shop@example.com>", "b@example.com"],
        sender="Robot <robot@example.com>",
        to=["Alice <alice@example.com>", "b@example.com"],
        cc="c@example.com",
        bcc="secret@example.com",
        reply_to=["d@example.com", "e@example.com"],
        subject="Grüße",
        headers={"X-One": "1", "List-Unsubscribe": "<https://example.com/u>"},
        tags=["order", "Zoë"],
        metadata={"order_id": 12345},
    )
    assert field_names(wire) == [
        "From", "Sender", "To", "Cc", "Reply-To", "Subject", "X-One", "List-Unsubscribe", "X-Tag",
        "X-Tag",
        "X-Metadata", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    ]  # fmt: skip
    assert header(wire, "Subject") == "Grüße"
    assert header(wire, "X-Metadata") == '{"order_id": 12345}'
    assert [decoded(raw) for name, raw in raw_fields(wire) if name == "X-Tag"] == [
        "order",
        "Zoë",
    ]
    assert b"secret" not in wire


def test_fields_that_are_not_given_have_no_header() -> None:
    assert field_names(mime()) == [
        "From",
        "To",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ]
    assert field_names(mime(to=(), bcc="secret@example.com"))[0:2] == ["From", "MIME-Version"]


@pytest.mark.parametrize("fields", [{}, {"text": None}, {"subject": "s"}], ids=repr)
def test_rejects_message_without_body(fields: dict[str, Any]) -> None:
    message = Message(from_email="shop@example.com", to="alice@example.com", **fields)
    with pytest.raises(InvalidMessageError, match='or text="" to send an empty mail') as caught:
        write_mime(message)
    assert caught.value.field == "text"


@pytest.mark.parametrize("subject", [None, ""], ids=["None", "empty"])
def test_mail_without_subject_has_no_subject_header(subject: str | None) -> None:
    """Neither SES nor RFC 5322, section 3.6, requires it."""
    assert "Subject" not in field_names(mime(subject=subject))


def test_unsubscribe_adds_the_headers_of_rfc_8058() -> None:
    fields = raw_fields(mime(unsubscribe="https://example.com/u?x=?y=1", headers={"X-One": "1"}))
    assert fields[2:5] == [
        ("X-One", "1"),
        ("List-Unsubscribe", "<https://example.com/u?x=?y=1>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def test_longest_unsubscribe_address_fits_into_a_line() -> None:
    check_wire(mime(unsubscribe=f"https://example.com/{'u' * 958}"))


@pytest.mark.parametrize("name", ["List-Unsubscribe", "list-unsubscribe-post"])
def test_rejects_unsubscribe_beside_its_headers(name: str) -> None:
    with pytest.raises(InvalidMessageError, match="give one of the two") as caught:
        mime(unsubscribe="https://example.com/u", headers={name: "x"})
    assert caught.value.field == "headers"


def test_rejects_message_without_author() -> None:
    with pytest.raises(InvalidMessageError, match="the author is missing") as caught:
        mime(from_email=())
    assert caught.value.field == "from_email"


def test_several_authors_add_a_sender_header() -> None:
    wire = mime(from_email=["Ann <a@example.com>", "b@example.com"])
    assert mailboxes(header(wire, "From")) == [("Ann", "a@example.com"), ("", "b@example.com")]
    assert header(wire, "Sender") == "Ann <a@example.com>"


def test_one_author_adds_no_sender_header() -> None:
    assert "Sender" not in field_names(mime())
    assert header(mime(sender="x@example.com"), "Sender") == "x@example.com"


@pytest.mark.parametrize("name", ["To", "to", "TO"])
@pytest.mark.parametrize(
    ("text", "visible"),
    [
        ("Friends <friends@example.com>", "Friends <friends@example.com>"),
        ("Zoë <zoe@bücher.de>", "Zoë <zoe@xn--bcher-kva.de>"),
        ("undisclosed-recipients:;", "undisclosed-recipients:;"),
        ("A <a@example.com>, b@example.com", "A <a@example.com>, b@example.com"),
        ("Zoë <zoe@example.com>, b@example.com", "Zoë <zoe@example.com>, b@example.com"),
        ('"Ë, Z" <"z, e"@example.com>,b@bücher.de', None),
    ],
    ids=["mailbox", "non-ASCII name", "group", "list", "non-ASCII list", "quoted commas"],
)
def test_given_to_header_replaces_the_visible_one(
    name: str, text: str, visible: str | None
) -> None:
    wire = mime(headers={name: text, "X-One": "1"})
    expected = visible or 'Ë, Z <"z, e"@example.com>, b@xn--bcher-kva.de'
    assert header(wire, "To") == expected
    assert b"alice" not in wire


@pytest.mark.parametrize(
    "text",
    ["Zoë", "=?utf-8?q?x?=", "Zoë <zoë@example.com>", "é@example.com, Zoë", "Freunde: ü@b.de;"],
    ids=["non-ASCII text", "encoded-word", "non-ASCII address", "list", "group"],
)
def test_rejects_to_header_that_would_be_encoded(text: str) -> None:
    with pytest.raises(InvalidMessageError, match="To") as caught:
        mime(headers={"To": text})
    assert caught.value.field == "headers"


IMAGE = Attachment("logo.png", PNG, content_id="logo")
FILE = Attachment("terms.pdf", b"%PDF")
MAIL = Attachment(
    "mail.eml", b"From: a@example.com\r\nSubject: inner\r\n\r\nbody\r\n", "message/rfc822"
)
AMP = Alternative("<html amp4email>", "text/x-amp-html")
CALENDAR = Alternative("BEGIN:VCALENDAR", "text/calendar; method=REQUEST")
TREES: dict[str, tuple[dict[str, Any], Any]] = {
    "files alone": ({"attachments": [FILE]}, ("multipart/mixed", "text/plain", "application/pdf")),
    "text": ({"text": "t"}, "text/plain"),
    "empty text": ({"text": ""}, "text/plain"),
    "html": ({"html": "h"}, "text/html"),
    "text and html": (
        {"text": "t", "html": "h"},
        ("multipart/alternative", "text/plain", "text/html"),
    ),
    "alternative alone": ({"alternatives": [CALENDAR]}, "text/calendar"),
    "image": (
        {"html": "h", "attachments": [IMAGE]},
        ("multipart/related", "text/html", "image/png"),
    ),
    "image without html": (
        {"text": "t", "attachments": [IMAGE]},
        ("multipart/mixed", "text/plain", "image/png"),
    ),
    "image as attachment": (
        {
            "html": "h",
            "attachments": [Attachment("logo.png", PNG, content_id="x", disposition="attachment")],
        },
        ("multipart/mixed", "text/html", "image/png"),
    ),
    "inline without id": (
        {"html": "h", "attachments": [Attachment("logo.png", PNG, disposition="inline")]},
        ("multipart/mixed", "text/html", "image/png"),
    ),
    "file": (
        {"text": "t", "attachments": [FILE]},
        ("multipart/mixed", "text/plain", "application/pdf"),
    ),
    "file alone": ({"attachments": [FILE]}, ("multipart/mixed", "text/plain", "application/pdf")),
    "mail": (
        {"text": "t", "attachments": [MAIL]},
        ("multipart/mixed", "text/plain", ("message/rfc822", "text/plain")),
    ),
    "everything": (
        {
            "text": "t",
            "html": "h",
            "alternatives": [CALENDAR, AMP],
            "attachments": [FILE, IMAGE, MAIL, Attachment("a.png", PNG, content_id="a")],
        },
        (
            "multipart/mixed",
            (
                "multipart/alternative",
                "text/plain",
                "text/x-amp-html",
                ("multipart/related", "text/html", "image/png", "image/png"),
                "text/calendar",
            ),
            "application/pdf",
            ("message/rfc822", "text/plain"),
        ),
    ),
}


@pytest.mark.parametrize(("fields", "tree"), TREES.values(), ids=TREES)
def test_structure_of_parts(fields: dict[str, Any], tree: Any) -> None:
    wire = mime(**fields)
    check_wire(wire)
    assert structure(wire) == tree


@pytest.mark.parametrize(
    "media_type", ["text/x-amp-html", "Text/X-AMP-HTML", "text/x-amp-html; charset=utf-8"], ids=str
)
def test_amp_is_before_html(media_type: str) -> None:
    wire = mime(text="t", html="h", alternatives=[Alternative("<html amp4email>", media_type)])
    assert structure(wire) == (
        "multipart/alternative",
        "text/plain",
        "text/x-amp-html",
        "text/html",
    )


BODIES = {
    "empty": "",
    "line": "one",
    "lines": "one\ntwo\n",
    "every line break": "a\nb\r\nc\rd\n\re\r\n",
    "spaces at line ends": "a \nb\t\nc  ",
    "dots": ".\n..\n.x\n",
    "From": "From here\n>From there\n",
    "equals signs": "a=b=\n=20=\n",
    "long line": "x" * 5_000,
    "long words": ("y" * 75 + " ") * 50,
    "more than 64 kB": "line\n" * 20_000,
    "umlauts": "Grüße aus Köln",
    "Chinese": "你好" * 500,
    "emoji": "👩‍💻" * 100,
    "line separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "controls": "".join(CONTROLS.values()),
    "boundary": "--=_sesmail_1_\n--=_sesmail_1_--\n",
    "byte order mark": "\ufeffx",
}


def with_crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


@pytest.mark.parametrize("text", BODIES.values(), ids=BODIES)
def test_bodies_decode_to_the_text(text: str) -> None:
    wire = mime(text=text, html=text, alternatives=[Alternative(text, "text/calendar")])
    check_wire(wire)
    assert [leaf.content for leaf in leaves(wire)] == [with_crlf(text)] * 3
    assert read_by_standard_library(mime(text=text)).leaves == [Leaf("text/plain", with_crlf(text))]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", "quoted-printable"),
        ("Grüße aus Köln", "quoted-printable"),
        ("你好", "base64"),
        ("ab你", "base64"),
        ("a你b", "base64"),
    ],
)
def test_text_is_base64_only_where_most_is_not_ascii(text: str, encoding: str) -> None:
    assert header(mime(text=text), "Content-Transfer-Encoding") == encoding
    assert b"8bit" not in mime(text=text)


@pytest.mark.parametrize(
    "size", [0, 1, 56, 57, 58, 57 * 64 - 1, 57 * 64, 57 * 64 + 1, 57 * 130 + 20]
)
def test_base64_lines_have_76_characters(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    wire = mime(attachments=[Attachment("a.bin", content)])
    check_wire(wire)
    assert leaves(wire)[1].content == content
    body = wire.split(b"\r\n\r\n")[3].partition(b"\r\n--")[0]
    assert {len(line) for line in body.split(b"\r\n")[:-1]} <= {76}


def test_attachment_has_file_name_content_id_and_description() -> None:
    wire = mime(
        html="h", attachments=[Attachment("Zoë.png", PNG, content_id="a@b", description="Ein Büro")]
    )
    part = wire.decode().rpartition("image/png")[2]
    assert part.startswith(
        '; name="=?utf-8?b?Wm/Dqy5wbmc=?="\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: inline; filename*=utf-8''Zo%C3%AB.png\r\n"
        "Content-ID: <a@b>\r\n"
        "Content-Description: =?utf-8?b?RWluIELDvHJv?=\r\n\r\n"
    )
    assert leaves(wire)[1] == Leaf("image/png", PNG, "Zoë.png", "a@b")


FILENAMES = [
    "a.txt", "two words.txt", "Zoë.txt", "文件.txt", "=?utf-8?q?x?=", 'a"b.txt', "a\\b.txt",
    "a;b.txt", '"a"', "<a>",
    "../../etc/passwd", "100%.txt", "it's.txt", "x" * 255, "é" * 255, "😀" * 100, "a*b.txt", "a=b",
]  # fmt: skip


@pytest.mark.parametrize("filename", FILENAMES, ids=lambda name: name[:12])
def test_file_names_decode_to_the_given_text(filename: str) -> None:
    wire = mime(attachments=[Attachment(filename, b"x")])
    check_wire(wire)
    assert leaves(wire)[1].filename == filename


WORDS = [
    "=?utf-8?q?=0D=0AX-Evil:_1?=",
    "=?utf-8?b?DQpYLUV2aWw6IDE=?=",
    "=?us-ascii?q?a?= =?us-ascii?q?b?=",
    "x=?y",
]


@pytest.mark.parametrize("word", WORDS)
def test_text_like_an_encoded_word_is_kept(word: str) -> None:
    wire = mime(
        from_email=Address("shop@example.com", word),
        to=Address("alice@example.com", word),
        subject=word,
        headers={"X-One": word},
        tags=[word],
        attachments=[Attachment(word, b"x", description=word)],
    )
    assert [header(wire, name) for name in ("Subject", "X-One", "X-Tag")] == [word] * 3
    assert mailboxes(dict(raw_fields(wire))["To"]) == [(word, "alice@example.com")]
    assert mailboxes(dict(raw_fields(wire))["From"]) == [(word, "shop@example.com")]
    assert leaves(wire)[1].filename == word
    assert read_by_fast_mail_parser(wire).all("Subject") == [word]
    assert b"\nX-Evil" not in wire


def test_text_attachments_have_charset_utf_8_if_valid() -> None:
    wire = mime(
        attachments=[
            Attachment("a.txt", "é"),
            Attachment("b.txt", b"\xe9"),
            Attachment("c.txt", b"\xe9", "text/x; charset=x"),
        ]
    )
    types = [part.partition(b"\r\n")[0] for part in wire.split(b"Content-Type: ")[3:]]
    assert types == [b'text/plain; charset="utf-8"', b"text/plain", b"text/x; charset=x"]


def test_alternative_keeps_its_charset() -> None:
    wire = mime(
        alternatives=[Alternative("é".encode("latin-1"), "text/calendar; charset=iso-8859-1")]
    )
    assert header(wire, "Content-Type") == "text/calendar; charset=iso-8859-1"
    assert leaves(wire)[0].content == b"\xe9"


def test_rejects_text_alternative_that_is_not_utf_8() -> None:
    with pytest.raises(InvalidMessageError, match="name its charset") as caught:
        mime(alternatives=[Alternative(b"\xff", "text/calendar")])
    assert caught.value.field == "alternatives"


def test_alternative_may_be_binary() -> None:
    wire = mime(text="t", alternatives=[Alternative(PNG, "application/x-thing")])
    assert leaves(wire)[1] == Leaf("application/x-thing", PNG)


def test_rejects_mail_as_alternative() -> None:
    """RFC 2046 forbids to encode a mail, and alternatives are encoded."""
    with pytest.raises(ValidationError, match="a whole mail can't be an alternative"):
        Alternative(b"From: a@example.com\r\n\r\n", "message/rfc822")


def test_attached_mail_is_unchanged() -> None:
    wire = mime(text="t", attachments=[MAIL])
    assert MAIL.content in wire
    assert b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n" in wire


def test_line_breaks_of_attached_mail_become_crlf() -> None:
    assert b"\r\n\r\nFrom: a\r\n\r\nx\r\n" in mime(
        attachments=[Attachment("a.eml", b"From: a\n\nx\n", "message/rfc822")]
    )


def test_mail_of_sesmail_can_be_attached_to_another() -> None:
    """Each of the two mails has boundaries of its own."""
    wire = mime(text="0", html="0")
    for depth in range(1, 4):
        wire = mime(
            text=str(depth),
            html=str(depth),
            attachments=[Attachment("a.eml", wire, "message/rfc822")],
        )
    assert [leaf.content for leaf in read_by_standard_library(wire).leaves] == [
        b"3",
        b"3",
        b"2",
        b"2",
        b"1",
        b"1",
        b"0",
        b"0",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "--=_sesmail_1_"},
        {"tags": ["--=_sesmail_1_"]},
        {"metadata": {"a": "--=_sesmail_1_--"}},
        {"headers": {"X-One": "--=_sesmail_1_"}},
        {"attachments": [Attachment("--=_sesmail_1_", b"x")]},
        {"attachments": [Attachment("a.png", b"x", content_id="--=_sesmail_1_")]},
        {"attachments": [Attachment("a.png", b"x", description="--=_sesmail_1_")]},
        {"from_email": Address("shop@example.com", "--=_sesmail_1_")},
        {"to": Address("--=_sesmail_1_@example.com")},
    ],
    ids=[
        "subject",
        "tags",
        "metadata",
        "headers",
        "file name",
        "content id",
        "description",
        "author",
        "recipient",
    ],
)
def test_text_like_a_boundary_does_not_prevent_sending(fields: dict[str, Any]) -> None:
    wire = mime(**{"text": "t", "html": "h"} | fields)
    assert [leaf.content for leaf in leaves(wire)][:2] == [b"t", b"h"]


def test_accepts_500_parts() -> None:
    wire = mime(text="t", html="h", attachments=[Attachment("a", b"x")] * 498)
    assert len(leaves(wire)) == 500


def test_rejects_501_parts() -> None:
    with pytest.raises(InvalidMessageError, match="500") as caught:
        mime(text="t", html="h", attachments=[Attachment("a", b"x")] * 499)
    assert (caught.value.field, caught.value.limit, caught.value.actual) == (
        "attachments",
        500,
        501,
    )


@pytest.mark.parametrize(
    "metadata",
    [
        {"order_id": 12345, "name": "Zoë 😀", "flag": None},
        {"a": "x" * 2_000},
        {"a": "word " * 500},
        {"a": "x" + " " * 2_000 + "y"},
        {"a": "=?utf-8?q?x?="},
        {str(number): number for number in range(500)},
    ],
    ids=["small", "long word", "long text", "many spaces", "encoded-word", "many keys"],
)
def test_metadata_decode_to_the_given_value(metadata: dict[str, Any]) -> None:
    import json

    wire = mime(metadata=metadata)
    check_wire(wire)
    assert json.loads(header(wire, "X-Metadata")) == metadata


@pytest.mark.parametrize("number", [float("nan"), float("inf")], ids=repr)
def test_rejects_metadata_that_are_not_json(number: float) -> None:
    with pytest.raises(InvalidMessageError, match="JSON") as caught:
        mime(metadata={"a": number})
    assert caught.value.field == "metadata"


def test_long_subject_is_folded_and_decodes_to_the_text() -> None:
    for subject in ("word " * 300 + "end", "ü" * 1_000, "x" * 3_000):
        wire = mime(subject=subject)
        check_wire(wire)
        assert header(wire, "Subject") == subject


def test_rejects_header_that_cannot_be_encoded() -> None:
    with pytest.raises(InvalidMessageError, match="percent-encode"):
        mime(headers={"List-Unsubscribe": "<https://example.com/é>"})


INJECTIONS: list[dict[str, Any]] = [
    {"subject": "x\r\nBcc: s@example.com"},
    {"subject": "x\r\n\r\nbody"},
    {"subject": "x\r\n \r\n"},
    {"headers": {"X-One": "x\nBcc: s@example.com"}},
    {"headers": {"X-One: 1\r\nBcc": "s@example.com"}},
    {"tags": ("x\rBcc: s@example.com",)},
    {"attachments": (Attachment("a", b"x").model_copy(update={"media_type": "a/b\r\n\r\nbody"}),)},
    {"attachments": (Attachment("a", b"x").model_copy(update={"content_id": "a>\r\nX-Evil: 1"}),)},
    {"attachments": (Attachment("a", b"x").model_copy(update={"filename": "a\r\nX-Evil: 1"}),)},
    {"attachments": (Attachment("a", b"x").model_copy(update={"media_type": f"a/{'b' * 1_000}"}),)},
]


@pytest.mark.parametrize("update", INJECTIONS, ids=lambda update: repr(update)[:60])
def test_final_check_rejects_unvalidated_fields(update: dict[str, Any]) -> None:
    """``model_copy`` doesn't validate."""
    message = Message(from_email="shop@example.com", to="alice@example.com", text="t").model_copy(
        update=update
    )
    with pytest.raises(InvalidMessageError, match="can't be encoded"):
        write_mime(message)


def test_large_mail_is_yielded_in_chunks() -> None:
    large, small = bytes(range(256)) * 1_000, b"x" * 100
    message = Message(
        from_email="shop@example.com",
        text="t" * 70_000,
        html="h",
        attachments=[
            Attachment("a.bin", large),
            Attachment("b.bin", small),
            Attachment("c.bin", large),
        ],
    )
    pieces = list(iter_mime(message))
    assert b"".join(pieces) == write_mime(message)
    assert [leaf.content for leaf in leaves(b"".join(pieces))][2:] == [large, small, large]
    assert (
        len(pieces) == 13
    )  # the head, the text, a head, and of each large file four full ones and the rest
    assert max(map(len, pieces)) < 80_000


def test_files_are_encoded_when_their_chunks_are_taken() -> None:
    message = Message(
        from_email="shop@example.com", attachments=[Attachment("a.bin", bytes(500_000))]
    )
    pieces = iter_mime(message)
    assert next(pieces).endswith(b"\r\n\r\n")
    assert next(pieces) == (b"A" * 76 + b"\r\n") * 1024
