"""Resolves host names for aiohttp."""

from __future__ import annotations

from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from .resolver import resolve

__all__ = ["Resolver"]


class Resolver(AbstractResolver):
    """Resolves host names in threads of sesmail's own."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        """Returns the addresses of a host."""
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=address[1],
                family=found_family,
                proto=0,
                flags=0,
            )
            for found_family, address in await resolve(host, port, family)
        ]

    async def close(self) -> None:
        """Close nothing."""
