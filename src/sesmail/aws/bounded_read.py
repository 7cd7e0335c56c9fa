"""Reads an answer whole, as long as it isn't endless or too large."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio

from ..errors import ContentTooLargeError

__all__ = ["OversizedResponseError", "read_body", "read_bounded"]

_LIMIT = (
    10 * 1024 * 1024
)  # bytes; Amazon's longest answers that aren't streams have a tenth of that
_CHUNK = 256 * 1024


class OversizedResponseError(Exception):
    """An answer of more bytes than any of Amazon's has."""


async def read_bounded(pieces: AsyncIterator[bytes]) -> bytes:
    """The pieces of an answer, joined.

    Raises:
        OversizedAnswerError: They are too many.
    """
    answer = bytearray()
    async for piece in pieces:
        answer += piece
        if len(answer) > _LIMIT:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await anext(
                    pieces, None
                )  # so that httpx's generators end, which nobody could close
            raise OversizedResponseError
    return bytes(answer)


async def read_body(body: Any, size: int | None, limit: int) -> bytes:
    """All of an answer's body; nothing of one that is too large.

    Args:
        body: aiobotocore's stream.
        size: How many bytes it has, if that was told.
        limit: How many it may have.

    Raises:
        ContentTooLargeError: It has more.
    """
    chunks: list[bytes] = []
    actual = 0
    async with body:
        if size is not None and size > limit:
            raise ContentTooLargeError(
                f"it has {size:,} bytes; the limit is {limit:,}", limit=limit, actual=size
            )
        while chunk := await body.read(_CHUNK):
            actual += len(chunk)
            chunks.append(chunk)
            if actual > limit:
                with anyio.CancelScope() as scope:
                    scope.cancel()
                    await body.read(
                        _CHUNK
                    )  # so that httpx's generators end, which nobody could close
                raise ContentTooLargeError(
                    f"it has more than {limit:,} bytes", limit=limit, actual=actual
                )
    return b"".join(chunks)
