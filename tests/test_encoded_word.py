"""Encoded-words: length, whole characters, and decoding by other libraries."""

from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.encoded_word import encode_words, has_encoded_word, needs_encoding

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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Zoë from Zagreb", ["=?utf-8?q?Zo=C3=AB_from_Zagreb?="]),
        ("Größe und Farbe und Form", ["=?utf-8?q?Gr=C3=B6=C3=9Fe_und_Farbe_und_Form?="]),
        ("Zoë", ["=?utf-8?b?Wm/Dqw==?="]),
        ("Grüße", ["=?utf-8?b?R3LDvMOfZQ==?="]),
        ("日本語", ["=?utf-8?b?5pel5pys6Kqe?="]),
        (" a_b", ["=?utf-8?q?_a=5Fb?="]),
        ("x" * 60 + "ü" + "x", [f"=?utf-8?q?{'x' * 60}?=", "=?utf-8?q?=C3=BCx?="]),
    ],
    ids=[
        "one letter",
        "five words",
        "equal",
        "as long in base64",
        "Japanese",
        "underscore",
        "two lines",
    ],
)
def test_text_is_in_the_shorter_encoding(text: str, words: list[str]) -> None:
    assert encode_words(text) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<https://example.com/u?x=?y=1>", False),
        ("<https://example.com/u?x=?b?y=1>", False),
        ("=?utf-8?b?eA==", False),
        ("=?utf-8?x?eA==?=", False),
        ("=?utf-8?b?eA==?=", True),
        ("a=?utf-8?Q?b c?=d", True),
        ("=??q??=", True),
        ("=?a=?utf-8?q?b?=", True),
    ],
)
def test_has_encoded_word(text: str, expected: bool) -> None:
    assert has_encoded_word(text) is expected


def test_empty_text_has_no_encoded_word() -> None:
    assert encode_words("") == []


@given(TEXT, st.integers(-10, 75))
def test_encoded_words_have_at_most_75_characters(text: str, room: int) -> None:
    words = encode_words(text, room)
    assert all(len(word) <= 75 for word in words)
    assert not words or len(words[0]) <= max(room, 24)
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


@pytest.mark.parametrize(
    ("text", "length"), [("x" * 630, 75), ("é" * 440, 72)], ids=["Q", "B, in units of four"]
)
def test_words_use_the_available_length(text: str, length: int) -> None:
    assert {len(word) for word in encode_words(text)[:-1]} == {length}
