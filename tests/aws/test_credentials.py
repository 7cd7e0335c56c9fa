"""Credentials that can't be fetched are an error of the configuration, or temporary."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore import exceptions as boto

from sesmail import ConfigurationError, InvalidMessageError, NotSentError, SesmailError
from sesmail.aws import credentials
from support import responses
from support.clients import ORDER, new_client
from support.faults import StartFaultServer
from support.responses import ok

pytestmark = pytest.mark.anyio

ROLE = "arn:aws:iam::111122223333:role/mail"
PROFILE = """[default]
role_arn = {role}
source_profile = base
{line}
[profile base]
aws_access_key_id = A
aws_secret_access_key = s
"""
WRONG_PROFILES = {
    "external_id": {"line": "external_id = x"},
    "session_name": {"line": "role_session_name = x"},
    "session_name_with_space": {"line": "role_session_name = a b"},
    "duration": {"line": "duration_seconds = 1"},
    "role": {"role": "arn:aws:iam::1"},
    "role_empty": {"role": "x"},
    "mfa": {"line": "mfa_serial = arn:aws:iam::111122223333:mfa/jo"},
}


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave no keys in the environment, and an STS that refuses connections."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setattr(sys, "stdin", None)


@pytest.mark.parametrize("name", WRONG_PROFILES)
async def test_wrong_profile_is_not_the_fault_of_the_message(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
) -> None:
    values = {"role": ROLE, "line": "", **WRONG_PROFILES[name]}
    (tmp_path / "config").write_text(PROFILE.format(**values))
    sts = fault_server(responses.error(400, "ValidationError"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        with pytest.raises(ConfigurationError) as caught:
            await client.send(ORDER)
        assert not isinstance(caught.value, InvalidMessageError)
    assert ("terminal" in str(caught.value)) is (name == "mfa")
    assert server.requests == []


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("", NotSentError, "WebIdentityToken"),
        (None, ConfigurationError, "token"),
        ("token", NotSentError, "connect"),
    ],
    ids=["empty", "missing", "no_connection"],
)
async def test_web_identity_without_token_is_temporary_or_a_setting(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: str | None,
    kind: type[SesmailError],
    text: str,
) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_text(content)
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    server = fault_server(ok())
    async with new_client(server.url, session, timeout=5) as client:
        with pytest.raises(SesmailError, match=text) as caught:
            await client.send(ORDER)
    assert type(caught.value) is kind
    assert getattr(caught.value, "retryable", False) is (kind is NotSentError)
    assert server.requests == []


async def test_requests_for_credentials_are_not_counted_as_sends(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hanging STS means that nothing was sent."""
    service, server = fault_server(responses.no_response()), fault_server(ok())
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url)
    keys = {"aws_access_key_id": "A", "aws_secret_access_key": "s"}
    async with new_client(server.url, session, timeout=0.5, role_arn=ROLE, **keys) as client:
        with pytest.raises(NotSentError):
            await client.send(ORDER)
    assert server.requests == []


class Signer:
    """A signer without usable credentials."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def get_auth_instance(self, *_: object) -> object:
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionResetError("reset"), NotSentError),
        (FileNotFoundError(2, "No such file", "/token"), ConfigurationError),
        (RuntimeError("the refreshed credentials are still expired"), NotSentError),
        (boto.HTTPClientError(error=ConfigurationError("bad file")), ConfigurationError),
        (boto.UnauthorizedSSOTokenError(), ConfigurationError),
        (boto.CredentialRetrievalError(provider="p", error_msg="m"), NotSentError),
        (ValueError("no JSON"), ConfigurationError),
        (NotSentError("later"), NotSentError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_error_of_a_failure_to_fetch_credentials(
    error: Exception, kind: type[SesmailError]
) -> None:
    with pytest.raises(kind):
        await credentials.fetch_credentials(Signer(error), "ses", "eu-west-1")


def test_mfa_code_is_asked_for_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(credentials, "getpass", lambda prompt: f"{prompt}123456")
    assert credentials._ask("code: ") == "code: 123456"
