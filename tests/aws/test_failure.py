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
from sesmail.aws.error_texts import describe_error, hide_password
from sesmail.aws.failure import translate_error, translate_open_error
from sesmail.aws.sessions import describe_connection_error, is_connection_error


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


RESPONSE_INFO: Any = SimpleNamespace(real_url="http://TOPSECRET")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (aiohttp.ServerDisconnectedError(), "the proxy http://p:1 closed the connection"),
        (aiohttp.ClientOSError(104, "TOPSECRET"), "the proxy http://p:1 closed the connection"),
        (ConnectionResetError("TOPSECRET"), "the proxy http://p:1 closed the connection"),
        (
            aiohttp.ClientResponseError(RESPONSE_INFO, (), message="TOPSECRET"),
            "the proxy http://p:1 sent no valid response",
        ),
        (aiohttp.SocketTimeoutError("TOPSECRET"), "the proxy http://p:1 did not respond in time"),
        (TimeoutError("TOPSECRET"), "the proxy http://p:1 did not respond in time"),
        (OSError(24, "TOPSECRET"), "Too many open files"),
        (aiohttp.ClientConnectionError("no TLS in TLS by http://u:TOPSECRET@p"), "http://p"),
        (aiohttp.ClientHttpProxyError(TUNNEL, (), status=503), "http://p:1 responded with 503"),
        (aiohttp.ClientConnectorError(KEY, OSError(111, "refused")), "example.com:443: "),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_connection_error_is_described_without_the_text_of_a_peer(
    error: Exception, expected: str
) -> None:
    text = describe_connection_error(error, "http://u:TOPSECRET@p:1")
    assert expected in text
    assert "TOPSECRET" not in text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ReadError", "the server closed the connection"),
        ("RemoteProtocolError", "the server sent no valid response"),
        ("ReadTimeout", "the server did not respond in time"),
        ("ConnectError", "the server closed the connection"),
    ],
)
def test_error_of_httpx_is_described_without_the_text_of_a_peer(name: str, expected: str) -> None:
    httpx: Any = pytest.importorskip("httpx2", reason="pip install sesmail[trio]")
    assert describe_connection_error(getattr(httpx, name)("TOPSECRET")) == expected


def test_connect_error_of_httpx_names_host_and_proxy() -> None:
    httpx: Any = pytest.importorskip("httpx2", reason="pip install sesmail[trio]")
    request = httpx.Request("POST", "https://email.example.com/v2")
    error = httpx.ConnectTimeout("", request=request)
    assert describe_connection_error(error) == "email.example.com:https: timed out"
    assert describe_connection_error(error, "http://u:p@proxy:1") == (
        "email.example.com:https through the proxy http://proxy:1: timed out"
    )
    closed = httpx.ConnectError("", request=request)
    assert describe_connection_error(closed) == "email.example.com:https: the connection was closed"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (boto.NoRegionError(), "You must specify a region."),
        (boto.HTTPClientError(error=ValueError("TOPSECRET")), "failed (ValueError)"),
        (boto.ReadTimeoutError(endpoint_url="http://u:TOPSECRET@h"), 'URL: "http://h"'),
        (boto.ParamValidationError(report="value: TOPSECRET"), "ParamValidationError"),
        (boto.MetadataRetrievalError(error_msg="TOPSECRET"), "MetadataRetrievalError"),
        (ValueError("TOPSECRET"), "ValueError"),
        (FileNotFoundError(2, "TOPSECRET", "/file"), "No such file or directory: '/file'"),
        (ssl.SSLCertVerificationError("TOPSECRET"), "TLS failed (SSLCertVerificationError)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_text_of_another_package_is_not_shown(error: Exception, expected: str) -> None:
    text = describe_error(error)
    assert expected in text
    assert "TOPSECRET" not in text


def test_reason_for_which_metadata_could_not_be_fetched_is_shown() -> None:
    error = boto.MetadataRetrievalError(error_msg="TOPSECRET")
    error.__context__ = boto.EndpointConnectionError(endpoint_url="http://169.254.170.2")
    assert "http://169.254.170.2" in describe_error(error)


def test_text_of_a_setting_of_aiobotocore_is_shown() -> None:
    from aiobotocore.config import AioConfig

    with pytest.raises(boto.ParamValidationError) as caught:
        AioConfig(connector_args={"keepalive_timeout": "5"})
    assert "keepalive_timeout value must be a float/int or None" in describe_error(caught.value)


def test_password_is_removed_from_each_url() -> None:
    assert hide_password("http://u:p@a https://b@c d") == "http://a https://c d"
