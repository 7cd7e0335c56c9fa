"""Responses in raw bytes, including invalid HTTP that no HTTP library would send."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from support.faults import Connection, Request, Response
from support.responses import accepted

Ending = Literal["keep", "close", "reset", "hang"]


def raw_response(
    content: Callable[[Request], bytes | Iterable[bytes]],
    ending: Ending = "keep",
    pause: float = 0.0,
) -> Response:
    """Respond with bytes in chunks, then keep, close or reset the connection, or hang."""

    def act(connection: Connection, request: Request) -> None:
        data = content(request)
        for number, piece in enumerate([data] if isinstance(data, bytes) else data):
            connection.wait(pause if number else 0)
            connection.sock.sendall(piece)
        if ending == "keep":
            connection.wait_until_delivered()
        elif ending == "hang":
            connection.wait_for_client()
        elif ending == "close":
            connection.close()
        elif ending == "reset":
            connection.reset()

    return Response(act)


def head(*lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    """Return the status line and the headers of a response."""
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


def acceptance(
    request: Request,
    *more: str,
    status: str = "HTTP/1.1 200 OK",
    length: int | None = 0,
    body: bytes | None = None,
) -> bytes:
    """Return an acceptance whose Content-Length is off by `length`, or missing if that is None."""
    headers, real = accepted(request)
    body = real if body is None else body
    lines = [*fields(headers), *more]
    if length is not None:
        lines.append(f"Content-Length: {len(body) + length}")
    return head(*lines, status=status) + body


def chunked(request: Request, ending: bytes = b"0\r\n\r\n") -> bytes:
    """Return an acceptance in chunked encoding, with this ending."""
    headers, body = accepted(request)
    pieces = (body[start : start + 16] for start in range(0, len(body), 16))
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head(*fields(headers), "Transfer-Encoding: chunked") + chunks + ending


def fields(headers: Mapping[str, str]) -> list[str]:
    """Return headers as lines."""
    return [f"{name}: {value}" for name, value in headers.items()]


def bytewise(data: bytes) -> Iterable[bytes]:
    """Yield one byte at a time."""
    return (data[at : at + 1] for at in range(len(data)))
