"""Endpoints that can't be are refused when a client opens, with the name of their setting."""

from pathlib import Path

import pytest
from aiobotocore.session import AioSession

from sesmail import Client, ConfigurationError
from sesmail.aws.endpoints import check_endpoint
from support.clients import ORDER
from support.faults import StartFaultServer
from support.responses import ok

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast"], indirect=True),
]

INVALID = {
    "http://127.0.0.1:port": "has no valid host and port",
    "http://127.0.0.1:99999": "has no valid host and port",
    "http://127.0.0.1:0": "has no valid host and port",
    "http://127.0.0.1:-1": "has no valid host and port",
    "http://[::1": "has no valid host and port",
    "http://[::zz]": "has no valid host and port",
    "http://:80": "has no valid host and port",
    "https://": "has no valid host and port",
    "ftp://127.0.0.1": "must begin with http:// or https://",
    "unix:///run/ses.sock": "must begin with http:// or https://",
    "http:127.0.0.1": "must begin with http:// or https://",
    "127.0.0.1:8080": "must begin with http:// or https://",
    "nonsense": "must begin with http:// or https://",
    "http://127.0.0.1:80\n": "has a blank, a line break or another",
    "http://127.0.0.1 :80": "has a blank, a line break or another",
    "http://a..example": "has no valid host and port",
    f"http://{'a' * 64}.example": "has no valid host and port",
    "http://-a.example": "has no valid host and port",
    "http://my_host": "has no valid host and port",
    "http://bücher.example": "has no valid host and port",
    f"http://{'a.' * 150}example": "has no valid host and port",
    "http://[:::1]": "has no valid host and port",
    "http://a b/": "has a blank, a line break or another",
    "http://user:TOPSECRET@127.0.0.1": "must not have a user or a password",
    "http://user:TOPSECRET@127.0.0.1:port": "has no valid host and port",
    "http://127.0.0.1?x=y": "must not have a query or a fragment",
    "http://127.0.0.1/#x": "must not have a query or a fragment",
    "http://127.0.0.1?": "must not have a query or a fragment",
}
VALID = [
    "http://127.0.0.1:1",
    "HTTPS://email.eu-west-1.amazonaws.com",
    "http://[::1]:4566/",
    "http://localhost:65535/prefix/",
    "http://email.example.",
]


async def refused(**settings: object) -> str:
    """Return the message with which a client refuses to open."""
    with pytest.raises(ConfigurationError) as caught:
        async with Client("eu-west-1", **settings):  # type: ignore[arg-type]
            pass
    assert "TOPSECRET" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SESV2"])
@pytest.mark.parametrize("url", INVALID)
async def test_endpoint_of_the_environment_that_can_not_be_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    monkeypatch.setenv(name, url)
    assert f"{name} {INVALID[url]}" in await refused()


@pytest.mark.parametrize("url", INVALID)
async def test_endpoint_of_an_argument_that_can_not_be_is_named(url: str) -> None:
    assert f"endpoint_url {INVALID[url]}" in await refused(endpoint_url=url)


@pytest.mark.parametrize(
    "profile",
    [
        "[default]\nendpoint_url = {}\n",
        "[default]\nservices = mail\n[services mail]\nsesv2 =\n  endpoint_url = {}\n",
    ],
    ids=["global", "service"],
)
@pytest.mark.parametrize("has_session", [False, True])
async def test_endpoint_of_a_profile_that_can_not_be_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str, has_session: bool
) -> None:
    (tmp_path / "config").write_text(profile.format("ftp://user:TOPSECRET@127.0.0.1"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    text = await refused(session=AioSession() if has_session else None)
    assert "endpoint_url of the AWS profile must begin" in text


@pytest.mark.parametrize("how", ["argument", "environment", "config", "service"])
async def test_endpoint_that_has_no_effect_is_not_checked(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    server = fault_server(ok())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "ftp://127.0.0.1")
    if how == "service":
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", server.url)
    elif how == "environment":
        monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    config = {"ignore_configured_endpoint_urls": True} if how == "config" else None
    given = server.url if how == "argument" else None
    async with Client("eu-west-1", endpoint_url=given, config=config) as client:
        url = client._aws._clients["sesv2", None].client.meta.endpoint_url
        if how in ("argument", "service"):
            await client.send(ORDER)
    assert url == (server.url if how in ("argument", "service") else REAL)


REAL = "https://email.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("url", VALID)
async def test_endpoint_that_can_be_is_accepted(url: str) -> None:
    check_endpoint(url, "endpoint_url")
    async with Client("eu-west-1", endpoint_url=url):
        pass


@pytest.mark.parametrize("version", ["x", "", 5, "V4"])
async def test_unknown_signature_version_is_refused(version: object) -> None:
    assert "signature_version" in await refused(config={"signature_version": version})


async def test_arguments_that_are_none_are_not_given(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fault_server(ok())
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    client = Client(
        "eu-west-1",
        rate_limit=None,
        endpoint_url=None,
        use_ssl=None,
        verify=None,
        api_version=None,
        aws_access_key_id=None,
        aws_secret_access_key=None,
        aws_session_token=None,
        aws_account_id=None,
    )
    async with client:
        await client.send(ORDER)
    assert "Credential=testing/" in server.requests[0].headers["authorization"]
