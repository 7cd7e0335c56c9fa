"""Faults of networks, proxies, load balancers and SES, with the possible outcomes of each."""

import dataclasses
import json

from support import answers
from support.answer_catalogue import BODIES, NO_SES, OVERSIZED, REJECTED
from support.fault import BOTH, Fault, accepted, either, unknown
from support.faults import Answer, Request
from support.wire import bytewise, chunked, head, says, whole


def two(request: Request, first: bytes | None = None) -> bytes:
    """Two answers to one request; the second has an id that was issued for nobody."""
    other = json.dumps({"MessageId": answers.new_message_id()}).encode()
    return (first or whole(request)) + whole(request, body=other)


def early(answer: Answer) -> Answer:
    """Answer when a part of the request has arrived."""
    return dataclasses.replace(answer, after_bytes=65536)


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

CONNECTION = [
    unknown("reset_unread", answers.reset_unread(), cuts=True),
    unknown("reset_in_request", answers.reset_mid_request(10), cuts=True),
    unknown(
        "close_in_request",
        dataclasses.replace(answers.close_after_request(), after_bytes=10),
        cuts=True,
    ),
    unknown("reset_after_request", answers.reset_after_request()),
    unknown("close_after_request", answers.close_after_request()),
    accepted("close_idle", answers.close_idle(), cuts=True),
    accepted("close_idle_in_peace", answers.close_idle(), lingers=True),
    either("reset_idle", says(whole, "reset"), cuts=True),
    accepted("close_announced", says(lambda r: whole(r, "Connection: close"), "close")),
    accepted(
        "keep_announced_and_closed",
        says(lambda r: whole(r, "Keep-Alive: timeout=60"), "close"),
        cuts=True,
    ),
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
    unknown(
        "head_alone", says(lambda r: whole(r).partition(b"\r\n\r\n")[0] + b"\r\n\r\n", "close")
    ),
    unknown("half_body", answers.half_answer(), apis=BOTH),
    unknown("half_body_reset", says(lambda r: whole(r)[:-9], "reset"), apis=BOTH),
    unknown("half_chunk", says(lambda r: chunked(r)[:-20], "close")),
    unknown("no_last_chunk", says(lambda r: chunked(r, b""), "close")),
    unknown(
        "half_body_of_unknown_length",
        says(lambda r: whole(r, length=None)[:-9], "close"),
        apis=BOTH,
    ),
    unknown("truncated_document", answers.truncated(), apis=BOTH),
]

FRAMING = [
    unknown("length_too_large", says(lambda r: whole(r, length=1), "close")),
    unknown("length_too_small", says(lambda r: whole(r, length=-5))),
    unknown("length_negative", says(lambda r: whole(r, "Content-Length: -1", length=None))),
    unknown("length_no_number", says(lambda r: whole(r, "Content-Length: many", length=None))),
    unknown("lengths_differ", says(lambda r: whole(r, "Content-Length: 1"))),
    either(
        "length_twice", says(lambda r: whole(r, f"Content-Length: {len(answers.accepted(r)[1])}"))
    ),
    unknown(
        "chunk_size_no_number",
        says(lambda r: head("Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n"),
    ),
    unknown("chunked_lie", says(lambda r: whole(r, "Transfer-Encoding: chunked"), "close")),
    either(
        "chunked_with_length",
        says(lambda r: chunked(r).replace(b"Transfer-", b"Content-Length: 7\r\nTransfer-")),
    ),
    unknown(
        "unknown_transfer_encoding", says(lambda r: whole(r, "Transfer-Encoding: rot13"), "close")
    ),
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
    unknown(
        "giant_reason", says(lambda r: whole(r, status=f"HTTP/1.1 200 {'O' * 1_000_000}"), "close")
    ),
]

NOT_HTTP = [
    unknown("http_0_9", says(lambda r: b"<html>Welcome</html>\n", "close")),
    unknown("garbage", says(lambda r: bytes(range(256)), "close")),
    unknown("smtp", says(lambda r: b"220 mail.example.com ESMTP\r\n500 What?\r\n", "close")),
    unknown("tls_alert", says(lambda r: b"\x15\x03\x01\x00\x02\x02\x0a", "close")),
    unknown("http_2", says(lambda r: b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", "close")),
    unknown("status_of_letters", says(lambda r: whole(r, status="HTTP/1.1 2OO OK"), "close")),
    unknown("status_of_four_digits", says(lambda r: whole(r, status="HTTP/1.1 2000 OK"), "close")),
    either("version_unknown", says(lambda r: whole(r, status="HTTP/7.3 200 OK"))),
    unknown("line_breaks_alone", says(lambda r: b"\r\n" * 50, "close")),
]

INFORMATIONAL = [
    accepted("continue", says(lambda r: CONTINUE + whole(r)), apis=BOTH),
    accepted("early_hints", says(lambda r: [HINT, HINT + whole(r)])),
    accepted(
        "processing_flood", says(lambda r: b"HTTP/1.1 102 Processing\r\n\r\n" * 2_000 + whole(r))
    ),
    unknown("hints_flood_and_close", says(lambda r: HINT * 2_000, "close")),
    unknown(
        "switching_protocols",
        says(lambda r: head(status="HTTP/1.1 101 Switching Protocols"), "close"),
    ),
    unknown(
        "switched_for_good", says(lambda r: head(status="HTTP/1.1 101 Switching Protocols"), "hang")
    ),
    unknown(
        "upgrade",
        says(
            lambda r: head("Upgrade: h2c", "Connection: upgrade", status="HTTP/1.1 101 X"), "close"
        ),
    ),
]

PIPELINED = [
    accepted("two_answers", says(two), apis=BOTH),
    accepted("one_and_a_half", says(lambda r: two(r)[:-9])),
    accepted(
        "second_answer_later",
        says(lambda r: [whole(r), two(r)[len(whole(r)) :]], pause=0.03),
        lingers=True,
    ),
    accepted(
        "timeout_when_idle",
        says(lambda r: [whole(r), head("Content-Length: 0", status="HTTP/1.1 408 X")], pause=0.03),
        lingers=True,
    ),
    accepted("line_breaks_after", says(lambda r: whole(r) + b"\r\n\r\n")),
    unknown(
        "no_content_and_answer", says(lambda r: two(r, head(status="HTTP/1.1 204 No Content")))
    ),
    unknown(
        "not_modified_with_body",
        says(lambda r: two(r, head("Content-Length: 9", status="HTTP/1.1 304 X"))),
    ),
]

HANGING = [
    unknown("no_answer", answers.no_answer(), hangs=True),
    unknown("head_and_silence", says(lambda r: head("Content-Length: 9"), "hang"), hangs=True),
    unknown(
        "half_head_and_silence", says(lambda r: b"HTTP/1.1 200 OK\r\nContent-", "hang"), hangs=True
    ),
    unknown("half_body_and_silence", says(lambda r: whole(r)[:-9], "hang"), hangs=True),
    unknown("half_chunk_and_silence", says(lambda r: chunked(r)[:-20], "hang"), hangs=True),
    unknown("no_last_chunk_and_silence", says(lambda r: chunked(r, b""), "hang"), hangs=True),
    unknown(
        "whole_body_of_unknown_length", says(lambda r: whole(r, length=None), "hang"), hangs=True
    ),
    unknown(
        "switched_and_silent", says(lambda r: head(status="HTTP/1.1 101 X"), "hang"), hangs=True
    ),
    unknown("trickle_of_head", says(lambda r: bytewise(whole(r)), pause=0.05), hangs=True),
    unknown("trickle_of_body", answers.trickle(interval=0.05), hangs=True),
    unknown(
        "trickle_of_chunks",
        says(lambda r: [head("Transfer-Encoding: chunked"), *[b"1\r\n \r\n"] * 99], pause=0.05),
        hangs=True,
    ),
    unknown("trickle_of_hints", says(lambda r: [HINT] * 99, pause=0.05), hangs=True),
    unknown(
        "trickle_of_headers",
        says(lambda r: [b"HTTP/1.1 200 OK\r\n", *[b"X: 1\r\n"] * 99], pause=0.05),
        hangs=True,
    ),
    unknown("stops_reading", answers.stops_reading(seconds=1.0), hangs=True, large=True),
]

SLOW = [
    accepted("slow", answers.slow(0.05, answers.ok())),
    accepted("slow_head", says(lambda r: bytewise(whole(r)), pause=0.0002)),
    accepted("slow_body", answers.trickle(interval=0.0002), apis=BOTH),
]

FAULTS: list[Fault] = [
    *(*CONNECTION, *HALVES, *FRAMING, *NOT_HTTP, *INFORMATIONAL, *PIPELINED),
    *(*OVERSIZED, *BODIES, *NO_SES, *REJECTED, *SLOW),
]
