"""The last look at a mail's bytes."""

import pytest

from sesmail.sending.wire import as_crlf, check_intended, check_wire

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
def test_line_breaks_become_crlf(mail: bytes, expected: bytes) -> None:  # R10, R19
    assert as_crlf(mail) == expected


@pytest.mark.parametrize("mail", [b"a\rb", b"a\r", b"\ra", b"a\r\r\nb", b"a\n\rb"], ids=repr)
def test_a_cr_alone_is_refused(mail: bytes) -> None:
    with pytest.raises(ValueError, match="CR without LF"):
        as_crlf(mail)


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        as_crlf(b"a\0b")


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
    ],
    ids=lambda mail: f"{mail[:6]!r}, {len(mail)}",
)
def test_lines_of_998_pass(mail: bytes) -> None:  # R19
    check_wire(mail)


@pytest.mark.parametrize("before", [b"", b"a\r\n", LINE + b"\r\n", b"a\r\n" * 700], ids=len)
@pytest.mark.parametrize("after", [b"", b"\r\n", b"\r\nb", b"\r\n" + LINE + b"\r\n"], ids=len)
def test_lines_of_999_are_refused(before: bytes, after: bytes) -> None:  # R19
    with pytest.raises(ValueError, match=f"998 characters, from byte {len(before)}$"):
        check_wire(before + LINE + b"x" + after)


@pytest.mark.parametrize("mail", [b"a\nb", b"a\rb", b"a\r\n\nb", b"\r\r\n", b"a\n\rb"], ids=repr)
def test_other_line_breaks_are_refused(mail: bytes) -> None:  # R19
    with pytest.raises(ValueError, match="alone"):
        check_wire(mail)


@pytest.mark.parametrize("byte", [0x80, 0xC3, 0xFF], ids=hex)
def test_eight_bits_are_refused(byte: int) -> None:  # R19
    with pytest.raises(ValueError, match="above 127"):
        check_wire(b"a" + bytes([byte]))


MAIL = b"From: a\r\nTo: b,\r\n c\r\n\r\nbody: text\r\n--xyz\r\n--xyz--\r\n"


def test_the_intended_passes() -> None:
    check_intended([MAIL], ["From", "To"], [("xyz", 2)])


@pytest.mark.parametrize("names", [["From"], ["To", "From"], ["From", "To", "Bcc"], []], ids=str)
def test_other_headers_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="header fields"):
        check_intended([MAIL], names, [])


@pytest.mark.parametrize("count", [1, 3])
def test_a_boundary_in_a_part_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="boundary"):
        check_intended([MAIL], ["From", "To"], [("xyz", count)])
