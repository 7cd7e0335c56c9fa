"""Data decoded in chunks equals data decoded at once."""

import binascii

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.receiving.inbound import charset_labels, charsets, chunks, transfer_encoding
from sesmail.receiving.inbound.base_64 import BAD_BASE64, decode_base64
from sesmail.receiving.inbound.charsets import decode_text
from sesmail.receiving.inbound.limits import Budget
from sesmail.receiving.inbound.mail import read_mail
from sesmail.receiving.inbound.transfer_encoding import decode_transfer

CHUNK_SIZES = st.integers(3, 9)
# Many scripts, and bytes that begin, end or break escape sequences of stateful charsets.
TEXTS = st.text("aé日本語 \r\nяB$~{}", max_size=40)
FRAGMENTS = st.lists(
    st.sampled_from(
        [b"\x1b", b"$", b"(", b"B", b"&@", b"~{", b"~}", b"\xff", b"\xa4\xa2", b"\0", b"a", b"\r\n"]
    )
)


@given(st.text("AQz/+=\r\n *").map(str.encode), CHUNK_SIZES)
def test_base64_in_chunks_equals_base64_at_once(raw: bytes, size: int) -> None:
    raw = b"(" + raw + b")"
    whole = decode_base64(raw, 1, len(raw) - 1, Budget())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        assert decode_base64(raw, 1, len(raw) - 1, Budget()) == whole


@given(st.binary(), CHUNK_SIZES)
def test_valid_base64_in_chunks_has_no_defect(data: bytes, size: int) -> None:
    raw = binascii.b2a_base64(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        assert decode_base64(raw, 0, len(raw), Budget()) == (data, None)


@given(st.text("a=é \r\n").map(str.encode), st.booleans(), CHUNK_SIZES)
def test_quoted_printable_in_chunks_equals_quoted_printable_at_once(
    data: bytes, text: bool, size: int
) -> None:
    raw = binascii.b2a_qp(data, istext=text)
    whole = decode_transfer(raw, 0, len(raw), "quoted-printable", Budget())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        assert decode_transfer(raw, 0, len(raw), "quoted-printable", Budget()) == whole


def test_defect_in_any_chunk_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "SIZE", 8)
    raw = b"=C3=A9\r\n" * 3 + b"=ZZ" + b"\r\n=C3=A9" * 3
    assert (
        decode_transfer(raw, 0, len(raw), "quoted-printable", Budget())[1]
        == transfer_encoding.BAD_QUOTED_PRINTABLE
    )
    raw = b"QUJD" * 4 + b"*" + b"QUJD" * 4
    assert decode_base64(raw, 0, len(raw), Budget()) == (b"ABC" * 8, BAD_BASE64)


def decode_in_chunks(data: bytes, charset: str, size: int) -> tuple[str, str | None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        return decode_text(data, charset)


@given(text=TEXTS, fragments=FRAGMENTS, size=st.integers(1, 7), cut=st.integers(0, 3))
@settings(derandomize=True, max_examples=100)
def test_text_in_chunks_equals_text_at_once(
    text: str, fragments: list[bytes], size: int, cut: int
) -> None:
    # One test for all, as drawing the data takes longer than decoding it.
    # UTF-7 has chunks of its own, and the codec of a browser is none of Python.
    codecs = charset_labels._CODECS - {"utf_7", charset_labels.USER_DEFINED}
    for charset in (*sorted(codecs), "unknown"):
        data = text.encode("utf-8" if charset == "unknown" else charset, "replace")
        # Malformed at the end, but with the whole byte order mark at the start.
        data = data[: max(3, len(data) - cut)]
        for each in (data, b"".join(fragments), data + b"".join(fragments)):
            assert decode_in_chunks(each, charset, size) == decode_text(each, charset), charset


@pytest.mark.parametrize("charset", ["iso-2022-jp", "iso-2022-kr", "iso-2022-jp-2"])
@pytest.mark.parametrize("after", [b"a" * 30, b"\x1b$" * 20, b""])
def test_unterminated_iso_2022_escape_at_the_end_of_a_chunk(charset: str, after: bytes) -> None:
    data = b"a" * (chunks.SIZE - 12) + b"\x1b$" + after
    text, defect = decode_text(data, charset)
    assert text.replace("\N{REPLACEMENT CHARACTER}", "\x1b") == data.decode()
    assert defect == charsets.BAD_TEXT


@pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
def test_large_utf_16_and_32_without_byte_order_mark(charset: str) -> None:
    text = "Grüße\n" * 300_000
    assert decode_text(text.encode(f"{charset}-le"), charset) == (text, None)
    assert decode_text(("\ufeff" + text).encode(f"{charset}-be"), charset) == (text, None)


@given(st.text("a\r\n"), CHUNK_SIZES)
def test_crlf_across_chunks_becomes_lf(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "SIZE", size)
        assert read_mail(b"\r\n" + text.encode()).text == text.replace("\r\n", "\n")
