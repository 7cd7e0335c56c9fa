"""Header fields of others' mails as 7-bit lines."""

import pytest

from sesmail.sending.mime.header_field import Field, encode_field, split_header
from support.mail import decoded


def encoded(line: str | bytes, lossy: bool = False) -> bytes:
    data = line.encode() if isinstance(line, str) else line
    name, _, value = data.partition(b":")
    return encode_field(Field(name, value), lossy)


@pytest.mark.parametrize(
    "line",
    ["Subject: x", "Subject:x", "Subject: ", "To:  a@example.com,\r\n\tb@example.com", "X: \x01"],
    ids=ascii,
)
def test_field_that_is_7bit_is_unchanged(line: str) -> None:
    assert encoded(line) == line.encode()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Subject: Grüße", "Subject: Grüße"),
        (b"Subject: Gr\xfc\xdfe", "Subject: Grüße"),
        ("Subject: a\0b\rc\x0bd", "Subject: abcd"),
        ("From: Jürgen Müller <j@example.com>", "From: Jürgen Müller <j@example.com>"),
        ('From: "Ë, \\"M\\"" <j@example.com>', 'From: Ë, "M" <j@example.com>'),
        ("From: j@example.com (Jürgen)", "From: j@example.com (Jürgen)"),
        ("To: a@example.com,\r\n Zoë <z@example.com>", "To: a@example.com, Zoë <z@example.com>"),
        ("Cc: Größe: a@example.com, b@example.com;", "Cc: Größe : a@example.com, b@example.com;"),
    ],
    ids=ascii,
)
def test_field_decodes_to_its_text(line: str | bytes, expected: str) -> None:
    lines = encoded(line)
    assert lines.isascii()
    name, _, value = lines.decode().partition(":")
    assert f"{name}: {decoded(value.strip())}" == expected


def test_parameters_keep_their_quotes() -> None:
    assert encoded('Content-Type: image/png; name="Größe 1.png"') == (
        b'Content-Type: image/png; name="=?utf-8?b?R3LDtsOfZSAxLnBuZw==?="'
    )
    assert encoded("Content-Disposition: attachment; filename=Größe.png; size=1") == (
        b'Content-Disposition: attachment; filename="=?utf-8?b?R3LDtsOfZS5wbmc=?=";\r\n size=1'
    )


@pytest.mark.parametrize(
    "line", [f"Subject: {'x' * 3_000}", f"References: {'<a@b> ' * 300}", f"X: {'y ' * 900}"]
)
def test_long_lines_are_folded_or_encoded(line: str) -> None:
    lines = encoded(line)
    assert max(map(len, lines.split(b"\r\n"))) <= 998
    value = lines.decode().partition(":")[2].replace("\r\n", "")
    assert decoded(value.strip()) == line.partition(": ")[2].strip()


@pytest.mark.parametrize(
    "line",
    [
        "References: <ü@example.com>",
        f"Message-ID: <{'x' * 1_000}>",
        "To: <ü@example.com>",
        "To: ü@example.com",
        "To: a@ü.example",
        f"To: {'x' * 1_000}@example.com",
        f"Content-Type: text/plain; x={'x' * 1_000}",
    ],
    ids=lambda line: line[:20],
)
def test_refuses_addresses_and_ids_that_are_not_ascii(line: str) -> None:
    with pytest.raises(ValueError, match=line.partition(":")[0]):
        encoded(line)


def test_lossy_keeps_addresses_as_text_and_drops_ids() -> None:
    assert decoded(encoded("To: <ü@example.com>", lossy=True).decode()) == (
        "X-Original-To: <ü@example.com>"
    )
    assert encoded("References: <ü@example.com>", lossy=True) == b""
    assert encoded(f"To: {'x' * 1_000}@example.com", lossy=True) == b""


def test_lines_of_white_space_are_removed() -> None:
    assert encoded("Subject: a\r\n \r\n b") == b"Subject: a b"


def test_split_header() -> None:
    header = b"A: 1\nB :2\r\n\t3\nwrong\n C: 4"
    with pytest.raises(ValueError, match="line 4"):
        split_header(header)
    assert split_header(header, lossy=True) == [
        Field(b"A", b" 1"),
        Field(b"B", b"2\r\n\t3\r\n C: 4"),
    ]
