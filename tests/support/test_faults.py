"""Fault server: responses and faults that a client of the standard library receives."""

import errno
import http.client
import json
import socket
import ssl
import struct
import threading
import time
import xml.etree.ElementTree as ET
from contextlib import closing
from urllib.parse import urlencode

import pytest

from support import responses
from support.faults import FaultServer, Request, Response, StartFaultServer
from support.wire import raw_response

V2 = "/v2/email/outbound-emails"
V2_BULK = "/v2/email/outbound-bulk-emails"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
BULK_FORM = {
    "Action": "SendBulkTemplatedEmail",
    "Destinations.member.1.Destination.ToAddresses.member.1": "a@example.com",
    "Destinations.member.2.Destination.ToAddresses.member.1": "b@example.com",
}
NAMESPACE = {"ses": "http://ses.amazonaws.com/doc/2010-12-01/"}


def connect(server: FaultServer, timeout: float = 2) -> http.client.HTTPConnection:
    """Open an HTTP connection of the standard library."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    connection.connect()
    return connection


def post(
    server: FaultServer,
    target: str = V2,
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send one request on a new connection, and read the whole response."""
    with closing(connect(server)) as connection:
        connection.request("POST", target, body, headers or {})
        response = connection.getresponse()
        return response, response.read()


def exchange(connection: http.client.HTTPConnection) -> bytes:
    """Send one small request, and read the whole response."""
    connection.request("POST", V2, b"{}")
    return connection.getresponse().read()


def post_form(server: FaultServer, **form: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Send one v1 call."""
    return post(server, "/", urlencode(form).encode(), FORM)


def texts(document: bytes, name: str) -> list[str | None]:
    """Return the texts of all elements of this name."""
    return [found.text for found in ET.fromstring(document).iterfind(f".//ses:{name}", NAMESPACE)]


def test_request_is_recorded_completely(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok())
    body = json.dumps({"Content": {"Raw": {"Data": "SGk="}}}).encode()
    post(server, body=body, headers={"X-Amz-Date": "now"})
    (request,) = server.requests
    assert (request.method, request.target, request.body, request.complete) == (
        "POST",
        V2,
        body,
        True,
    )
    assert request.headers["x-amz-date"] == "now"
    assert request.headers["content-length"] == str(len(body))
    assert request.mime == b"Hi"


def test_mime_of_a_v1_call_is_decoded(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok())
    post_form(server, Action="SendRawEmail", **{"RawMessage.Data": "SGk="})
    assert server.requests[0].mime == b"Hi"


def test_last_step_of_a_script_repeats(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.raw(500), responses.ok("id"))
    assert [post(server)[0].status for _ in range(3)] == [500, 200, 200]
    server.respond_with(responses.raw(204))
    assert post(server)[0].status == 204


def test_step_can_depend_on_the_request(fault_server: StartFaultServer) -> None:
    def echo(request: Request) -> Response:
        return responses.ok(f"id-of-{request.json['n']}")

    server = fault_server(echo)
    assert [json.loads(post(server, body=b'{"n": %d}' % n)[1])["MessageId"] for n in (1, 2)] == [
        "id-of-1",
        "id-of-2",
    ]


def test_ok_responds_in_both_apis(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok("id"))
    assert json.loads(post(server)[1]) == {"MessageId": "id"}
    response, document = post_form(server, Action="SendRawEmail")
    assert response.headers["Content-Type"] == "text/xml"
    assert ET.fromstring(document).tag.endswith("}SendRawEmailResponse")
    assert texts(document, "MessageId") == ["id"]
    assert (
        texts(document, "RequestId")
        == [response.headers["x-amzn-RequestId"]]
        == [responses.REQUEST_ID]
    )


def test_ok_creates_new_message_ids(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok())
    ids = {json.loads(post(server)[1])["MessageId"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(message_id) == 60 and message_id.startswith("0102") for message_id in ids)


def test_ok_creates_a_message_id_for_each_bulk_entry(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok())
    results = json.loads(post(server, V2_BULK, b'{"BulkEmailEntries": [{}, {}]}')[1])[
        "BulkEmailEntryResults"
    ]
    assert [sorted(entry) for entry in results] == [["MessageId", "Status"]] * 2
    _, document = post_form(server, **BULK_FORM)
    assert texts(document, "member/ses:Status") == ["Success"] * 2
    assert len(set(texts(document, "member/ses:MessageId"))) == 2


def test_bulk_responds_for_each_entry(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.bulk(("SUCCESS", "id"), ("FAILED", "<no>")))
    expected = [{"Status": "SUCCESS", "MessageId": "id"}, {"Status": "FAILED", "Error": "<no>"}]
    assert json.loads(post(server, V2_BULK)[1]) == {"BulkEmailEntryResults": expected}
    assert texts(post_form(server, **BULK_FORM)[1], "member/ses:Error") == ["<no>"]


def test_error_responds_in_both_apis(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.error(400, "MessageRejected", "Not you."))
    response, document = post(server)
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (400, "MessageRejected")
    assert response.headers["x-amzn-RequestId"] == responses.REQUEST_ID
    assert json.loads(document) == {"message": "Not you."}
    response, document = post_form(server, Action="SendRawEmail")
    assert (response.status, texts(document, "Code"), texts(document, "Message")) == (
        400,
        ["MessageRejected"],
        ["Not you."],
    )


@pytest.mark.parametrize(
    ("scripted", "status", "body"),
    [
        (responses.raw(503, {"Retry-After": "1"}, b"later"), 503, b"later"),
        (responses.redirect(307, "http://127.0.0.1:1/"), 307, b""),
        (responses.empty_200(), 200, b""),
        (responses.json_200({"a": 1}), 200, b'{"a": 1}'),
        (
            responses.html_200(),
            200,
            b"<!DOCTYPE html>\n<html><body><p>Please log in.</p><br></body></html>",
        ),
    ],
)
def test_plain_responses(
    fault_server: StartFaultServer, scripted: Response, status: int, body: bytes
) -> None:
    response, received = post(fault_server(scripted))
    assert (response.status, received) == (status, body)


def test_redirect_has_a_location(fault_server: StartFaultServer) -> None:
    response, _ = post(fault_server(responses.redirect(308, "http://127.0.0.1:1/there")))
    assert response.headers["Location"] == "http://127.0.0.1:1/there"


def test_truncated_is_valid_http_with_half_a_document(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.truncated())
    with pytest.raises(json.JSONDecodeError):
        json.loads(post(server)[1])
    with pytest.raises(ET.ParseError):
        ET.fromstring(post_form(server, Action="SendRawEmail")[1])


def test_half_answer_closes_before_content_length(fault_server: StartFaultServer) -> None:
    with pytest.raises(http.client.IncompleteRead):
        post(fault_server(responses.half_response()))


def test_trickle_sends_byte_by_byte(fault_server: StartFaultServer) -> None:
    with closing(connect(fault_server(responses.trickle(b"drops", interval=0.05)))) as connection:
        started = time.monotonic()
        connection.request("POST", V2, b"{}")
        response = connection.getresponse()
        pieces = list(iter(lambda: response.read1(100), b""))
    assert b"".join(pieces) == b"drops"
    assert len(pieces) > 1
    assert time.monotonic() - started >= 0.25


def test_trickle_ends_with_acceptance(fault_server: StartFaultServer) -> None:
    assert "MessageId" in json.loads(post(fault_server(responses.trickle(interval=0.001)))[1])


def test_slow_responds_after_a_pause(fault_server: StartFaultServer) -> None:
    started = time.monotonic()
    assert post(fault_server(responses.slow(0.1, responses.raw(429))))[0].status == 429
    assert time.monotonic() - started >= 0.1


def test_no_answer_hangs_until_the_client_leaves(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.no_response())
    with closing(connect(server, timeout=0.2)) as connection:
        connection.request("POST", V2, b"{}")
        with pytest.raises(TimeoutError):
            connection.getresponse()
        assert server.requests[0].complete
        assert server.connections_open == 1
    assert server.wait_until_closed()


def test_stops_reading_blocks_a_large_body(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.stop_reading(65536))
    with closing(connect(server, timeout=0.2)) as connection, pytest.raises(TimeoutError):
        connection.request("POST", V2, bytes(30_000_000))
    (request,) = server.requests
    assert (len(request.body), request.complete) == (65536, False)


@pytest.mark.parametrize("kept_alive", [False, True])
@pytest.mark.parametrize(
    ("scripted", "read"),
    [(responses.reset_after_request(), b"{}"), (responses.reset_mid_request(1), b"{")],
)
def test_resets_raise_connection_reset(
    fault_server: StartFaultServer, scripted: Response, read: bytes, kept_alive: bool
) -> None:
    server = fault_server(*[responses.ok()] * kept_alive, scripted)
    with closing(connect(server)) as connection:
        if kept_alive:
            exchange(connection)
        connection.request("POST", V2, b"{}")
        with pytest.raises(ConnectionResetError) as caught:
            connection.getresponse()
    assert caught.value.errno == errno.ECONNRESET
    assert server.connections_opened == 1
    assert server.requests[-1].body == read


def test_reset_mid_request_keeps_what_arrived(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.reset_mid_request(1000))
    with (
        closing(connect(server)) as connection,
        pytest.raises((ConnectionResetError, BrokenPipeError)),
    ):
        connection.request("POST", V2, bytes(30_000_000))
    (request,) = server.requests
    assert (len(request.body), request.complete) == (1000, False)


@pytest.mark.parametrize("kept_alive", [False, True])
def test_reset_unread_reads_nothing(fault_server: StartFaultServer, kept_alive: bool) -> None:
    server = fault_server(*[responses.ok()] * kept_alive, responses.reset_unread(), responses.ok())
    with closing(connect(server)) as connection:
        if kept_alive:
            exchange(connection)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            exchange(connection)
    assert len(server.requests) == kept_alive
    assert post(server)[0].status == 200


def test_close_after_request_closes_without_reset(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.close_after_request())
    with closing(connect(server)) as connection:
        connection.request("POST", V2, b"{}")
        assert connection.sock.recv(1) == b""
    assert server.requests[0].complete


def test_close_idle_responds_before_it_closes(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.close_idle())
    with closing(connect(server)) as connection:
        connection.request("POST", V2, b"{}")
        response = connection.getresponse()
        assert response.read()
        assert response.headers["Connection"] is None
        assert connection.sock.recv(1) == b""


def test_aborted_request_is_recorded_as_incomplete(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(responses.ok())
    with closing(connect(server)) as connection:
        connection.putrequest("POST", V2)
        connection.putheader("Content-Length", "10")
        connection.endheaders(b"half")
    assert server.wait_for_requests(1)
    assert (server.requests[0].body, server.requests[0].complete) == (b"half", False)


def test_reset_by_the_client_ends_the_wait_for_delivery(fault_server: StartFaultServer) -> None:
    server = fault_server(raw_response(lambda _: bytes(8192)))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.connect(("127.0.0.1", server.port))
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        client.recv(1)
        assert server.connections_open == 1
    assert server.wait_until_closed()


def test_connections_are_counted(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok())
    with closing(connect(server)) as connection:
        for _ in range(2):
            exchange(connection)
        assert (server.connections_opened, server.connections_open, len(server.requests)) == (
            1,
            1,
            2,
        )
    assert server.wait_until_closed()
    assert (server.connections_opened, server.connections_open) == (1, 0)


def test_tls_client_is_refused(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok())
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=2) as sock,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(sock, server_hostname="127.0.0.1")
    assert server.requests == []


@pytest.mark.parametrize(
    "scripted",
    [responses.no_response(), responses.slow(60, responses.ok()), responses.trickle(None, 60)],
)
def test_stopping_ends_hanging_connections_at_once(scripted: Response) -> None:
    before = threading.active_count()
    with FaultServer(scripted) as server:
        connection = connect(server)
        connection.request("POST", V2, b"{}")
        assert server.wait_for_requests(1)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    assert threading.active_count() == before
    connection.close()


def test_stopped_server_refuses_connections() -> None:
    with FaultServer(responses.ok()) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        connect(server)
