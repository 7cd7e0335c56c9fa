"""HTTP headers in the forms in which web frameworks store them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol, TypeAlias, cast

from ...arguments import check_iterable, refuse

__all__ = ["Headers", "header_pairs", "header_values"]

Pair: TypeAlias = "tuple[str | bytes, str | bytes | list[str] | None]"


class HasItems(Protocol):
    """A mapping of headers, or a multi-dict that repeats a name."""

    def items(self) -> Iterable[Pair]:
        """Returns names and values, as text or bytes."""
        ...


Headers: TypeAlias = HasItems | Collection[Pair]
"""Headers of a request: any mapping, or pairs, of text or of bytes, with names in any case."""


def header_pairs(headers: Headers) -> Iterable[Pair]:
    """Returns names and values of the headers."""
    items: Callable[[], Iterable[Pair]] | None = getattr(headers, "items", None)
    if callable(items) and not isinstance(headers, type):
        return items()
    check_iterable("headers", headers, "a mapping, or pairs of name and value", "")
    return cast("Collection[Pair]", headers)


def header_values(headers: Headers, name: str) -> list[str]:
    """Returns every value of a header, in order.

    Args:
        headers: The headers. A value may be a list, as in events of an Application Load Balancer:
            https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
        name: The header's name in lower case.
    """
    values: list[str] = []
    for pair in cast("Iterable[Any]", header_pairs(headers)):
        _check_pair(pair)
        key, value = pair
        if not isinstance(key, (str, bytes)):
            refuse("headers", "a mapping or pairs whose names are text or bytes", key)
        if _text(key).lower() == name and value is not None:
            values += (
                [_text(each) for each in cast("Iterable[object]", value)]
                if isinstance(value, (list, tuple))
                else [_text(value)]
            )
    return values


def _check_pair(pair: object) -> None:
    if not isinstance(pair, (tuple, list)) or len(cast("list[object]", pair)) != 2:
        refuse("headers", "a mapping, or pairs of name and value", pair)  # pyright: ignore[reportUnknownArgumentType]


def _text(value: object) -> str:
    """Returns a name or value as text; a number, for instance, as it would be written."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
