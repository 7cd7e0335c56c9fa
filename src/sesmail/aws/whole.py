"""Reads an answer whole, as long as it isn't endless."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio

__all__ = ["OversizedAnswerError", "whole"]

_LIMIT = 10 * 1024 * 1024  # bytes; Amazon's longest answers that aren't streams have a tenth of that


class OversizedAnswerError(Exception):
    """An answer of more bytes than any of Amazon's has."""


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
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
                await anext(pieces, None)  # so that httpx's generators end, which nobody could close
            raise OversizedAnswerError
    return bytes(answer)
