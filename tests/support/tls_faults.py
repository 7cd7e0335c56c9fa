"""The fault server over TLS, with a certificate of the tests' own authority for `localhost`."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Self

from support.faults import Connection, FaultServer, Step
from support.signing import authority


class TlsConnection(Connection):
    """A TLS connection, from which the operating system can't peek."""

    def wait_for_bytes(self) -> bool:
        """Wait for a request without reading it; return false if the connection is closed."""
        return bool(self._reader.peek(1))


class TlsFaultServer(FaultServer):
    """A fault server over TLS; `trusted` is the file of its authority."""

    connection_type = TlsConnection

    def __init__(self, folder: Path, *script: Step) -> None:
        """Prepare a server that responds by `script` and writes its certificates to `folder`."""
        super().__init__(*script)
        names = authority()
        self.url = f"https://localhost:{self.port}"
        self.trusted = folder / "authority.pem"
        for name, content in [
            ("authority.pem", names.root),
            ("chain.pem", names.server),
            ("key.pem", names.server_key),
        ]:
            (folder / name).write_bytes(content)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "chain.pem", folder / "key.pem")

    def __enter__(self) -> Self:
        """Start to listen."""
        super().__enter__()
        return self

    def _greet(self, connection: Connection) -> None:
        connection.sock.do_handshake()  # type: ignore[attr-defined]
        super()._greet(connection)

    def _serve(self, sock: socket.socket) -> None:
        tls = self._context.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
        )
        with self._changed:
            self._open[threading.current_thread()] = tls
        super()._serve(tls)
