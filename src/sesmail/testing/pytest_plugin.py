"""Fixtures for pytest: the fake SES, and clients of it.

One server runs for the whole session, in each process of pytest-xdist, and is emptied before each
test. The fixtures work in tests of anyio's runner, of pytest-asyncio, and without an event loop.
Nothing is started before a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

try:
    import pytest_asyncio
except ImportError:
    _asyncio_fixture: Callable[..., Any] = pytest.fixture
else:
    _asyncio_fixture = pytest_asyncio.fixture

if TYPE_CHECKING:
    from ..receiving.receiver import Receiver
    from ..sending.client import Client
    from .fake import FakeSES
    from .outbox import Outbox

__all__ = ["outbox", "ses", "ses_client", "ses_receiver"]

_UNSET = (
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SES",
    "AWS_ENDPOINT_URL_SESV2",
    "AWS_ENDPOINT_URL_SNS",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
)


@pytest.fixture(scope="session")
def _sesmail_server() -> Iterator[FakeSES]:
    from .fake import FakeSES

    with FakeSES() as fake:
        yield fake


@pytest.fixture
def ses(_sesmail_server: FakeSES, monkeypatch: pytest.MonkeyPatch) -> FakeSES:
    """The fake SES, empty; AWS clients without settings of their own use it during the test."""
    _sesmail_server.reset()
    for name, value in _sesmail_server.environment().items():
        monkeypatch.setenv(name, value)
    for name in _UNSET:
        monkeypatch.delenv(name, raising=False)
    return _sesmail_server


@pytest.fixture
def outbox(ses: FakeSES) -> Outbox:
    """The mails that the fake SES accepted."""
    return ses.outbox


@pytest.fixture
def ses_client(ses: FakeSES, request: pytest.FixtureRequest) -> Client:
    """A client that sends to the fake SES, without a rate limit; closed after the test."""
    client: Client = _closed_after_the_test(request, ses.client(rate_limit=None))
    return client


@pytest.fixture
def ses_receiver(ses: FakeSES, request: pytest.FixtureRequest) -> Receiver:
    """A receiver that accepts the requests of the fake SES; closed after the test.

    All checks of production are on.
    """
    from ..receiving.receiver import Receiver

    receiver: Receiver = _closed_after_the_test(request, Receiver(**ses.trust()))
    return receiver


def _closed_after_the_test(request: pytest.FixtureRequest, item: Any) -> Any:
    """Returns an item that is closed on the event loop of the test, by the test's runner."""
    closing: list[Any] | None = None
    if "anyio_backend" in request.fixturenames:
        closing = request.getfixturevalue("_sesmail_anyio_closing")
    elif request.node.get_closest_marker("asyncio") is not None:
        closing = request.getfixturevalue("_sesmail_asyncio_closing")
    if closing is not None:
        closing.append(item)
    return item


async def _closing() -> AsyncIterator[list[Any]]:
    items: list[Any] = []
    yield items
    for item in items:
        await item.aclose()


_sesmail_anyio_closing = pytest.fixture(_closing)


@_asyncio_fixture
async def _sesmail_asyncio_closing() -> AsyncIterator[list[Any]]:
    async for items in _closing():
        yield items
