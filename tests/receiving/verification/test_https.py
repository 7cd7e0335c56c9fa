"""HTTPS GET request with limits, against faulty and malicious servers."""

import socket
import ssl
import time
from typing import Any

import pytest

from sesmail.receiving.verification import https
from sesmail.receiving.verification.https import HTTPException, get
from sesmail.version import __version__
from support.signing import authority
from support.tls import Act, TlsServer, bytes_of, respond, silence, trickle

LIMIT = 1000
BODY = b"x" * LIMIT


def fetch(act: Act, *, timeout: float = 20, limit: int = LIMIT) -> bytes:
    with TlsServer(act) as server:
        return get(server.url, limit=limit, timeout=timeout, context=server.client)


@pytest.mark.parametrize(
    "act",
    [
        respond(BODY),
        bytes_of(b"HTTP/1.0 200 OK\r\n\r\n" + BODY),
        bytes_of(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n"
            + BODY
            + b"\r\n0\r\n\r\n"
        ),
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", BODY, 0),
    ],
    ids=["length", "close", "chunked", "byte by byte"],
)
def test_returns_the_body(act: Act) -> None:
    assert fetch(act) == BODY


def test_sends_user_agent_and_host() -> None:
    with TlsServer(respond(BODY)) as server:
        get(server.url, limit=LIMIT, timeout=20, context=server.client)
    (head,) = server.requests
    lines = head.decode().split("\r\n")
    assert lines[0] == "GET /certificate.pem HTTP/1.1"
    assert f"User-Agent: sesmail/{__version__}" in lines
    assert f"Host: localhost:{server.port}" in lines


@pytest.mark.parametrize(
    ("status", "header"),
    [
        ("301 Moved Permanently", "Location: /certificate.pem"),
        ("302 Found", "Location: file:///etc/hostname"),
        ("303 See Other", "Location: https://localhost:1/"),
        ("307 Temporary Redirect", "Location: http://localhost:1/"),
        ("308 Permanent Redirect", "Location: //localhost:1/"),
        ("204 No Content", "X: x"),
        ("206 Partial Content", "X: x"),
        ("304 Not Modified", "X: x"),
        ("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"'),
        ("403 Forbidden", "X: x"),
        ("404 Not Found", "X: x"),
        ("407 Proxy Authentication Required", "X: x"),
        ("500 Internal Server Error", "X: x"),
        ("503 Service Unavailable", "Retry-After: 1"),
    ],
)
def test_refuses_other_status(status: str, header: str) -> None:
    with (
        TlsServer(respond(BODY, status, header)) as server,
        pytest.raises(OSError, match=status[:3]),
    ):
        get(server.url, limit=LIMIT, timeout=20, context=server.client)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "act",
    [
        respond(BODY + b"x"),
        respond(BODY + b"x", length=1 << 40),
        bytes_of(b"HTTP/1.0 200 OK\r\n\r\n" + BODY * 100),
        bytes_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + BODY + b"x\r\n"),
    ],
    ids=["length", "long", "close", "chunked"],
)
def test_refuses_body_over_the_limit(act: Act) -> None:
    with pytest.raises(OSError, match="more than 1000 bytes"):
        fetch(act)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 999999 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
        b"\x16\x03\x01",
    ],
    ids=["nothing", "nonsense", "status", "header", "TLS"],
)
def test_refuses_response_that_is_not_http(data: bytes) -> None:
    with pytest.raises((OSError, HTTPException)):
        fetch(bytes_of(data))


def test_refuses_too_many_headers() -> None:
    with pytest.raises(HTTPException):
        fetch(bytes_of(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "act",
    [
        silence,
        trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", BODY, 0.05),
        trickle(b"", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200, 0.05),
        trickle(b"HTTP/1.1 ", b"2" * 1000, 0.05),
        trickle(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 200, 0.05
        ),
    ],
    ids=["silence", "body", "headers", "status", "chunks"],
)
def test_slow_response_times_out(act: Act) -> None:
    with pytest.raises(TimeoutError):
        fetch(act, timeout=0.5)


@pytest.mark.parametrize("first", [True, False])
def test_tries_each_address_within_one_timeout(first: bool) -> None:
    """Only some addresses of the host accept connections."""
    resolve = socket.getaddrinfo

    def several(*address: Any, **options: Any) -> list[Any]:
        (known, *_) = resolve(*address, **options)
        dead = (*known[:4], ("127.0.0.1", 1))
        return [known, dead] if first else [dead, known]

    with TlsServer(respond(BODY)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", several)
        assert get(server.url, limit=LIMIT, timeout=20, context=server.client) == BODY


def test_connects_to_no_address_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connected"))
    with pytest.raises(OSError, match="timed out"):
        get("https://localhost:1/", limit=LIMIT, timeout=0)


def test_host_without_address_is_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with pytest.raises(OSError, match="no address"):
        get("https://localhost:1/", limit=LIMIT, timeout=20)


def test_reads_nothing_after_the_deadline() -> None:
    with (
        socket.socket() as sock,
        https._DeadlineReader(sock, 0) as reader,
        pytest.raises(TimeoutError, match="timed out"),
    ):
        reader.read(1)


def test_timeout_of_a_read_is_the_time_left() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, https._DeadlineReader(ours, time.monotonic() + 60) as reader:
        ours.settimeout(1000)
        theirs.send(b"x")
        assert reader.read(1) == b"x"
        left = ours.gettimeout()
        assert left is not None
        assert left <= 60


def test_refuses_untrusted_certificate() -> None:
    with (
        TlsServer(respond(BODY)) as server,
        pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        get(server.url, limit=LIMIT, timeout=20)


def test_refuses_certificate_of_another_host() -> None:
    with (
        TlsServer(respond(BODY), authority("sns.eu-west-1.amazonaws.com")) as server,
        pytest.raises(OSError, match=r"[Hh]ostname mismatch"),
    ):
        get(server.url, limit=LIMIT, timeout=20, context=server.client)


def test_failed_connection_is_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        get(f"https://localhost:{port}/", limit=LIMIT, timeout=20)
    with pytest.raises(OSError, match=r"[Nn]ame|resolution|known"):
        get("https://nowhere.invalid/", limit=LIMIT, timeout=20)


@pytest.mark.parametrize(
    "url", ["http://localhost:1/", "file:///etc/hostname", "data:,x", "ftp://localhost/x"]
)
def test_refuses_other_schemes(url: str) -> None:
    with pytest.raises(OSError, match="not an HTTPS URL"):
        get(url, limit=LIMIT, timeout=20)


def test_uses_https_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with TlsServer(respond(BODY), authority("sns.eu-west-1.amazonaws.com")) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        url = "https://sns.eu-west-1.amazonaws.com/x.pem"
        assert get(url, limit=LIMIT, timeout=20, context=proxy.client) == BODY
        connect, request = proxy.requests
        assert connect.startswith(b"CONNECT sns.eu-west-1.amazonaws.com:443 HTTP/1.")
        assert request.startswith(b"GET /x.pem HTTP/1.1\r\n")
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            get(url, limit=LIMIT, timeout=20, context=ssl.create_default_context())
        with pytest.raises(OSError, match="not an HTTPS URL"):
            get("http://localhost/", limit=LIMIT, timeout=20)
