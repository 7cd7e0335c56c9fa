"""What failures mean that no server of the tests can bring about."""

import sys

import aiohttp
import pytest
from botocore import exceptions as boto

from sesmail import ConfigurationError, InvalidMessageError, NotSentError, SesmailError, UnknownOutcomeError
from sesmail.aws.failure import explain, explain_opening
from sesmail.aws.http import never_connected


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
def test_a_client_that_can_not_be_made(error: Exception, kind: type[SesmailError], retryable: bool) -> None:
    found = explain_opening(error, "sesv2")
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
def test_what_fails_before_it_leaves(error: Exception, kind: type[SesmailError], retryable: bool) -> None:
    found = explain(error, "SendEmail", may_have_left=False)
    assert type(found) is kind
    assert getattr(found, "retryable", None) is retryable


@pytest.mark.parametrize(
    "error",
    [
        TypeError("unexpected"),
        boto.ReadTimeoutError(endpoint_url="u"),
        boto.HTTPClientError(error=aiohttp.ClientError()),
    ],
)
def test_what_fails_afterwards_is_unknown(error: Exception) -> None:
    assert type(explain(error, "SendEmail", may_have_left=True)) is UnknownOutcomeError


def test_without_httpx_there_is_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "httpx2", raising=False)
    assert not never_connected(OSError())
    assert never_connected(aiohttp.ConnectionTimeoutError())
