"""Regions that don't exist are an error of the configuration."""

import socket
from typing import Any

import pytest

from sesmail import Client, ConfigurationError, NotSentError, RetryPolicy
from support.clients import ORDER

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("region", "hint"),
    [
        ("eu-west-l", "did you mean 'eu-west-1'"),
        ("EU-WEST-1", "did you mean 'eu-west-1'"),
        ("eu-west-1a", "did you mean 'eu-west-1'"),
        ("useast1", "did you mean 'us-east-1'"),
        ("ireland", "doesn't exist"),
    ],
)
async def test_region_of_another_form_is_refused_at_opening(
    session: str, region: str, hint: str
) -> None:
    client = client_of(region, session)
    with pytest.raises(ConfigurationError, match=hint):
        await client.open()
    await client.aclose()


def client_of(region: str, session: str) -> Client:
    config: dict[str, Any] = {}
    if session.startswith("httpx"):
        from aiobotocore.httpxsession import HttpxSession

        config["http_session_cls"] = HttpxSession
    return Client(
        region,
        config=config,
        rate_limit=None,
        retry=RetryPolicy(attempts=3, first_delay=0.01),
        fast_path=not session.endswith("generic"),
    )


@pytest.mark.parametrize(
    ("region", "code", "kind"),
    [
        ("eu-wset-1", socket.EAI_NONAME, ConfigurationError),
        ("eu-west-9", socket.EAI_NONAME, ConfigurationError),
        ("eu-west-9", socket.EAI_AGAIN, NotSentError),
        ("eu-west-1", socket.EAI_NONAME, NotSentError),
    ],
)
async def test_unknown_region_without_address_is_a_configuration_error(
    session: str, monkeypatch: pytest.MonkeyPatch, region: str, code: int, kind: type[Exception]
) -> None:
    hosts: list[str] = []

    def getaddrinfo(host: str, *_: object, **__: object) -> None:
        hosts.append(host)
        raise socket.gaierror(code, "no address")

    async with client_of(region, session) as client:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(kind) as caught:
            await client.send(ORDER)
    assert set(hosts) == {f"email.{region}.amazonaws.com"}
    if kind is ConfigurationError:
        assert len(hosts) == 1
        assert f"{region!r} doesn't exist" in str(caught.value)
        assert "'eu-west-1'" in str(caught.value)


async def test_any_region_is_accepted_with_an_endpoint() -> None:
    async with Client("local", endpoint_url="http://127.0.0.1:1") as client:
        assert client._aws.region("sesv2") == "local"
