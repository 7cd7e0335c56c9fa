"""TLS files and proxies that can't be used are refused when the client opens."""

from pathlib import Path
from typing import Any

import pytest

from sesmail import ConfigurationError
from support.clients import new_client

pytestmark = pytest.mark.anyio

URL = "https://127.0.0.1:9"
PROXY = {"https": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no CA bundle in the environment."""
    monkeypatch.delenv("AWS_CA_BUNDLE")


async def refused(session: str, **settings: Any) -> str:
    """Return the message with which a client refuses to open."""
    client = new_client(URL, session, **settings)
    with pytest.raises(ConfigurationError) as caught:
        await client.open()
    await client.aclose()
    return str(caught.value)


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, "", "no certificate", "folder"])
async def test_ca_bundle_of_the_environment_that_can_not_be_loaded_is_refused(
    session: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, content: str | None
) -> None:
    bundle = tmp_path / "ca.pem"
    if content == "folder":
        bundle.mkdir()
    elif content is not None:
        bundle.write_text(content)
    monkeypatch.setenv(name, str(bundle))
    assert f"{str(bundle)!r}, which can't be loaded" in await refused(session)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"verify": "/nonexistent/ca.pem"}, "'/nonexistent/ca.pem'"),
        ({"config": {"client_cert": "/nonexistent.pem"}}, "client_cert is '/nonexistent.pem'"),
        ({"config": {"client_cert": ("/a.pem", "/b.pem")}}, "client_cert is '/a.pem, /b.pem'"),
        ({"proxy_ca_bundle": "/nonexistent"}, "proxy_ca_bundle is '/nonexistent'"),
        ({"proxy_client_cert": "/nonexistent"}, "proxy_client_cert is '/nonexistent'"),
        ({"proxy_client_cert": ("/a", "/b")}, "proxy_client_cert is '/a, /b'"),
    ],
    ids=str,
)
async def test_file_that_can_not_be_loaded_is_named(
    session: str, settings: dict[str, Any], expected: str
) -> None:
    proxies = {name: value for name, value in settings.items() if name.startswith("proxy_")}
    if proxies:
        settings = {
            "config": {"proxies": {"https": "https://127.0.0.1:9"}, "proxies_config": proxies}
        }
    assert expected in await refused(session, **settings)


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ("http://proxy:port", "has no valid port"),
        ("http://proxy:70000", "has no valid port"),
        ("http://proxy:0", "has no valid port"),
        ("socks5://proxy:1080", "scheme 'socks5'"),
        ("socks5h://proxy:1080", "scheme 'socks5h'"),
        ("socks4://user:password@proxy:1080", "'socks4://proxy:1080'"),
        ("http://user:password@proxy:port", "'http://proxy:port'"),
        ("http://:3128", "has no host name"),
        ("http://user:password@[::1:3128", "'http://[::1:3128' has no valid host name"),
    ],
)
@pytest.mark.parametrize("place", ["environment", "config"])
async def test_proxy_that_can_not_be_used_is_refused(
    session: str, monkeypatch: pytest.MonkeyPatch, place: str, proxy: str, expected: str
) -> None:
    settings: dict[str, Any] = {}
    if place == "config":
        settings = {"config": {"proxies": {"https": proxy}}}
    else:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "")
    found = await refused(session, **settings)
    assert expected in found
    assert "password" not in found


def encrypted_key(folder: Path) -> tuple[str, str, str]:
    """Return the files of a certificate, its encrypted key, and both in one."""
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    from cryptography.hazmat.primitives import serialization

    from support.signing import certificate, pem, rsa_key

    key = rsa_key(name="server")
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"pass phrase"),
    )
    public = pem(certificate(("localhost",), key=key))
    for name, content in [("c", public), ("k", secret), ("both", public + secret)]:
        (folder / f"{name}.pem").write_bytes(content)
    return str(folder / "c.pem"), str(folder / "k.pem"), str(folder / "both.pem")


@pytest.mark.parametrize("option", ["client_cert", "proxy_client_cert"])
@pytest.mark.parametrize("in_one_file", [True, False])
async def test_encrypted_key_is_refused_without_asking_for_its_pass_phrase(
    session: str, tmp_path: Path, option: str, in_one_file: bool
) -> None:
    """OpenSSL would ask for it on the terminal."""
    certificate, key, both = encrypted_key(tmp_path)
    value: Any = both if in_one_file else (certificate, key)
    config: dict[str, Any] = {option: value}
    if option == "proxy_client_cert":
        config = {"proxies": {"https": "https://127.0.0.1:9"}, "proxies_config": config}
    text = await refused(session, config=config)
    assert f"the setting {option} is " in text
    assert "whose private key is encrypted" in text


async def test_certificate_with_its_key_is_loaded(session: str, tmp_path: Path) -> None:
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    from support.signing import authority

    names = authority()
    both = tmp_path / "both.pem"
    both.write_bytes(names.server + names.server_key)
    config = {
        "client_cert": str(both),
        "proxies": PROXY,
        "proxies_config": {"proxy_client_cert": (str(both), str(both))},
    }
    client = new_client(URL, session, config=config)
    await client.open()
    await client.aclose()


async def test_certificate_for_a_proxy_without_tls_is_loaded_too(session: str) -> None:
    config = {"proxies": PROXY, "proxies_config": {"proxy_client_cert": "/nonexistent.pem"}}
    text = await refused(session, config=config)
    assert "proxy_client_cert is '/nonexistent.pem', which can't be loaded" in text


async def test_settings_of_proxies_that_are_none_are_not_given(session: str) -> None:
    options = ("proxy_ca_bundle", "proxy_client_cert", "proxy_use_forwarding_for_https")
    config = {"proxies": {"https": None}, "proxies_config": dict.fromkeys(options)}
    client = new_client(URL, session, config=config)
    await client.open()
    await client.aclose()


async def test_proxy_of_another_scheme_is_not_checked(session: str) -> None:
    config = {"proxies": {"http": "socks5://proxy:1080"}}
    client = new_client(URL, session, config=config)
    await client.open()
    await client.aclose()


async def test_other_tls_setting_that_can_not_be_used_is_refused(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sesmail.aws.aiohttp_session import FastAiohttpSession

    kind: Any = FastAiohttpSession
    if session.startswith("httpx"):
        from sesmail.aws.httpx_session import FastHttpxSession as kind

    def fail(*_: object) -> None:
        raise OSError("no ciphers")

    monkeypatch.setattr(kind, "_get_ssl_context", fail)
    assert "invalid TLS settings: no ciphers" in await refused(session)
