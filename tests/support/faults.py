"""HTTP server on loopback that responds by the script of a test, with faults if required.

Each request takes the next step of the script; the last step repeats. A step is one of
`support.responses`, or a function that chooses one for a request. The server runs in threads of its
own, independently of the event loop of its clients.
"""

import base64
import dataclasses
import fcntl
import json
import select
import socket
import struct
import termios
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Protocol, Self
from urllib.parse import parse_qs


@dataclasses.dataclass(frozen=True)
class Request:
    """A request, possibly incomplete; the names of its headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    complete: bool = False
    issued: list[str] = dataclasses.field(default_factory=list, compare=False)
    """The message ids in its response."""

    @property
    def json(self) -> Any:
        """The parameters of a v2 call."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The parameters of a v1 call; empty for v2."""
        if "x-www-form-urlencoded" not in self.headers.get("content-type", ""):
            return {}
        return {
            name: values[0]
            for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()
        }

    @property
    def mime(self) -> bytes:
        """The message of a raw send, through either API."""
        data = self.form["RawMessage.Data"] if self.form else self.json["Content"]["Raw"]["Data"]
        return base64.b64decode(data, validate=True)


class Connection:
    """One accepted connection, served by a thread of its own."""

    def __init__(self, sock: socket.socket, stopping: threading.Event) -> None:
        """Serve `sock` until `stopping` is set."""
        self.sock = sock
        self.closed = False
        self._stopping = stopping
        self._reader = sock.makefile("rb")

    def wait_for_bytes(self) -> bool:
        """Wait for a request without reading it; return false if the connection is closed."""
        return bool(self.sock.recv(1, socket.MSG_PEEK))

    def read_head(self) -> Request | None:
        """Read a request up to its body; return None if it is incomplete or begins with TLS."""
        if self._reader.peek(1)[:1] == b"\x16":
            self.respond(400, {}, b"this server speaks plain HTTP")
            return None
        lines = []
        while line := self._reader.readline().decode("latin-1").strip():
            lines.append(line)
        if not lines:
            return None
        method, target, _ = lines[0].split(" ", 2)
        fields = (line.partition(":") for line in lines[1:])
        return Request(method, target, {name.lower(): value.strip() for name, _, value in fields})

    def read_body(self, head: Request, at_most: float) -> Request:
        """Return `head` with the part of its body that arrives, of at most so many bytes."""
        length = int(head.headers.get("content-length", 0))
        wanted = int(min(length, at_most))
        body = bytearray()
        with suppress(OSError):  # the client closed the connection: the body is incomplete
            while len(body) < wanted and (chunk := self._reader.read1(wanted - len(body))):
                body += chunk
        return dataclasses.replace(head, body=bytes(body), complete=len(body) == length)

    def respond(
        self, status: int, headers: Mapping[str, str], body: bytes, missing: int = 0
    ) -> None:
        """Send a response whose Content-Length is `missing` bytes too large."""
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Odd"
        lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Length: {len(body) + missing}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def wait(self, seconds: float | None = None) -> None:
        """Sleep for so many seconds, or until the server stops."""
        self._stopping.wait(seconds)

    def wait_for_client(self) -> None:
        """Sleep until the client closes the connection or the server stops."""
        while self._reader.read1(65536):
            pass

    def wait_until_delivered(self) -> None:
        """Wait until the peer's TCP stack has acknowledged all sent bytes, or both sides closed.

        After an RST, Linux counts bytes as outstanding that will never be acknowledged.
        """
        closed = select.poll()
        closed.register(self.sock, 0)  # of errors and the end of both directions
        while any(fcntl.ioctl(self.sock, termios.TIOCOUTQ, bytes(4))) and not closed.poll(1):
            if self._stopping.is_set():
                return

    def close(self) -> None:
        """Close with a FIN."""
        self.closed = True
        self._reader.close()
        self.sock.close()

    def reset(self) -> None:
        """Close with an RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


@dataclasses.dataclass(frozen=True)
class Response:
    """Action of the server after it has read `after_bytes` of a body, all of it, or nothing."""

    act: Callable[[Connection, Request], None]
    after_bytes: float = float("inf")
    unread: bool = False


Step = Response | Callable[[Request], Response]


class FaultServer:
    """The server: a context manager whose exit ends all threads and connections.

    Each new connection takes one of `greetings`: bytes that are sent before its first request, or
    None, which closes it. They are sent once `may_greet` is set, as it is at first.
    """

    connection_type: type[Connection] = Connection

    def __init__(self, *script: Step) -> None:
        """Prepare a server that responds by `script`."""
        self.requests: list[Request] = []
        self.greetings: list[bytes | None] = []
        self.connections_greeted = 0
        self.connections_opened = 0
        self.may_greet = threading.Event()
        self.may_greet.set()
        self._acting = 0
        self._script = list(script)
        self._open: dict[threading.Thread, socket.socket] = {}
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._acceptor = threading.Thread(target=self._accept)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start to listen."""
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, even if clients wait for responses."""
        self._stopping.set()
        self.may_greet.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the acceptor
        self._acceptor.join()
        self._listener.close()
        with self._changed:
            threads = list(self._open)
            for sock in self._open.values():
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()

    @property
    def connections_open(self) -> int:
        """Number of connections that neither side has closed."""
        return len(self._open)

    def respond_with(self, *script: Step) -> None:
        """Replace the script."""
        with self._changed:
            self._script = list(script)

    def wait_for_requests(self, count: int, seconds: float = 30) -> bool:
        """Wait (blocking) until so many requests have arrived, complete or not."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requests) >= count, seconds)

    def wait_until_greeted(self, count: int, seconds: float = 30) -> bool:
        """Wait (blocking) until the greetings of so many connections have been sent."""
        with self._changed:
            return self._changed.wait_for(lambda: self.connections_greeted >= count, seconds)

    def wait_until_sent(self, seconds: float = 30) -> bool:
        """Wait (blocking) until every response has been sent."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._acting, seconds)

    def wait_until_closed(self, seconds: float = 30) -> bool:
        """Wait (blocking) until no connection is open."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, seconds)

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._stopping.is_set():
                sock.close()
                return
            thread = threading.Thread(target=self._serve, args=[sock])
            with self._changed:
                self.connections_opened += 1
                self._open[thread] = sock
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        connection = self.connection_type(sock, self._stopping)
        try:
            with suppress(OSError):  # the client closed the connection
                self._greet(connection)
                while not connection.closed and connection.wait_for_bytes():
                    self._serve_request(connection)
        finally:
            connection.close()
            with self._changed:
                del self._open[threading.current_thread()]
                self._changed.notify_all()

    def _greet(self, connection: Connection) -> None:
        self.may_greet.wait()
        with self._changed:
            greeting = self.greetings.pop(0) if self.greetings else b""
        if greeting is None:
            connection.close()
        else:
            connection.sock.sendall(greeting)
            connection.wait_until_delivered()
        with self._changed:
            self.connections_greeted += 1
            self._changed.notify_all()

    def _serve_request(self, connection: Connection) -> None:
        if unread := self._next_unread():
            unread.act(connection, Request("", "", {}))
            return
        if not (head := connection.read_head()):
            connection.close()
            return
        step = self._next_step()
        request = connection.read_body(
            head, step.after_bytes if isinstance(step, Response) else float("inf")
        )
        with self._changed:
            self.requests.append(request)
            self._acting += 1
            self._changed.notify_all()
        try:
            response = step if isinstance(step, Response) else step(request)
            if request.complete or len(request.body) >= response.after_bytes:
                response.act(connection, request)
        finally:
            with self._changed:
                self._acting -= 1
                self._changed.notify_all()
        if not request.complete:
            connection.close()

    def _next_unread(self) -> Response | None:
        with self._changed:
            if isinstance(step := self._script[0], Response) and step.unread:
                self._next_step()
                return step
            return None

    def _next_step(self) -> Step:
        with self._changed:
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]


class StartFaultServer(Protocol):
    """The fixture `fault_server`: a function that starts a server for the rest of the test."""

    def __call__(self, *script: Step) -> FaultServer:
        """Start a server that responds by `script`."""
