"""The body of a mail: which parts are in `text` and `html`, and which are attachments."""

from collections.abc import Iterator

import pytest

from sesmail.receiving.inbound.body_text import TOO_LARGE_TO_CONVERT
from sesmail.receiving.inbound.conversion import text_from_html
from sesmail.receiving.inbound.flowed import TOO_MANY_LINES, join_lines
from sesmail.receiving.inbound.limits import MAX_CONVERTED, MAX_FLOWED_LINES, Budget
from sesmail.receiving.inbound.mail import InboundMail, read_mail
from support.hostile_mails import multipart

PNG = b"Content-Type: image/png; name=x.png\r\n\r\nx"
PDF = b"Content-Type: application/pdf; name=x.pdf\r\n\r\nx"
BOUNDARIES = iter(range(1 << 30))


def part(media_type: str, content: str, header: str = "") -> bytes:
    return f"Content-Type: {media_type}\r\n{header}\r\n{content}".encode()


def plain(content: str, parameters: str = "", header: str = "") -> bytes:
    return part(f"text/plain{parameters}", content, header)


def html(content: str, parameters: str = "", header: str = "") -> bytes:
    return part(f"text/html{parameters}", content, header)


def combined(kind: str, *parts: bytes) -> bytes:
    boundary = b"x%dx" % next(BOUNDARIES)
    return multipart(*parts, kind=kind.encode(), boundary=boundary)


def mixed(*parts: bytes) -> bytes:
    return combined("mixed", *parts)


def alternative(*parts: bytes) -> bytes:
    return combined("alternative", *parts)


def related(*parts: bytes) -> bytes:
    return combined("related", *parts)


def names(mail: InboundMail) -> list[str | None]:
    return [item.claimed_file_name for item in mail.attachments]


BOTH = alternative(plain("hello"), html("<p>hello"))


@pytest.mark.parametrize(
    ("raw", "text", "source", "files"),
    [
        (mixed(plain("a\r\n"), PDF, plain("b")), "a\nb", None, 1),
        (mixed(html("<p>a"), PDF, html("<p>b")), None, "<p>a\n<p>b", 1),
        (alternative(plain("t"), mixed(html("a\n"), PDF, html("b"))), "t", "a\nb", 1),
        (alternative(plain("t"), related(mixed(html("a"), PDF, html("b")), PNG)), "t", "a\nb", 2),
        (alternative(mixed(plain("a"), PDF, plain("b")), html("h")), "a\nb", "h", 1),
        (mixed(BOTH, plain("list")), "hello\nlist", "<p>hello\n<div>list</div>\n", 0),
        (mixed(BOTH, html("<hr>list")), "hello\nlist\n", "<p>hello\n<hr>list", 0),
        (mixed(plain("[EXT]"), BOTH), "[EXT]\nhello", "<div>[EXT]</div>\n<p>hello", 0),
        (mixed(plain("\r\n"), BOTH), "\nhello", "<p>hello", 0),
        (mixed(plain(""), BOTH), "hello", "<p>hello", 0),
        (mixed(plain("a<b\nc\n"), html("<i>")), "a<b\nc\n", "<div>a&lt;b<br>\nc</div>\n<i>", 0),
        (mixed(html("<p>m</p>"), plain("list")), "m\nlist", "<p>m</p>\n<div>list</div>\n", 0),
        (
            mixed(BOTH, PDF, alternative(plain("more"), html("<p>more"))),
            "hello\nmore",
            "<p>hello\n<p>more",
            1,
        ),
        (mixed(alternative(plain("t")), html("h")), "t\nh\n", "<div>t</div>\nh", 0),
        (mixed(plain("t"), alternative(html("h"))), "t\nh\n", "<div>t</div>\nh", 0),
        (mixed(BOTH, alternative(part("text/calendar", "c"))), "hello", "<p>hello", 1),
        (alternative(html("h"), plain("t")), "t", "h", 0),
        (alternative(plain("1"), html("2"), plain("3"), html("4")), "1\n3", "2\n4", 0),
        (alternative(mixed(html("h"), plain("foot")), plain("t")), "t", "h\n<div>foot</div>\n", 0),
        (alternative(mixed(html("h"), plain("f"))), "h\nf", "h\n<div>f</div>\n", 0),
        (related(plain("t"), PNG), "t", None, 1),
        (related(plain("t"), html("h")), "t\nh\n", "<div>t</div>\nh", 0),
        (related(PNG, html("h"), html("i")), None, "h\ni", 1),
        (related(html("h"), html("frame", header="Content-ID: <f@x>\r\n")), None, "h", 1),
        (combined("x-new", plain("t"), PDF), "t", None, 1),
        (combined("signed", BOTH, part("application/pgp-signature", "s")), "hello", "<p>hello", 1),
        (mixed(PDF), None, None, 1),
        (mixed(part("message/rfc822", "Subject: x\r\n\r\ninner")), None, None, 1),
    ],
)
def test_body_is_all_parts_that_are_displayed(
    raw: bytes, text: str | None, source: str | None, files: int
) -> None:
    mail = read_mail(raw).load()
    assert (mail.text, mail.html, len(mail.attachments)) == (text, source, files)
    assert mail.defects == ()


NAMED = "; name=body.txt"
FILE_NAME = "Content-Disposition: inline; filename=body.txt\r\n"


@pytest.mark.parametrize(
    ("raw", "text", "source", "files"),
    [
        (plain("t", NAMED), "t", None, 0),
        (mixed(plain("t", NAMED), PDF), "t", None, 1),
        (mixed(plain("t", "", FILE_NAME), PDF), "t", None, 1),
        (mixed(plain("t", NAMED), PDF, plain("list")), "t\nlist", None, 1),
        (mixed(mixed(plain("t", NAMED)), PDF), "t", None, 1),
        (mixed(PNG, plain("t", NAMED)), "t", None, 1),  # by a gateway of a mobile network
        (mixed(plain("t"), plain("n", NAMED)), "t", None, 1),
        (mixed(plain("t"), mixed(plain("n", NAMED))), "t", None, 1),
        (mixed(BOTH, plain("n", "", FILE_NAME)), "hello", "<p>hello", 1),
        (mixed(PDF, plain("n", NAMED), plain("t")), "t", None, 2),
        (alternative(plain("t", NAMED), html("h", "; name=b.html")), "t", "h", 0),
        (mixed(plain("a"), alternative(plain("t", NAMED), html("h", NAMED))), "a\nt", None, 0),
        (related(html("h", "; name=m.htm"), PNG), None, "h", 1),
        (alternative(plain("t"), related(html("h", NAMED), html("n", NAMED))), "t", "h", 1),
        (related(html("h"), plain("n", NAMED)), None, "h", 1),
        (plain("t", "; name=x", "Content-Disposition: attachment\r\n"), None, None, 1),
        (mixed(plain("t", "", "Content-Disposition: attachment\r\n"), PDF), None, None, 2),
    ],
)
def test_text_with_file_name_is_in_the_body_by_its_position(
    raw: bytes, text: str | None, source: str | None, files: int
) -> None:
    mail = read_mail(raw).load()
    assert mail.text == text
    assert source is None or mail.html == source
    assert len(mail.attachments) == files


@pytest.mark.parametrize("name", ["; name=", '; name=" "', '; name="\t "'])
def test_name_of_white_space_is_no_name(name: str) -> None:
    mail = read_mail(mixed(plain("a"), plain("b", name))).load()
    assert (mail.text, mail.attachments) == ("a\nb", ())


def test_second_name_counts_if_the_first_is_white_space() -> None:
    header = 'Content-Disposition: attachment; filename=" "\r\n'
    assert names(read_mail(mixed(plain("a"), plain("b", NAMED, header)))) == ["body.txt"]


@pytest.mark.parametrize(
    ("disposition", "alone", "beside"),
    [
        ("inline", True, True),
        ("INLINE", True, True),
        ('"inline"', True, True),
        ("'inline'", True, True),
        ("=?utf-8?q?inline?=", True, True),
        ("inline foo", True, True),
        ("", True, True),
        (";", True, True),
        ("body", True, False),
        ("form-data; name=x", True, False),
        ("infile", True, False),
        ("attachment", False, False),
        ('"attachment"', False, False),
        ("Attachment foo", False, False),
        ("=?utf-8?q?attachment?=", False, False),
    ],
)
def test_text_is_in_the_body_by_its_disposition(
    disposition: str, alone: bool, beside: bool
) -> None:
    log = plain("log", "", f"Content-Disposition: {disposition}\r\n")
    assert read_mail(log).text == ("log" if alone else None)
    assert read_mail(mixed(log, PDF)).text == ("log" if alone else None)
    mail = read_mail(mixed(plain("body"), log))
    assert mail.text == ("body\nlog" if beside else "body")
    assert len(mail.attachments) == (0 if beside else 1)


def test_disposition_without_word_is_none() -> None:
    (item,) = read_mail(
        mixed(plain("a"), PDF.replace(b"\r\n\r\n", b'\r\nContent-Disposition: ""\r\n\r\n'))
    ).attachments
    assert item.disposition is None


@pytest.mark.parametrize(
    ("start", "shown"),
    [("", "one"), ('; start="<2@x>"', "two"), ("; start=2@x", "two"), ("; start=9@x", "one")],
)
def test_start_names_the_root_of_related(start: str, shown: str) -> None:
    one, two = (
        html(text, header=f"Content-ID: <{number}@x>\r\n")
        for number, text in ((1, "one"), (2, "two"))
    )
    raw = multipart(one, two, boundary=b"b", kind=b"related").replace(
        b'boundary="b"', b"boundary=b" + start.encode()
    )
    mail = read_mail(raw).load()
    assert (mail.html, len(mail.attachments)) == (shown, 1)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("--b--", ""),
        ("\r\n--b--\r\n", ""),
        ("--b--\r\n--b--\r\nepilogue", ""),
        ("", ""),
        ("words\r\n--b--", "words\n--b--"),
        ("--b\r\n--b--", ""),
    ],
)
def test_empty_multipart_is_an_empty_body(content: str, text: str) -> None:
    raw = part("multipart/alternative; boundary=b", content)
    assert read_mail(raw).text == text
    mail = read_mail(mixed(raw, PDF))
    assert (mail.text, names(mail)) == (text, ["x.pdf"])


ALTERNATIVES = multipart(plain("t"), html("h"), kind=b"alternative")


@pytest.mark.parametrize(
    "raw",
    [
        multipart(ALTERNATIVES, PDF),  # of the same boundary
        multipart(plain("t"), html("h")) + b"\r\n--b\r\n" + PDF + b"\r\n--b--",
        multipart(plain("t"), html("h")) + b"\r\nwords\r\n--b\r\n" + PDF,
        multipart(plain("t")) + b"\r\n--b--" * 3 + b"\r\n--b\r\n\r\n--b\r\n" + PDF + b"\r\n--b--",
    ],
)
def test_parts_after_closing_delimiter_are_found(raw: bytes) -> None:
    mail = read_mail(raw).load()
    assert "t" in (mail.text or "")
    assert names(mail) == ["x.pdf"]
    assert "part after the closing delimiter of its multipart" in mail.defects


def displayed_by(source: str, content_id: str = "<i@x>") -> Iterator[bool]:
    image = part("image/png", "x", f"Content-ID: {content_id}\r\nContent-Disposition: inline\r\n")
    for kind in ("mixed", "related", "alternative"):
        mail = read_mail(combined(kind, html(source), image))
        assert len(mail.inline) == 1
        yield not mail.attachments


@pytest.mark.parametrize(
    ("source", "content_id", "displayed"),
    [
        ("<img src=cid:i@x>", "<i@x>", True),
        ('<img src="CID:i@x">', "i@x", True),
        ("<img src='cid:i%40x'>", "<i@x>", True),
        ("<img src='cid:i&#64;x'>", "<i@x>", True),
        ("<img src='cid:a&amp;b@x'>", "<a&b@x>", True),
        ("<p style='background: url(cid:i@x)'>", "<i@x>", True),
        ("<img src='cid:image (1).png'>", "<image (1).png>", True),
        ("<img src='cid:image%20(1).png'>", "<image (1).png>", True),
        ("<img src=cid:i@xy>", "<i@x>", False),
        ("<img src=i@x>", "<i@x>", False),
        ("<p>text", "<i@x>", False),
    ],
)
def test_file_is_displayed_only_if_html_refers_to_it(
    source: str, content_id: str, displayed: bool
) -> None:
    assert set(displayed_by(source, content_id)) == {displayed}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        (" <p> </p> ", ""),
        ("<p>a</p><p>b &amp; c</p>", "a\nb & c\n"),
        ("a\n  b<br>c<BR/>d", "a b\nc\nd\n"),
        ("<ul><li>a</li><li>b</li></ul>x", "a\nb\n\nx\n"),
        ("<style>p {}</style><script>x</script>a<!-- b > c -->d", "ad\n"),
        ("a<style>p {}", "a\n"),
        ("1 < 2 <b>and</b> 3 > 2", "1 < 2 and 3 > 2\n"),
        ("&lt;b&gt;&nbsp;x", "<b>\N{NO-BREAK SPACE}x\n"),
    ],
)
def test_converts_html_to_text(source: str, text: str) -> None:
    assert text_from_html(source) == text


def test_limits_conversion() -> None:
    large = plain("x" * (MAX_CONVERTED + 1))
    mail = read_mail(mixed(large, html("h"))).load()
    assert (mail.html, len(mail.text or "")) == ("h", MAX_CONVERTED + 4)
    assert mail.defects == (TOO_LARGE_TO_CONVERT,)
    mail = read_mail(large).load()
    assert (mail.html, mail.defects) == (None, ())


@pytest.mark.parametrize(
    ("lines", "joined", "without_space"),
    [
        ("a \nb", "a b", "ab"),
        ("a \nb \nc\nd", "a b c\nd", "abc\nd"),
        (" From x\n >y\n  z", "From x\n>y\n z", None),
        ("> a \n> b\n> c", "> a b\n> c", "> ab\n> c"),
        (">a \n>b", ">a b", ">ab"),
        (">> a \n> b", ">> a \n> b", ">> a\n> b"),
        ("> a \nb", "> a \nb", "> a\nb"),
        ("a \n> b", "a \n> b", "a\n> b"),
        ("a\n-- \nb", "a\n-- \nb", None),
        ("a \n-- \nb", "a \n-- \nb", "a\n-- \nb"),
        ("> -- \n> b", "> -- \n> b", None),
        ("a \n\nb", "a \nb", "a\nb"),
        ("a ", "a ", "a "),
        ("a \nb ", "a b ", "ab"),
        ("\n a\n", "\na\n", None),
        ("> > a \n> > b", "> > a > b", None),
        ("a\n>b\n", "a\n>b\n", None),
        ("", "", None),
    ],
)
def test_joins_lines_of_flowed_text(lines: str, joined: str, without_space: str | None) -> None:
    assert join_lines(lines, Budget(), delete_space=False) == joined
    if without_space is not None:
        assert join_lines(lines, Budget(), delete_space=True) == without_space


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ("; format=flowed", "a b"),
        ('; Format="Flowed"; DelSp=no', "a b"),
        ("; format=flowed; delsp=yes", "ab"),
        ("; format=flowed; delsp=Yes", "ab"),
        ("; format=fixed; delsp=yes", "a \nb"),
        ("; delsp=yes", "a \nb"),
    ],
)
def test_flowed_text_is_joined_in_the_body_only(parameters: str, text: str) -> None:
    raw = mixed(plain("a \r\nb", parameters), plain("a \r\nb", f"{parameters}; name=x"))
    mail = read_mail(raw).load()
    assert mail.text == text
    assert mail.attachments[0].text == "a \r\nb"
    assert mail.raw == raw
    assert read_mail(part(f"text/html{parameters}", "a \r\nb")).html == "a \nb"


def test_limits_lines_of_flowed_text() -> None:
    mail = read_mail(plain("a \r\n" * (MAX_FLOWED_LINES + 1), "; format=flowed")).load()
    assert (mail.text or "").startswith("a \na \n")
    assert mail.defects == (TOO_MANY_LINES,)


@pytest.mark.parametrize(
    ("content_type", "special", "is_defect"),
    [
        ("application/ms-tnef; name=winmail.dat", "tnef", True),
        ("application/vnd.ms-tnef", "tnef", True),
        ("application/octet-stream; name=WINMAIL.DAT", "tnef", True),
        (
            "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            "smime-encrypted",
            True,
        ),
        ("application/x-pkcs7-mime", "smime-encrypted", True),
        ("application/pkcs7-mime; smime-type=authEnveloped-data", "smime-encrypted", True),
        ("application/pkcs7-mime; smime-type=Signed-Data", "smime-signed", True),
        ("application/pkcs7-mime; smime-type=certs-only", None, False),
        ("application/octet-stream; name=smime.p7m", "smime-encrypted", True),
        ("application/pkcs7-signature; name=smime.p7s", "smime-signature", False),
        ("application/x-pkcs7-signature", "smime-signature", False),
        ("application/octet-stream; name=smime.p7s", "smime-signature", False),
        ("application/pgp-encrypted", "pgp-encrypted", True),
        ("application/octet-stream; name=encrypted.asc", "pgp-encrypted", True),
        ("application/octet-stream; name=letter.pdf.pgp", "pgp-encrypted", True),
        ("application/pgp-signature; name=signature.asc", "pgp-signature", False),
        ("application/pgp-keys", "pgp-keys", False),
        ("application/pdf; name=x.p7m", None, False),
        ("application/octet-stream", None, False),
        ("image/png; name=winmail.dat", None, False),
    ],
)
def test_parts_in_formats_of_other_software_are_named(
    content_type: str, special: str | None, is_defect: bool
) -> None:
    for raw in (mixed(plain("t"), part(content_type, "x")), part(content_type, "x")):
        mail = read_mail(raw).load()
        assert [item.special for item in mail.attachments] == [special]
        assert len(mail.defects) == is_defect


def test_pgp_message_in_text_is_a_defect() -> None:
    mail = read_mail(plain("-----BEGIN PGP MESSAGE-----\r\n\r\nhQ==")).load()
    assert mail.defects == ("part encrypted with PGP, not decrypted",)
