"""HTTP responses with malformed bodies or unexpected statuses, and errors of SES."""

import dataclasses
import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import sesmail
from sesmail import SendError
from support import responses
from support.fault import BOTH, Fault, accepted, unknown
from support.faults import Request
from support.responses import HTML, JSON, XML
from support.wire import acceptance, head, raw_response

MESSAGE_REJECTED = {**JSON, "x-amzn-ErrorType": "MessageRejected"}
PROXY = {"Content-Type": "application/json"}
REJECTED_ONLY = frozenset({"rejected"})


def rejection(
    status: int, code: str, text: str, error: type[SendError], retryable: bool = False
) -> Fault:
    """Return an error response of SES."""
    return Fault(
        f"{status} {code} {text}",
        responses.error(status, code, text),
        frozenset({"rejected"}),
        error,
        retryable,
        code,
        text,
        BOTH,
    )


def v2_body(name: str, body: bytes | Callable[[Request], bytes], headers: Any = JSON) -> Fault:
    """Return a v2 response with status 200 and a body that SES would not send."""

    def content(request: Request) -> bytes:
        return acceptance(request, body=body if isinstance(body, bytes) else body(request))

    return unknown(
        name,
        responses.raw(200, headers, body) if isinstance(body, bytes) else raw_response(content),
    )


def v2_id(name: str, value: Any) -> Fault:
    """Return a v2 response whose message id has this value."""
    return v2_body(f"id_{name}", json.dumps({"MessageId": value}).encode())


INVALID_IDS = {
    "null": None,
    "empty": "",
    "number": 1,
    "true": True,
    "list": ["id"],
    "object": {"S": "id"},
    "long": "x" * 100_000,
    "two_words": "two words",
    "line": "id\r\nX: 1",
    "control": "id\0",
    "brackets": "<id>",
    "letters": "ïd",
    "text": "Please log in.",
}


def v1_id(name: str, value: str) -> Fault:
    """Return a v1 response whose result has this content."""
    result = f"<SendRawEmailResult>{value}</SendRawEmailResult>"
    body = f"<SendRawEmailResponse>{result}</SendRawEmailResponse>"
    return unknown(f"v1_id_{name}", responses.raw(200, XML, body.encode()), apis=("v1",))


def v1_error(name: str, inner: str, status: int = 400, **more: Any) -> Fault:
    """Return a v1 error document; the outcome is unknown unless `more` states another."""
    body = f"<ErrorResponse><Error>{inner}</Error><RequestId>1</RequestId></ErrorResponse>"
    return dataclasses.replace(
        unknown(f"v1_{name}", responses.raw(status, XML, body.encode()), apis=("v1",)), **more
    )


def success(status: int) -> Fault:
    """Return an acceptance with another status."""
    return unknown(
        f"status_{status}",
        raw_response(lambda request: acceptance(request, status=f"HTTP/1.1 {status} Odd")),
    )


@cache
def gzip_bomb() -> bytes:
    """Return 40 MB of zeros, compressed to a few kilobytes."""
    return gzip.compress(bytes(40_000_000))


def gzipped(request: Request) -> bytes:
    """Return an acceptance with a gzip body, which the request didn't ask for."""
    return acceptance(
        request, "Content-Encoding: gzip", body=gzip.compress(responses.accepted(request)[1])
    )


def endless_body(_: Request) -> Iterator[bytes]:
    """Yield chunks until the client closes the connection."""
    yield head("Content-Type: application/json", "Transfer-Encoding: chunked")
    while True:
        yield b"40000\r\n" + b" " * 0x40000 + b"\r\n"


def entity_bomb(_: Request) -> bytes:
    """Return a v1 response whose nested XML entities expand to gigabytes."""
    nested = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    doctype = f'<!DOCTYPE R [<!ENTITY e0 "0123456789">{nested}]>'
    body = f"{doctype}<R><MessageId>&e9;</MessageId></R>".encode()
    return head("Content-Type: text/xml", f"Content-Length: {len(body)}") + body


OVERSIZED = [
    unknown(
        "large_body", raw_response(lambda r: acceptance(r, body=b" " * 11_000_000 + b"{}"), "close")
    ),
    unknown("large_error", responses.raw(400, MESSAGE_REJECTED, b" " * 11_000_000)),
    unknown("endless_body", raw_response(endless_body)),
    unknown("deep_json", responses.raw(200, JSON, b"[" * 100_000)),
    unknown("entity_bomb", raw_response(entity_bomb), apis=("v1",)),
    unknown(
        "gzip_bomb",
        raw_response(lambda r: acceptance(r, "Content-Encoding: gzip", body=gzip_bomb())),
    ),
    unknown("unrequested_gzip", raw_response(gzipped), apis=BOTH),
    accepted(
        "gzip_header_without_gzip",
        raw_response(lambda r: acceptance(r, "Content-Encoding: gzip")),
        apis=BOTH,
    ),
    accepted(
        "brotli_header_without_brotli",
        raw_response(lambda r: acceptance(r, "Content-Encoding: br")),
    ),
]

BODIES = [
    unknown("empty_200", responses.empty_200(), apis=BOTH),
    unknown("captive_portal", responses.html_200(), apis=BOTH),
    unknown(
        "captive_portal_with_json_type", responses.raw(200, JSON, b"<html>Please log in.</html>")
    ),
    unknown(
        "captive_portal_with_xml_type",
        responses.raw(200, XML, b"<html>Please log in.</html>"),
        apis=("v1",),
    ),
    accepted(
        "html_content_type",
        raw_response(lambda r: acceptance(r).replace(b"application/json", b"text/html")),
        apis=BOTH,
    ),
    accepted(
        "no_content_type",
        raw_response(lambda r: acceptance(r).replace(b"Content-Type", b"X-Type")),
        apis=BOTH,
    ),
    accepted("same_id_for_all", responses.ok("0102018f-0000-000000")),
    *(success(status) for status in (201, 202, 203, 206, 207, 226, 299)),
    unknown("no_content", responses.raw(204), apis=BOTH),
    unknown("reset_content", responses.raw(205)),
    v2_body("json_array", b"[]"),
    v2_body("json_null", b"null"),
    v2_body("json_text", b'"MessageId"'),
    v2_body("json_number", b"0102"),
    v2_body("two_json_documents", lambda r: responses.accepted(r)[1] * 2),
    v2_body("not_utf8", b"\xff\xfe{}"),
    v2_body("utf_16", lambda r: responses.accepted(r)[1].decode().encode("utf-16")),
    v2_body("byte_order_mark", lambda r: b"\xef\xbb\xbf" + responses.accepted(r)[1]),
    v2_body(
        "bulk_response", b'{"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "id"}]}'
    ),
    v2_body("error_with_200", b'{"__type": "MessageRejected", "message": "no"}'),
    v2_body("lowercase_message_id", b'{"messageid": "id-1"}'),
    *(v2_id(name, value) for name, value in INVALID_IDS.items()),
    v1_id("missing", ""),
    v1_id("empty", "<MessageId/>"),
    v1_id("nested", "<MessageId><b>id</b></MessageId>"),
    v1_id("two_words", "<MessageId>two words</MessageId>"),
    v1_id("long", f"<MessageId>{'x' * 9_999}</MessageId>"),
    v1_id("control", "<MessageId>id&#10;</MessageId>"),
    v1_error("error_with_200", "<Code>Throttling</Code>", 200),
]

PAGES = (
    400,
    401,
    402,
    403,
    404,
    405,
    407,
    409,
    411,
    413,
    414,
    418,
    421,
    425,
    426,
    429,
    431,
    451,
    499,
)
GATEWAYS = (408, 500, 502, 503, 504, 520, 522, 524, 529, 599)
FAILURES = (408, 500, 501, 502, 503, 504, 505, 507, 508, 511)

UNKNOWN_ERRORS = [
    *(
        unknown(f"redirect_{status}", responses.redirect(status, "/elsewhere"), apis=BOTH)
        for status in range(300, 309)
    ),
    unknown("redirect_without_location", responses.raw(302)),
    *(
        unknown(f"page_{status}", responses.raw(status, HTML, b"<p>no</p>"), apis=BOTH)
        for status in PAGES
    ),
    *(
        unknown(f"gateway_{status}", responses.raw(status, HTML, b"<p>no</p>"))
        for status in GATEWAYS
    ),
    *(
        unknown(f"ses_{status}", responses.error(status, "InternalFailure"), apis=BOTH)
        for status in FAILURES
    ),
    unknown("throttling_503", responses.error(503, "Throttling"), apis=BOTH),
    unknown(
        "error_type_without_request_id",
        responses.raw(400, {"x-amzn-ErrorType": "MessageRejected"}, b"{}"),
    ),
    unknown(
        "proxy_json_400",
        responses.raw(400, {**JSON, "x-amzn-RequestId": ""}, b'{"error": "blocked"}'),
    ),
    unknown("proxy_json_404", responses.raw(404, PROXY, b'{"code": "NotFound"}')),
    unknown("proxy_json_429", responses.raw(429, PROXY, b'{"code": "too_many_requests"}')),
    unknown("numeric_code", responses.raw(400, PROXY, b'{"code": 400, "message": "x"}')),
    v1_error("no_code", "<Code/>"),
    v1_error("code_with_markup", "<Code><b>Throttling</b></Code>"),
    unknown(
        "v1_no_request_id",
        responses.raw(400, XML, b"<R><Error><Code>Throttling</Code></Error></R>"),
        apis=("v1",),
    ),
    unknown(
        "v1_truncated_error",
        responses.raw(400, XML, b"<ErrorResponse><Error><Code>MessageRej"),
        apis=("v1",),
    ),
]

REJECTED = [
    rejection(400, "MessageRejected", "no", sesmail.MessageRejectedError),
    rejection(400, "MessageRejected", "Email address is not verified.", sesmail.NotVerifiedError),
    rejection(400, "MailFromDomainNotVerifiedException", "no", sesmail.NotVerifiedError),
    rejection(400, "BadRequestException", "no", sesmail.BadRequestError),
    rejection(400, "InvalidParameterValue", "no", sesmail.BadRequestError),
    rejection(404, "NotFoundException", "no", sesmail.NotFoundError),
    rejection(400, "ConfigurationSetDoesNotExist", "no", sesmail.NotFoundError),
    rejection(400, "AccountSuspendedException", "no", sesmail.SendingPausedError),
    rejection(400, "SendingPausedException", "no", sesmail.SendingPausedError),
    rejection(400, "LimitExceededException", "no", sesmail.RejectedError),
    rejection(
        400, "LimitExceededException", "Daily message quota exceeded.", sesmail.QuotaExceededError
    ),
    rejection(403, "AccessDeniedException", "no", sesmail.AccessDeniedError),
    rejection(
        403, "SignatureDoesNotMatch", "Signature expired: now is later.", sesmail.AccessDeniedError
    ),
    rejection(403, "InvalidSignatureException", "no", sesmail.AccessDeniedError),
    rejection(403, "RequestTimeTooSkewed", "no", sesmail.RejectedError),
    rejection(
        403, "ExpiredTokenException", "The security token is expired", sesmail.AccessDeniedError
    ),
    rejection(400, "ExpiredToken", "no", sesmail.AccessDeniedError),
    rejection(403, "InvalidClientTokenId", "no", sesmail.AccessDeniedError),
    rejection(403, "UnrecognizedClientException", "no", sesmail.AccessDeniedError),
    rejection(403, "MissingAuthenticationToken", "no", sesmail.AccessDeniedError),
    rejection(403, "OptInRequired", "no", sesmail.AccessDeniedError),
    rejection(400, "Throttling", "Maximum sending rate exceeded.", sesmail.ThrottledError, True),
    rejection(400, "ThrottlingException", "Rate exceeded", sesmail.ThrottledError, True),
    rejection(
        429,
        "TooManyRequestsException",
        "Maximum sending rate exceeded",
        sesmail.ThrottledError,
        True,
    ),
    rejection(
        429, "TooManyRequestsException", "Daily message quota exceeded", sesmail.QuotaExceededError
    ),
    rejection(400, "Throttling", "Daily message quota exceeded.", sesmail.QuotaExceededError),
    rejection(429, "SomethingNew", "no", sesmail.ThrottledError, True),
    rejection(400, "SomethingNewException", "no", sesmail.RejectedError),
    Fault(
        "v2_no_text",
        responses.raw(400, MESSAGE_REJECTED, b'{"message": null}'),
        REJECTED_ONLY,
        sesmail.MessageRejectedError,
    ),
    v1_error(
        "no_text",
        "<Code>MessageRejected</Code><Message/>",
        outcomes=REJECTED_ONLY,
        error=sesmail.MessageRejectedError,
    ),
    v1_error(
        "text_with_markup",
        "<Code>NotFound</Code><Message><b/></Message>",
        outcomes=REJECTED_ONLY,
        error=sesmail.NotFoundError,
    ),
]
