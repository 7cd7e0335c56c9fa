"""Answers byte by byte: what no HTTP library would let a server say."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from support.answers import accepted
from support.faults import Answer, Connection, Request

Ending = Literal["keep", "close", "reset", "hang"]


def says(
    speech: Callable[[Request], bytes | Iterable[bytes]],
    ending: Ending = "keep",
    pause: float = 0.0,
) -> Answer:
    """Respond with bytes in chunks, then keep, close or reset the connection, or hang."""

    def act(connection: Connection, request: Request) -> None:
        said = speech(request)
        for number, piece in enumerate([said] if isinstance(said, bytes) else said):
            connection.wait(pause if number else 0)
            connection.sock.sendall(piece)
        if ending == "keep":
            connection.wait_until_arrived()
        elif ending == "hang":
            connection.wait_for_client()
        elif ending == "close":
            connection.close()
        elif ending == "reset":
            connection.reset()

    return Answer(act)


def head(*lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    """The head of an answer."""
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


def whole(
    request: Request,
    *more: str,
    status: str = "HTTP/1.1 200 OK",
    length: int | None = 0,
    body: bytes | None = None,
) -> bytes:
    """Return an acceptance, with a Content-Length that is too large, or without one."""
    headers, real = accepted(request)
    body = real if body is None else body
    lines = [*fields(headers), *more]
    if length is not None:
        lines.append(f"Content-Length: {len(body) + length}")
    return head(*lines, status=status) + body


def chunked(request: Request, ending: bytes = b"0\r\n\r\n") -> bytes:
    """A whole answer in chunks, which accepts a send; or one that doesn't end as it must."""
    headers, body = accepted(request)
    pieces = (body[start : start + 16] for start in range(0, len(body), 16))
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head(*fields(headers), "Transfer-Encoding: chunked") + chunks + ending


def fields(headers: Mapping[str, str]) -> list[str]:
    """Headers as lines."""
    return [f"{name}: {value}" for name, value in headers.items()]


def bytewise(data: bytes) -> Iterable[bytes]:
    """One byte at a time."""
    return (data[at : at + 1] for at in range(len(data)))
