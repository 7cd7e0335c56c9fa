"""What is decoded piece by piece is what it would be in one piece."""

import binascii

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.receiving.inbound import charsets, chunks, transfer_encoding
from sesmail.receiving.inbound.charsets import decode_text
from sesmail.receiving.inbound.mail import read_mail
from sesmail.receiving.inbound.transfer_encoding import decode_base64, decode_transfer

PIECES = st.integers(3, 9)
# Letters of many scripts, and what begins, ends or breaks the sequences of charsets that have states.
TEXTS = st.text("aé日本語 \r\nяB$~{}", max_size=40)
SCRAPS = st.lists(
    st.sampled_from(
        [b"\x1b", b"$", b"(", b"B", b"&@", b"~{", b"~}", b"\xff", b"\xa4\xa2", b"\0", b"a", b"\r\n"]
    )
)


@given(st.text("AQz/+=\r\n *").map(str.encode), PIECES)
def test_base64(raw: bytes, piece: int) -> None:
    raw = b"(" + raw + b")"
    whole = decode_base64(raw, 1, len(raw) - 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", piece)
        assert decode_base64(raw, 1, len(raw) - 1) == whole


@given(st.binary(), PIECES)
def test_good_base64(data: bytes, piece: int) -> None:
    raw = binascii.b2a_base64(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", piece)
        assert decode_base64(raw, 0, len(raw)) == (data, None)


@given(st.text("a=é \r\n").map(str.encode), st.booleans(), PIECES)
def test_quoted_printable(data: bytes, text: bool, piece: int) -> None:
    raw = binascii.b2a_qp(data, istext=text)
    whole = decode_transfer(raw, 0, len(raw), "quoted-printable")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", piece)
        assert decode_transfer(raw, 0, len(raw), "quoted-printable") == whole


def test_what_is_wrong_in_any_piece_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", 8)
    raw = b"=C3=A9\r\n" * 3 + b"=ZZ" + b"\r\n=C3=A9" * 3
    assert (
        decode_transfer(raw, 0, len(raw), "quoted-printable")[1]
        == transfer_encoding.BAD_QUOTED_PRINTABLE
    )
    raw = b"QUJD" * 4 + b"*" + b"QUJD" * 4
    assert decode_base64(raw, 0, len(raw)) == (b"ABC" * 8, transfer_encoding.BAD_BASE64)


def in_pieces(data: bytes, charset: str, piece: int) -> tuple[str, str | None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", piece)
        return decode_text(data, charset)


@given(text=TEXTS, scraps=SCRAPS, piece=st.integers(1, 7), cut=st.integers(0, 3))
@settings(derandomize=True, max_examples=100)
def test_text(text: str, scraps: list[bytes], piece: int, cut: int) -> None:
    for charset in (
        *sorted(charsets._CODECS),
        "unknown",
    ):  # a test for each would draw for most of its time
        data = text.encode("utf-8" if charset == "unknown" else charset, "replace")
        data = data[
            : max(3, len(data) - cut)
        ]  # so that some are malformed at their end, but no mark at their start
        for each in (data, b"".join(scraps), data + b"".join(scraps)):
            assert in_pieces(each, charset, piece) == decode_text(each, charset), charset


@pytest.mark.parametrize("charset", ["iso-2022-jp", "iso-2022-kr", "iso-2022-jp-2"])
@pytest.mark.parametrize("after", [b"a" * 30, b"\x1b$" * 20, b""])
def test_an_escape_without_an_end(charset: str, after: bytes) -> None:
    data = b"a" * (chunks.SIZE - 12) + b"\x1b$" + after
    text, defect = decode_text(data, charset)
    assert text.replace("\N{REPLACEMENT CHARACTER}", "\x1b") == data.decode()
    assert defect == charsets.BAD_TEXT


@pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
def test_a_large_text_without_a_byte_order_mark(charset: str) -> None:
    text = "Grüße\n" * 300_000
    assert decode_text(text.encode(f"{charset}-le"), charset) == (text, None)
    assert decode_text(("\ufeff" + text).encode(f"{charset}-be"), charset) == (text, None)


@given(st.text("a\r\n"), PIECES)
def test_line_ends(text: str, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", piece)
        assert read_mail(b"\r\n" + text.encode()).text == text.replace("\r\n", "\n")
