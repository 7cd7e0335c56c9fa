"""Pages of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..api_errors import bad_request

__all__ = ["page"]


def page(
    items: Sequence[Any], params: dict[str, Any], key: str, size: str = "PageSize", most: int = 100
) -> dict[str, Any]:
    """Returns a page of a list, with the token of the next one.

    Args:
        items: The whole list.
        params: The parameters, with the size of a page and ``NextToken``.
        key: Key of the list in the output.
        size: Key of the size of a page.
        most: Maximum, and default, size of a page.
    """
    token = params.get("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(items):
        raise bad_request("Invalid NextToken.")
    start = int(token)
    count: int = params.get(size) or most
    if count < 0:
        raise bad_request(f"{size} must be positive.")
    end = start + min(count, most)
    output: dict[str, Any] = {key: items[start:end]}
    if end < len(items):
        output["NextToken"] = str(end)
    return output
