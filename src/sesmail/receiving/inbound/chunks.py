"""Splits large data into chunks: C functions hold the GIL, so a long call stalls all threads."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["SIZE", "ranges", "split"]

SIZE = 1 << 20
"""Bytes of a chunk. The slowest C function in this package takes about 20 ms for so many."""


def ranges(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of each chunk between two positions."""
    return ((at, min(at + SIZE, end)) for at in range(start, end, SIZE))


def split(data: bytes | memoryview) -> Iterator[bytes | memoryview]:
    """Chunks of bytes, in order."""
    return (data[start:end] for start, end in ranges(0, len(data)))
