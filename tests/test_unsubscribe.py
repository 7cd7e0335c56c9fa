"""Signed unsubscribe links: made, read back, and refused when anything about them is changed."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail.errors import ConfigurationError, InvalidMessageError, InvalidTokenError
from sesmail.unsubscribe import Unsubscribe, Unsubscription

SECRET = "0123456789abcdef"
OTHER = b"another secret, with 16 bytes or more"
LINKS = Unsubscribe(secrets=[SECRET], url="https://example.com/unsubscribe")
NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)


def token_of(link: str) -> str:
    return link.partition("token=")[2]


def test_a_link_is_the_url_with_the_token_in_its_query() -> None:
    link = LINKS.link("alice@example.com", "news")
    assert link.startswith("https://example.com/unsubscribe?token=")
    assert LINKS.read(token_of(link)) == Unsubscription("alice@example.com", "news")


@pytest.mark.parametrize(
    ("url", "start", "end"),
    [
        ("https://example.com/u?v=1", "https://example.com/u?v=1&token=", ""),
        ("https://example.com/u/{token}/go", "https://example.com/u/", "/go"),
        ("https://example.com:8443/", "https://example.com:8443/?token=", ""),
    ],
)
def test_the_token_goes_where_the_url_says(url: str, start: str, end: str) -> None:
    links = Unsubscribe(secrets=SECRET, url=url)
    link = links.link("alice@example.com")
    assert link.startswith(start)
    assert link.endswith(end)
    token = link.removeprefix(start).removesuffix(end)
    assert links.read(token) == Unsubscription("alice@example.com")


def test_links_are_equal_for_equal_arguments_and_fit_in_a_header_line() -> None:
    longest = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example"
    link = LINKS.link(longest, "😀" * 64)
    assert link == LINKS.link(longest, "😀" * 64)
    assert link.isascii()
    assert len(f"List-Unsubscribe: <{link}>") < 998


@given(st.emails(domains=st.just("example.com")), st.text(max_size=64))
def test_any_recipient_and_list_is_read_back(recipient: str, name: str) -> None:
    try:
        link = LINKS.link(recipient, name)
    except InvalidMessageError:  # local parts that SES doesn't take
        return
    assert LINKS.read(token_of(link)) == Unsubscription(recipient, name)


def test_the_first_secret_signs_and_all_secrets_verify() -> None:
    old = token_of(LINKS.link("alice@example.com"))
    rotated = Unsubscribe(secrets=[OTHER, SECRET], url="https://example.com/unsubscribe")
    new = token_of(rotated.link("alice@example.com"))
    assert rotated.read(old) == rotated.read(new) == Unsubscription("alice@example.com")
    with pytest.raises(InvalidTokenError, match="another secret"):
        LINKS.read(new)


def test_a_link_expires_only_if_it_is_said_to() -> None:
    link = LINKS.link("alice@example.com", expires_at=NOW)
    token = token_of(link)
    found = LINKS.read(token, now=NOW - timedelta(seconds=1))
    assert found == Unsubscription("alice@example.com", "", NOW)
    with pytest.raises(InvalidTokenError, match="expired at 2026-04-01 12:00 UTC"):
        LINKS.read(token, now=NOW)
    with pytest.raises(InvalidTokenError, match="expired"):
        LINKS.read(token_of(LINKS.link("alice@example.com", expires_at=NOW - timedelta(days=9999))))
    last = datetime.max.replace(tzinfo=UTC)
    found = LINKS.read(token_of(LINKS.link("alice@example.com", expires_at=last)))
    assert found.expires_at == last.replace(microsecond=0)
    for first, hours in ((datetime.min, 1), (datetime.max, -1)):
        with pytest.raises(ConfigurationError, match="years 1 to 9999"):
            LINKS.link(
                "a@example.com", expires_at=first.replace(tzinfo=timezone(timedelta(hours=hours)))
            )
    forever = token_of(LINKS.link("alice@example.com"))
    assert LINKS.read(forever, now=NOW + timedelta(days=99999)).expires_at is None


def test_every_changed_character_is_refused() -> None:
    token = token_of(LINKS.link("alice@example.com", "news"))
    for at, character in enumerate(token):
        for other in "Aa0-._~ü":
            if other != character:
                with pytest.raises(InvalidTokenError):
                    LINKS.read(token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize(
    "token",
    ["", ".", "x", "a.b", "A" * 5000, "=.=", "\n", None, 1, b"token", "A" * 5 + "." + "A" * 43],
)
def test_anything_else_is_a_malformed_or_unsigned_token(token: Any) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        LINKS.read(token)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"List-Unsubscribe=One-Click",
        b"List-Unsubscribe=One-Click\r\n",
        b"other=1&List-Unsubscribe=One-Click",
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
        b"One-Click\r\n--x--\r\n",
        b"--x\nContent-Disposition: form-data; name=List-Unsubscribe\n\nOne-Click\n--x--\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\n'
        b"Content-Type: text/plain\r\n"
        b'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
        b"One-Click\r\n--x--\r\n",
    ],
)
def test_a_one_click_request_has_either_form_encoding(body: bytes) -> None:
    assert Unsubscribe.is_one_click(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"List-Unsubscribe=Two-Clicks",
        b"xList-Unsubscribe=One-Click",
        b"List-Unsubscribe=One-Clicks",
        b"--",
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nNo\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="Other"\r\n\r\nOne-Click\r\n--x--\r\n',
        b"List-Unsubscribe=One-Click&" + b"a" * 65_536,
    ],
)
def test_other_bodies_are_no_one_click_request(body: bytes) -> None:
    assert not Unsubscribe.is_one_click(body)


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ([], "at least one"),
        ("short", "16 bytes"),
        ([SECRET, "short"], "16 bytes"),
        ([SECRET, 1], "text or bytes, not int"),
        (1, "text or bytes, not int"),
    ],
)
def test_bad_secrets_are_refused(secrets: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Unsubscribe(secrets=secrets, url="https://example.com/")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://",
        "//example.com",
        "https://a@example.com/",
        "https://é.example/",
        "https://example.com/a b",
        "https://example.com/#x",
        "https://example.com/\r\nBcc: x",
        "",
        None,
    ],
)
def test_urls_other_than_https_are_refused(url: Any) -> None:
    with pytest.raises(ConfigurationError, match="url must be"):
        Unsubscribe(secrets=SECRET, url=url)


def test_bad_arguments_of_a_link_are_refused() -> None:
    bad: Any
    for bad in ("nobody", None, 1):
        with pytest.raises((InvalidMessageError, ValueError)):
            LINKS.link(bad)
    for bad in ("x" * 65, "\ud800", 1, None):
        with pytest.raises(InvalidMessageError, match=r"^list_name: "):
            LINKS.link("alice@example.com", bad)
    for bad in (datetime(2026, 1, 1), 1, "2026-01-01"):
        with pytest.raises(ConfigurationError, match="expires_at must be a datetime with a time"):
            LINKS.link("alice@example.com", expires_at=bad)
