"""Large things piece by piece: while C code works on one of them, no other thread runs."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["cut", "spans"]

SIZE = (
    1 << 20
)  # of a piece: the slowest C code that is used here works on that much for about 20 ms


def spans(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each piece starts and ends."""
    return ((at, min(at + SIZE, end)) for at in range(start, end, SIZE))


def cut(data: bytes | memoryview) -> Iterator[bytes | memoryview]:
    """The pieces of some bytes."""
    return (data[start:end] for start, end in spans(0, len(data)))
