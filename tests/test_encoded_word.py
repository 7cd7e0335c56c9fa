"""Encoded-words: length, whole characters, and decoding by other libraries."""

from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.encoded_word import encode_words, needs_encoding

TEXT = st.text(st.characters(exclude_categories=("Cs",)))


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("", False),
        ("plain", False),
        ("two words", False),
        ("two  spaces", False),
        ("a = b?", False),
        ("what?= so", False),
        ("Zoë", True),
        ("=?utf-8?q?x?=", True),
        ("x =? y", True),
        (" begins", True),
        ("ends ", True),
        (" ", True),
    ],
)
def test_needs_encoding(text: str, needed: bool) -> None:
    assert needs_encoding(text) is needed


def test_text_is_encoded_as_utf_8_in_base64() -> None:
    assert encode_words("Zoë") == ["=?utf-8?b?Wm/Dqw==?="]


def test_empty_text_has_no_encoded_word() -> None:
    assert encode_words("") == []


@given(TEXT, st.integers(-10, 75))
def test_encoded_words_have_at_most_75_characters(text: str, room: int) -> None:
    words = encode_words(text, room)
    assert all(len(word) <= 75 for word in words)
    assert not words or len(words[0]) <= max(room, 20)
    assert (
        "".join(str(make_header(decode_header(word))) for word in words) == text
    )  # each is readable alone
    assert str(make_header(decode_header(" ".join(words)))) == text


@pytest.mark.parametrize(
    "character", ["é", "€", "😀"], ids=["two bytes", "three bytes", "four bytes"]
)
@pytest.mark.parametrize("shift", range(4))
def test_no_character_is_split_between_words(character: str, shift: int) -> None:
    text = "x" * shift + character * 200
    words = encode_words(text)
    assert "".join(str(make_header(decode_header(word))) for word in words) == text


def test_words_use_the_available_length() -> None:
    assert {len(word) for word in encode_words("x" * 450)} == {
        72
    }  # 75 is no multiple of base64's four beside the frame
