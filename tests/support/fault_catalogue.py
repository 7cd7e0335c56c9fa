"""Every fault that a network, a proxy, a load balancer or SES may put on the wire, and what is true after each."""

import dataclasses
import gzip
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal

import sesmail
from sesmail import Outcome, SendError, UnknownOutcomeError
from support import answers
from support.answers import HTML, JSON, XML, Answer, Request
from support.wire import bytewise, chunked, head, says, whole

Api = Literal["v1", "v2"]
BOTH: tuple[Api, ...] = ("v1", "v2")


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault, and how a send may end that meets it."""

    name: str
    answer: Answer
    outcomes: frozenset[Outcome]
    error: type[SendError] = UnknownOutcomeError
    """What is raised, unless it is accepted."""
    retryable: bool = False
    code: str | None = None
    text: str | None = None
    apis: tuple[Api, ...] = ("v2",)
    """Where it is spelled differently."""
    hangs: bool = False
    large: bool = False
    """It takes a mail of some megabytes."""
    cuts: bool = False
    """The server decides before it knows whose request it is, or the connection ends though nobody was told."""
    settle: float = 0.0
    """How long the server takes to do more, after its answer: in seconds. Once the connection is in use again nobody
    could tell that from an answer, so such a fault is only met alone."""

    @property
    def unsent(self) -> bool:
        """Whether it is known that SES didn't take it, and that it may take it the next time."""
        return self.retryable


def unknown(name: str, answer: Answer, **more: Any) -> Fault:
    """What proves nothing."""
    return Fault(name, answer, frozenset({"unknown"}), **more)


def accepted(name: str, answer: Answer, **more: Any) -> Fault:
    """What is odd, and an acceptance all the same."""
    return Fault(name, answer, frozenset({"accepted"}), **more)


def either(name: str, answer: Answer, **more: Any) -> Fault:
    """What one HTTP library reads and the other refuses; neither is wrong."""
    return Fault(name, answer, frozenset({"accepted", "unknown"}), **more)


def refused(status: int, code: str, text: str, error: type[SendError], retryable: bool = False) -> Fault:
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

    return unknown(name, answers.raw(200, headers, body) if isinstance(body, bytes) else says(speech))


def v2_id(name: str, value: Any) -> Fault:
    """A success with something else where the message id stands."""
    return v2_body(f"id_{name}", json.dumps({"MessageId": value}).encode())


def v1_id(name: str, value: str) -> Fault:
    """The same of v1."""
    body = f"<SendRawEmailResponse><SendRawEmailResult>{value}</SendRawEmailResult></SendRawEmailResponse>"
    return unknown(f"v1_id_{name}", answers.raw(200, XML, body.encode()), apis=("v1",))


def two(request: Request, first: bytes | None = None) -> bytes:
    """Two answers to one request; the second has an id that was issued for nobody."""
    other = json.dumps({"MessageId": answers.new_message_id()}).encode()
    return (first or whole(request)) + whole(request, body=other)


@cache
def bomb() -> bytes:
    """A few kilobytes that unpack to many megabytes."""
    return gzip.compress(bytes(40_000_000))


def zipped(request: Request) -> bytes:
    """A whole answer, compressed though nobody asked for that."""
    return whole(request, "Content-Encoding: gzip", body=gzip.compress(answers.accepted(request)[1]))


def endless(_: Request) -> Iterator[bytes]:
    """An answer that goes on until the client leaves."""
    yield head("Content-Type: application/json", "Transfer-Encoding: chunked")
    while True:
        yield b"40000\r\n" + b" " * 0x40000 + b"\r\n"


def entities(_: Request) -> bytes:
    """A v1 answer of a few hundred bytes, which says of itself to be gigabytes."""
    nested = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    body = f'<!DOCTYPE R [<!ENTITY e0 "0123456789">{nested}]><R><MessageId>&e9;</MessageId></R>'.encode()
    return head("Content-Type: text/xml", f"Content-Length: {len(body)}") + body


def early(answer: Answer) -> Answer:
    """Answer when a part of the request has arrived."""
    return dataclasses.replace(answer, after_bytes=65536)


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

CONNECTION = [
    unknown("reset_unread", answers.reset_unread(), cuts=True),
    unknown("reset_in_request", answers.reset_mid_request(10), cuts=True),
    unknown("close_in_request", dataclasses.replace(answers.close_after_request(), after_bytes=10), cuts=True),
    unknown("reset_after_request", answers.reset_after_request()),
    unknown("close_after_request", answers.close_after_request()),
    accepted("close_idle", answers.close_idle(), cuts=True),
    either("reset_idle", says(whole, "reset"), cuts=True),
    accepted("close_announced", says(lambda r: whole(r, "Connection: close"), "close")),
    accepted("keep_announced_and_closed", says(lambda r: whole(r, "Keep-Alive: timeout=60"), "close"), cuts=True),
    either("early_200", early(says(whole, "close")), large=True, cuts=True),
    unknown(
        "early_413",
        early(says(lambda r: whole(r, status="HTTP/1.1 413 Content Too Large", body=b""), "close")),
        large=True,
        cuts=True,
    ),
]

HALVES = [
    unknown("half_status_line", says(lambda r: whole(r)[:12], "close")),
    unknown("half_headers", says(lambda r: whole(r)[:40], "close")),
    unknown("head_alone", says(lambda r: whole(r).partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "close")),
    unknown("half_body", answers.half_answer(), apis=BOTH),
    unknown("half_body_reset", says(lambda r: whole(r)[:-9], "reset"), apis=BOTH),
    unknown("half_chunk", says(lambda r: chunked(r)[:-20], "close")),
    unknown("no_last_chunk", says(lambda r: chunked(r, b""), "close")),
    unknown("half_body_of_unknown_length", says(lambda r: whole(r, length=None)[:-9], "close"), apis=BOTH),
    unknown("truncated_document", answers.truncated(), apis=BOTH),
]

FRAMING = [
    unknown("length_too_large", says(lambda r: whole(r, length=1), "close")),
    unknown("length_too_small", says(lambda r: whole(r, length=-5))),
    unknown("length_negative", says(lambda r: whole(r, "Content-Length: -1", length=None))),
    unknown("length_no_number", says(lambda r: whole(r, "Content-Length: many", length=None))),
    unknown("lengths_differ", says(lambda r: whole(r, "Content-Length: 1"))),
    either("length_twice", says(lambda r: whole(r, f"Content-Length: {len(answers.accepted(r)[1])}"))),
    unknown("chunk_size_no_number", says(lambda r: head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n")),
    unknown("chunked_lie", says(lambda r: whole(r, "Transfer-Encoding: chunked"), "close")),
    either("chunked_with_length", says(lambda r: chunked(r).replace(b"Transfer-", b"Content-Length: 7\r\nTransfer-"))),
    unknown("unknown_transfer_encoding", says(lambda r: whole(r, "Transfer-Encoding: rot13"), "close")),
    accepted("chunked", says(chunked), apis=BOTH),
    accepted("chunked_with_trailers", says(lambda r: chunked(r, b"0\r\nX-Trailer: 1\r\n\r\n"))),
    accepted("no_length", says(lambda r: whole(r, length=None), "close"), apis=BOTH),
    accepted("http_1_0", says(lambda r: whole(r, status="HTTP/1.0 200 OK"), "close")),
    accepted("no_reason", says(lambda r: whole(r, status="HTTP/1.1 200"))),
    either("line_feeds_alone", says(lambda r: whole(r).replace(b"\r\n", b"\n"))),
    either("folded_header", says(lambda r: whole(r, "X-Note: one\r\n two"))),
    either("header_of_other_bytes", says(lambda r: whole(r, "X-Note: \xe9\xff"))),
    either("space_before_colon", says(lambda r: whole(r, "X-Note : 1"))),
    unknown("header_without_colon", says(lambda r: whole(r, "nonsense"))),
    unknown("header_with_nul", says(lambda r: whole(r, "X-Note: \0"))),
    unknown("giant_header", says(lambda r: whole(r, f"X-Note: {'x' * 1_000_000}"), "close")),
    unknown("many_headers", says(lambda r: whole(r, *["X-Note: 1"] * 50_000), "close")),
    unknown("giant_reason", says(lambda r: whole(r, status=f"HTTP/1.1 200 {'O' * 1_000_000}"), "close")),
]

NOT_HTTP = [
    unknown("http_0_9", says(lambda r: b"<html>Welcome</html>\n", "close")),
    unknown("garbage", says(lambda r: bytes(range(256)), "close")),
    unknown("smtp", says(lambda r: b"220 mail.example.com ESMTP\r\n500 What?\r\n", "close")),
    unknown("tls_alert", says(lambda r: b"\x15\x03\x01\x00\x02\x02\x0a", "close")),
    unknown("http_2", says(lambda r: b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", "close")),
    unknown("status_of_letters", says(lambda r: whole(r, status="HTTP/1.1 2OO OK"), "close")),
    unknown("status_of_four_digits", says(lambda r: whole(r, status="HTTP/1.1 2000 OK"), "close")),
    either("version_unknown", says(lambda r: whole(r, status="HTTP/7.3 200 OK"), "close")),
    unknown("line_breaks_alone", says(lambda r: b"\r\n" * 50, "close")),
]

INFORMATIONAL = [
    accepted("continue", says(lambda r: CONTINUE + whole(r)), apis=BOTH),
    accepted("early_hints", says(lambda r: [HINT, HINT + whole(r)])),
    accepted("processing_flood", says(lambda r: b"HTTP/1.1 102 Processing\r\n\r\n" * 2_000 + whole(r))),
    unknown("hints_flood_and_close", says(lambda r: HINT * 2_000, "close")),
    unknown("switching_protocols", says(lambda r: head(status="HTTP/1.1 101 Switching Protocols"), "close")),
    unknown("upgrade", says(lambda r: head("Upgrade: h2c", "Connection: upgrade", status="HTTP/1.1 101 X"), "close")),
]

PIPELINED = [
    accepted("two_answers", says(two), apis=BOTH),
    accepted("one_and_a_half", says(lambda r: two(r)[:-9])),
    accepted("second_answer_later", says(lambda r: [whole(r), two(r)[len(whole(r)) :]], pause=0.03), settle=0.1),
    accepted(
        "timeout_when_idle",
        says(lambda r: [whole(r), head("Content-Length: 0", status="HTTP/1.1 408 X")], pause=0.03),
        settle=0.1,
    ),
    accepted("line_breaks_after", says(lambda r: whole(r) + b"\r\n\r\n")),
    unknown("no_content_and_answer", says(lambda r: two(r, head(status="HTTP/1.1 204 No Content")))),
    unknown("not_modified_with_body", says(lambda r: two(r, head("Content-Length: 9", status="HTTP/1.1 304 X")))),
]

OVERSIZED = [
    unknown("large_body", says(lambda r: whole(r, body=b" " * 11_000_000 + b"{}"), "close")),
    unknown("large_error", answers.raw(400, {**JSON, "x-amzn-ErrorType": "MessageRejected"}, b" " * 11_000_000)),
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
    unknown("captive_portal_says_xml", answers.raw(200, XML, b"<html>Please log in.</html>"), apis=("v1",)),
    accepted("called_html", says(lambda r: whole(r).replace(b"application/json", b"text/html")), apis=BOTH),
    accepted("called_nothing", says(lambda r: whole(r).replace(b"Content-Type", b"X-Type")), apis=BOTH),
    accepted("same_id_for_all", answers.ok("0102018f-0000-000000")),
    *(unknown(f"status_{status}", says(lambda r, status=status: whole(r, status=f"HTTP/1.1 {status} Odd"))) for status in (201, 202, 203, 206, 207, 226, 299)),
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
    v2_body("bulk_answer", b'{"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "id"}]}'),
    v2_body("error_with_200", b'{"__type": "MessageRejected", "message": "no"}'),
    v2_body("other_case", b'{"messageid": "id-1"}'),
    v2_id("null", None), v2_id("empty", ""), v2_id("number", 1), v2_id("true", True), v2_id("list", ["id"]),
    v2_id("object", {"S": "id"}), v2_id("long", "x" * 100_000), v2_id("two_words", "two words"), v2_id("line", "id\r\nX: 1"),
    v2_id("control", "id\0"), v2_id("brackets", "<id>"), v2_id("letters", "ïd"), v2_id("text", "Please log in."),
    v1_id("missing", ""), v1_id("empty", "<MessageId/>"), v1_id("nested", "<MessageId><b>id</b></MessageId>"),
    v1_id("two_words", "<MessageId>two words</MessageId>"), v1_id("long", f"<MessageId>{'x' * 9_999}</MessageId>"),
    v1_id("control", "<MessageId>id&#10;</MessageId>"),
    unknown("v1_error_with_200", answers.raw(200, XML, b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"), apis=("v1",)),
]  # fmt: skip

NO_SES = [
    *(unknown(f"redirect_{status}", answers.redirect(status, "/elsewhere"), apis=BOTH) for status in range(300, 309)),
    unknown("redirect_without_place", answers.raw(302)),
    *(unknown(f"bare_{status}", answers.raw(status, HTML, b"<p>no</p>"), apis=BOTH) for status in (400, 401, 402, 403, 404, 405, 407, 409, 411, 413, 414, 418, 421, 425, 426, 429, 431, 451, 499)),
    *(unknown(f"ses_{status}", answers.error(status, "InternalFailure"), apis=BOTH) for status in (408, 500, 501, 502, 503, 504, 505, 507, 508, 511)),
    *(unknown(f"bare_{status}", answers.raw(status, HTML, b"<p>no</p>")) for status in (408, 500, 502, 503, 504, 520, 522, 524, 529, 599)),
    unknown("throttling_503", answers.error(503, "Throttling"), apis=BOTH),
    unknown("error_type_without_request_id", answers.raw(400, {"x-amzn-ErrorType": "MessageRejected"}, b"{}")),
    unknown("proxys_json_400", answers.raw(400, {**JSON, "x-amzn-RequestId": ""}, b'{"error": "blocked"}')),
    unknown("proxys_json_404", answers.raw(404, {"Content-Type": "application/json"}, b'{"code": "NotFound"}')),
    unknown("proxys_json_429", answers.raw(429, {"Content-Type": "application/json"}, b'{"code": "too_many_requests"}')),
    unknown("code_of_a_number", answers.raw(400, {"Content-Type": "application/json"}, b'{"code": 400, "message": "x"}')),
    unknown("v1_no_code", answers.raw(400, XML, b"<R><Error><Code/></Error></R>"), apis=("v1",)),
    unknown("v1_truncated_error", answers.raw(400, XML, b"<ErrorResponse><Error><Code>MessageRej"), apis=("v1",)),
]  # fmt: skip

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
    refused(400, "LimitExceededException", "Daily message quota exceeded.", sesmail.QuotaExceededError),
    refused(403, "AccessDeniedException", "no", sesmail.AccessDeniedError),
    refused(403, "SignatureDoesNotMatch", "Signature expired: now is later.", sesmail.AccessDeniedError),
    refused(403, "InvalidSignatureException", "no", sesmail.AccessDeniedError),
    refused(403, "RequestTimeTooSkewed", "no", sesmail.RejectedError),
    refused(403, "ExpiredTokenException", "The security token is expired", sesmail.AccessDeniedError),
    refused(400, "ExpiredToken", "no", sesmail.AccessDeniedError),
    refused(403, "InvalidClientTokenId", "no", sesmail.AccessDeniedError),
    refused(403, "UnrecognizedClientException", "no", sesmail.AccessDeniedError),
    refused(403, "MissingAuthenticationToken", "no", sesmail.AccessDeniedError),
    refused(403, "OptInRequired", "no", sesmail.AccessDeniedError),
    refused(400, "Throttling", "Maximum sending rate exceeded.", sesmail.ThrottledError, True),
    refused(400, "ThrottlingException", "Rate exceeded", sesmail.ThrottledError, True),
    refused(429, "TooManyRequestsException", "Maximum sending rate exceeded", sesmail.ThrottledError, True),
    refused(429, "TooManyRequestsException", "Daily message quota exceeded", sesmail.QuotaExceededError),
    refused(400, "Throttling", "Daily message quota exceeded.", sesmail.QuotaExceededError),
    refused(429, "SomethingNew", "no", sesmail.ThrottledError, True),
    refused(400, "SomethingNewException", "no", sesmail.RejectedError),
]

HANGING = [
    unknown("no_answer", answers.no_answer(), hangs=True),
    unknown("head_and_silence", says(lambda r: head("Content-Length: 9"), "hang"), hangs=True),
    unknown("half_head_and_silence", says(lambda r: b"HTTP/1.1 200 OK\r\nContent-", "hang"), hangs=True),
    unknown("half_body_and_silence", says(lambda r: whole(r)[:-9], "hang"), hangs=True),
    unknown("half_chunk_and_silence", says(lambda r: chunked(r)[:-20], "hang"), hangs=True),
    unknown("no_last_chunk_and_silence", says(lambda r: chunked(r, b""), "hang"), hangs=True),
    unknown("whole_body_of_unknown_length", says(lambda r: whole(r, length=None), "hang"), hangs=True),
    unknown("switched_and_silent", says(lambda r: head(status="HTTP/1.1 101 X"), "hang"), hangs=True),
    unknown("trickle_of_head", says(lambda r: bytewise(whole(r)), pause=0.05), hangs=True),
    unknown("trickle_of_body", answers.trickle(interval=0.05), hangs=True),
    unknown(
        "trickle_of_chunks",
        says(lambda r: [head("Transfer-Encoding: chunked"), *[b"1\r\n \r\n"] * 99], pause=0.05),
        hangs=True,
    ),
    unknown("trickle_of_hints", says(lambda r: [HINT] * 99, pause=0.05), hangs=True),
    unknown(
        "trickle_of_headers", says(lambda r: [b"HTTP/1.1 200 OK\r\n", *[b"X: 1\r\n"] * 99], pause=0.05), hangs=True
    ),
    unknown("stops_reading", answers.stops_reading(seconds=1.0), hangs=True, large=True),
]

SLOW = [
    accepted("slow", answers.slow(0.05, answers.ok())),
    accepted("slow_head", says(lambda r: bytewise(whole(r)), pause=0.0002)),
    accepted("slow_body", answers.trickle(interval=0.0002), apis=BOTH),
]

FAULTS: list[Fault] = [
    *CONNECTION, *HALVES, *FRAMING, *NOT_HTTP, *INFORMATIONAL, *PIPELINED, *OVERSIZED, *BODIES, *NO_SES, *REJECTED, *SLOW,
]  # fmt: skip
