"""HTTPS server on loopback that responds by a function of the test."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from support.signing import Authority, authority

Act = Callable[[socket.socket, threading.Event], None]


def respond(
    body: bytes = b"", status: str = "200 OK", *headers: str, length: int | None = None
) -> Act:
    """Respond with this body and status."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
        "",
        "",
    ]
    return bytes_of("\r\n".join(lines).encode() + body)


def bytes_of(data: bytes) -> Act:
    """Respond with these bytes, valid HTTP or not."""
    return lambda sock, _: sock.sendall(data)


def trickle(head: bytes, body: bytes, interval: float) -> Act:
    """Respond with `head`, then with one byte of `body` at a time."""

    def act(sock: socket.socket, stopping: threading.Event) -> None:
        sock.sendall(head)
        for byte in body:
            if stopping.wait(interval):
                return
            sock.sendall(bytes([byte]))

    return act


def silence(_: socket.socket, stopping: threading.Event) -> None:
    """Never respond."""
    stopping.wait()


class TlsServer:
    """The server, a context manager; `client` is a TLS context that trusts its certificate."""

    def __init__(self, act: Act, names: Authority | None = None) -> None:
        names = names or authority()
        self.requests: list[bytes] = []
        self.client = ssl.create_default_context(cadata=names.root.decode())
        self._act = act
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
            chain.write_bytes(names.server)
            key.write_bytes(names.server_key)
            self._tls.load_cert_chain(chain, key)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._acceptor = threading.Thread(target=self._accept)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}/certificate.pem"

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the acceptor
        self._acceptor.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._stopping.is_set():
                sock.close()
                return
            thread = threading.Thread(target=self._serve, args=[sock])
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with (
            suppress(OSError),
            sock,
        ):  # the client closed the connection, or rejects the certificate
            if sock.recv(7, socket.MSG_PEEK) == b"CONNECT":
                self.requests.append(_head(sock))
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self._tls.wrap_socket(sock, server_side=True) as tls:
                self.requests.append(_head(tls))
                self._act(tls, self._stopping)


def _head(sock: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        received = sock.recv(
            4096 if isinstance(sock, ssl.SSLSocket) else 1
        )  # a proxy's request is followed by TLS
        if not received:
            break
        head += received
    return head
