"""What is decoded piece by piece is what it would be in one piece."""

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.receiving import charsets, inbound, transfer
from sesmail.receiving.charsets import decode_text
from sesmail.receiving.inbound import read_mail
from sesmail.receiving.transfer import decode_base64, decode_transfer

PIECES = st.integers(3, 9)
CHARSETS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-32-be",
    "iso-2022-jp",
    "shift_jis",
    "gb18030",
    "hz",
    "latin-1",
    "koi8-r",
]


@given(st.text("AQz/+=\r\n *").map(str.encode), PIECES)
def test_base64(raw: bytes, piece: int) -> None:
    raw = b"(" + raw + b")"
    whole = decode_base64(raw, 1, len(raw) - 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_PIECE", piece)
        assert decode_base64(raw, 1, len(raw) - 1) == whole


@given(st.binary(), PIECES)
def test_good_base64(data: bytes, piece: int) -> None:
    raw = binascii.b2a_base64(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_PIECE", piece)
        assert decode_base64(raw, 0, len(raw)) == (data, None)


@given(st.text("a=é \r\n").map(str.encode), st.booleans(), PIECES)
def test_quoted_printable(data: bytes, text: bool, piece: int) -> None:
    raw = binascii.b2a_qp(data, istext=text)
    whole = decode_transfer(raw, 0, len(raw), "quoted-printable")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "_PIECE", piece)
        assert decode_transfer(raw, 0, len(raw), "quoted-printable") == whole


def test_what_is_wrong_in_any_piece_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_PIECE", 8)
    raw = b"=C3=A9\r\n" * 3 + b"=ZZ" + b"\r\n=C3=A9" * 3
    assert decode_transfer(raw, 0, len(raw), "quoted-printable")[1] == transfer.BAD_QUOTED_PRINTABLE
    raw = b"QUJD" * 4 + b"*" + b"QUJD" * 4
    assert decode_base64(raw, 0, len(raw)) == (b"ABC" * 8, transfer.BAD_BASE64)


@pytest.mark.parametrize("charset", CHARSETS)
@given(text=st.text("aé日本語 \r\nя", max_size=40), piece=PIECES, cut=st.integers(0, 3))
def test_text(charset: str, text: str, piece: int, cut: int) -> None:
    data = text.encode(charset, "replace")
    data = data[: len(data) - cut]  # so that some are malformed at their end
    whole = decode_text(data, charset)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charsets, "_PIECE", piece)
        assert decode_text(data, charset) == whole


@pytest.mark.parametrize("charset", ["cp1253", "unknown", "ascii"])
@given(data=st.binary(), piece=PIECES)
def test_text_with_bytes_that_mean_nothing(charset: str, data: bytes, piece: int) -> None:
    whole = decode_text(data, charset)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charsets, "_PIECE", piece)
        assert decode_text(data, charset) == whole


@given(st.text("a\r\n"), PIECES)
def test_line_ends(text: str, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inbound, "_PIECE", piece)
        assert read_mail(b"\r\n" + text.encode()).text == text.replace("\r\n", "\n")
