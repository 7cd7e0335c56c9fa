"""HTTP headers, whichever mapping or list a framework keeps them in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol, TypeAlias, cast

__all__ = ["Headers", "header_pairs", "header_values"]

Pair: TypeAlias = "tuple[str | bytes, str | bytes | list[str] | None]"


class HasItems(Protocol):
    """A mapping of headers, or one that may repeat them."""

    def items(self) -> Iterable[Pair]:
        """Names and values, as text or bytes."""
        ...


Headers: TypeAlias = HasItems | Collection[Pair]
"""What a framework has for headers: any mapping, or pairs, of text or of bytes, in any case."""


def header_pairs(headers: Headers) -> Iterable[Pair]:
    """The headers one by one."""
    items: Callable[[], Iterable[Pair]] | None = getattr(headers, "items", None)
    return items() if items else cast("Collection[Pair]", headers)


def header_values(headers: Headers, name: str) -> list[str]:
    """Every value of a header, in order.

    Args:
        headers: The headers as the framework has them; a value may be a list, as behind AWS's load balancers.
        name: The header's name in lower case.
    """
    found: list[str] = []
    for key, value in header_pairs(headers):
        if _text(key).lower() == name and value is not None:
            found += (
                [_text(each) for each in value]
                if isinstance(value, (list, tuple))
                else [_text(value)]
            )
    return found


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
