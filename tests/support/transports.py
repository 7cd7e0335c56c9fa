"""Transports of a call: event loop, HTTP library, and with or without the fast path."""

import pytest

# Those that share their parts with others run on one Python.
TRANSPORTS = [
    "asyncio-aiohttp-fast",
    pytest.param("asyncio-aiohttp-generic", marks=pytest.mark.first),
    pytest.param("asyncio-httpx-fast", marks=pytest.mark.first),
    "trio-httpx-fast",
    pytest.param("trio-httpx-generic", marks=pytest.mark.first),
]
ALL = [*TRANSPORTS, pytest.param("asyncio-httpx-generic", marks=pytest.mark.first)]


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
