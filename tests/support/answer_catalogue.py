"""Valid HTTP responses with malformed bodies, statuses of proxies, and errors of SES."""

import dataclasses
import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import sesmail
from sesmail import SendError
from support import answers
from support.answers import HTML, JSON, XML
from support.fault import BOTH, Fault, accepted, unknown
from support.faults import Request
from support.wire import head, says, whole

REFUSED = {**JSON, "x-amzn-ErrorType": "MessageRejected"}
PROXY = {"Content-Type": "application/json"}
NO = frozenset({"rejected"})


def refused(
    status: int, code: str, text: str, error: type[SendError], retryable: bool = False
) -> Fault:
    """A no of Amazon's."""
    return Fault(
        f"{status} {code} {text}",
        answers.error(status, code, text),
        frozenset({"rejected"}),
        error,
        retryable,
        code,
        text,
        BOTH,
    )


def v2_body(name: str, body: bytes | Callable[[Request], bytes], headers: Any = JSON) -> Fault:
    """A success with a body that isn't SES's."""

    def speech(request: Request) -> bytes:
        return whole(request, body=body if isinstance(body, bytes) else body(request))

    return unknown(
        name, answers.raw(200, headers, body) if isinstance(body, bytes) else says(speech)
    )


def v2_id(name: str, value: Any) -> Fault:
    """A success with something else where the message id stands."""
    return v2_body(f"id_{name}", json.dumps({"MessageId": value}).encode())


NO_IDS = {
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
    """The same of v1."""
    result = f"<SendRawEmailResult>{value}</SendRawEmailResult>"
    body = f"<SendRawEmailResponse>{result}</SendRawEmailResponse>"
    return unknown(f"v1_id_{name}", answers.raw(200, XML, body.encode()), apis=("v1",))


def v1_no(name: str, inner: str, status: int = 400, **more: Any) -> Fault:
    """An error document of v1; it proves nothing, unless told otherwise."""
    body = f"<ErrorResponse><Error>{inner}</Error><RequestId>1</RequestId></ErrorResponse>"
    return dataclasses.replace(
        unknown(f"v1_{name}", answers.raw(status, XML, body.encode()), apis=("v1",)), **more
    )


def success(status: int) -> Fault:
    """SES's answer with another status."""
    return unknown(
        f"status_{status}", says(lambda request: whole(request, status=f"HTTP/1.1 {status} Odd"))
    )


@cache
def bomb() -> bytes:
    """A few kilobytes that unpack to many megabytes."""
    return gzip.compress(bytes(40_000_000))


def zipped(request: Request) -> bytes:
    """A whole answer, compressed though nobody asked for that."""
    return whole(
        request, "Content-Encoding: gzip", body=gzip.compress(answers.accepted(request)[1])
    )


def endless(_: Request) -> Iterator[bytes]:
    """An answer that goes on until the client leaves."""
    yield head("Content-Type: application/json", "Transfer-Encoding: chunked")
    while True:
        yield b"40000\r\n" + b" " * 0x40000 + b"\r\n"


def entities(_: Request) -> bytes:
    """A v1 answer of a few hundred bytes, which says of itself to be gigabytes."""
    nested = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    doctype = f'<!DOCTYPE R [<!ENTITY e0 "0123456789">{nested}]>'
    body = f"{doctype}<R><MessageId>&e9;</MessageId></R>".encode()
    return head("Content-Type: text/xml", f"Content-Length: {len(body)}") + body


OVERSIZED = [
    unknown("large_body", says(lambda r: whole(r, body=b" " * 11_000_000 + b"{}"), "close")),
    unknown("large_error", answers.raw(400, REFUSED, b" " * 11_000_000)),
    unknown("endless_body", says(endless)),
    unknown("deep_json", answers.raw(200, JSON, b"[" * 100_000)),
    unknown("entity_bomb", says(entities), apis=("v1",)),
    unknown("gzip_bomb", says(lambda r: whole(r, "Content-Encoding: gzip", body=bomb()))),
    unknown("gzip_unasked", says(zipped), apis=BOTH),
    accepted("gzip_lie", says(lambda r: whole(r, "Content-Encoding: gzip")), apis=BOTH),
    accepted("brotli_lie", says(lambda r: whole(r, "Content-Encoding: br"))),
]

BODIES = [
    unknown("empty_200", answers.empty_200(), apis=BOTH),
    unknown("captive_portal", answers.html_200(), apis=BOTH),
    unknown("captive_portal_says_json", answers.raw(200, JSON, b"<html>Please log in.</html>")),
    unknown(
        "captive_portal_says_xml",
        answers.raw(200, XML, b"<html>Please log in.</html>"),
        apis=("v1",),
    ),
    accepted(
        "called_html",
        says(lambda r: whole(r).replace(b"application/json", b"text/html")),
        apis=BOTH,
    ),
    accepted(
        "called_nothing", says(lambda r: whole(r).replace(b"Content-Type", b"X-Type")), apis=BOTH
    ),
    accepted("same_id_for_all", answers.ok("0102018f-0000-000000")),
    *(success(status) for status in (201, 202, 203, 206, 207, 226, 299)),
    unknown("no_content", answers.raw(204), apis=BOTH),
    unknown("reset_content", answers.raw(205)),
    v2_body("json_array", b"[]"),
    v2_body("json_null", b"null"),
    v2_body("json_text", b'"MessageId"'),
    v2_body("json_number", b"0102"),
    v2_body("json_twice", lambda r: answers.accepted(r)[1] * 2),
    v2_body("not_utf8", b"\xff\xfe{}"),
    v2_body("utf_16", lambda r: answers.accepted(r)[1].decode().encode("utf-16")),
    v2_body("byte_order_mark", lambda r: b"\xef\xbb\xbf" + answers.accepted(r)[1]),
    v2_body(
        "bulk_answer", b'{"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "id"}]}'
    ),
    v2_body("error_with_200", b'{"__type": "MessageRejected", "message": "no"}'),
    v2_body("other_case", b'{"messageid": "id-1"}'),
    *(v2_id(name, value) for name, value in NO_IDS.items()),
    v1_id("missing", ""),
    v1_id("empty", "<MessageId/>"),
    v1_id("nested", "<MessageId><b>id</b></MessageId>"),
    v1_id("two_words", "<MessageId>two words</MessageId>"),
    v1_id("long", f"<MessageId>{'x' * 9_999}</MessageId>"),
    v1_id("control", "<MessageId>id&#10;</MessageId>"),
    v1_no("error_with_200", "<Code>Throttling</Code>", 200),
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

NO_SES = [
    *(
        unknown(f"redirect_{status}", answers.redirect(status, "/elsewhere"), apis=BOTH)
        for status in range(300, 309)
    ),
    unknown("redirect_without_place", answers.raw(302)),
    *(
        unknown(f"page_{status}", answers.raw(status, HTML, b"<p>no</p>"), apis=BOTH)
        for status in PAGES
    ),
    *(unknown(f"gateway_{status}", answers.raw(status, HTML, b"<p>no</p>")) for status in GATEWAYS),
    *(
        unknown(f"ses_{status}", answers.error(status, "InternalFailure"), apis=BOTH)
        for status in FAILURES
    ),
    unknown("throttling_503", answers.error(503, "Throttling"), apis=BOTH),
    unknown(
        "error_type_without_request_id",
        answers.raw(400, {"x-amzn-ErrorType": "MessageRejected"}, b"{}"),
    ),
    unknown(
        "proxys_json_400",
        answers.raw(400, {**JSON, "x-amzn-RequestId": ""}, b'{"error": "blocked"}'),
    ),
    unknown("proxys_json_404", answers.raw(404, PROXY, b'{"code": "NotFound"}')),
    unknown("proxys_json_429", answers.raw(429, PROXY, b'{"code": "too_many_requests"}')),
    unknown("code_of_a_number", answers.raw(400, PROXY, b'{"code": 400, "message": "x"}')),
    v1_no("no_code", "<Code/>"),
    v1_no("code_of_markup", "<Code><b>Throttling</b></Code>"),
    unknown(
        "v1_no_request_id",
        answers.raw(400, XML, b"<R><Error><Code>Throttling</Code></Error></R>"),
        apis=("v1",),
    ),
    unknown(
        "v1_truncated_error",
        answers.raw(400, XML, b"<ErrorResponse><Error><Code>MessageRej"),
        apis=("v1",),
    ),
]

REJECTED = [
    refused(400, "MessageRejected", "no", sesmail.MessageRejectedError),
    refused(400, "MessageRejected", "Email address is not verified.", sesmail.NotVerifiedError),
    refused(400, "MailFromDomainNotVerifiedException", "no", sesmail.NotVerifiedError),
    refused(400, "BadRequestException", "no", sesmail.BadRequestError),
    refused(400, "InvalidParameterValue", "no", sesmail.BadRequestError),
    refused(404, "NotFoundException", "no", sesmail.NotFoundError),
    refused(400, "ConfigurationSetDoesNotExist", "no", sesmail.NotFoundError),
    refused(400, "AccountSuspendedException", "no", sesmail.SendingPausedError),
    refused(400, "SendingPausedException", "no", sesmail.SendingPausedError),
    refused(400, "LimitExceededException", "no", sesmail.RejectedError),
    refused(
        400, "LimitExceededException", "Daily message quota exceeded.", sesmail.QuotaExceededError
    ),
    refused(403, "AccessDeniedException", "no", sesmail.AccessDeniedError),
    refused(
        403, "SignatureDoesNotMatch", "Signature expired: now is later.", sesmail.AccessDeniedError
    ),
    refused(403, "InvalidSignatureException", "no", sesmail.AccessDeniedError),
    refused(403, "RequestTimeTooSkewed", "no", sesmail.RejectedError),
    refused(
        403, "ExpiredTokenException", "The security token is expired", sesmail.AccessDeniedError
    ),
    refused(400, "ExpiredToken", "no", sesmail.AccessDeniedError),
    refused(403, "InvalidClientTokenId", "no", sesmail.AccessDeniedError),
    refused(403, "UnrecognizedClientException", "no", sesmail.AccessDeniedError),
    refused(403, "MissingAuthenticationToken", "no", sesmail.AccessDeniedError),
    refused(403, "OptInRequired", "no", sesmail.AccessDeniedError),
    refused(400, "Throttling", "Maximum sending rate exceeded.", sesmail.ThrottledError, True),
    refused(400, "ThrottlingException", "Rate exceeded", sesmail.ThrottledError, True),
    refused(
        429,
        "TooManyRequestsException",
        "Maximum sending rate exceeded",
        sesmail.ThrottledError,
        True,
    ),
    refused(
        429, "TooManyRequestsException", "Daily message quota exceeded", sesmail.QuotaExceededError
    ),
    refused(400, "Throttling", "Daily message quota exceeded.", sesmail.QuotaExceededError),
    refused(429, "SomethingNew", "no", sesmail.ThrottledError, True),
    refused(400, "SomethingNewException", "no", sesmail.RejectedError),
    Fault(
        "v2_no_text",
        answers.raw(400, REFUSED, b'{"message": null}'),
        NO,
        sesmail.MessageRejectedError,
    ),
    v1_no(
        "no_text",
        "<Code>MessageRejected</Code><Message/>",
        outcomes=NO,
        error=sesmail.MessageRejectedError,
    ),
    v1_no(
        "text_of_markup",
        "<Code>NotFound</Code><Message><b/></Message>",
        outcomes=NO,
        error=sesmail.NotFoundError,
    ),
]
