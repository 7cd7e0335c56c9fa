"""What a fault server can answer: one word for each way in which a call can end.

Answers are spelled for the API that asked: XML for v1, JSON for v2.
"""

import dataclasses
import json
import socket
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from support.faults import Answer, Connection, Request

REQUEST_ID = "5a1e7c3d-0f4b-4d0a-9c53-2f6f0f4f7a10"
JSON = {"Content-Type": "application/json", "x-amzn-RequestId": REQUEST_ID}
XML = {"Content-Type": "text/xml", "x-amzn-RequestId": REQUEST_ID}
HTML = {"Content-Type": "text/html"}


def raw(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    """Answer with exactly this, and the length of the body."""
    return Answer(lambda connection, _: connection.respond(status, headers or {}, body))


def ok(*message_ids: str) -> Answer:
    """Accept a send, with these message ids, or with new ones."""
    return Answer(
        lambda connection, request: connection.respond(200, *accepted(request, message_ids))
    )


def bulk(*entries: tuple[str, str]) -> Answer:
    """Respond to a bulk send with a status and a message id or an error text for each entry."""
    return Answer(
        lambda connection, request: connection.respond(200, *bulk_results(request, entries))
    )


def error(status: int, code: str, text: str = "No.") -> Answer:
    """Refuse in the manner of SES."""
    return Answer(
        lambda connection, request: connection.respond(status, *refused(request, code, text))
    )


def redirect(status: int, location: str) -> Answer:
    """Send the client to another address."""
    return raw(status, {"Location": location})


def json_200(document: Any) -> Answer:
    """Answer a v2 call with this document."""
    return raw(200, JSON, json.dumps(document).encode())


def html_200() -> Answer:
    """Succeed like a proxy that has something else to say."""
    return raw(200, HTML, b"<!DOCTYPE html>\n<html><body><p>Please log in.</p><br></body></html>")


def empty_200() -> Answer:
    """Succeed without a word."""
    return raw(200)


def truncated() -> Answer:
    """Succeed with the first half of the document, in a complete HTTP response."""

    def act(connection: Connection, request: Request) -> None:
        headers, body = accepted(request)
        connection.respond(200, headers, body[: len(body) // 2])

    return Answer(act)


def half_answer() -> Answer:
    """Close in the middle of an HTTP response."""

    def act(connection: Connection, request: Request) -> None:
        headers, body = accepted(request)
        connection.respond(200, headers, body[: len(body) // 2], missing=len(body))
        connection.close()

    return Answer(act)


def trickle(body: bytes | None = None, interval: float = 0.1) -> Answer:
    """Accept a send (or answer 200 with `body`), one byte of the body at a time."""

    def act(connection: Connection, request: Request) -> None:
        headers, sent = accepted(request) if body is None else ({}, body)
        connection.respond(200, headers, b"", missing=len(sent))
        for byte in sent:
            connection.wait(interval)
            connection.sock.sendall(bytes([byte]))

    return Answer(act)


def slow(delay: float, answer: Answer) -> Answer:
    """Answer after a delay."""

    def act(connection: Connection, request: Request) -> None:
        connection.wait(delay)
        answer.act(connection, request)

    return dataclasses.replace(answer, act=act)


def close_idle(delay: float = 0.0) -> Answer:
    """Accept a send, and close the kept-alive connection afterwards without having said so."""

    def act(connection: Connection, request: Request) -> None:
        connection.respond(200, *accepted(request))
        connection.wait(delay)
        connection.sock.shutdown(socket.SHUT_WR)
        connection.wait_until_arrived()
        connection.close()

    return Answer(act)


def no_answer() -> Answer:
    """Read the request and say nothing."""
    return Answer(lambda connection, _: connection.wait_for_client())


def stops_reading(after_bytes: int = 65536, seconds: float | None = None) -> Answer:
    """Stop reading, so that the client can't write a body of some megabytes."""

    def act(connection: Connection, _: Request) -> None:
        connection.wait(seconds)
        connection.wait_for_client()

    return Answer(act, after_bytes)


def reset_unread() -> Answer:
    """Break the connection (RST) when a request arrives, before any of it is read."""
    return Answer(lambda connection, _: connection.reset(), unread=True)


def reset_mid_request(after_bytes: int) -> Answer:
    """Break the connection after a part of the body."""
    return Answer(lambda connection, _: connection.reset(), after_bytes)


def reset_after_request() -> Answer:
    """Break the connection (RST) when the request has been read."""
    return Answer(lambda connection, _: connection.reset())


def close_after_request() -> Answer:
    """Close the connection (FIN) when the request has been read."""
    return Answer(lambda connection, _: connection.close())


def new_message_id() -> str:
    """A message id as SES issues them."""
    return f"0102{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"


def issue(request: Request, message_ids: Sequence[str], count: int) -> Sequence[str]:
    """The message ids for a request, new ones where none are given; they are recorded with it."""
    request.issued.extend(message_ids or [new_message_id() for _ in range(count)])
    return request.issued[-(len(message_ids) or count) :]


def accepted(request: Request, message_ids: Sequence[str] = ()) -> tuple[Mapping[str, str], bytes]:
    """Return the headers and the body of an acceptance, with new ids where none are given."""
    if request.target.endswith("/outbound-bulk-emails"):
        ids = issue(request, message_ids, len(request.json["BulkEmailEntries"]))
        return bulk_results(request, [("SUCCESS", message_id) for message_id in ids])
    if request.form.get("Action") == "SendBulkTemplatedEmail":
        destinations = {
            name.split(".")[2] for name in request.form if name.startswith("Destinations.member.")
        }
        ids = issue(request, message_ids, len(destinations))
        return bulk_results(request, [("Success", message_id) for message_id in ids])
    message_id = issue(request, message_ids[:1], 1)[0]
    if request.form:
        return XML, result(request, element("MessageId", message_id))
    return JSON, json.dumps({"MessageId": message_id}).encode()


def bulk_results(
    request: Request, entries: Sequence[tuple[str, str]]
) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body with which SES answers a bulk send."""
    fields = [
        {"Status": status, "MessageId" if status.upper() == "SUCCESS" else "Error": text}
        for status, text in entries
    ]
    if not request.form:
        return JSON, json.dumps({"BulkEmailEntryResults": fields}).encode()
    members = [
        "<member>" + "".join(element(*field) for field in entry.items()) + "</member>"
        for entry in fields
    ]
    return XML, result(request, f"<Status>{''.join(members)}</Status>")


def refused(request: Request, code: str, text: str) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body with which SES refuses this request."""
    if not request.form:
        return JSON | {"x-amzn-ErrorType": code}, json.dumps({"message": text}).encode()
    fields = element("Type", "Sender") + element("Code", code) + element("Message", text)
    return XML, document(
        "ErrorResponse", f"<Error>{fields}</Error>{element('RequestId', REQUEST_ID)}"
    )


def result(request: Request, content: str) -> bytes:
    """A v1 response document."""
    action = request.form["Action"]
    metadata = f"<ResponseMetadata>{element('RequestId', REQUEST_ID)}</ResponseMetadata>"
    return document(f"{action}Response", f"<{action}Result>{content}</{action}Result>{metadata}")


def document(name: str, content: str) -> bytes:
    """An XML document in the namespace of SES v1."""
    return f'<{name} xmlns="http://ses.amazonaws.com/doc/2010-12-01/">{content}</{name}>'.encode()


def element(name: str, text: str) -> str:
    """An XML element."""
    return f"<{name}>{escape(text)}</{name}>"
