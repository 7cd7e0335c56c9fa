"""Fetching mails of 30 MB from S3: how long the event loop stalls while they are parsed."""

import asyncio
import base64
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

import sesmail
from support.hostile_mails import mails_to, multipart, nested, text

from .comparison import Comparison, Figures, Options, Round
from .memory import stall_of
from .messages import MB, noise
from .processes import AWS, Worker

SIZE = 30 * MB
PDF = b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"


def repeat(line: bytes) -> bytes:
    return line * (SIZE // len(line))


UTF_8 = "Größe und Güte und noch einiges mehr, was in eine Zeile passt.\r\n".encode()
QUOTED = b"Gr=C3=B6=C3=9Fe und G=C3=BCte und noch einiges mehr, was in eine Zeile passt, =\r\n"
JAPANESE = "これは長いメールです。\r\n".encode("iso-2022-jp")
ORDINARY: dict[str, Callable[[], bytes]] = {
    "base64": lambda: multipart(b"\r\nHi", PDF + base64.encodebytes(noise(SIZE * 3 // 4))),
    "quoted-printable": lambda: text(b"utf-8", repeat(QUOTED), b"quoted-printable"),
    "8bit": lambda: text(b"utf-8", repeat(UTF_8)),
    "japanese": lambda: text(b"iso-2022-jp", repeat(JAPANESE)),
}
HOSTILE: dict[str, Callable[[], bytes]] = {
    # CPython widens the whole string for the last character.
    "emoji": lambda: text(b"utf-8", repeat(b"x") + "\N{BEACH WITH UMBRELLA}".encode()),
    "big5": lambda: text(b"big5", repeat(b"\xff")),
    "nested": lambda: nested(19, lambda level: b"b%d" % level, b"\r\n" + repeat(b"-")),
    "addresses": lambda: mails_to(b"a@b,", SIZE // (16 * 60_000)),
}


class Bucket(BaseHTTPRequestHandler):
    """An S3 bucket with these mails by their names."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        mail = mail_of(self.path.rpartition("/")[2])
        self.send_response(200)
        self.send_header("Content-Length", str(len(mail)))
        self.end_headers()
        self.wfile.write(mail)

    def log_message(self, *_: object) -> None: ...


@cache
def mail_of(key: str) -> bytes:
    return {**ORDINARY, **HOSTILE, "small": lambda: b"Subject: small\r\n\r\nHi"}[key]()


def fetch(keys: Sequence[str], options: Options) -> Round:
    """The longest stall while each of the mails is fetched."""
    server = options.stack.enter_context(Worker([sys.executable, "-m", __name__]))
    options.stack.enter_context(patch.dict("os.environ", AWS))
    url = f"http://127.0.0.1:{server.read()}"
    runner = options.stack.enter_context(asyncio.Runner())
    receiver = sesmail.Receiver(secret="a:b", signatures=False, endpoint_url=url)
    runner.run(receiver.__aenter__())
    options.stack.callback(lambda: runner.run(receiver.aclose()))
    now = datetime.now(UTC)
    events = [
        sesmail.Received(
            message_id=key,
            timestamp=now,
            recipients=(),
            action=sesmail.S3Action(bucket="bucket", key=key),
        )
        for key in keys
    ]

    async def fetch_all() -> None:
        for event in events:
            await receiver.fetch(event)

    runner.run(fetch_all())  # creates the mails

    def run(_: int) -> Figures:
        return {"stall": runner.run(stall_of(fetch_all))}

    return run


COMPARISONS = [
    Comparison(
        f"fetch {kind} mails of 30 MB",
        {"sesmail": partial(fetch, tuple(mails))},
        measures=("stall",),
        seconds=0,
        slow=True,
    )
    for kind, mails in (("ordinary", ORDINARY), ("hostile", HOSTILE))
]


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Bucket)
    print(json.dumps(server.server_port), flush=True)
    server.serve_forever()
