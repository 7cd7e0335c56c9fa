"""Final check of a mail's bytes."""

import re

import pytest

from sesmail.sending.wire import check_chunks, check_wire, normalise_line_breaks

LINE = b"x" * 998


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"", b""),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\r\nb\nc", b"a\r\nb\r\nc"),
        (b"\n\r\n\n", b"\r\n\r\n\r\n"),
    ],
)
def test_line_breaks_become_crlf(mail: bytes, expected: bytes) -> None:
    assert normalise_line_breaks(mail) == expected


@pytest.mark.parametrize("mail", [b"a\rb", b"a\r", b"\ra", b"a\r\r\nb", b"a\n\rb"], ids=repr)
def test_rejects_cr_without_lf(mail: bytes) -> None:
    with pytest.raises(ValueError, match="CR without LF"):
        normalise_line_breaks(mail)


def test_rejects_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        normalise_line_breaks(b"a\0b")


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"a",
        LINE,
        LINE + b"\r\n",
        LINE + b"\r\n" + LINE,
        LINE + b"\r\n" + LINE + b"\r\n",
        b"a\r\n" * 5_000,
        (b"y" * 500 + b"\r\n" + LINE + b"\r\n") * 50,
        b"\r\n" * 3_000,
        bytes(range(1, 10)) + b"\x7f",
        (LINE + b"\r\n") * 65 + b"a" * 535 + b"\r\n",  # 64 KiB end between CR and LF
    ],
    ids=lambda mail: f"{mail[:6]!r}, {len(mail)}",
)
def test_accepts_lines_of_998_characters(mail: bytes) -> None:
    check_wire(mail)


@pytest.mark.parametrize("before", [b"", b"a\r\n", LINE + b"\r\n", b"a\r\n" * 700], ids=len)
@pytest.mark.parametrize("after", [b"", b"\r\n", b"\r\nb", b"\r\n" + LINE + b"\r\n"], ids=len)
def test_rejects_lines_of_999_characters(before: bytes, after: bytes) -> None:
    with pytest.raises(ValueError, match=f"998 characters, from byte {len(before)}$"):
        check_wire(before + LINE + b"x" + after)


@pytest.mark.parametrize(
    "mail", [b"a\nb", b"a\rb", b"a\r\n\nb", b"\r\r\n", b"a\n\rb", b"a\r"], ids=repr
)
def test_rejects_other_line_breaks_than_crlf(mail: bytes) -> None:
    with pytest.raises(ValueError, match="alone"):
        check_wire(mail)


@pytest.mark.parametrize("byte", [0x80, 0xC3, 0xFF], ids=hex)
def test_rejects_bytes_above_127(byte: int) -> None:
    with pytest.raises(ValueError, match="above 127"):
        check_wire(b"a" + bytes([byte]))


MAIL = b"From: a\r\nTo: b,\r\n c\r\n\r\nbody: text\r\n--xyz\r\n--xyz--\r\n"


NAMES = ["From", "To"]


def checked(chunks: list[bytes], names: list[str] = NAMES, count: int = 2) -> bytes:
    return b"".join(check_chunks(chunks, names, [("xyz", count)]))


def test_accepts_intended_header_and_boundaries() -> None:
    assert checked([MAIL]) == MAIL


@pytest.mark.parametrize("names", [["From"], ["To", "From"], ["From", "To", "Bcc"], []], ids=str)
def test_rejects_other_header_fields(names: list[str]) -> None:
    with pytest.raises(ValueError, match="header fields"):
        checked([MAIL], names)


@pytest.mark.parametrize(
    "mail", [b"\r\n\r\nFrom: a\r\nTo: b\r\n\r\n", b"\r\nFrom: a\r\nTo: b\r\n\r\n"], ids=repr
)
def test_rejects_mail_that_does_not_begin_with_its_header(mail: bytes) -> None:
    with pytest.raises(ValueError, match="header fields"):
        checked([mail], count=0)


@pytest.mark.parametrize(
    "header",
    [
        *(
            "From: a\r\nTo: b\r\n   ",
            "From: a\r\n \r\nTo: b",
            "From: a\r\nTo: b\r\n \tc",
            "From: a\r\nTo: b\r\n c\td",
        ),
        *(
            "From: a\r\nTo: b\r\nc",
            "From: a\r\nTo : b",
            "From: a\r\nTo",
            "From: a\r\nTo: b\x7f",
            " From: a\r\nTo: b",
        ),
    ],
    ids=repr,
)
def test_rejects_header_with_invalid_lines(header: str) -> None:
    with pytest.raises(ValueError, match="header fields"):
        checked([header.encode() + b"\r\n\r\n"], count=0)


@pytest.mark.parametrize(
    "header", ["From: a\r\n  b\r\n c \r\nTo:", "From:\r\n a\r\nTo: b:c\r\n d: e\r\n f"], ids=repr
)
def test_accepts_folded_fields(header: str) -> None:
    assert checked([header.encode() + b"\r\n\r\n"], count=0)


@pytest.mark.parametrize("count", [1, 3])
def test_rejects_boundary_in_a_part(count: int) -> None:
    with pytest.raises(ValueError, match="boundary"):
        checked([MAIL], count=count)


BASE64 = (b"A" * 76 + b"\r\n") * 3
HEAD = b"From: a\r\nTo: b\r\n\r\n"
DELIMITERS = [b"--xyz\r\n", b"\r\n--xyz--\r\n"]


@pytest.mark.parametrize(
    "chunks",
    [
        [HEAD + DELIMITERS[0], BASE64, DELIMITERS[1]],
        [HEAD, DELIMITERS[0] + BASE64, BASE64 + b"AA==", DELIMITERS[1]],
        [HEAD, DELIMITERS[0], b"text", DELIMITERS[1]],
        [HEAD, BASE64 + DELIMITERS[0], BASE64, BASE64[:-2], DELIMITERS[1]],
    ],
    ids=["base64", "boundaries first", "text", "no line break at the end"],
)
def test_accepts_mail_in_chunks(chunks: list[bytes]) -> None:
    mail = b"".join(chunks)
    assert checked(chunks) == mail
    check_wire(mail)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("at", [0, 2], ids=["at its start", "inside of it"])
def test_rejects_boundary_in_a_chunk(count: int, at: int) -> None:
    chunks = [HEAD, *DELIMITERS, (b"\r\n--xyz\r\n" * count)[2 - at :]]
    with pytest.raises(ValueError, match="boundary"):
        checked(chunks)


@pytest.mark.parametrize("after", [BASE64, b"A", b"\nA", b" A"], ids=repr)
@pytest.mark.parametrize("before", [b"text", BASE64[:-2], BASE64 + b"A", BASE64[:-1]], ids=repr)
def test_rejects_line_across_chunks(before: bytes, after: bytes) -> None:
    with pytest.raises(ValueError, match=r"share a line|alone"):
        checked([HEAD, before, after])


@pytest.mark.parametrize("at", [0, 75, 76, 77, 78, 154, 155, 156, 233])
@pytest.mark.parametrize("byte", [b"\r", b"\n", b"\x80", b"A"], ids=repr)
def test_lines_of_76_characters_are_checked_as_others_are(byte: bytes, at: int) -> None:
    chunk = BASE64[:at] + byte + BASE64[at + 1 :]
    if re.fullmatch(rb"(?:A*\r\n)*", chunk):
        assert checked([HEAD, chunk], count=0) == HEAD + chunk
    else:
        with pytest.raises(ValueError, match=r"alone|above 127"):
            checked([HEAD, chunk], count=0)


def test_accepts_lines_of_76_characters_beside_others() -> None:
    chunk = BASE64[:76] + BASE64[78:-2] + b"\r\n\r\n"
    assert checked([HEAD, chunk], count=0) == HEAD + chunk
