"""Each way by which a call can leave: an event loop, an HTTP session, and sesmail's lean calls or aiobotocore's own."""

import pytest

from sesmail.aws import fast_path

TRANSPORTS = [
    "asyncio-aiohttp-lean",
    "asyncio-aiohttp-generic",
    "asyncio-httpx-lean",
    "trio-httpx-lean",
    "trio-httpx-generic",
]


@pytest.fixture(params=TRANSPORTS, scope="module")
def transport(request: pytest.FixtureRequest) -> str:
    """Each way by which a call can leave."""
    name: str = request.param
    for needed in [
        module for module, word in {"httpx2": "httpx", "trio": "trio"}.items() if word in name
    ]:
        pytest.importorskip(needed, reason="pip install sesmail[trio]")
    return name


@pytest.fixture(scope="module")
def anyio_backend(transport: str) -> str:
    """The event loop of the transport."""
    return transport.split("-")[0]


@pytest.fixture
def session(transport: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The HTTP session of the transport, which calls lean or doesn't."""
    _, session, way = transport.split("-")
    if way == "generic":
        monkeypatch.setattr(fast_path, "_OPERATIONS", {})
    return session
