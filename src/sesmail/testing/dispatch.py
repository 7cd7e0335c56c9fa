"""Dispatches requests of AWS clients to the operations, by service, protocol and name."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl, unquote

from botocore.model import OperationModel

from .api_errors import UNKNOWN, VALIDATION, ApiError
from .operations import OPERATIONS, SENDS
from .service import SesService
from .storage import decrypt_key, s3_error
from .wire import models, query, rest_json

__all__ = ["AwsRequest", "AwsResponse", "Dispatcher", "service_of"]

_SCOPE = re.compile(
    r"Credential=[^/,\s]{1,256}/[0-9]{8}/[^/,\s]{1,64}/([a-z0-9-]{1,64})/aws4_request"
)
_MAX_FIELDS = 10_000  # of a form


class AwsRequest(NamedTuple):
    """A request; the path is percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class AwsResponse(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class _Call(NamedTuple):
    """A call whose operation is known.

    Attributes:
        service: Name of the service model.
        operation: Model of the operation.
        read: Returns the parameters.
    """

    service: str
    operation: OperationModel
    read: Callable[[], dict[str, object]]


def service_of(authorization: str) -> str | None:
    """Returns the service that a request is signed for; None without a signature.

    Signatures aren't verified: any credentials are accepted.
    """
    match = _SCOPE.search(authorization)
    return None if match is None else match[1]


class Dispatcher:
    """Runs the operation of a request.

    Args:
        service: Has the state, and the faults.
    """

    def __init__(self, service: SesService) -> None:
        self._service = service

    def is_send(self, request: AwsRequest) -> bool:
        """Returns whether a request sends mail."""
        if request.path.startswith("/v2/email/outbound-"):
            return True
        match = re.search(rb"(?:^|&)Action=([A-Za-z]+)", request.body[:100_000])
        return match is not None and match[1].decode() in SENDS

    def respond(self, request: AwsRequest) -> AwsResponse:
        """Returns the response of a request."""
        service = service_of(request.headers.get("authorization", ""))
        match service:
            case "ses" if request.path.startswith("/v2/"):
                return self._rest(request)
            case "ses" | "sns":
                return self._query(service, request)
            case "s3":
                return self._s3(request)
            case "kms":
                return self._kms(request)
            case None:
                text = "Missing Authentication Token"
                return _json(403, {"message": text}, "MissingAuthenticationTokenException")
            case _:
                text = f"sesmail.testing has no service {service}"
                return _json(501, {"message": text}, "UnknownOperationException")

    def refuse(self, request: AwsRequest, error: ApiError) -> AwsResponse:
        """Returns an error as the response of a request to SES."""
        if request.path.startswith("/v2/"):
            return _v2_error(error)
        return _v1_error("ses", error, str(uuid.uuid4()))

    def _rest(self, request: AwsRequest) -> AwsResponse:
        found = models.route("sesv2", request.method, request.path)
        if found is None:
            return _v2_error(ApiError(UNKNOWN, f"no operation {request.method} {request.path}"))
        model, labels = found
        fields = parse_qs(request.query, keep_blank_values=True)
        call = _Call(
            "sesv2", model, lambda: rest_json.decode_request(model, labels, fields, request.body)
        )
        try:
            output = self._run(call)
        except ApiError as err:
            return _v2_error(err)
        return _response(200, "application/json", rest_json.encode_response(model, output))

    def _query(self, service: str, request: AwsRequest) -> AwsResponse:
        request_id = str(uuid.uuid4())
        try:
            form = dict(
                parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
            )
        except ValueError:
            form = {}
        name = form.get("Action", "")
        model = models.operation(service, name)
        try:
            if model is None:
                raise ApiError(UNKNOWN, f"Could not find operation {name}")
            call = _Call(service, model, lambda: query.decode_request(model, form))
            output = self._run(call)
        except ApiError as err:
            return _v1_error(service, err, request_id)
        body = query.encode_response(service, model, output, request_id)
        return _response(200, "text/xml", body, request_id)

    def _run(self, call: _Call) -> dict[str, object]:
        """Reads and checks the parameters, and runs the operation.

        Raises:
            ApiError: It fails.
        """
        handler = OPERATIONS.get((call.service, call.operation.name))
        rate = models.documented_rate(call.operation)
        if self._service.limits_calls and rate is not None:
            self._service.call_rates.check(call.operation.name, rate)
        if handler is None:
            raise ApiError(UNKNOWN, f"sesmail.testing has no operation {call.operation.name}")
        try:
            params = call.read()
        except ValueError as err:
            raise ApiError(VALIDATION, str(err)) from err
        problem = models.check_params(params, call.operation)
        if problem is not None:
            raise ApiError(VALIDATION, f"1 validation error detected: {problem}")
        if call.operation.name in SENDS:
            return handler(self._service, params)
        with self._service.state.lock:
            output = handler(self._service, params)
        self._service.state.feed.publish("settings")
        return output

    def _s3(self, request: AwsRequest) -> AwsResponse:
        """Serves GetObject and DeleteObject, with the bucket in the path."""
        bucket, _, key = unquote(request.path).lstrip("/").partition("/")
        objects = self._service.state.objects
        if request.method == "DELETE":
            objects.pop((bucket, key), None)
            return AwsResponse(204, {})
        stored = objects.get((bucket, key))
        if request.method != "GET" or stored is None:
            body = s3_error("NoSuchKey", "The specified key does not exist.", key)
            return _response(404, "application/xml", body)
        metadata = {f"x-amz-meta-{name}": value for name, value in stored.metadata.items()}
        return AwsResponse(200, {"Content-Type": "binary/octet-stream", **metadata}, stored.content)

    def _kms(self, request: AwsRequest) -> AwsResponse:
        """Serves Decrypt."""
        name = request.headers.get("x-amz-target", "").partition(".")[2]
        model = models.operation("kms", "Decrypt")
        if name != "Decrypt" or model is None:
            return _json(400, {"message": f"no operation {name}"}, "UnknownOperationException")
        try:
            output = decrypt_key(rest_json.decode_request(model, {}, {}, request.body))
        except (KeyError, TypeError, ValueError) as err:
            return _json(400, {"message": str(err)}, "ValidationException")
        if output is None:
            return _json(400, {"message": ""}, "InvalidCiphertextException")
        body = rest_json.encode_response(model, output)
        return _response(200, "application/x-amz-json-1.1", body)


def _v2_error(error: ApiError) -> AwsResponse:
    return _json(error.kind.status, {"message": error.text}, error.kind.v2)


def _v1_error(service: str, error: ApiError, request_id: str) -> AwsResponse:
    status = error.kind.status if error.kind.status >= 500 or service != "ses" else 400
    body = query.error_document(service, error.kind.v1, error.text, request_id)
    return _response(status, "text/xml", body, request_id)


def _json(status: int, document: Mapping[str, str], error_type: str) -> AwsResponse:
    body = json.dumps({**document, "__type": error_type}).encode()
    response = _response(status, "application/json", body)
    return response._replace(headers={**response.headers, "x-amzn-ErrorType": error_type})


def _response(
    status: int, media_type: str, body: bytes, request_id: str | None = None
) -> AwsResponse:
    headers = {"Content-Type": media_type, "x-amzn-RequestId": request_id or str(uuid.uuid4())}
    return AwsResponse(status, headers, body)
