"""Received mails: ordinary ones of common mail programs, and hostile ones."""

import copy
import pickle
import random
import unicodedata
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.receiving.events.received import Verdicts
from sesmail.receiving.inbound import chunks
from sesmail.receiving.inbound.file_name import safe_file_name
from sesmail.receiving.inbound.header import REPEATED
from sesmail.receiving.inbound.limits import MAX_PARTS
from sesmail.receiving.inbound.mail import InboundMail, read_mail
from sesmail.receiving.inbound.mailbox import Mailbox
from sesmail.sending.message.alternative import Alternative
from sesmail.sending.message.attachment import Attachment
from sesmail.sending.message.message import Message
from sesmail.sending.mime.mail import write_mime
from support.hostile_mails import HOSTILE_MAILS, attached, multipart, named, nested

GMAIL = b"""\
Return-Path: <jane@gmail.example>
Received: from mail-lf1.google.example (mail-lf1.google.example [192.0.2.1])
 by inbound-smtp.eu-west-1.amazonaws.com with SMTP id abc
 for <box@example.com>;
 Fri, 03 May 2024 08:11:12 +0000 (UTC)
X-SES-Spam-Verdict: PASS
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
        d=gmail.example; s=20230601; h=to:subject; b=abc
 def=
MIME-Version: 1.0
From: =?UTF-8?Q?Jane_D=C3=B6e?= <jane@gmail.example>
Date: Fri, 3 May 2024 10:11:00 +0200
Message-ID: <CAF+abc@mail.gmail.example>
Subject: =?UTF-8?B?RmVyaWVuZm90b3Mg8J+Pliwg?= =?UTF-8?Q?und_mehr?=
To: "Box, The" <box@example.com>, Bob <bob@example.com>
Cc: carol@example.com
Content-Type: multipart/mixed; boundary="000000000000a1b2"

--000000000000a1b2
Content-Type: multipart/related; boundary="000000000000a1b1"

--000000000000a1b1
Content-Type: multipart/alternative; boundary="000000000000a1b0"

--000000000000a1b0
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe

--000000000000a1b0
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

<div dir=3D"ltr">Gr=C3=BC=C3=9Fe <img src=3D"cid:ii_1"></div>

--000000000000a1b0--
--000000000000a1b1
Content-Type: image/png; name="image.png"
Content-Disposition: inline; filename="image.png"
Content-Transfer-Encoding: base64
X-Attachment-Id: ii_1
Content-ID: <ii_1>

iVBORw==
--000000000000a1b1--
--000000000000a1b2
Content-Type: application/pdf; name="report.pdf"
Content-Disposition: attachment; filename="report.pdf"
Content-Transfer-Encoding: base64
Content-ID: <f_1>
X-Attachment-Id: f_1

JVBERi0=
--000000000000a1b2--
"""

OUTLOOK = b"""\
From: "Doe, Jane" <Jane.Doe@corp.example>
To: "box@example.com" <box@example.com>
Subject: =?iso-8859-1?Q?R=FCckfrage?=
Thread-Topic: =?iso-8859-1?Q?R=FCckfrage?=
Date: Fri, 3 May 2024 08:11:00 +0000
Content-Language: de-DE
Content-Type: multipart/related;
\tboundary="_004_DB7PR_";
\ttype="multipart/alternative"
MIME-Version: 1.0

--_004_DB7PR_
Content-Type: multipart/alternative;
\tboundary="_000_DB7PR_"

--_000_DB7PR_
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe

--_000_DB7PR_
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

<p>Gr=FC=DFe <img src=3D"cid:image001.jpg@01DA"></p>

--_000_DB7PR_--

--_004_DB7PR_
Content-Type: image/jpeg; name="image001.jpg"
Content-Description: image001.jpg
Content-Disposition: inline; filename="image001.jpg"; size=3;
\tcreation-date="Fri, 03 May 2024 08:11:00 GMT"
Content-ID: <image001.jpg@01DA>
Content-Transfer-Encoding: base64

/9j/

--_004_DB7PR_--
"""

APPLE = b"""\
From: jane@icloud.example (Jane)
To: box@example.com
Subject: Fotos
Date: Fri, 3 May 2024 10:11:00 +0200
Content-Type: multipart/mixed; boundary="Apple-Mail=_1"
Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.500.171.1.1\\))

--Apple-Mail=_1
Content-Transfer-Encoding: 7bit
Content-Type: text/plain;
\tcharset=us-ascii

before

--Apple-Mail=_1
Content-Disposition: inline;
\tfilename*=utf-8''U%CC%88bersicht.pdf
Content-Type: application/pdf;
\tx-unix-mode=0644;
\tname="=?utf-8?Q?U=CC=88bersicht=2Epdf?="
Content-Transfer-Encoding: base64

JVBERi0=

--Apple-Mail=_1
Content-Type: text/plain; charset=us-ascii

after
--Apple-Mail=_1--
"""

BOUNCE = b"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: box@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4A1B.1714/mx.example"

This is a MIME-encapsulated message.

--4A1B.1714/mx.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry.

--4A1B.1714/mx.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; nobody@mx.example
Status: 5.1.1

--4A1B.1714/mx.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: box@example.com
To: nobody@mx.example
Subject: hello
Content-Type: multipart/mixed; boundary=inner

--inner

text
--inner
Content-Type: text/csv; name=list.csv
Content-Disposition: attachment

a,b
--inner--

--4A1B.1714/mx.example--
"""


def read(mail: bytes) -> InboundMail:
    """Parses an ordinary mail, which has no defects."""
    found = read_mail(mail.replace(b"\n", b"\r\n")).load()
    assert found.defects == ()
    return found


def test_mail_from_gmail() -> None:
    mail = read(GMAIL)
    assert mail.from_ == (Mailbox("jane@gmail.example", "Jane Döe"),)
    assert mail.to == (Mailbox("box@example.com", "Box, The"), Mailbox("bob@example.com", "Bob"))
    assert mail.cc == (Mailbox("carol@example.com"),)
    assert mail.reply_to == ()
    assert mail.subject == "Ferienfotos \N{BEACH WITH UMBRELLA}, und mehr"
    assert mail.date == datetime(2024, 5, 3, 8, 11, tzinfo=UTC)
    assert mail.text == "Grüße\n"
    assert mail.html == '<div dir="ltr">Grüße <img src="cid:ii_1"></div>\n'
    assert [(item.media_type, item.file_name, item.content) for item in mail.attachments] == [
        ("application/pdf", "report.pdf", b"%PDF-")
    ]
    assert list(mail.inline) == ["ii_1", "f_1"]
    assert mail.inline["ii_1"].content == b"\x89PNG"
    assert mail.inline["ii_1"].disposition == "inline"
    assert mail.headers.get("dkim-signature") == (
        "v=1; a=rsa-sha256; c=relaxed/relaxed;        "
        "d=gmail.example; s=20230601; h=to:subject; b=abc def="
    )
    assert mail.headers.get_all("Received") == (
        "from mail-lf1.google.example (mail-lf1.google.example [192.0.2.1]) "
        "by inbound-smtp.eu-west-1.amazonaws.com with SMTP id abc for <box@example.com>; "
        "Fri, 03 May 2024 08:11:12 +0000 (UTC)",
    )
    assert repr(mail) == "<InboundMail 'Ferienfotos \N{BEACH WITH UMBRELLA}, und mehr'>"


def test_mail_from_outlook() -> None:
    mail = read(OUTLOOK)
    assert mail.from_ == (Mailbox("Jane.Doe@corp.example", "Doe, Jane"),)
    assert mail.to == (Mailbox("box@example.com", "box@example.com"),)
    assert (mail.subject, mail.text, mail.html) == (
        "Rückfrage",
        "Grüße\n",
        '<p>Grüße <img src="cid:image001.jpg@01DA"></p>\n',
    )
    assert mail.attachments == ()
    assert mail.inline["image001.jpg@01DA"].content == b"\xff\xd8\xff"


def test_mail_from_apple_mail() -> None:
    mail = read(APPLE)
    assert mail.from_ == (Mailbox("jane@icloud.example", "Jane"),)
    assert mail.text == "before\nafter"
    assert mail.html is None
    (pdf,) = mail.attachments
    assert pdf.claimed_file_name == "U\u0308bersicht.pdf"
    assert pdf.file_name == "\xdcbersicht.pdf"
    assert repr(pdf) == "<InboundAttachment '\xdcbersicht.pdf' application/pdf>"


def test_bounce_with_attached_mail() -> None:
    mail = read(BOUNCE)
    assert mail.from_ == (Mailbox("MAILER-DAEMON@mx.example", "Mail Delivery System"),)
    assert mail.text == "I'm sorry.\n"
    status, returned = mail.attachments
    assert status.media_type == "message/delivery-status"
    assert b"Status: 5.1.1" in status.content
    assert returned.media_type == "message/rfc822"
    (inner,) = mail.mails
    assert inner.raw == returned.content
    assert (inner.subject, inner.text) == ("hello", "text")
    assert inner.to == (Mailbox("nobody@mx.example"),)
    assert [(item.file_name, item.text) for item in inner.attachments] == [("list.csv", "a,b")]
    assert inner.attachments[0].disposition == "attachment"


def test_envelope_and_verdicts_are_kept() -> None:
    verdicts = Verdicts(spam="PASS", dmarc="GRAY")
    mail = read_mail(
        b"", envelope_sender="a@b.example", envelope_recipients=["c@d.example"], verdicts=verdicts
    )
    assert mail.envelope_sender == "a@b.example"
    assert mail.envelope_recipients == ("c@d.example",)
    assert mail.verdicts is verdicts
    assert read_mail(b"").envelope_sender is None


def test_empty_mail() -> None:
    mail = read_mail(b"").load()
    assert (mail.subject, mail.date, mail.html, mail.text) == (None, None, None, "")
    assert mail.from_ == mail.to == mail.cc == mail.attachments == mail.mails == mail.defects == ()
    assert dict(mail.inline) == {}
    assert mail.raw == b""


def test_mail_compares_hashes_copies_and_pickles() -> None:
    mail = read_mail(GMAIL, envelope_sender="a@b.example", verdicts=Verdicts(spam="PASS")).load()
    for same in (
        read_mail(GMAIL, envelope_sender="a@b.example", verdicts=Verdicts(spam="PASS")),
        pickle.loads(pickle.dumps(mail)),
        copy.deepcopy(mail),
    ):
        assert same == mail
        assert hash(same) == hash(mail)
    assert mail not in (
        read_mail(GMAIL),
        read_mail(GMAIL + b"\n", envelope_sender="a@b.example"),
        GMAIL,
    )
    with pytest.raises(TypeError):
        mail.inline["x"] = mail.attachments[0]  # type: ignore[index]
    assert pickle.loads(pickle.dumps(read(BOUNCE).mails[0])).subject == "hello"


def test_raw_is_the_original_bytes() -> None:
    for make, _ in list(HOSTILE_MAILS.values())[:10]:
        raw = make()
        assert read_mail(raw).raw is raw


def test_contents_are_decoded_on_first_access_and_kept() -> None:
    file = b"Content-Disposition: attachment\r\n\r\nx"
    mail = read_mail(multipart(b"Content-Transfer-Encoding: base64\r\n\r\n*", file))
    assert mail.defects == ()
    assert mail.text == ""
    assert mail.defects == ("malformed base64",)
    assert mail.text is mail.text
    assert mail.attachments[0].content is mail.attachments[0].content


@pytest.mark.parametrize(
    ("header", "attached", "inline"),
    [
        (b"", True, False),
        (b"Content-Disposition: inline\r\n", True, False),
        (b"Content-ID: <i>\r\n", False, True),
        (b"Content-ID: i\r\n", False, True),
        (b"Content-ID: (words) <i> (more)\r\n", False, True),
        (b"Content-ID: <i>\r\nContent-Disposition: inline\r\n", False, True),
        (b"Content-ID: <i>\r\nContent-Disposition: attachment\r\n", True, True),
        (b"Content-ID: <i>\r\nContent-Disposition: form-data; name=x\r\n", True, True),
    ],
)
@pytest.mark.parametrize("kind", [b"mixed", b"related"])
def test_image_is_attachment_or_inline_by_its_header(
    header: bytes, attached: bool, inline: bool, kind: bytes
) -> None:
    image = b"Content-Type: image/png\r\n" + header + b"\r\nx"
    html = b"Content-Type: text/html\r\n\r\n<img src='CID:i'>"
    mail = read_mail(multipart(html, image, kind=kind))
    assert [item.content for item in mail.attachments] == [b"x"] * attached
    assert (
        {name: item.content for name, item in mail.inline.items()} == {"i": b"x"}
        if inline
        else not mail.inline
    )


INLINE = b"Content-Type: image/png\r\nContent-ID: <i@x>\r\nContent-Disposition: inline\r\n\r\nx"


@pytest.mark.parametrize(
    ("body", "kind", "attached"),
    [
        (b"text/plain\r\n\r\nphoto", b"mixed", True),  # as phones send photos
        (b"text/plain\r\n\r\nphoto", b"related", True),
        (b"text/html\r\n\r\n<b>photo", b"mixed", True),
        (b"text/html\r\n\r\n<b>photo", b"related", True),
        (b'text/html\r\n\r\n<img src="cid:i">', b"mixed", True),
        (b'text/html\r\n\r\n<img src="cid:i@x">', b"mixed", False),
        (b"text/html\r\n\r\n<img src=cid:i%40x>", b"alternative", False),
        (b"text/html; name=page.html\r\n\r\n<img src=cid:i@x>", b"related", False),
    ],
)
def test_file_is_only_inline_if_html_displays_it(body: bytes, kind: bytes, attached: bool) -> None:
    mail = read_mail(multipart(b"Content-Type: " + body, INLINE, kind=kind))
    assert (mail.inline["i@x"] in mail.attachments) is attached


def test_finds_cid_url_across_chunks_of_html(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", 5)
    mail = read_mail(
        multipart(b"Content-Type: text/html\r\n\r\n" + b"x" * 33 + b"<img src='cid:i@x'>", INLINE)
    )
    assert mail.attachments == ()


def test_file_with_content_id_is_attachment() -> None:
    mail = read_mail(
        multipart(b"\r\ntext", b"Content-Type: application/pdf\r\nContent-ID: <i>\r\n\r\nx")
    )
    assert mail.attachments == (mail.inline["i"],)


def test_duplicate_content_id_is_attachment_and_a_defect() -> None:
    image = b"Content-Type: image/png\r\nContent-ID: <i>\r\n\r\n"
    mail = read_mail(
        multipart(
            b"Content-Type: text/html\r\n\r\n<img src=cid:i>",
            image + b"1",
            image + b"2",
            kind=b"related",
        )
    )
    assert mail.inline["i"].content == b"1"
    assert [item.content for item in mail.attachments] == [b"2"]
    assert mail.defects == ("duplicate content id",)


def test_attached_text_is_not_the_body() -> None:
    log = b"Content-Disposition: attachment; filename=log.txt\r\n\r\nlog"
    other = multipart(b"\r\nother", boundary=b"c")
    mail = read_mail(multipart(log, b"Content-Disposition: inline\r\n\r\ntext", b"\r\nmore", other))
    assert mail.text == "text\nmore\nother"
    assert [item.text for item in mail.attachments] == ["log"]


@pytest.mark.parametrize(
    "named", [b"; name=log.txt", b"\r\nContent-Disposition: inline; filename=log.txt"]
)
def test_text_with_file_name_is_attachment_unless_it_is_the_only_part(named: bytes) -> None:
    log = b"Content-Type: text/plain" + named + b"\r\n\r\nlog"
    mail = read_mail(multipart(b"Content-Type: text/html\r\n\r\n<b>", log))
    assert (mail.text, mail.html) == (None, "<b>")
    assert [(item.file_name, item.text) for item in mail.attachments] == [("log.txt", "log")]
    assert read_mail(log).text == "log"


def test_parts_of_attached_multipart_are_attachments() -> None:
    inner = multipart(
        b"\r\ninner", b"Content-Type: text/html\r\n\r\n<b>inner", INLINE, boundary=b"c"
    )
    outer = multipart(
        b"\r\nouter",
        b"Content-Disposition: attachment; filename=x\r\n" + multipart(inner, boundary=b"d"),
    )
    mail = read_mail(outer.replace(b'"c"', b"c"))
    assert (mail.text, mail.html) == ("outer", None)
    assert [item.content for item in mail.attachments] == [b"inner", b"<b>inner", b"x"]
    assert read_mail(b"Content-Disposition: attachment\r\n" + multipart(b"\r\nmail")).text == "mail"


def test_mailboxes_of_several_from_fields() -> None:
    mail = read_mail(
        b"From: a@b.example\r\nFrom: evil@x.example\r\nSubject: 1\r\nSubject: 2\r\n\r\n"
    )
    assert mail.from_ == (Mailbox("a@b.example"), Mailbox("evil@x.example"))
    assert mail.subject == "1"
    assert mail.defects == (REPEATED,)


def test_encoded_attached_mail_is_decoded_once() -> None:
    mail = read_mail(multipart(attached(1, encoding=b"base64")))
    (item,) = mail.attachments
    assert item.content is item.content
    assert mail.mails[0].raw is item.content


@pytest.mark.parametrize(
    ("claimed", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("C:\\fakepath\\x.txt", "x.txt"),
        ("C:x.txt", "C_x.txt"),
        ("file.txt::$DATA", "file.txt__$DATA"),
        ("/", "attachment"),
        ("a/", "a"),
        ("", "attachment"),
        (".", "attachment"),
        ("..", "attachment"),
        (" . . ", "attachment"),
        (".bashrc", "bashrc"),
        ("x.txt. . ", "x.txt"),
        ("a\0b\r\nc\x7f\x9b", "abc"),
        ("gpj\u202efdp.exe", "gpjfdp.exe"),
        ("a\u200b\u2066b\u2028\ufeff\ud800", "ab"),
        ("a\N{NO-BREAK SPACE}b", "a b"),
        ("U\u0308.txt", "\xdc.txt"),
        ('<a>:"b"|c?*', "_a___b__c__"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Lpt\xb9 .txt", "_Lpt\xb9 .txt"),
        ("CONIN$", "_CONIN$"),
        ("console.txt", "console.txt"),
        ("com10", "com10"),
    ],
)
def test_safe_file_name_of_claimed_name(claimed: str, safe: str) -> None:
    assert safe_file_name(claimed) == safe


@pytest.mark.parametrize(
    "claimed", ["é" * 300 + ".pdf", "é" * 300, "x" * 300 + "." + "y" * 300, "con." + "x" * 300]
)
def test_long_file_name_is_shortened(claimed: str) -> None:
    safe = safe_file_name(claimed)
    assert 200 < len(safe.encode()) <= 255
    assert safe.endswith(".pdf") == claimed.endswith(".pdf")


@given(st.text() | st.text(st.sampled_from("./\\ con:\u202e\u0300é\t\ud800aux"), max_size=400))
@settings(derandomize=True, max_examples=300)
def test_any_file_name_is_made_safe(claimed: str) -> None:
    safe = safe_file_name(claimed)
    assert 0 < len(safe.encode()) <= 255
    assert not {unicodedata.category(char) for char in safe} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not set('/\\<>:"|?*') & set(safe)
    assert not safe.startswith((".", " "))
    assert not safe.endswith((".", " "))
    assert safe_file_name(safe) == safe


def test_parses_mail_that_sesmail_builds() -> None:
    forwarded = write_mime(
        Message(from_email="x@example.com", to="y@example.com", subject="inner", text="inside")
    )
    message = Message(
        from_email=["Jürgen Müller <j@example.com>", "k@example.com"],
        to=[
            "Doe, Jane <jane@bücher.example>".replace("Doe, Jane", '"Doe, Jane"'),
            "bob@example.com",
        ],
        cc="carol@example.com",
        reply_to="Support <help@example.com>",
        subject="Grüße " * 30 + "=?utf-8?q?x?=",
        text="Grüße\n.\nFrom here\n" + "x" * 2_000 + "\n",
        html="<p>Grüße</p>" * 100 + '<img src="cid:logo@example.com">',
        alternatives=[
            Alternative("<html amp4email>", "text/x-amp-html"),
            Alternative("BEGIN:VCALENDAR", "text/calendar"),
        ],
        attachments=[
            Attachment("Übersicht " * 8 + ".pdf", b"%PDF-" * 1_000),
            Attachment('a"b\\c.txt', "Grüße"),
            Attachment("logo.png", b"\x89PNG", content_id="logo@example.com"),
            Attachment("forwarded.eml", forwarded, "message/rfc822"),
        ],
        headers={
            "X-Long": "word " * 100 + "end",
            "List-Unsubscribe": "<https://example.com/" + "x" * 200 + ">",
        },
        tags=["größe", "b"],
        metadata={"order": 1, "name": "ä"},
    )
    mail = read_mail(write_mime(message)).load()
    assert mail.defects == ()
    assert mail.from_ == tuple(Mailbox(each.email, each.name) for each in message.from_email)
    assert mail.to == tuple(Mailbox(each.email, each.name) for each in message.to)
    assert mail.cc == (Mailbox("carol@example.com"),)
    assert mail.reply_to == (Mailbox("help@example.com", "Support"),)
    assert (mail.subject, mail.text, mail.html) == (message.subject, message.text, message.html)
    amp, calendar, pdf, text, eml = mail.attachments
    assert [(each.media_type, each.text) for each in (amp, calendar)] == [
        ("text/x-amp-html", "<html amp4email>"),
        ("text/calendar", "BEGIN:VCALENDAR"),
    ]
    for read, sent in zip(
        (pdf, text, mail.inline["logo@example.com"], eml), message.attachments, strict=True
    ):
        assert (read.claimed_file_name, read.media_type) == (sent.filename, sent.media_type)
        assert (read.content, read.disposition) == (sent.content, sent.disposition)
    assert mail.mails[0].subject == "inner"
    assert mail.mails[0].raw == forwarded
    assert mail.headers.get("X-Long") == message.headers["X-Long"]
    assert mail.headers.get("List-Unsubscribe") == message.headers["List-Unsubscribe"]
    assert mail.headers.get_all("X-Tag") == ("größe", "b")


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=60).map(
    lambda text: text.strip()
)
LINES = st.lists(
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=90), max_size=8
)


@st.composite
def standard_mails(draw: st.DrawFn) -> EmailMessage:
    """Mails built by the email package."""
    mail = EmailMessage()
    name = draw(WORDS.filter(lambda text: "=?" not in text))
    mail["From"] = "Jane Doe <jane@example.com>"
    mail["To"] = 'bob@example.com, "Doe, J" <j@example.com>'
    mail["Subject"] = draw(WORDS.filter(lambda text: "=?" not in text))
    mail["Date"] = draw(
        st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)).map(
            lambda date: date.replace(microsecond=0)
        )
    )
    cte = draw(st.sampled_from(["base64", "quoted-printable", "8bit"]))
    mail.set_content(
        "\n".join([*draw(LINES), ""]), charset=draw(st.sampled_from(["utf-8", "gb18030"])), cte=cte
    )
    if draw(st.booleans()):
        mail.add_alternative("\n".join([*draw(LINES), ""]), subtype="html", cte=cte)
        if draw(st.booleans()):
            mail.get_payload()[1].add_related(
                draw(st.binary(max_size=200)), "image", "png", cid="<x@y>"
            )
    for _ in range(draw(st.integers(0, 3))):
        mail.add_attachment(
            draw(st.binary(max_size=300)), "application", "pdf", filename=name or "x"
        )
    if draw(st.booleans()):
        inner = EmailMessage()
        inner["Subject"] = "inner"
        inner.set_content("inner")
        mail.add_attachment(inner)
    return mail


@pytest.mark.first
@pytest.mark.slow
@given(standard_mails(), st.sampled_from([SMTP, default]))
@settings(derandomize=True, max_examples=100, deadline=None)
def test_parses_like_the_email_package(written: EmailMessage, policy: object) -> None:
    raw = written.as_bytes(policy=policy)
    theirs = BytesParser(policy=default).parsebytes(raw)
    ours = read_mail(raw).load()
    assert ours.defects == ()
    assert (ours.subject or "").split() == (theirs["subject"] or "").split()
    assert [(each.email, each.name or "") for each in ours.to] == [
        (each.addr_spec, each.display_name) for each in theirs["to"].addresses
    ]
    assert ours.date == theirs["date"].datetime
    for text, kind in ((ours.text, "plain"), (ours.html, "html")):
        body = theirs.get_body((kind,))
        assert text == (None if body is None else body.get_content().replace("\r\n", "\n"))
    assert [
        (
            item.media_type,
            item.claimed_file_name,
            None if item.media_type == "message/rfc822" else item.content,
        )
        for item in ours.attachments
        if item.media_type != "image/png"
    ] == [
        (
            each.get_content_type(),
            each.get_filename(),
            None if each.get_content_type() == "message/rfc822" else each.get_payload(decode=True),
        )
        for each in theirs.iter_attachments()
        if each.get_content_type() != "image/png"
    ]
    assert [mail.subject for mail in ours.mails] == [
        each.get_content()["subject"] for each in theirs.iter_attachments() if each.is_multipart()
    ]


def read_all(mail: InboundMail) -> list[str]:
    """Parses and decodes all of a mail; returns its defects and those of attached mails."""
    mail.load()
    assert all(text.isprintable() or "\n" not in text for pair in mail.headers for text in pair)
    items = [*mail.attachments, *mail.inline.values()]
    for item in items:
        assert 0 < len(item.file_name.encode()) <= 255
    decoded = sum(len(item.content) for item in items if not item.media_type.startswith("message/"))
    assert decoded <= len(mail.raw)
    assert len(items) < 2 * MAX_PARTS
    defects = list(mail.defects)
    for each in mail.mails:
        defects += read_all(each)
    return defects


@pytest.mark.first
@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE_MAILS)
def test_parses_hostile_mail_and_names_its_defect(name: str) -> None:
    make, defect = HOSTILE_MAILS[name]
    mail = read_mail(make())
    defects = read_all(mail)
    assert defect in defects if defect is not None else not defects
    assert len(mail.defects) < 10


def test_there_are_at_least_60_hostile_mails() -> None:
    assert len(HOSTILE_MAILS) >= 60


SAMPLES = [
    *(sample.replace(b"\n", b"\r\n") for sample in (GMAIL, OUTLOOK, APPLE, BOUNCE)),
    nested(5, lambda level: b"b%d" % level),
    attached(3, multipart(b"\r\nx", b"Content-Type: text/html\r\n\r\n<b>")),
    named(b"filename*0*=utf-8''%41; filename*1=b"),
]
SPLICES = [
    *(bytes([byte]) for byte in b'\0\r\n;"(<=%\xff'),
    *(
        b"",
        b"\r\n\r\n",
        b"--",
        b"=?",
        b"?=",
        b"=?utf-8?b?",
        b"*0*=",
        b"boundary=b",
        b"--b\r\n",
        b":" * 50,
        b" " * 50,
    ),
    *(b"charset=utf-16", b"charset=idna", b"Content-Transfer-Encoding: base64\r\n"),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: message/rfc822\r\n\r\n"),
]


@given(st.sampled_from(SAMPLES), st.integers(0, 2**32))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_mutated_mail_raises_no_error(sample: bytes, seed: int) -> None:
    dice = random.Random(seed)
    mail = bytearray(sample)
    for _ in range(dice.randint(1, 12)):
        start = dice.randint(0, len(mail))
        end = start + dice.choice([0, 0, 1, 5, 100])
        at = dice.randint(0, len(mail))
        mail[start:end] = dice.choice(
            [dice.choice(SPLICES), dice.randbytes(3), bytes(mail[at : at + 60])]
        )
    read_all(read_mail(bytes(mail)))


@given(st.binary(max_size=400))
@settings(derandomize=True, max_examples=200)
def test_random_bytes_raise_no_error(raw: bytes) -> None:
    read_all(read_mail(raw))
