"""What failures mean that no server of the tests can bring about."""

import ssl
import sys
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from botocore import exceptions as boto

from sesmail import (
    ConfigurationError,
    InvalidMessageError,
    NotSentError,
    SendError,
    SesmailError,
    UnknownOutcomeError,
)
from sesmail.aws.failure import translate_error, translate_open_error
from sesmail.aws.sessions import is_connection_error


def answered(status: int) -> boto.ClientError:
    """An answer of the service that gives credentials."""
    response = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(response, "AssumeRole")


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (answered(403), ConfigurationError, False),
        (answered(503), NotSentError, True),
        (boto.CredentialRetrievalError(provider="p", error_msg="m"), NotSentError, True),
        (boto.EndpointConnectionError(endpoint_url="u", error=OSError()), NotSentError, True),
        (boto.NoRegionError(), ConfigurationError, False),
        (TypeError("unexpected"), ConfigurationError, False),
    ],
)
def test_a_client_that_can_not_be_made(
    error: Exception, kind: type[SesmailError], retryable: bool
) -> None:
    found = translate_open_error(error, "sesv2")
    assert type(found) is kind
    assert getattr(found, "retryable", None) is retryable


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (answered(403), ConfigurationError, False),
        (answered(503), NotSentError, True),
        (boto.NoCredentialsError(), ConfigurationError, False),
        (boto.MissingDependencyException(msg="awscrt"), ConfigurationError, False),
        (boto.CredentialRetrievalError(provider="p", error_msg="m"), NotSentError, True),
        (boto.ParamValidationError(report="r"), InvalidMessageError, False),
        (TypeError("unexpected"), NotSentError, False),
    ],
)
def test_what_fails_before_it_leaves(
    error: Exception, kind: type[SesmailError], retryable: bool
) -> None:
    found = translate_error(error, "SendEmail", may_have_left=False)
    assert type(found) is kind
    assert getattr(found, "retryable", None) is retryable


ERROR = {"Code": "MessageRejected", "Message": "No."}
REQUEST = {"RequestId": "5a1e7c3d"}


@pytest.mark.parametrize(
    ("status", "error", "request_id", "outcome"),
    [
        (400, ERROR, REQUEST, "rejected"),
        (429, ERROR, REQUEST, "rejected"),
        (499, ERROR, REQUEST, "rejected"),
        (301, ERROR, REQUEST, "unknown"),
        (307, ERROR, REQUEST, "unknown"),
        (408, ERROR, REQUEST, "unknown"),
        (500, ERROR, REQUEST, "unknown"),
        (503, ERROR, REQUEST, "unknown"),
        (400, {"Message": "No."}, REQUEST, "unknown"),
        (400, {"Code": "400", "Message": "Bad Request"}, REQUEST, "unknown"),
        (400, {"Code": 400, "Message": "Bad Request"}, REQUEST, "unknown"),
        (400, ERROR, {}, "unknown"),
        (400, ERROR, {"RequestId": ""}, "unknown"),
        (0, ERROR, REQUEST, "unknown"),
    ],
)
def test_which_answers_are_amazons_no(
    status: int, error: Any, request_id: Any, outcome: str
) -> None:
    response = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status, **request_id}}
    found = translate_error(
        boto.ClientError(response, "SendEmail"), "SendEmail", may_have_left=True
    )
    assert isinstance(found, SendError)
    assert found.outcome == outcome


TUNNEL: Any = SimpleNamespace(real_url="http://proxy")
KEY = ConnectionKey("example.com", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("original", "never"),
    [
        (aiohttp.ClientConnectorError(KEY, OSError(111, "refused")), True),
        (aiohttp.ConnectionTimeoutError(), True),
        (aiohttp.ClientHttpProxyError(TUNNEL, (), status=502), True),
        (aiohttp.ClientOSError(104, "reset"), False),
        (aiohttp.ServerDisconnectedError(), False),
        (aiohttp.SocketTimeoutError(), False),
        (aiohttp.ServerTimeoutError(), False),
        (aiohttp.ClientPayloadError(), False),
        (ConnectionResetError(), False),
        (TimeoutError(), False),
        (ssl.SSLError("in the middle"), False),
        (None, False),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, bool) else str(value),
)
@pytest.mark.parametrize(
    "kind", [boto.HTTPClientError, boto.EndpointConnectionError, boto.ConnectTimeoutError]
)
def test_what_proves_that_there_was_no_connection(kind: Any, original: Any, never: bool) -> None:
    error = kind(endpoint_url="u", error=original)
    error.__context__ = OSError("what the caller was handling")
    found = translate_error(error, "SendEmail", may_have_left=True)
    assert type(found) is (NotSentError if never else UnknownOutcomeError)


@pytest.mark.parametrize(
    ("name", "never"),
    [
        *((name, True) for name in ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")),
        *(
            (name, False)
            for name in (
                "ReadError",
                "WriteError",
                "ReadTimeout",
                "WriteTimeout",
                "RemoteProtocolError",
            )
        ),
    ],
)
def test_what_httpx_proves(name: str, never: bool) -> None:
    httpx: Any = pytest.importorskip("httpx2", reason="pip install sesmail[trio]")
    assert is_connection_error(getattr(httpx, name)("no")) is never


@pytest.mark.parametrize(
    ("original", "kind"), [(ssl.SSLError(), NotSentError), (OSError(), UnknownOutcomeError)]
)
def test_a_handshake_that_fails_is_python_s_own_error(
    original: Exception, kind: type[SesmailError]
) -> None:
    assert (
        type(
            translate_error(
                boto.SSLError(endpoint_url="u", error=original), "SendEmail", may_have_left=True
            )
        )
        is kind
    )


@pytest.mark.parametrize(
    "error",
    [
        TypeError("unexpected"),
        boto.ReadTimeoutError(endpoint_url="u"),
        boto.HTTPClientError(error=aiohttp.ClientError()),
    ],
)
def test_what_fails_afterwards_is_unknown(error: Exception) -> None:
    assert type(translate_error(error, "SendEmail", may_have_left=True)) is UnknownOutcomeError


def test_without_httpx_there_is_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "httpx2", raising=False)
    assert not is_connection_error(OSError())
    assert is_connection_error(aiohttp.ConnectionTimeoutError())
