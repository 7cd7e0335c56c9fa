"""Transports of a call: event loop, HTTP library, and with or without the fast path."""

import pytest

TRANSPORTS = [
    "asyncio-aiohttp-fast",
    "asyncio-aiohttp-generic",
    "asyncio-httpx-fast",
    "trio-httpx-fast",
    "trio-httpx-generic",
]
ALL = [*TRANSPORTS, "asyncio-httpx-generic"]  # which shares its parts with others of them


@pytest.fixture(params=TRANSPORTS, scope="module")
def transport(request: pytest.FixtureRequest) -> str:
    """Return the name of each transport in turn."""
    name: str = request.param
    for needed in [
        module for module, word in {"httpx2": "httpx", "trio": "trio"}.items() if word in name
    ]:
        pytest.importorskip(needed, reason="pip install sesmail[trio]")
    return name


@pytest.fixture(scope="module")
def anyio_backend(transport: str) -> str:
    """Return the event loop of the transport."""
    return transport.split("-")[0]


@pytest.fixture
def session(transport: str) -> str:
    """Return the rest of the transport, as `support.clients.new_client` takes it."""
    return transport.partition("-")[2]
