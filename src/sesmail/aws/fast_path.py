"""Sends the same requests as aiobotocore, without those of its steps that a send doesn't need."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

from ..concurrency import run_in_thread
from ..patterns import lazy_pattern
from .credentials import fetch_credentials
from .departure import check_open
from .header_values import check_headers
from .request_body import Body, json_body, query_body
from .response_texts import read_texts, text_members
from .signature import Signature

__all__ = ["FAST_OPERATIONS", "FastCall", "capture", "discover"]

# By service and operation: the function that encodes the parameters, and the fewest that are valid.
FAST_OPERATIONS: dict[
    tuple[str, str], tuple[Callable[[str, Mapping[str, Any]], Body], Mapping[str, Any]]
] = {
    ("sesv2", "SendBulkEmail"): (json_body, {"DefaultContent": {}, "BulkEmailEntries": []}),
    ("sesv2", "SendEmail"): (json_body, {"Content": {}}),
    ("ses", "SendRawEmail"): (query_body, {"RawMessage": {"Data": b""}}),
}
_LARGE = 256 * 1024  # bytes; encoding them takes about a millisecond
_ENDPOINT = "EndpointId"  # of a multi-region endpoint, whose requests are signed by SigV4a
# AWS Lambda sets the second for each invocation; botocore sends it as a header, not signed.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_LAMBDA, _TRACE = "AWS_LAMBDA_FUNCTION_NAME", "_X_AMZN_TRACE_ID"
_TRACE_HEADER = "X-Amzn-Trace-Id"
_TRACE_SAFE = "-=;:+&[]{}\"',"
_HEADERS = {"Content-Type", "User-Agent"}
_OPTIONAL_HEADERS = {_TRACE_HEADER}
_SIGNING_KEYS = {"region", "signing_name"}
_URL = lazy_pattern(
    r"https?://[^/?#@]+(?:(?:/[A-Za-z0-9_~-]+)+/?|/)"
)  # without characters that need encoding

_capturing: ContextVar[dict[str, Any] | None] = ContextVar("sesmail_capturing", default=None)


@dataclass(eq=False, repr=False)
class FastCall:
    """The request of one operation of one client, except for its parameters.

    Attributes:
        operation: The API operation.
        url: The URL of its POST request.
        headers: The headers that are the same in every request.
        in_lambda: Whether requests carry the trace id of AWS Lambda, too.
        signature: Signs requests to that URL.
        credentials: Returns the credentials, and refreshes those that expire.
        session: The HTTP session of the client.
        encode: Encodes the parameters as the body.
        texts: Names of the members of a response of texts; empty for another.
        parse: Parses any response.
        error: Returns botocore's exception class for an error code.
    """

    operation: str
    url: str
    headers: Mapping[str, str]
    in_lambda: bool
    signature: Signature
    credentials: Callable[[], Any]
    session: Any
    encode: Callable[[str, Mapping[str, Any]], Body]
    texts: Sequence[str]
    parse: Callable[[Mapping[str, Any]], Any]
    error: Callable[[str | None], Callable[[Any, str], Exception]]

    def accepts(self, params: Mapping[str, Any]) -> bool:
        """Returns whether a call has the URL and the signature of this request."""
        return _ENDPOINT not in params

    async def send(self, params: Mapping[str, Any], size: int) -> dict[str, Any]:
        """Make one call.

        Args:
            params: Its parameters, which are valid.
            size: Their approximate size in bytes.

        Returns:
            The response as aiobotocore returns it, except for ``RetryAttempts``.

        Raises:
            SesmailError: The credentials can't be fetched.
            BotoCoreError: As aiobotocore raises it.
            ClientError: As aiobotocore raises it.
            Exception: An error of the HTTP library, unchanged.
        """
        if size < _LARGE:
            body = self.encode(self.operation, params)
        else:
            body = await run_in_thread(partial(self.encode, self.operation, params))
        headers = {
            **self.headers,
            **self.signature.headers(body.sha256, await self.credentials(), time.time()),
        }
        if self.in_lambda and (trace := os.environ.get(_TRACE)):
            headers[_TRACE_HEADER] = quote(trace, safe=_TRACE_SAFE)
        check_open()
        status, fields, content = await self.session.post(self.url, headers, body)
        headers = {name.lower(): value for name, value in fields.items()}
        if status == 200 and self.texts:
            texts = read_texts(self.texts, headers, content)
            if texts is not None:
                return texts
        response: dict[str, Any] = await self.parse(
            {
                "headers": headers,
                "status_code": status,
                "body": content,
                "context": {"operation_name": self.operation},
            }
        )
        if status >= 300:
            raise self.error(response.get("Error", {}).get("Code"))(response, self.operation)
        return response


def capture(**call: Any) -> tuple[Any, dict[str, Any]] | None:
    """Handles aiobotocore's ``before-call``: ends calls of ``discover`` before they are sent."""
    captured = _capturing.get()
    if captured is None:
        return None
    captured.update(call)
    return SimpleNamespace(status_code=200), {}


async def discover(client: Any, operation: str) -> FastCall | None:
    """Returns the fast path of an operation, from a request that aiobotocore only prepares.

    Args:
        client: aiobotocore's client, on whose ``before-call`` ``capture`` is registered.
        operation: The API operation.

    Returns:
        None for an operation, a signature, a URL or headers that the fast path doesn't support.

    Raises:
        ConfigurationError: A header is invalid.
    """
    service_operation = client.meta.service_model.service_name, operation
    if service_operation not in FAST_OPERATIONS:
        return None
    from aiobotocore.parsers import create_parser

    encode, example = FAST_OPERATIONS[service_operation]
    prepared = await _prepare(client, operation, example)
    if not prepared:
        return None
    signer, context, model = prepared["request_signer"], prepared["context"], prepared["model"]
    url: str = prepared["params"]["url"]
    path = urlsplit(url).path
    headers = {name: _text(value) for name, value in prepared["params"]["headers"].items()}
    signing: dict[str, Any] = {
        "region": signer.region_name,
        "signing_name": signer.signing_name,
        **(context.get("signing") or {}),
    }
    version: object = context.get("auth_type") or signer.signature_version
    if (
        version != "v4"
        or signing.keys() != _SIGNING_KEYS
        or headers.keys() - _OPTIONAL_HEADERS != _HEADERS
        or _URL.fullmatch(url) is None
    ):
        return None
    check_headers(headers)  # the others have checked credentials
    region, service = signing["region"], signing["signing_name"]
    return FastCall(
        operation,
        url,
        {name: headers[name] for name in _HEADERS} | {"Accept-Encoding": "identity"},
        _LAMBDA in os.environ,
        Signature(path, region, service, headers["Content-Type"], _host(url)),
        partial(_credentials, signer),
        client._endpoint.http_session,
        encode,
        text_members(model),
        partial(
            create_parser(model.service_model.resolved_protocol).parse, shape=model.output_shape
        ),
        lambda code: client.exceptions.from_code(code),  # whose classes the first error creates
    )


async def _prepare(client: Any, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns a call as aiobotocore would send it; empty if its model requires more parameters."""
    from botocore import xform_name
    from botocore.exceptions import ParamValidationError

    call: dict[str, Any] = {}
    token = _capturing.set(call)
    try:
        await getattr(client, xform_name(operation))(**params)
    except ParamValidationError:
        pass
    finally:
        _capturing.reset(token)
    return call


def _host(url: str) -> str:
    """Returns the header Host of requests to a URL, as botocore signs it."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    host: str = SigV4Auth(Credentials("", ""), "", "").headers_to_sign(AWSRequest("POST", url))[
        "host"
    ]
    return host


async def _credentials(signer: Any) -> Any:
    credentials = await fetch_credentials(signer)
    if credentials is None:
        from botocore.exceptions import NoCredentialsError

        raise NoCredentialsError
    return credentials


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
