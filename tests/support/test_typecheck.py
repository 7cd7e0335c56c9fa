"""Runtime type check: accepts exactly the annotated types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Optional

import pytest

from sesmail.values import build_frozen
from support.typecheck import find_mistyped_fields, matches


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("a", str, True),
        (1, str, False),
        (True, int, False),
        (1, float, False),
        (None, str | None, True),
        (None, Optional[str], True),  # noqa: UP045
        (1, str | None, False),
        (object(), Any, True),
        ("Sent", Literal["Sent"], True),
        ("Opened", Literal["Sent"], False),
        (("a", "b"), tuple[str, ...], True),
        (["a"], tuple[str, ...], False),
        (("a", 1), tuple[str, ...], False),
        ({"a": ("b",)}, Mapping[str, tuple[str, ...]], True),
        ({"a": "b"}, Mapping[str, tuple[str, ...]], False),
        ({1: ("b",)}, Mapping[str, tuple[str, ...]], False),
        (None, Mapping[str, str], False),
        (datetime(2026, 3, 6, tzinfo=UTC), datetime, True),
    ],
)
def test_matches(value: object, annotation: Any, expected: bool) -> None:
    assert matches(value, annotation) is expected


def test_unknown_annotations_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="list"):
        matches([], list[str])


@dataclass(frozen=True)
class Inner:
    number: int


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner


def test_reports_missing_unknown_and_mistyped_fields() -> None:
    assert find_mistyped_fields(Outer("a", Inner(1))) == []
    wrong: Any = build_frozen(Outer, {"inner": build_frozen(Inner, {"number": "1"}), "size": 2})
    assert find_mistyped_fields(wrong) == [
        "Outer.name: missing",
        "Outer.size: unknown",
        "Inner.number: '1' is no <class 'int'>",
    ]
