"""Calls that are made past most of aiobotocore, the way that it would make them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread

from .body import Body, json_body, query_body
from .mark import Mark
from .signature import Signature

__all__ = ["LeanCall", "learn", "notice"]

# What can be called so: how its parameters are written, and the least that aiobotocore takes.
_OPERATIONS: dict[str, tuple[Callable[[str, Mapping[str, Any]], Body], Mapping[str, Any]]] = {
    "SendBulkEmail": (json_body, {"DefaultContent": {}, "BulkEmailEntries": []}),
    "SendEmail": (json_body, {"Content": {}}),
    "SendRawEmail": (query_body, {"RawMessage": {"Data": b""}}),
}
_ENDPOINT = "EndpointId"
_HEADERS = {"Content-Type", "User-Agent"}
_SIGNING = {"region", "signing_name"}
_URL = re.compile(r"https?://[^/?#@]+(?:(?:/[A-Za-z0-9_~-]+)+/?|/)")  # nothing in it needs encoding

_learning: ContextVar[dict[str, Any] | None] = ContextVar("sesmail_learning", default=None)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LeanCall:
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

    def may_make(self, params: Mapping[str, Any]) -> bool:
        """Whether no parameter changes where the call goes, or how it is signed."""
        return _ENDPOINT not in params

    async def make(self, params: Mapping[str, Any], mark: Mark) -> dict[str, Any]:
        """Make one call.

        Args:
            params: Its parameters, of which none was given by hand.
            mark: Is counted just before it leaves.

        Returns:
            What aiobotocore would return.

        Raises:
            BotoCoreError: As of aiobotocore; or an exception of the HTTP library.
        """
        body = self.write(self.operation, params)
        if body.is_large:
            await anyio.to_thread.run_sync(body.measure)
        else:
            body.measure()
        signed = self.signature.headers(body.sha256, await self.credentials(), time.time())
        mark.count()
        status, headers, content = await self.session.post(self.url, {**self.headers, **signed}, body)
        answer: dict[str, Any] = await self.parse(
            {"headers": headers, "status_code": status, "body": content, "context": {"operation_name": self.operation}}
        )
        if status >= 300:
            raise self.error(answer.get("Error", {}).get("Code"))(answer, self.operation)
        return answer


def notice(**call: Any) -> tuple[Any, dict[str, Any]] | None:
    """Handle aiobotocore's ``before-call``: where somebody is learning, that is all that becomes of it."""
    seen = _learning.get()
    if seen is None:
        return None
    seen.update(call)
    return SimpleNamespace(status_code=200), {}


async def learn(client: Any, operation: str) -> LeanCall | None:
    """How aiobotocore calls an operation: found by letting it prepare a call that doesn't leave.

    Args:
        client: aiobotocore's client, for whose ``before-call`` there is ``notice``.
        operation: The API operation.

    Returns:
        None where that isn't as simple as it mostly is: signed in another way, or with other headers.
    """
    if operation not in _OPERATIONS:
        return None
    from aiobotocore.parsers import create_parser

    write, example = _OPERATIONS[operation]
    prepared = await _prepared(client, operation, example)
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
    if version != "v4" or signing.keys() != _SIGNING or headers.keys() != _HEADERS or _URL.fullmatch(url) is None:
        return None
    region, service = signing["region"], signing["signing_name"]
    return LeanCall(
        operation,
        url,
        {**headers, "Accept-Encoding": "identity"},
        Signature(path, region, service, headers["Content-Type"], _host(url)),
        partial(_credentials, signer, service, region),
        client._endpoint.http_session,
        write,
        partial(create_parser(model.service_model.resolved_protocol).parse, shape=model.output_shape),
        client.exceptions.from_code,
    )


async def _prepared(client: Any, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """A call as aiobotocore would make it."""
    from botocore import xform_name

    call: dict[str, Any] = {}
    token = _learning.set(call)
    try:
        await getattr(client, xform_name(operation))(**params)
    finally:
        _learning.reset(token)
    return call


def _host(url: str) -> str:
    """What Host will be."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    host: str = SigV4Auth(Credentials("", ""), "", "").headers_to_sign(AWSRequest("POST", url))["host"]
    return host


async def _credentials(signer: Any, service: str, region: str) -> Any:
    from botocore.exceptions import NoCredentialsError

    credentials = (await signer.get_auth_instance(service, region, "v4")).credentials
    if credentials is None:
        raise NoCredentialsError
    return credentials


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
