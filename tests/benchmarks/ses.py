"""An SES server that accepts every mail: python -m benchmarks.ses LATENCY"""

import asyncio
import json
import re
import sys

from .comparison import Options
from .processes import Worker

ID = "0102019525f6a3c1-5f1d6a3e-0c8e-4c38-9b4e-7d1c5f7f0a11-000000"
REQUEST_ID = "5a1e7c3d-0f4b-4d0a-9c53-2f6f0f4f7a10"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
XML = (
    '<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendRawEmailResult>'
    f"<MessageId>{ID}</MessageId></SendRawEmailResult><ResponseMetadata><RequestId>{REQUEST_ID}"
    "</RequestId></ResponseMetadata></SendRawEmailResponse>"
)


def response(media_type: str, body: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        f"x-amzn-RequestId: {REQUEST_ID}\r\n\r\n{body}"
    ).encode()


V1 = response("text/xml", XML)
V2 = response("application/json", json.dumps({"MessageId": ID}))
ENTRY = b'"Destination":'  # of a bulk call, whose entries need different ids


def bulk_response(first: int, count: int) -> bytes:
    results = [
        {"Status": "SUCCESS", "MessageId": f"{ID}-{number}"}
        for number in range(first, first + count)
    ]
    return response("application/json", json.dumps({"BulkEmailEntryResults": results}))


class Connection(asyncio.Protocol):
    """Reads of each request only how long its body is, so that clients are the bottleneck."""

    transport: asyncio.Transport

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.head = b""
        self.remaining = 0  # bytes of the body
        self.response = V2
        self.bulk: bytearray | None = None  # body of a bulk call
        self.entries = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.remaining:
            head, end, data = (self.head + data).partition(b"\r\n\r\n")
            self.head = b"" if end else head
            if not end:
                return
            length = LENGTH.search(head)
            self.remaining = int(length[1]) if length else 0
            self.response = V1 if b"/x-www-form-urlencoded" in head else V2
            self.bulk = bytearray() if b"/outbound-bulk-emails" in head else None
        self.remaining -= len(data)
        if self.bulk is not None:
            self.bulk += data
        if not self.remaining:
            if self.bulk is not None:
                count = self.bulk.count(ENTRY)
                self.response = bulk_response(self.entries, count)
                self.entries += count
            loop = asyncio.get_running_loop()
            loop.call_later(self.latency, self.transport.write, self.response)


def start_ses(options: Options, latency: float = 0.0) -> str:
    """Starts a server in a process of its own, and returns its URL."""
    server = options.stack.enter_context(Worker([sys.executable, "-m", __name__, str(latency)]))
    return f"http://127.0.0.1:{server.read()}"


async def serve(latency: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
