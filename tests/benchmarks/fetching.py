"""How long other tasks wait while a large mail is fetched and read: python tests/benchmarks/fetching.py

A task sleeps for a millisecond, again and again; what it oversleeps is how long the event loop stalled.
"""

import base64
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import get_context

import anyio

import sesmail

ROUNDS = 9
SIZES = (1, 10, 30)  # MB
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_DEFAULT_REGION": "eu-west-1",
}
HEAD = b"From: a@example.com\r\nSubject: large\r\nMIME-Version: 1.0\r\n"


def attached(size: int) -> bytes:
    """A mail with a file in base64."""
    lines = base64.encodebytes(os.urandom(57 * 1000)).replace(b"\n", b"\r\n")
    parts = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n'
    parts += b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return parts + lines * (size // len(lines)) + b"--b--\r\n"


def quoted(size: int) -> bytes:
    """A mail with a long text in quoted-printable."""
    text = (
        HEAD
        + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    line = b"Gr=C3=B6=C3=9Fe und G=C3=BCte und noch einiges mehr, was in eine Zeile passt, =\r\n"
    return text + line * (size // len(line))


def eight_bit(size: int) -> bytes:
    """A mail with a long text of eight bits."""
    text = (
        HEAD + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    line = "Größe und Güte und noch einiges mehr, was in eine Zeile passt.\r\n".encode()
    return text + line * (size // len(line))


def in_japanese(size: int) -> bytes:
    """A mail with a long text in a charset with states."""
    text = HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
    line = "これは長いメールです。\r\n".encode("iso-2022-jp")
    return text + line * (size // len(line))


def wide_at_last(size: int) -> bytes:
    """A mail with a long text in ASCII whose last character makes four times of it."""
    text = HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    line = b"Nothing but ASCII, for a very long time, and then one emoji.\r\n"
    return text + line * (size // len(line)) + "\N{BEACH WITH UMBRELLA}".encode()


def garbled(size: int) -> bytes:
    """A mail with a long text that isn't in its charset."""
    return HEAD + b"Content-Type: text/plain; charset=big5\r\n\r\n" + b"\xff" * size


def nested(size: int) -> bytes:
    """A mail of multiparts in each other around what looks like their delimiters."""
    inner = b"\r\n" + b"-" * size
    for level in range(19):
        inner = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s" % (
            level,
            level,
            inner,
        )
    return HEAD + inner


def addressed(size: int) -> bytes:
    """A mail of attached mails to thousands."""
    mail = (
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + (b"To: " + b"a@b," * 15_000 + b"\r\n") * 8
        + b"\r\nx\r\n"
    )
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + mail * (size // len(mail))
        + b"--b--\r\n"
    )


ORDINARY = (attached, quoted, eight_bit, in_japanese)
HOSTILE = (wide_at_last, garbled, nested, addressed)
MAILS: dict[str, Callable[[int], bytes]] = {make.__name__: make for make in (*ORDINARY, *HOSTILE)}


class Bucket(BaseHTTPRequestHandler):
    """Gives the mail that the key names."""

    protocol_version = "HTTP/1.1"
    made: tuple[str, bytes] = ("", b"")

    def do_GET(self) -> None:
        key = self.path.rpartition("/")[2]
        if self.made[0] != key:
            name, size = key.split("-")
            type(self).made = key, MAILS[name](int(size) * 1_000_000)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.made[1])))
        self.end_headers()
        self.wfile.write(self.made[1])

    def log_message(self, *_: object) -> None: ...


def serve(ports: object) -> None:
    server = HTTPServer(("127.0.0.1", 0), Bucket)
    ports.put(server.server_port)  # type: ignore[attr-defined]
    server.serve_forever()


async def measure(url: str) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    async with (
        sesmail.Receiver(secret="a:b", signatures=False, endpoint_url=url) as receiver,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(watch)
        for name in MAILS:
            for size in SIZES:
                action = sesmail.S3Action(bucket="bucket", key=f"{name}-{size}")
                event = sesmail.Received(
                    message_id="m", timestamp=datetime.now(UTC), recipients=(), action=action
                )
                await receiver.fetch(event)
                stalls, seconds = [], []
                for _ in range(ROUNDS):
                    longest, before = 0.0, time.perf_counter()
                    await receiver.fetch(event)
                    seconds.append(time.perf_counter() - before)
                    stalls.append(longest * 1000)
                print(
                    f"{name:>12} {size:>2} MB: longest stall {statistics.median(stalls):6.1f} ms"
                    f" ({min(stalls):.1f} to {max(stalls):.1f}), {statistics.median(seconds):.2f} s in all"
                )
        tasks.cancel_scope.cancel()


def main() -> None:
    os.environ.update(ENVIRONMENT)
    context = get_context("spawn")
    ports = context.Queue()
    server = context.Process(target=serve, args=[ports], daemon=True)
    server.start()
    try:
        anyio.run(
            measure,
            f"http://127.0.0.1:{ports.get()}",
            backend=sys.argv[1] if sys.argv[1:] else "asyncio",
        )
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
