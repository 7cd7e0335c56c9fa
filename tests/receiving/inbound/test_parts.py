"""Positions, contents and limits of the parts of a mail."""

import binascii
from base64 import b64encode
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.receiving.inbound import chunks, delimiters, parts
from sesmail.receiving.inbound.base_64 import BAD_BASE64
from sesmail.receiving.inbound.header import HEADERS_TOO_LARGE, ODD_LINE, TOO_MANY_FIELDS
from sesmail.receiving.inbound.limits import MAX_BYTES, MAX_DEPTH, MAX_ODD_LINES, MAX_PARTS, Budget
from sesmail.receiving.inbound.part import Part
from sesmail.receiving.inbound.parts import read_parts
from sesmail.receiving.inbound.transfer_encoding import (
    BAD_QUOTED_PRINTABLE,
    UNKNOWN_ENCODING,
    decode_transfer,
)
from sesmail.receiving.inbound.uuencode import BAD_UUENCODE
from support.hostile_mails import attached, header, multipart, nested, text


def leaves(part: Part) -> list[Part]:
    """The parts in a part that aren't multiparts; the part itself if it isn't one."""
    return [leaf for each in part.parts for leaf in leaves(each)] if part.parts else [part]


def structure(part: Part) -> object:
    """Media types of a mail, those of parts in lists, those of attached mails in tuples."""
    if part.mail is not None:
        return (part.media_type, structure(part.mail))
    return [part.media_type, *map(structure, part.parts)] if part.parts else part.media_type


def test_single_part() -> None:
    part = read_parts(b"Subject: x\r\n\r\nhello\r\n")
    assert structure(part) == "text/plain"
    assert part.content() == b"hello\r\n"
    assert part.headers.get("subject") == "x"
    assert list(part.defects) == []


def test_line_break_before_delimiter_is_not_content() -> None:
    parts = b"preamble\n--b\n\none\n\n--b \t\r\n\r\ntwo\r\n--b\n\n--b--\nepilogue\n--b\n \n"
    part = read_parts(b"Content-Type: multipart/mixed; boundary=b\n\n" + parts)
    assert [each.content() for each in part.parts] == [b"one\n", b"two", b""]
    assert list(part.defects) == []


def test_delimiter_needs_a_line_of_its_own() -> None:
    part = read_parts(multipart(b"\r\nx --b\r\n--bb\r\n--b-\r\n--b --\r\n --b"))
    assert part.parts[0].content() == b"x --b\r\n--bb\r\n--b-\r\n--b --\r\n --b"


def test_outer_delimiter_ends_unclosed_inner_multipart() -> None:
    inner = multipart(b"\r\nnever closed", boundary=b"inner", close=False)
    part = read_parts(multipart(inner, b"\r\nlast", boundary=b"outer"))
    assert structure(part) == [
        "multipart/mixed",
        ["multipart/mixed", "text/plain"],
        "text/plain",
    ]
    assert [leaf.content() for leaf in leaves(part)] == [b"never closed", b"last"]
    assert list(part.defects) == [delimiters.NOT_CLOSED]


def test_boundary_that_begins_with_the_outer_one() -> None:
    part = read_parts(multipart(multipart(b"\r\nx", boundary=b"b--b"), b"\r\ny", boundary=b"b"))
    assert structure(part) == [
        "multipart/mixed",
        ["multipart/mixed", "text/plain"],
        "text/plain",
    ]


@pytest.mark.parametrize(
    ("content_type", "kind", "defect"),
    [
        (b"", "text/plain", None),
        (b"TEXT/HTML", "text/html", None),
        (b"text/html (words)", "text/html", None),
        (b"text/html charset=utf-8", "text/html", None),
        (b"text", "text/plain", parts.BAD_CONTENT_TYPE),
        (b"text/", "text/plain", parts.BAD_CONTENT_TYPE),
        (b"text/a/b", "text/plain", parts.BAD_CONTENT_TYPE),
        (b"te xt/plain", "text/plain", parts.BAD_CONTENT_TYPE),
        (b"multipart/mixed", "text/plain", parts.NO_BOUNDARY),
    ],
)
def test_parses_content_type(content_type: bytes, kind: str, defect: str | None) -> None:
    part = read_parts(header("Content-Type", content_type))
    assert part.media_type == kind
    assert part.content() == b"body"
    assert list(part.defects) == ([] if defect is None else [defect])


def test_first_content_type_counts() -> None:
    part = read_parts(b"Content-Type: text/html\nContent-Type: text/plain\n\nx")
    assert part.media_type == "text/html"


@pytest.mark.parametrize(
    ("mail", "headers", "content", "defect"),
    [
        (b"", [], b"", None),
        (b"\r\nbody", [], b"body", None),
        (b"\nbody", [], b"body", None),
        (b"words\r\n\r\nbody", [], b"words\r\n\r\nbody", parts.NO_HEADER),
        (b"a: b", [("a", "b")], b"", parts.NO_SEPARATOR),
        (b"a: b\n\nbody\n\nmore", [("a", "b")], b"body\n\nmore", None),
        (
            b"a: b\r\nHello\r\nc: d\r\nBye\r\n\r\nmore",
            [("a", "b")],
            b"Hello\r\nc: d\r\nBye\r\n\r\nmore",
            parts.NO_SEPARATOR,
        ),
        (b"a: b\r\nHello\r\nc: d\r\n", [("a", "b")], b"Hello\r\nc: d\r\n", parts.NO_SEPARATOR),
        (
            b"a: b\nDear all,\nplease\nc: d\n\nmore",
            [("a", "b")],
            b"Dear all,\nplease\nc: d\n\nmore",
            parts.NO_SEPARATOR,
        ),
        (b"From here\n\nmore", [], b"From here\n\nmore", parts.NO_HEADER),
        (b" Hello\nc: d\n\nmore", [], b" Hello\nc: d\n\nmore", parts.NO_HEADER),
        (b"a: b\nFrom here on\n\nmore", [("a", "b")], b"From here on\n\nmore", parts.NO_SEPARATOR),
        (b"a: b\r\n \r\nHello\r\n\r\nmore", [("a", "b")], b"Hello\r\n\r\nmore", parts.NO_SEPARATOR),
        (b"a: b\nHello", [("a", "b")], b"Hello", parts.NO_SEPARATOR),
        (b"a: b\n--b\nHello", [("a", "b")], b"--b\nHello", parts.NO_SEPARATOR),
        (b"From a@b Fri May  3\na: b\n\nbody", [("a", "b")], b"body", None),
        (b">From a@b Fri May  3\r\na: b\r\n\r\nbody", [("a", "b")], b"body", None),
    ],
)
def test_finds_end_of_header(
    mail: bytes, headers: list[tuple[str, str]], content: bytes, defect: str | None
) -> None:
    part = read_parts(mail)
    assert list(part.headers) == headers
    assert part.content() == content
    assert list(part.defects) == ([] if defect is None else [defect])


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "odd",
    [
        BOM,
        BOM * 2,
        b"From a@b.example Fri May  3\n",
        b">From a@b.example Fri May  3\r\n",
        BOM + b"From a@b.example Fri May  3\n",
        b"From a@b.example Fri May  3\n" + BOM,
        b" \t \r\n",
        b"  \n \n" + BOM,
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_header_goes_on_after_lines_that_stand_before_a_mail(odd: bytes, end: bytes) -> None:
    mail = b"c: d" + end + b" e" + end * 2 + b"body"
    ours, attached_mail = b"a: b" + end, b"Content-Type: message/rfc822" + end * 2
    for raw in (odd + mail, multipart(odd + mail), attached_mail + odd + mail):
        part = read_parts(raw)
        part = part.mail or (part.parts or [part])[0]
        assert list(part.headers) == [("c", "d e")]
        assert (part.content(), list(part.defects)) == (b"body", [])
    part = read_parts(ours + odd + mail)
    assert list(part.headers)[-1] == ("c", "d e")
    assert part.content() == b"body"
    assert list(part.defects) == ([] if odd[:1] == b" " and BOM not in odd else [ODD_LINE])


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (b"v=1;\r\nb=2\r\nTo: d", "v=1; b=2"),
        (b"v=1;\nb=2\n c=3\nTo: d", "v=1; b=2 c=3"),
        (b"v=1;\nb=2\nd=3\nTo: d", "v=1; b=2 d=3"),
        (b"v=1\n\rb\nTo: d", "v=1  b"),
    ],
)
def test_line_without_its_fold_belongs_to_the_field_before(lines: bytes, value: str) -> None:
    part = read_parts(b"a: " + lines + b"\n\nbody")
    assert list(part.headers) == [("a", value), ("To", "d")]
    assert part.content() == b"body"
    assert ODD_LINE in part.defects


def test_odd_line_without_a_field_before_it_is_left_out() -> None:
    assert list(read_parts(BOM + b"a b\nc: d\n\nbody").headers) == []
    part = read_parts(b" \na: b\n\nbody")
    assert (list(part.headers), part.content()) == ([("a", "b")], b"body")


def test_header_of_odd_lines_is_content() -> None:
    odd = b"words\n" * (MAX_ODD_LINES + 1)
    part = read_parts(b"a: b\n" + odd + b"Subject: x\n\nbody")
    assert list(part.headers) == [("a", "b")]
    assert part.content() == odd + b"Subject: x\n\nbody"


def test_parses_attached_mails() -> None:
    part = read_parts(multipart(b"\r\nx", attached(2)))
    assert structure(part) == [
        "multipart/mixed",
        "text/plain",
        ("message/rfc822", ("message/rfc822", "text/plain")),
    ]
    inner = part.parts[1].mail
    assert inner is not None
    assert inner.defects is not part.defects
    assert inner.raw is part.raw
    assert part.raw[inner.start : inner.end] == attached(1)


def test_parts_of_digest_are_mails_by_default() -> None:
    part = read_parts(
        multipart(
            b"\r\nSubject: one\r\n\r\n1", b"Content-Type: text/plain\r\n\r\n2", kind=b"digest"
        )
    )
    assert structure(part) == [
        "multipart/digest",
        ("message/rfc822", "text/plain"),
        "text/plain",
    ]


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_parses_encoded_attached_mail(encoding: str) -> None:
    inner = b"Subject: x\r\n\r\n" + multipart(b"\r\nx")
    encoded = b64encode(inner) if encoding == "base64" else binascii.b2a_qp(inner)
    part = read_parts(
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %s\r\n\r\n%s"
        % (encoding.encode(), encoded)
    )
    assert part.mail is not None
    assert part.mail.headers.get("Subject") == "x"
    assert part.content() == inner


def test_does_not_parse_encoded_mail_in_encoded_mail() -> None:
    part = read_parts(attached(2, encoding=b"base64"))
    assert structure(part) == ("message/rfc822", "message/rfc822")
    assert part.mail is not None
    assert list(part.mail.defects) == [parts.ENCODED_TWICE]
    assert part.mail.content() == b"Subject: in\r\n\r\nhello"


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH])
def test_limits_depth_of_multiparts(depth: int) -> None:
    part = read_parts(nested(depth, lambda level: b"b%d" % level))
    assert list(part.defects) == ([] if depth < MAX_DEPTH else [parts.TOO_DEEP])
    (leaf,) = leaves(part)
    assert leaf.media_type == ("text/plain" if depth < MAX_DEPTH else "multipart/mixed")
    assert b"hello" in leaf.content()


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH])
def test_limits_depth_of_attached_mails(depth: int) -> None:
    part: Part | None = read_parts(attached(depth))
    found = 0
    while part is not None:
        found += 1
        last, part = part, part.mail
    assert found == MAX_DEPTH
    assert list(last.defects) == ([] if depth < MAX_DEPTH else [parts.TOO_DEEP])


@pytest.mark.parametrize("count", [MAX_PARTS - 1, MAX_PARTS])
def test_limits_number_of_parts(count: int) -> None:
    part = read_parts(multipart(*[b"\r\nx"] * count))
    assert len(part.parts) == MAX_PARTS - 1
    assert list(part.defects) == ([] if count < MAX_PARTS else [parts.TOO_MANY_PARTS])


def test_limit_of_parts_includes_attached_mails() -> None:
    part = read_parts(multipart(*[b"\r\nx"] * (MAX_PARTS - 2), attached(1)))
    assert list(part.defects) == [parts.TOO_MANY_PARTS]
    assert part.parts[-1].mail is None


def test_limits_bytes_of_mail() -> None:
    mail = b"\r\n" + b"x" * MAX_BYTES
    part = read_parts(mail)
    assert len(part.content()) == MAX_BYTES - 2
    assert list(part.defects) == [parts.TOO_LARGE]


def test_parts_without_empty_line_after_header() -> None:
    raw = multipart(b"Content-Type: text/html\r\nHello", b"Hello").replace(b'b"\r\n\r\n', b'b"\r\n')
    part = read_parts(raw)
    assert [(each.media_type, each.content()) for each in part.parts] == [
        ("text/html", b"Hello"),
        ("text/plain", b"Hello"),
    ]
    assert list(part.defects) == [parts.NO_SEPARATOR, parts.NO_HEADER]


def test_rest_of_too_large_header_is_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts, "MAX_HEADER", 10)
    part = read_parts(b"a: b\nc: d\ne: f\n\nbody")
    assert list(part.headers) == [("a", "b"), ("c", "d")]
    assert part.content() == b"e: f\n\nbody"
    assert list(part.defects) == [parts.HEADER_TOO_LARGE]


def test_limits_number_of_lines_similar_to_delimiters() -> None:
    similar = b"\r\n" + b"--bb\r\n" * 10
    assert (
        list(read_parts(multipart(similar, b"\r\nlast"), Budget(false_delimiters=10)).defects) == []
    )
    part = read_parts(multipart(similar + b"--bb\r\n", b"\r\nlast"), Budget(false_delimiters=10))
    assert list(part.defects) == [delimiters.TOO_MANY_DELIMITERS, delimiters.NOT_CLOSED]
    assert part.parts[0].content().endswith(b"last\r\n--b--\r\n")


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_finds_delimiters_across_chunks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", size)
    part = read_parts(nested(3, lambda level: b"b%d" % level))
    assert structure(part) == [
        "multipart/mixed",
        ["multipart/mixed", ["multipart/mixed", "text/plain"]],
    ]
    assert list(part.defects) == []


def test_limits_bytes_searched_for_delimiters() -> None:
    mail = nested(3, lambda level: b"b%d" % level, b"\r\n" + b"x" * 1_000)
    assert list(read_parts(mail, Budget(searched_bytes=4_000)).defects) == []
    part = read_parts(mail, Budget(searched_bytes=2_000))
    assert list(part.defects) == [delimiters.TOO_MANY_LEVELS, parts.NO_BOUNDARY]
    (leaf,) = leaves(part)
    assert b"x" * 1_000 in leaf.content()


def test_limit_of_fields_is_shared_by_all_parts() -> None:
    part = read_parts(multipart(*[b"a: b\r\nc: d\r\n\r\nx"] * 3), Budget(fields=4))
    assert [len(each.headers) for each in part.parts] == [2, 1, 0]
    assert list(part.defects) == [TOO_MANY_FIELDS]


def test_limit_of_header_bytes_is_shared_by_all_parts() -> None:
    inner = b"a: b\r\nc: d\r\n\r\nx"
    part = read_parts(multipart(*[inner] * 3), Budget(header_bytes=45 + 12 + 6))
    assert [len(each.headers) for each in part.parts] == [2, 1, 0]
    assert [each.content() for each in part.parts] == [b"x"] * 3
    assert list(part.defects) == [HEADERS_TOO_LARGE]


UUENCODED = b"begin 644 hello.txt\n+:&5L;&\\@=V]R;&0\n`\nend\n"


@pytest.mark.parametrize(
    ("encoding", "encoded", "content", "defect"),
    [
        ("", b"a=b", b"a=b", None),
        ("7bit", b"a=b", b"a=b", None),
        ("8bit", b"\xe4", b"\xe4", None),
        ("binary", b"\0\r", b"\0\r", None),
        ("x-unknown", b"abc", b"abc", UNKNOWN_ENCODING),
        ("base64", b"", b"", None),
        ("base64", b"aGVs\r\nbG8=\r\n", b"hello", None),
        ("base64", b" aGVs\tbG8 = ", b"hello", None),
        ("base64", b"aGVsbG8", b"hello", BAD_BASE64),
        ("base64", b"aGVsb", b"hel", BAD_BASE64),
        ("base64", b"a", b"", BAD_BASE64),
        ("base64", b"aGV*sbG8=", b"hello", BAD_BASE64),
        ("base64", b"aGVsbG8=\r\nfooter", b"hello", BAD_BASE64),
        ("base64", b"aGVs\xff\0", b"hel", BAD_BASE64),
        ("base64", b"aGVsbG8=\r\nd29ybGQ=\r\n", b"helloworld", BAD_BASE64),
        ("base64", b"aGVsbG8=d29ybGQ=", b"helloworld", BAD_BASE64),
        ("base64", b"aGVsbG8=\r\n\r\nd29ybGQ", b"helloworld", BAD_BASE64),
        ("base64", b"YQ==YWI=YWJj", b"aababc", BAD_BASE64),
        ("base64", b"YQ==\nYWI=\nYWJj\nfooter", b"aababc", BAD_BASE64),
        ("base64", b"aGk=\r\nd29y\r\nbGQh\r\n-- \r\nwww", b"hiworld!", BAD_BASE64),
        ("base64", b"aGk=\nfoo=bar", b"hi", BAD_BASE64),
        ("base64", b"aGk=\nABCD", b"hi", BAD_BASE64),
        ("base64", b"aGk=\nSent from my phone", b"hi", BAD_BASE64),
        ("base64", b"aGk=\n____\nlist", b"hi", BAD_BASE64),
        ("base64", b"aGk=*d29ybGQ=", b"hi", BAD_BASE64),
        ("base64", b"a=Gk=d29ybGQ=", b"hiworld", BAD_BASE64),
        ("base64", b"aG*k=d29ybGQ=", b"hiworld", BAD_BASE64),
        ("base64", b"YQ=*=YWI=", b"a", BAD_BASE64),
        ("base64", b"YQ==\r\n", b"a", None),
        ("x-uuencode", UUENCODED, b"hello world", None),
        ("x-uue", b"words\n\n" + UUENCODED + b"more\n", b"hello world", None),
        ("uuencode", UUENCODED.replace(b"\n", b"\r\n"), b"hello world", None),
        ("uue", UUENCODED.replace(b"`\n", b" \n"), b"hello world", None),
        ("uue", UUENCODED.replace(b"`\n", b"\n"), b"hello world", None),
        ("uue", UUENCODED.replace(b"=V]R;&0", b"=V]R;&0X"), b"hello world", None),
        ("uue", UUENCODED.replace(b"`\nend\n", b""), b"hello world", BAD_UUENCODE),
        ("uue", UUENCODED.replace(b"`\n", b"!~~~~\n"), b"hello world", BAD_UUENCODE),
        ("uue", b"begin-base64 644 x\naGVsbG8=\n====\nmore", b"hello", None),
        ("uue", b"begin-base64 644 x\naGVsbG8=", b"hello", None),
        ("uue", b"no file", b"no file", BAD_UUENCODE),
        ("quoted-printable", b"a= \r\nb=\t \nc=", b"abc", None),
        ("quoted-printable", b"a  \r\nb\t\nc \t \n d \t", b"a\r\nb\nc\n d", None),
        ("quoted-printable", b"a\t\r\nb = ", b"a\r\nb ", None),
        ("quoted-printable", b"a=20 \r\n=09\t\n", b"a \r\n\t\n", None),
        ("quoted-printable", b"a= b \nc", b"a= b\nc", BAD_QUOTED_PRINTABLE),
        ("quoted-printable", b"a=3Db=\r\nc=\nd=c3=A4=", "a=bcdä".encode(), None),
        ("quoted-printable", b"a =20\r\nb_c", b"a  \r\nb_c", None),
        ("quoted-printable", b"50=%", b"50=%", BAD_QUOTED_PRINTABLE),
        ("quoted-printable", b"==41", b"=41", BAD_QUOTED_PRINTABLE),
        ("quoted-printable", b"=4", b"=4", BAD_QUOTED_PRINTABLE),
    ],
)
def test_decodes_transfer_encodings(
    encoding: str, encoded: bytes, content: bytes, defect: str | None
) -> None:
    assert decode_transfer(b"--" + encoded + b"--", 2, 2 + len(encoded), encoding, Budget()) == (
        content,
        defect,
    )


@given(st.binary(max_size=300))
@settings(derandomize=True, max_examples=200)
def test_base64_without_defect_round_trips(encoded: bytes) -> None:
    content, defect = decode_transfer(encoded, 0, len(encoded), "base64", Budget())
    if defect is None:
        assert binascii.b2a_base64(content, newline=False).strip(b"=") == b"".join(
            encoded.split()
        ).strip(b"=")


def test_limits_repairs_of_transfer_encodings() -> None:
    assert decode_transfer(b"a \nb \nc \n", 0, 9, "quoted-printable", Budget(repairs=2)) == (
        b"a\nb\nc \n",
        None,
    )
    assert decode_transfer(b"a \n", 0, 3, "quoted-printable", Budget(repairs=0))[0] == b"a \n"
    blocks = b"YQ==" * 5
    assert decode_transfer(blocks, 0, 20, "base64", Budget(repairs=2)) == (b"aa", BAD_BASE64)
    short = b"begin 644 x\n!80``\n!80``\nend\n"
    assert decode_transfer(short, 0, len(short), "uue", Budget(repairs=1)) == (b"a", BAD_UUENCODE)


@given(st.lists(st.binary(max_size=100)), st.integers(3, 90))
@settings(derandomize=True, max_examples=100)
def test_uuencode_round_trips(lines: list[bytes], width: int) -> None:
    data = b"".join(lines)
    width = min(width, 45)
    encoded = b"".join(
        binascii.b2a_uu(data[at : at + width], backtick=bool(width % 2))
        for at in range(0, len(data), width)
    )
    raw = b"begin 600 x\n" + encoded + b"`\nend\n"
    assert decode_transfer(raw, 0, len(raw), "x-uuencode", Budget()) == (data, None)


@pytest.mark.parametrize(
    "word",
    [
        b'"base64"',
        b"'base64'",
        b"BASE64",
        b"base64;",
        b"base64 (words)",
        b"Base64\t",
        b"(words (in words)) base64",
    ],
)
def test_parses_transfer_encoding_field(word: bytes) -> None:
    assert read_parts(text(b"utf-8", b"aGk=", word)).content() == b"hi"


def email_structure(part: EmailMessage) -> object:
    """Media types of a mail parsed by the email package, in the form of `structure`."""
    if part.get_content_type() == "message/rfc822":
        return (part.get_content_type(), email_structure(part.get_content()))
    parts = [email_structure(each) for each in part.iter_parts()] if part.is_multipart() else []
    return [part.get_content_type(), *parts] if parts else part.get_content_type()


TREES = st.recursive(
    st.sampled_from(["text", "html", "file"]),
    lambda inner: st.lists(inner, min_size=1, max_size=4) | inner.map(lambda tree: ("mail", tree)),
    max_leaves=12,
)


def build(tree: object) -> EmailMessage:
    """A mail with this structure, built by the email package."""
    mail = EmailMessage()
    match tree:
        case "text":
            mail.set_content("Grüße\n--\n= text\n")
        case "html":
            mail.set_content("<b>Grüße</b>", subtype="html", cte="base64")
        case "file":
            mail.set_content(bytes(range(256)), "application", "octet-stream", filename="ä.bin")
        case ("mail", inner):
            mail["Subject"] = "attached"
            mail.set_content(build(inner))
        case list():
            mail.make_mixed()
            for each in tree:
                mail.attach(build(each))
    return mail


@given(TREES)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_parses_parts_that_the_email_package_builds(tree: object) -> None:
    mail = build(tree)
    raw = mail.as_bytes(policy=SMTP)
    part = read_parts(raw)
    assert structure(part) == email_structure(mail)
    assert list(part.defects) == []
    theirs = [each for each in mail.walk() if not each.is_multipart()]
    contents: list[bytes] = []

    def collect(part: Part) -> None:
        for leaf in leaves(part):
            if leaf.mail is None:
                contents.append(leaf.content().replace(b"\r\n", b"\n"))
            else:
                collect(leaf.mail)

    collect(part)
    assert contents == [each.get_payload(decode=True).replace(b"\r\n", b"\n") for each in theirs]
