"""Reads a response body up to a size limit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import anyio

from ..errors import ContentTooLargeError
from .departure import response_limit

__all__ = ["BodyLimit", "OversizedResponseError", "check_bounded", "read_body", "read_bounded"]

_CHUNK = 256 * 1024

BodyLimit: TypeAlias = int | Callable[[int | None], int]
"""Maximum size of a body in bytes, or a function that returns it for the Content-Length."""


class OversizedResponseError(Exception):
    """A response that is larger than any of AWS."""


def check_bounded(content: bytes) -> bytes:
    """Returns a response that was read already.

    Raises:
        OversizedResponseError: It is larger than the limit of the call.
    """
    if len(content) > response_limit():
        raise OversizedResponseError
    return content


async def read_bounded(chunks: AsyncIterator[bytes]) -> bytes:
    """Returns the joined chunks of a response.

    Raises:
        OversizedResponseError: They are larger than the limit of the call.
    """
    limit = response_limit()
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > limit:
            with anyio.CancelScope() as scope:
                scope.cancel()
                await anext(chunks, None)  # ends httpx's generators, which have no way to close
            raise OversizedResponseError
    return bytes(content)


async def read_body(body: Any, size: int | None, body_limit: BodyLimit) -> bytes:
    """Returns the body of a response.

    Args:
        body: aiobotocore's stream.
        size: Its Content-Length in bytes; None without one.
        body_limit: Maximum size in bytes. A function may raise, and then nothing is read.

    Raises:
        ContentTooLargeError: The body is larger than the limit.
    """
    chunks: list[bytes] = []
    actual = 0
    async with body:
        limit = body_limit if isinstance(body_limit, int) else body_limit(size)
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
                    await body.read(_CHUNK)  # ends httpx's generators, as above
                raise ContentTooLargeError(
                    f"it has more than {limit:,} bytes", limit=limit, actual=actual
                )
    return b"".join(chunks)
