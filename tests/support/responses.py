"""Responses and faults of the fault server.

A response is encoded for the API of its request: XML for v1, JSON for v2.
"""

import dataclasses
import json
import socket
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from support.faults import Connection, Request, Response

REQUEST_ID = "5a1e7c3d-0f4b-4d0a-9c53-2f6f0f4f7a10"
JSON = {"Content-Type": "application/json", "x-amzn-RequestId": REQUEST_ID}
XML = {"Content-Type": "text/xml", "x-amzn-RequestId": REQUEST_ID}
HTML = {"Content-Type": "text/html"}


def raw(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Response:
    """Respond with this status, these headers and this body."""
    return Response(lambda connection, _: connection.respond(status, headers or {}, body))


def ok(*message_ids: str) -> Response:
    """Accept a send with these message ids, or with new ones."""
    return Response(
        lambda connection, request: connection.respond(200, *accepted(request, message_ids))
    )


def bulk(*entries: tuple[str, str]) -> Response:
    """Respond to a bulk send with a status and a message id or an error text for each entry."""
    return Response(
        lambda connection, request: connection.respond(200, *bulk_results(request, entries))
    )


def error(status: int, code: str, text: str = "No.") -> Response:
    """Respond with an error of SES."""
    return Response(
        lambda connection, request: connection.respond(status, *refused(request, code, text))
    )


def redirect(status: int, location: str) -> Response:
    """Redirect the client to another address."""
    return raw(status, {"Location": location})


def json_200(document: Any) -> Response:
    """Respond to a v2 call with this document."""
    return raw(200, JSON, json.dumps(document).encode())


def chunked(body: bytes) -> Response:
    """Returns a complete response without a Content-Length."""
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return Response(lambda connection, _: connection.sock.sendall(head + chunk))


def html_200() -> Response:
    """Respond with status 200 and an HTML page, as a captive portal does."""
    return raw(200, HTML, b"<!DOCTYPE html>\n<html><body><p>Please log in.</p><br></body></html>")


def empty_200() -> Response:
    """Respond with status 200 and an empty body."""
    return raw(200)


def truncated() -> Response:
    """Respond with status 200 and half a document, in a complete HTTP response."""

    def act(connection: Connection, request: Request) -> None:
        headers, body = accepted(request)
        connection.respond(200, headers, body[: len(body) // 2])

    return Response(act)


def half_response() -> Response:
    """Close the connection after half of the body."""

    def act(connection: Connection, request: Request) -> None:
        headers, body = accepted(request)
        connection.respond(200, headers, body[: len(body) // 2], missing=len(body))
        connection.close()

    return Response(act)


def trickle(body: bytes | None = None, interval: float = 0.1) -> Response:
    """Accept a send, or respond with 200 and `body`, one byte of the body at a time."""

    def act(connection: Connection, request: Request) -> None:
        headers, sent = accepted(request) if body is None else ({}, body)
        connection.respond(200, headers, b"", missing=len(sent))
        for byte in sent:
            connection.wait(interval)
            connection.sock.sendall(bytes([byte]))

    return Response(act)


def slow(delay: float, response: Response) -> Response:
    """Respond after a delay."""

    def act(connection: Connection, request: Request) -> None:
        connection.wait(delay)
        response.act(connection, request)

    return dataclasses.replace(response, act=act)


def close_idle(delay: float = 0.0) -> Response:
    """Accept a send, then close the connection without a ``Connection: close`` header."""

    def act(connection: Connection, request: Request) -> None:
        connection.respond(200, *accepted(request))
        connection.wait(delay)
        connection.sock.shutdown(socket.SHUT_WR)
        connection.wait_until_delivered()
        connection.close()

    return Response(act)


def no_response() -> Response:
    """Read the request without ever responding."""
    return Response(lambda connection, _: connection.wait_for_client())


def stop_reading(after_bytes: int = 65536, seconds: float | None = None) -> Response:
    """Stop reading the body, so that the client can't write several megabytes."""

    def act(connection: Connection, _: Request) -> None:
        connection.wait(seconds)
        connection.wait_for_client()

    return Response(act, after_bytes)


def reset_unread() -> Response:
    """Reset the connection when a request arrives, before it is read."""
    return Response(lambda connection, _: connection.reset(), unread=True)


def reset_mid_request(after_bytes: int) -> Response:
    """Reset the connection after a part of the body."""
    return Response(lambda connection, _: connection.reset(), after_bytes)


def reset_after_request() -> Response:
    """Reset the connection after the request has been read."""
    return Response(lambda connection, _: connection.reset())


def close_after_request() -> Response:
    """Close the connection after the request has been read."""
    return Response(lambda connection, _: connection.close())


def new_message_id() -> str:
    """Return a new message id in the format of SES."""
    return f"0102{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"


def issue(request: Request, message_ids: Sequence[str], count: int) -> Sequence[str]:
    """Record and return the message ids of a request; new ones if none are given."""
    request.issued.extend(message_ids or [new_message_id() for _ in range(count)])
    return request.issued[-(len(message_ids) or count) :]


def accepted(request: Request, message_ids: Sequence[str] = ()) -> tuple[Mapping[str, str], bytes]:
    """Return headers and body of an acceptance, with new ids if none are given."""
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
    """Return headers and body of a response to a bulk send."""
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
    """Return headers and body of an error response."""
    if not request.form:
        return JSON | {"x-amzn-ErrorType": code}, json.dumps({"message": text}).encode()
    fields = element("Type", "Sender") + element("Code", code) + element("Message", text)
    return XML, document(
        "ErrorResponse", f"<Error>{fields}</Error>{element('RequestId', REQUEST_ID)}"
    )


def result(request: Request, content: str) -> bytes:
    """Return a v1 response document."""
    action = request.form["Action"]
    metadata = f"<ResponseMetadata>{element('RequestId', REQUEST_ID)}</ResponseMetadata>"
    return document(f"{action}Response", f"<{action}Result>{content}</{action}Result>{metadata}")


def document(name: str, content: str) -> bytes:
    """Return an XML document in the namespace of SES v1."""
    return f'<{name} xmlns="http://ses.amazonaws.com/doc/2010-12-01/">{content}</{name}>'.encode()


def element(name: str, text: str) -> str:
    """Return an XML element with this text."""
    return f"<{name}>{escape(text)}</{name}>"
