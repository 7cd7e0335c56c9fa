"""A name that another package has renamed is a ConfigurationError before anything is sent."""

import email.generator
import importlib.metadata
import platform
import re
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any

import pytest
from aiobotocore.httpsession import AIOHTTPSession
from botocore.endpoint import Endpoint

from sesmail import ConfigurationError, private_names
from sesmail.aws.aiohttp_session import FastAiohttpSession
from sesmail.aws.private_names import AIOBOTOCORE, AIOHTTP, HTTPX
from sesmail.aws.service_client import _private_names as client_names
from sesmail.private_names import EMAIL_GENERATOR, HTTP_CLIENT, PrivateName
from sesmail.receiving.verification import https
from support.clients import ORDER, new_client
from support.faults import StartFaultServer
from support.responses import ok

pytestmark = pytest.mark.anyio

TABLES = {
    "AIOBOTOCORE": AIOBOTOCORE,
    "AIOHTTP": AIOHTTP,
    "EMAIL_GENERATOR": EMAIL_GENERATOR,
    "HTTPX": HTTPX,
    "HTTP_CLIENT": HTTP_CLIENT,
}
NAMES = [(table, name) for table, names in TABLES.items() for name in names]


@pytest.fixture(autouse=True)
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget which tables were checked in this process."""
    monkeypatch.setattr(private_names, "_checked", set())


class Without:
    """An object without the attribute at the end of a path."""

    def __init__(self, inner: Any, path: list[str]) -> None:
        self._inner, self._path = inner, path

    def __getattr__(self, name: str) -> Any:
        first, *rest = self._path
        if name != first:
            return getattr(self._inner, name)
        if not rest:
            raise AttributeError(name)
        return Without(getattr(self._inner, name), rest)


async def checked_objects(table: str, url: str) -> Any:
    """Return the objects that sesmail checks, by the first part of their paths."""
    if table == "EMAIL_GENERATOR":
        return {"Generator": email.generator.Generator}
    if table == "HTTP_CLIENT":
        return https._private_names()
    if table == "HTTPX":
        return pytest.importorskip("sesmail.aws.httpx_session")._private_names()
    if table == "AIOHTTP":
        return FastAiohttpSession()._private_names()
    async with new_client(url) as client:
        return client_names(client._aws._clients["sesv2", None].client)


@pytest.mark.parametrize(
    ("table", "name"), NAMES, ids=[f"{table} {name.path} {name.assigned}" for table, name in NAMES]
)
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_each_renamed_name_is_reported_with_its_package(
    fault_server: StartFaultServer, table: str, name: PrivateName
) -> None:
    objects = await checked_objects(table, fault_server(ok()).url)
    private_names.check_private_names(TABLES[table], lambda: objects)
    private_names._checked.clear()
    first, *rest = name.path.split(".")
    changed = Without(objects[first], rest)
    if name.assigned:
        changed = SimpleNamespace(**{rest[0]: lambda: None})
    version = (
        platform.python_version()
        if name.package == "python"
        else importlib.metadata.version(name.package)
    )
    expected = f"{name.package} {version} isn't supported: {name.assigned or name.path} is missing"
    with pytest.raises(ConfigurationError, match=re.escape(expected)):
        private_names.check_private_names((name,), lambda: {**objects, first: changed})


def test_name_of_another_kind_is_reported() -> None:
    name = PrivateName("aiobotocore", "client.cache", "https://example.com", dict)
    client = SimpleNamespace(cache=[])
    with pytest.raises(ConfigurationError, match=r"client\.cache is missing or has changed"):
        private_names.check_private_names((name,), lambda: {"client": client})


def test_names_are_checked_once_per_process() -> None:
    calls: list[int] = []

    def objects() -> dict[str, Any]:
        calls.append(1)
        return https._private_names()

    private_names.check_private_names(HTTP_CLIENT, objects)
    private_names.check_private_names(HTTP_CLIENT, objects)
    assert len(calls) == 1


@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast"], indirect=True)
@pytest.mark.parametrize(
    ("owner", "name"), [(Endpoint, "make_request"), (AIOHTTPSession, "_create_connector")]
)
async def test_client_does_not_open_on_aiohttp_without_a_name(
    fault_server: StartFaultServer,
    session: str,
    owner: type[Any],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(owner, name)
    server = fault_server(ok())
    client = new_client(server.url, session)
    with pytest.raises(ConfigurationError, match=name):
        await client.send(ORDER)
    await client.aclose()
    assert server.requests == []


@pytest.mark.parametrize("transport", ["asyncio-httpx-fast", "trio-httpx-fast"], indirect=True)
async def test_client_does_not_open_on_httpx_without_a_name(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiobotocore.httpxsession import HttpxSession

    monkeypatch.delattr(HttpxSession, "_make_async_client")
    server = fault_server(ok())
    client = new_client(server.url, session)
    with pytest.raises(ConfigurationError, match="_make_async_client"):
        await client.send(ORDER)
    await client.aclose()
    assert server.requests == []


def test_no_certificate_is_fetched_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    create: Any = HTTPConnection.__init__

    def create_without(self: Any, *args: Any, **options: Any) -> None:
        create(self, *args, **options)
        del self._create_connection

    monkeypatch.setattr(HTTPConnection, "__init__", create_without)
    with pytest.raises(ConfigurationError, match="_create_connection"):
        https.get("https://localhost:1/certificate.pem", limit=1, timeout=1)
