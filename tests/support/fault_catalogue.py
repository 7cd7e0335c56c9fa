"""Faults of networks, proxies, load balancers and SES, with the possible outcomes of each."""

import dataclasses
import json

from support import responses
from support.fault import BOTH, Fault, accepted, either, unknown
from support.faults import Request, Response
from support.response_catalogue import BODIES, OVERSIZED, REJECTED, UNKNOWN_ERRORS
from support.wire import acceptance, bytewise, chunked, head, raw_response


def two_responses(request: Request, first: bytes | None = None) -> bytes:
    """Return two responses to one request; the message id of the second was never issued."""
    other = json.dumps({"MessageId": responses.new_message_id()}).encode()
    return (first or acceptance(request)) + acceptance(request, body=other)


def early(response: Response) -> Response:
    """Return a response that is sent before the whole request has arrived."""
    return dataclasses.replace(response, after_bytes=65536)


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

CONNECTION = [
    unknown("reset_unread", responses.reset_unread(), closes=True),
    unknown("reset_in_request", responses.reset_mid_request(10), closes=True),
    unknown(
        "close_in_request",
        dataclasses.replace(responses.close_after_request(), after_bytes=10),
        closes=True,
    ),
    unknown("reset_after_request", responses.reset_after_request()),
    unknown("close_after_request", responses.close_after_request()),
    accepted("close_idle", responses.close_idle(), closes=True),
    accepted("close_idle_before_the_next_request", responses.close_idle(), writes_later=True),
    either("reset_idle", raw_response(acceptance, "reset"), closes=True),
    accepted(
        "connection_close_header",
        raw_response(lambda r: acceptance(r, "Connection: close"), "close"),
    ),
    accepted(
        "closed_despite_keep_alive",
        raw_response(lambda r: acceptance(r, "Keep-Alive: timeout=60"), "close"),
        closes=True,
    ),
    unknown("early_200", early(raw_response(acceptance, "close")), large=True, closes=True),
    unknown(
        "early_413",
        early(
            raw_response(
                lambda r: acceptance(r, status="HTTP/1.1 413 Content Too Large", body=b""), "close"
            )
        ),
        large=True,
        closes=True,
    ),
]

TRUNCATED = [
    unknown("half_status_line", raw_response(lambda r: acceptance(r)[:12], "close")),
    unknown("half_headers", raw_response(lambda r: acceptance(r)[:40], "close")),
    unknown(
        "head_without_body",
        raw_response(lambda r: acceptance(r).partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "close"),
    ),
    unknown("half_body", responses.half_response(), apis=BOTH),
    unknown("half_body_reset", raw_response(lambda r: acceptance(r)[:-9], "reset"), apis=BOTH),
    unknown("half_chunk", raw_response(lambda r: chunked(r)[:-20], "close")),
    unknown("no_last_chunk", raw_response(lambda r: chunked(r, b""), "close")),
    unknown(
        "half_body_of_unknown_length",
        raw_response(lambda r: acceptance(r, length=None)[:-9], "close"),
        apis=BOTH,
    ),
    unknown("truncated_document", responses.truncated(), apis=BOTH),
]

FRAMING = [
    unknown("length_too_large", raw_response(lambda r: acceptance(r, length=1), "close")),
    unknown("length_too_small", raw_response(lambda r: acceptance(r, length=-5))),
    unknown(
        "length_negative", raw_response(lambda r: acceptance(r, "Content-Length: -1", length=None))
    ),
    unknown(
        "length_not_a_number",
        raw_response(lambda r: acceptance(r, "Content-Length: many", length=None)),
    ),
    unknown("lengths_differ", raw_response(lambda r: acceptance(r, "Content-Length: 1"))),
    either(
        "length_twice",
        raw_response(lambda r: acceptance(r, f"Content-Length: {len(responses.accepted(r)[1])}")),
    ),
    unknown(
        "chunk_size_not_a_number",
        raw_response(lambda r: head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n"),
    ),
    unknown(
        "chunked_header_without_chunks",
        raw_response(lambda r: acceptance(r, "Transfer-Encoding: chunked"), "close"),
    ),
    either(
        "chunked_with_length",
        raw_response(lambda r: chunked(r).replace(b"Transfer-", b"Content-Length: 7\r\nTransfer-")),
    ),
    unknown(
        "unknown_transfer_encoding",
        raw_response(lambda r: acceptance(r, "Transfer-Encoding: rot13"), "close"),
    ),
    accepted("chunked", raw_response(chunked), apis=BOTH),
    accepted(
        "chunked_with_trailers", raw_response(lambda r: chunked(r, b"0\r\nX-Trailer: 1\r\n\r\n"))
    ),
    accepted("no_length", raw_response(lambda r: acceptance(r, length=None), "close"), apis=BOTH),
    accepted("http_1_0", raw_response(lambda r: acceptance(r, status="HTTP/1.0 200 OK"), "close")),
    accepted("no_reason", raw_response(lambda r: acceptance(r, status="HTTP/1.1 200"))),
    either("bare_line_feeds", raw_response(lambda r: acceptance(r).replace(b"\r\n", b"\n"))),
    either("folded_header", raw_response(lambda r: acceptance(r, "X-Note: one\r\n two"))),
    either(
        "header_with_non_ascii_bytes", raw_response(lambda r: acceptance(r, "X-Note: \xe9\xff"))
    ),
    either("space_before_colon", raw_response(lambda r: acceptance(r, "X-Note : 1"))),
    unknown("header_without_colon", raw_response(lambda r: acceptance(r, "nonsense"))),
    unknown("header_with_nul", raw_response(lambda r: acceptance(r, "X-Note: \0"))),
    unknown(
        "giant_header", raw_response(lambda r: acceptance(r, f"X-Note: {'x' * 1_000_000}"), "close")
    ),
    unknown(
        "many_headers", raw_response(lambda r: acceptance(r, *["X-Note: 1"] * 50_000), "close")
    ),
    unknown(
        "giant_reason",
        raw_response(lambda r: acceptance(r, status=f"HTTP/1.1 200 {'O' * 1_000_000}"), "close"),
    ),
]

NOT_HTTP = [
    unknown("http_0_9", raw_response(lambda r: b"<html>Welcome</html>\n", "close")),
    unknown("garbage", raw_response(lambda r: bytes(range(256)), "close")),
    unknown(
        "smtp", raw_response(lambda r: b"220 mail.example.com ESMTP\r\n500 What?\r\n", "close")
    ),
    unknown("tls_alert", raw_response(lambda r: b"\x15\x03\x01\x00\x02\x02\x0a", "close")),
    unknown("http_2", raw_response(lambda r: b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", "close")),
    unknown(
        "status_with_letters",
        raw_response(lambda r: acceptance(r, status="HTTP/1.1 2OO OK"), "close"),
    ),
    unknown(
        "status_with_four_digits",
        raw_response(lambda r: acceptance(r, status="HTTP/1.1 2000 OK"), "close"),
    ),
    either("version_unknown", raw_response(lambda r: acceptance(r, status="HTTP/7.3 200 OK"))),
    unknown("only_line_breaks", raw_response(lambda r: b"\r\n" * 50, "close")),
]

INFORMATIONAL = [
    accepted("continue", raw_response(lambda r: CONTINUE + acceptance(r)), apis=BOTH),
    accepted("early_hints", raw_response(lambda r: [HINT, HINT + acceptance(r)])),
    accepted(
        "processing_flood",
        raw_response(lambda r: b"HTTP/1.1 102 Processing\r\n\r\n" * 2_000 + acceptance(r)),
    ),
    unknown("hints_flood_and_close", raw_response(lambda r: HINT * 2_000, "close")),
    unknown(
        "switching_protocols",
        raw_response(lambda r: head(status="HTTP/1.1 101 Switching Protocols"), "close"),
    ),
    unknown(
        "switching_protocols_then_hang",
        raw_response(lambda r: head(status="HTTP/1.1 101 Switching Protocols"), "hang"),
    ),
    unknown(
        "upgrade",
        raw_response(
            lambda r: head("Upgrade: h2c", "Connection: upgrade", status="HTTP/1.1 101 X"), "close"
        ),
    ),
]

PIPELINED = [
    accepted("two_responses", raw_response(two_responses), apis=BOTH),
    accepted("second_response_truncated", raw_response(lambda r: two_responses(r)[:-9])),
    accepted(
        "second_response_later",
        raw_response(lambda r: [acceptance(r), two_responses(r)[len(acceptance(r)) :]], pause=0.03),
        writes_later=True,
    ),
    accepted(
        "timeout_when_idle",
        raw_response(
            lambda r: [acceptance(r), head("Content-Length: 0", status="HTTP/1.1 408 X")],
            pause=0.03,
        ),
        writes_later=True,
    ),
    accepted("line_breaks_after", raw_response(lambda r: acceptance(r) + b"\r\n\r\n")),
    unknown(
        "no_content_then_response",
        raw_response(lambda r: two_responses(r, head(status="HTTP/1.1 204 No Content"))),
    ),
    unknown(
        "not_modified_with_body",
        raw_response(
            lambda r: two_responses(r, head("Content-Length: 9", status="HTTP/1.1 304 X"))
        ),
    ),
]

HANGING = [  # the slowest take ten seconds at least
    unknown("no_response", responses.no_response(), hangs=True),
    unknown(
        "head_then_hang", raw_response(lambda r: head("Content-Length: 9"), "hang"), hangs=True
    ),
    unknown(
        "half_head_then_hang",
        raw_response(lambda r: b"HTTP/1.1 200 OK\r\nContent-", "hang"),
        hangs=True,
    ),
    unknown("half_body_then_hang", raw_response(lambda r: acceptance(r)[:-9], "hang"), hangs=True),
    unknown("half_chunk_then_hang", raw_response(lambda r: chunked(r)[:-20], "hang"), hangs=True),
    unknown("no_last_chunk_then_hang", raw_response(lambda r: chunked(r, b""), "hang"), hangs=True),
    unknown(
        "body_of_unknown_length_then_hang",
        raw_response(lambda r: acceptance(r, length=None), "hang"),
        hangs=True,
    ),
    unknown(
        "switching_protocols_then_hang_without_reason",
        raw_response(lambda r: head(status="HTTP/1.1 101 X"), "hang"),
        hangs=True,
    ),
    unknown(
        "trickle_of_head", raw_response(lambda r: bytewise(acceptance(r)), pause=0.2), hangs=True
    ),
    unknown("trickle_of_body", responses.trickle(interval=0.2), hangs=True),
    unknown(
        "trickle_of_chunks",
        raw_response(
            lambda r: [head("Transfer-Encoding: chunked"), *[b"1\r\n \r\n"] * 99], pause=0.2
        ),
        hangs=True,
    ),
    unknown("trickle_of_hints", raw_response(lambda r: [HINT] * 99, pause=0.2), hangs=True),
    unknown(
        "trickle_of_headers",
        raw_response(lambda r: [b"HTTP/1.1 200 OK\r\n", *[b"X: 1\r\n"] * 99], pause=0.2),
        hangs=True,
    ),
    unknown("stop_reading", responses.stop_reading(seconds=1.0), hangs=True, large=True),
]

SLOW = [
    accepted("slow", responses.slow(0.05, responses.ok())),
    accepted("slow_head", raw_response(lambda r: bytewise(acceptance(r)), pause=0.0002)),
    accepted("slow_body", responses.trickle(interval=0.0002), apis=BOTH),
]

FAULTS: list[Fault] = [
    *(*CONNECTION, *TRUNCATED, *FRAMING, *NOT_HTTP, *INFORMATIONAL, *PIPELINED),
    *(*OVERSIZED, *BODIES, *UNKNOWN_ERRORS, *REJECTED, *SLOW),
]
