"""Translation of exceptions that the servers of the tests can't cause."""

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


def credentials_error(status: int) -> boto.ClientError:
    """Return an error response of the service that issues credentials."""
    response = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return boto.ClientError(response, "AssumeRole")


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (credentials_error(403), ConfigurationError, False),
        (credentials_error(503), NotSentError, True),
        (boto.CredentialRetrievalError(provider="p", error_msg="m"), NotSentError, True),
        (boto.EndpointConnectionError(endpoint_url="u", error=OSError()), NotSentError, True),
        (boto.NoRegionError(), ConfigurationError, False),
        (TypeError("unexpected"), ConfigurationError, False),
    ],
)
def test_error_of_a_client_that_can_not_be_opened(
    error: Exception, kind: type[SesmailError], retryable: bool
) -> None:
    found = translate_open_error(error, "sesv2")
    assert type(found) is kind
    assert getattr(found, "retryable", None) is retryable


@pytest.mark.parametrize(
    ("error", "kind", "retryable"),
    [
        (credentials_error(403), ConfigurationError, False),
        (credentials_error(503), NotSentError, True),
        (boto.NoCredentialsError(), ConfigurationError, False),
        (boto.MissingDependencyException(msg="awscrt"), ConfigurationError, False),
        (boto.CredentialRetrievalError(provider="p", error_msg="m"), NotSentError, True),
        (boto.ParamValidationError(report="r"), InvalidMessageError, False),
        (TypeError("unexpected"), NotSentError, False),
    ],
)
def test_error_of_a_failure_before_the_request(
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
def test_outcome_of_an_error_response(
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
def test_aiohttp_errors_that_prove_that_nothing_was_sent(
    kind: Any, original: Any, never: bool
) -> None:
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
def test_httpx_errors_that_prove_that_nothing_was_sent(name: str, never: bool) -> None:
    httpx: Any = pytest.importorskip("httpx2", reason="pip install sesmail[trio]")
    assert is_connection_error(getattr(httpx, name)("no")) is never


@pytest.mark.parametrize(
    ("original", "kind"), [(ssl.SSLError(), NotSentError), (OSError(), UnknownOutcomeError)]
)
def test_only_ssl_errors_of_python_are_failed_handshakes(
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
def test_other_failures_after_the_request_are_unknown(error: Exception) -> None:
    assert type(translate_error(error, "SendEmail", may_have_left=True)) is UnknownOutcomeError


def test_connection_errors_are_recognised_without_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "httpx2", raising=False)
    assert not is_connection_error(OSError())
    assert is_connection_error(aiohttp.ConnectionTimeoutError())
