"""Calls that are made past most of aiobotocore, the way that it would make them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from types import FunctionType, SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from ..concurrency import run_in_thread
from .request_body import Body, json_body, query_body
from .signature import Signature

__all__ = ["FastCall", "capture", "discover"]

# What can be called so: how its parameters are written, and the least that aiobotocore takes.
_OPERATIONS: dict[
    tuple[str, str], tuple[Callable[[str, Mapping[str, Any]], Body], Mapping[str, Any]]
] = {
    ("sesv2", "SendBulkEmail"): (json_body, {"DefaultContent": {}, "BulkEmailEntries": []}),
    ("sesv2", "SendEmail"): (json_body, {"Content": {}}),
    ("ses", "SendRawEmail"): (query_body, {"RawMessage": {"Data": b""}}),
}
_LARGE = 256 * 1024  # bytes, which take about a millisecond
_ENDPOINT = "EndpointId"
_TRACE = "_X_AMZN_TRACE_ID"  # of AWS Lambda, for each event another
_HEADERS = {"Content-Type", "User-Agent"}
_SIGNING = {"region", "signing_name"}
_URL = re.compile(r"https?://[^/?#@]+(?:(?:/[A-Za-z0-9_~-]+)+/?|/)")  # nothing in it needs encoding

_capturing: ContextVar[dict[str, Any] | None] = ContextVar("sesmail_learning", default=None)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FastCall:
    """An operation of one client.

    Attributes:
        operation: The API operation.
        url: Where it is posted.
        headers: The headers that are the same each time.
        signature: Signs it.
        credentials: Fetches the credentials, fresh ones where they have expired.
        session: The HTTP session of the client.
        write: Writes its parameters.
        parse: Reads its answers.
        error: botocore's exception for a code.
    """

    operation: str
    url: str
    headers: Mapping[str, str]
    signature: Signature
    credentials: Callable[[], Any]
    session: Any
    write: Callable[[str, Mapping[str, Any]], Body]
    parse: Callable[[Mapping[str, Any]], Any]
    error: Callable[[str | None], Callable[[Any, str], Exception]]

    def accepts(self, params: Mapping[str, Any]) -> bool:
        """Whether nothing changes where the call goes, how it is signed, or what headers it has."""
        return _ENDPOINT not in params and _TRACE not in os.environ

    async def send(
        self, params: Mapping[str, Any], size: int, leave: Callable[[], None]
    ) -> dict[str, Any]:
        """Make one call.

        Args:
            params: Its parameters, of which none was given by hand.
            size: About how many bytes they have.
            leave: Is called just before it leaves.

        Returns:
            What aiobotocore would return, but for ``RetryAttempts``.

        Raises:
            BotoCoreError: As of aiobotocore.
            ClientError: As of aiobotocore; or an exception of the HTTP library.
        """
        write = partial(self.write, self.operation, params)
        body = write() if size < _LARGE else await run_in_thread(write)
        signed = self.signature.headers(body.sha256, await self.credentials(), time.time())
        leave()
        status, fields, content = await self.session.post(
            self.url, {**self.headers, **signed}, body
        )
        headers = {name.lower(): value for name, value in fields.items()}
        answer: dict[str, Any] = await self.parse(
            {
                "headers": headers,
                "status_code": status,
                "body": content,
                "context": {"operation_name": self.operation},
            }
        )
        if status >= 300:
            raise self.error(answer.get("Error", {}).get("Code"))(answer, self.operation)
        return answer


def capture(**call: Any) -> tuple[Any, dict[str, Any]] | None:
    """Handle aiobotocore's ``before-call``: where somebody is learning, that is all that becomes of it."""
    seen = _capturing.get()
    if seen is None:
        return None
    seen.update(call)
    return SimpleNamespace(status_code=200), {}


async def discover(client: Any, operation: str) -> FastCall | None:
    """How aiobotocore calls an operation: found by letting it prepare a call that doesn't leave.

    Args:
        client: aiobotocore's client, for whose ``before-call`` there is ``notice``.
        operation: The API operation.

    Returns:
        None where that isn't as simple as it mostly is: signed in another way, with other headers, or watched.
    """
    service_operation = client.meta.service_model.service_name, operation
    if service_operation not in _OPERATIONS or _is_watched(client):
        return None
    from aiobotocore.parsers import create_parser

    write, example = _OPERATIONS[service_operation]
    prepared = await _prepared(client, operation, example)
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
        or signing.keys() != _SIGNING
        or headers.keys() != _HEADERS
        or _URL.fullmatch(url) is None
    ):
        return None
    region, service = signing["region"], signing["signing_name"]
    return FastCall(
        operation,
        url,
        {**headers, "Accept-Encoding": "identity"},
        Signature(path, region, service, headers["Content-Type"], _host(url)),
        partial(_credentials, signer, service, region),
        client._endpoint.http_session,
        write,
        partial(
            create_parser(model.service_model.resolved_protocol).parse, shape=model.output_shape
        ),
        client.exceptions.from_code,
    )


def _is_watched(client: Any) -> bool:
    """Whether somebody has put something around aiobotocore's calls: a tracer, which wants to see all of them."""
    call: Any = client.__class__._make_api_call
    if "_make_api_call" in vars(client) or type(call) is not FunctionType:
        return True
    return call.__globals__["__name__"].partition(".")[0] not in ("aiobotocore", "botocore")


async def _prepared(client: Any, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call as aiobotocore would make it; nothing where its model wants more."""
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
    """What Host will be."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    host: str = SigV4Auth(Credentials("", ""), "", "").headers_to_sign(AWSRequest("POST", url))[
        "host"
    ]
    return host


async def _credentials(signer: Any, service: str, region: str) -> Any:
    from botocore.exceptions import NoCredentialsError

    credentials = (await signer.get_auth_instance(service, region, "v4")).credentials
    if credentials is None:
        raise NoCredentialsError
    return credentials


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
