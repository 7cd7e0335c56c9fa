"""Each pair of an event loop and an HTTP session, for what goes through both."""

import pytest


@pytest.fixture(params=["asyncio-aiohttp", "asyncio-httpx", "trio-httpx"], scope="module")
def transport(request: pytest.FixtureRequest) -> str:
    """Each pair of an event loop and an HTTP session that aiobotocore can send by."""
    name: str = request.param
    for needed in ("httpx2", "trio") if name == "trio-httpx" else ("httpx2",) if name == "asyncio-httpx" else ():
        pytest.importorskip(needed, reason="pip install sesmail[trio]")
    return name


@pytest.fixture(scope="module")
def anyio_backend(transport: str) -> str:
    """The event loop of the transport."""
    return transport.partition("-")[0]


@pytest.fixture
def session(transport: str) -> str:
    """The HTTP session of the transport."""
    return transport.partition("-")[2]
