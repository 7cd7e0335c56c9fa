"""Credentials that can't be fetched are an error of the configuration, or temporary."""

import json
import re
import socket
import ssl
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import anyio
import pytest
from aiobotocore.credentials import AioCredentialResolver, AioCredentials
from aiobotocore.session import AioSession
from botocore import exceptions as boto
from botocore.credentials import CredentialProvider

from sesmail import (
    ConfigurationError,
    InvalidMessageError,
    MemorySendLog,
    NotSentError,
    SesmailError,
)
from sesmail.aws import credentials
from support import responses
from support.clients import ORDER, new_client
from support.commands import command_line
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
        ("abc", NotSentError, "WebIdentityToken"),
        (None, ConfigurationError, "token"),
        ("token", NotSentError, "connect"),
    ],
    ids=["empty", "short", "missing", "no_connection"],
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

    method = "explicit"

    def __init__(self, error: Exception) -> None:
        self.error = error
        self._credentials = self

    async def get_frozen_credentials(self) -> object:
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
        await credentials.fetch_credentials(Signer(error))


async def test_client_with_keys_creates_no_providers(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("aiobotocore.session.create_credential_resolver")
    server = fault_server(ok())
    keys: dict[str, Any] = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    async with new_client(server.url, session, **keys) as client:
        await client.send(ORDER)
    assert len(server.requests) == 1


def test_mfa_code_is_asked_for_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(credentials, "getpass", lambda prompt: f"{prompt}123456")
    assert credentials._ask("code: ") == "code: 123456"


@pytest.mark.first
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"AWS_ROLE_ARN": "x"}, "role_arn (AWS_ROLE_ARN or the AWS profile) must be"),
        ({"AWS_ROLE_ARN": f"{ROLE}\n"}, "role_arn (AWS_ROLE_ARN or the AWS profile) must be"),
        ({"AWS_ROLE_ARN": "arn:aws:iam::1:role/mail"}, "must be like arn:aws:iam::111122223333"),
        ({"AWS_ROLE_SESSION_NAME": "a b!"}, "role_session_name (AWS_ROLE_SESSION_NAME or"),
        ({"AWS_ROLE_SESSION_NAME": "x"}, "must be 2 to 64 characters"),
        ({"AWS_ROLE_SESSION_NAME": "x" * 65}, "must be 2 to 64 characters"),
    ],
    ids=str,
)
@pytest.mark.parametrize("token", ["token", "abc", ""], ids=["valid", "short", "empty"])
@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
async def test_wrong_role_is_a_setting_whatever_the_token_file_has(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    expected: str,
    token: str,
) -> None:
    """Nothing is sent to STS."""
    (tmp_path / "token").write_text(token)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    for name, value in {"AWS_ROLE_ARN": ROLE, **variables}.items():
        monkeypatch.setenv(name, value)
    sts, server = fault_server(ok()), fault_server(ok())
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    async with new_client(server.url, session) as client:
        with pytest.raises(ConfigurationError, match=re.escape(expected)):
            await client.send(ORDER)
    assert sts.requests == server.requests == []


@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
async def test_wrong_role_of_a_given_session_is_a_setting_too(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """sesmail adds no check to such a session; botocore refuses both parameters."""
    (tmp_path / "token").write_text("abc")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "x")
    server = fault_server(ok())
    async with new_client(server.url, session, aws_session=AioSession()) as client:
        with pytest.raises(ConfigurationError, match="invalid RoleArn, WebIdentityToken"):
            await client.send(ORDER)
    assert server.requests == []


OUTPUT = {"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "TOPSECRET", "SessionToken": "t"}
PROCESSES: dict[str, tuple[str, type[SesmailError], str]] = {
    "fails": ("sys.exit('TOPSECRET')", NotSentError, "it failed; its standard error is in"),
    "fails_like_botocore": (
        'sys.exit("Missing required key TOPSECRET") ',
        ConfigurationError,
        "must have AccessKeyId",
    ),
    "version": (
        f"print({json.dumps({**OUTPUT, 'Version': 2})!r})",
        ConfigurationError,
        "Version 1",
    ),
    "no_version": ("print('{}')", ConfigurationError, "must have Version 1"),
    "no_keys": (
        "print('{\"Version\": 1}')",
        ConfigurationError,
        "must have AccessKeyId and Secret",
    ),
    "no_json": ("print('TOPSECRET')", ConfigurationError, "its output isn't JSON"),
    "nothing": ("pass", ConfigurationError, "its output isn't JSON"),
    "list": ("print('[]')", ConfigurationError, "its output must be a JSON object"),
    "number": ("print(5)", ConfigurationError, "its output must be a JSON object"),
    "null": ("print('null')", ConfigurationError, "its output must be a JSON object"),
    "binary": ("sys.stdout.buffer.write(b'TOPSECRET\\xff')", ConfigurationError, "isn't UTF-8"),
    "number_as_token": (
        f"print({json.dumps({**OUTPUT, 'SessionToken': 5})!r})",
        ConfigurationError,
        "the session token from custom-process must be text, not int",
    ),
    "null_as_key": (
        f"print({json.dumps({**OUTPUT, 'AccessKeyId': None})!r})",
        ConfigurationError,
        "the access key id from custom-process must be text, not None",
    ),
    "no_time": (
        f"print({json.dumps({**OUTPUT, 'Expiration': 'soon'})!r})",
        ConfigurationError,
        "Expiration in its output must be a time",
    ),
    "expired": (
        f"print({json.dumps({**OUTPUT, 'Expiration': '2001-01-01T00:00:00Z'})!r})",
        NotSentError,
        "still expired",
    ),
}


@pytest.mark.first
@pytest.mark.parametrize("name", PROCESSES)
@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
async def test_failure_of_a_credential_process_is_named_without_its_output(
    fault_server: StartFaultServer, session: str, tmp_path: Path, name: str
) -> None:
    script, kind, expected = PROCESSES[name]
    command = command_line(sys.executable, "-S", "-c", f"import sys; {script}")
    await check_process(fault_server, session, tmp_path, command, kind, expected)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("", "credential_process of the AWS profile: it is empty"),
        ("/nonexistent/program", "No such file or directory: '/nonexistent/program'"),
        ("program 'TOPSECRET", "No closing quotation"),
    ],
    ids=["empty", "missing", "quotation"],
)
@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
async def test_credential_process_that_can_not_be_run_is_named(
    fault_server: StartFaultServer, session: str, tmp_path: Path, command: str, expected: str
) -> None:
    await check_process(fault_server, session, tmp_path, command, ConfigurationError, expected)


async def check_process(
    fault_server: StartFaultServer,
    session: str,
    tmp_path: Path,
    command: str,
    kind: type[SesmailError],
    expected: str,
) -> None:
    """Check the error of a send with this credential_process."""
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {command}\n")
    server = fault_server(ok())
    with pytest.raises(SesmailError, match=re.escape(expected)) as caught:
        async with new_client(server.url, session) as client:
            await client.send(ORDER)
    assert type(caught.value) is kind
    assert getattr(caught.value, "retryable", False) is (kind is NotSentError)
    assert "TOPSECRET" not in str(caught.value)
    assert server.requests == []


class VaultError(Exception):
    """An error of a credential provider that no HTTP library knows."""


class StatusError(Exception):
    """An error of an HTTP library with the status of a response."""

    def __init__(self, status: int) -> None:
        super().__init__(f"TOPSECRET {status}")
        self.response = SimpleNamespace(status_code=status)


THROTTLED = {"Error": {"Code": "Throttling"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
DENIED = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
GROUP: Any = ExceptionGroup("TOPSECRET", [TimeoutError(), ConnectionResetError()])
MIXED: Any = ExceptionGroup("TOPSECRET", [TimeoutError(), ValueError()])
FAILURES: list[tuple[Exception, bool]] = [
    (TimeoutError(), True),
    (TimeoutError("TOPSECRET"), True),
    (ConnectionResetError(104, "TOPSECRET"), True),
    (OSError("TOPSECRET"), True),
    (OSError(24, "Too many open files", "/vault"), True),
    (PermissionError(13, "Permission denied", "/vault"), False),
    (socket.gaierror(-3, "TOPSECRET"), True),
    (ssl.SSLError("TOPSECRET"), True),
    (aiohttp.ClientConnectionError("TOPSECRET"), True),
    (aiohttp.ServerTimeoutError("TOPSECRET"), True),
    (aiohttp.InvalidURL("http://TOPSECRET"), False),
    (anyio.BrokenResourceError("TOPSECRET"), True),
    (boto.EndpointConnectionError(endpoint_url="http://a:TOPSECRET@b", error=OSError()), True),
    (boto.HTTPClientError(error=ValueError("TOPSECRET")), False),
    (boto.CredentialRetrievalError(provider="vault", error_msg="TOPSECRET"), True),
    (boto.InvalidConfigError(error_msg="TOPSECRET"), False),
    (boto.ClientError(THROTTLED, "AssumeRole"), True),
    (boto.ClientError(DENIED, "AssumeRole"), False),
    (StatusError(503), True),
    (StatusError(429), True),
    (StatusError(403), False),
    (GROUP, True),
    (MIXED, False),
    (RuntimeError("TOPSECRET"), True),
    (NotImplementedError("TOPSECRET"), False),
    (ValueError("TOPSECRET"), False),
    (KeyError("TOPSECRET"), False),
    (VaultError("TOPSECRET"), False),
]


def vault(error: Exception, *, opens: bool) -> AioSession:
    """Return a session whose provider raises this when a client opens, or later."""

    class Credentials(AioCredentials):
        async def get_frozen_credentials(self) -> Any:
            raise error

    class Vault(CredentialProvider):
        METHOD = CANONICAL_NAME = "vault"

        async def load(self) -> Any:
            if opens:
                raise error
            return Credentials("A", "s", method="vault")

    session = AioSession()
    session.register_component("credential_provider", AioCredentialResolver([Vault()]))
    return session


@pytest.mark.first
@pytest.mark.parametrize(
    ("error", "temporary"), FAILURES, ids=[f"{each!r}:{temporary}" for each, temporary in FAILURES]
)
@pytest.mark.parametrize("opens", [True, False], ids=["at_opening", "at_signing"])
@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
async def test_failure_of_a_credential_provider_is_temporary_or_a_setting(
    fault_server: StartFaultServer, session: str, error: Exception, temporary: bool, opens: bool
) -> None:
    """Its text isn't shown, as it may have a secret."""
    server, log = fault_server(ok()), MemorySendLog()
    with pytest.raises(SesmailError, match="credentials") as caught:
        async with new_client(
            server.url, session, aws_session=vault(error, opens=opens), send_log=log
        ) as client:
            await client.send(ORDER.model_copy(update={"send_id": "invoice-1"}))
    assert type(caught.value) is (NotSentError if temporary else ConfigurationError)
    assert getattr(caught.value, "retryable", False) is temporary
    assert caught.value.__cause__ is error
    assert "by vault: " in str(caught.value)
    assert "TOPSECRET" not in str(caught.value)
    record = await log.get("invoice-1")
    assert record is None or record.outcome == "not_sent"
    assert server.requests == []


async def test_untrusted_certificate_of_sts_is_not_retried() -> None:
    original = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error = boto.SSLError(endpoint_url="https://sts.example.com", error=original)
    with pytest.raises(NotSentError) as caught:
        await credentials.fetch_credentials(Signer(error))
    assert not caught.value.retryable


@pytest.mark.parametrize("url", ["http://127.0.0.1:port", "ftp://127.0.0.1", "nonsense"])
async def test_endpoint_of_sts_that_can_not_be_is_named(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
    keys = {"aws_access_key_id": "A", "aws_secret_access_key": "s"}
    server = fault_server(ok())
    async with new_client(server.url, session, role_arn=ROLE, **keys) as client:
        with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL_STS"):
            await client.send(ORDER)
    assert server.requests == []
