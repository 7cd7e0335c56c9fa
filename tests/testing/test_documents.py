"""Header fields in the events of a fake."""

import pytest

from sesmail.testing.documents import header_list


def test_header_fields_are_unfolded() -> None:
    raw = (
        b"From: a@example.com\r\nSubject: one\r\n\ttwo\r\n  three\r\nno field x: y\r\n\r\nTo: b\r\n"
    )
    assert header_list(raw) == [
        {"name": "From", "value": "a@example.com"},
        {"name": "Subject", "value": "one two three"},
    ]
    names = [field["name"] for field in header_list(b"A: b\nC: d\n\nE: f")]
    assert names == ["A", "C"]
    assert header_list(b"") == []


@pytest.mark.parametrize(
    "piece", ["x", "x\n", "x:", "x: y\n", " ", "\n ", "a b", "\r\n", "x:\n\t", "=?", "\r"]
)
def test_repeated_pieces_take_linear_time(piece: str) -> None:
    raw = (piece * 200_000).encode()
    assert sum(len(field["value"]) for field in header_list(raw)) <= len(raw)
