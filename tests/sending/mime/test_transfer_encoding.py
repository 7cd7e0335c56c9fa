"""Quoted-printable and base64 bodies."""

from base64 import b64decode, b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from quopri import decodestring
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sesmail.sending.mime.transfer_encoding import encode_base64, encode_text
from support.growth_units import TEXT_UNITS
from support.profiling import count_calls

PIECE = 57 * 1024


def encoded(text: str) -> bytes:
    encoding, body = encode_text(text)
    assert encoding == "quoted-printable"
    return b"".join(body)


@given(
    st.text(st.sampled_from(" =.\t\n\r\x00\x7fabc"), max_size=400)
    | st.text(st.characters(codec="ascii"), max_size=400)
)
@example("a" * 75 + ".")
@example("a" * 76 + "\n" + "a" * 150 + ".\nb")
@example("=" * 100 + "a" * 100)
@example("\n.\n..\n. \n.")
def test_quoted_printable_decodes_to_the_text(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = encoded(text)
    assert decodestring(body) == "\r\n".join(lines).encode()
    assert b"." not in body.split(b"\r\n")
    assert not any(line.endswith((b" ", b"\t")) for line in body.split(b"\r\n"))


TAILS = [" ", "\t", "  ", "=", ".", " .", ". ", "\x01", "é", "é ", "😀.", "\n", " \n", "\t\nx"]


@pytest.mark.parametrize("letter", ["a", "é", "="])
@pytest.mark.parametrize("tail", TAILS, ids=ascii)
def test_no_line_is_longer_than_76_characters(letter: str, tail: str) -> None:
    for length in range(20, 160):
        text = letter * length + tail
        encoding, chunks = encode_text(text)
        body = b"".join(chunks)
        lines = body.split(b"\r\n")
        assert max(map(len, lines)) <= 76
        if encoding == "quoted-printable":
            assert decodestring(body) == text.replace("\n", "\r\n").encode()
            assert b"." not in lines
            assert not any(line.endswith((b" ", b"\t")) for line in lines)


def cut_by_rule(line: str) -> Iterator[str]:
    """Cuts an encoded line after up to 75 characters, outside of escapes, leaving no dot alone."""
    while len(line) > 75:
        end = 75
        while "=" in line[end - 2 : end] or line[end:] == ".":
            end -= 1
        yield line[:end] + "="
        line = line[end:]
    yield line


def paragraph(random: Random) -> str:
    """Returns random plain text, with dots and equals signs where lines are cut, too."""
    size = random.choice(
        [random.randint(1, 60), random.randint(70, 80), random.randint(140, 160), 400]
    )
    text = "".join(
        random.choices(
            "abc ,.=", weights=[9, 9, 9, 6, 1, random.randint(0, 4), random.randint(0, 4)], k=size
        )
    )
    return text.rstrip(" ") if text.strip(" .") else "a" * size


@pytest.mark.parametrize("seed", range(10))
def test_random_paragraphs_are_cut_where_the_rule_says(seed: int) -> None:
    random = Random(seed)
    for _ in range(300):
        paragraphs = [
            paragraph(random) + random.choice(["", ".", "=."]) for _ in range(random.randint(1, 4))
        ]
        lines = [piece for each in paragraphs for piece in cut_by_rule(each.replace("=", "=3D"))]
        text = random.choice(["\n", "\r\n"]).join(paragraphs)
        assert encoded(text) == "\r\n".join(lines).encode()
        assert "." not in lines
        assert max(map(len, lines)) <= 76


@pytest.mark.parametrize("unit", TEXT_UNITS)
def test_calls_are_linear_in_the_length_of_encoded_text(unit: str) -> None:
    short, long = (count_calls(encoded, unit * times) for times in (1000, 4000))
    assert long <= 4.2 * short


@given(st.lists(st.text(st.sampled_from("ab=,"), max_size=200), max_size=5))
def test_plain_lines_equal_those_of_the_standard_library(lines: list[str]) -> None:
    assert encoded("\n".join(lines)) == b2a_qp("\r\n".join([*lines, ""]).encode())[:-2]


@pytest.mark.parametrize("size", [*range(70, 82), 150, 151, 1_000])
def test_plain_lines_are_cut_at_75_characters(size: int) -> None:
    cut = encoded("a" * size).split(b"=\r\n")
    assert [len(line) for line in cut] == [75] * ((size - 1) // 75) + [(size - 1) % 75 + 1]


@pytest.mark.parametrize(
    "size",
    [0, 1, 56, 57, 58, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 58],
)
def test_base64_is_yielded_in_chunks_of_whole_lines(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    pieces = list(encode_base64(content))
    body = b"".join(pieces)
    whole = b64encode(content)
    assert body.split(b"\r\n") == (
        [whole[at : at + 76] for at in range(0, len(whole), 76)] or [b""]
    )
    assert b64decode(body) == content
    assert len(pieces) == -(-size // PIECE)
    assert {len(piece) for piece in pieces[:-1]} <= {78 * 1024}
