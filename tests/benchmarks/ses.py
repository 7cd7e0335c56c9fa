"""An SES that accepts everything at once, for the senders to be the limit: python -m benchmarks.ses [LATENCY]"""

import asyncio
import json
import re
import sys

from .contest import Setting
from .worker import Worker

ID = "0102019525f6a3c1-5f1d6a3e-0c8e-4c38-9b4e-7d1c5f7f0a11-000000"
REQUEST_ID = "5a1e7c3d-0f4b-4d0a-9c53-2f6f0f4f7a10"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
XML = (
    '<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendRawEmailResult>'
    f"<MessageId>{ID}</MessageId></SendRawEmailResult>"
    f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></SendRawEmailResponse>"
)


def answer(media_type: str, body: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        f"x-amzn-RequestId: {REQUEST_ID}\r\n\r\n{body}"
    ).encode()


V1 = answer("text/xml", XML)
V2 = answer("application/json", json.dumps({"MessageId": ID}))


class Ses(asyncio.Protocol):
    """One connection, of which only the lengths of the bodies are looked at."""

    transport: asyncio.Transport

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.head = b""
        self.left = 0  # bytes of the body that are still to come
        self.answer = V2

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.left:
            self.head += data
            head, found, data = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            self.head = b""
            length = LENGTH.search(head)
            self.left = int(length[1]) if length else 0
            self.answer = V1 if b"/x-www-form-urlencoded" in head else V2
        self.left -= len(data)
        if not self.left:
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, self.answer)


def served(setting: Setting, latency: float = 0.0) -> str:
    """The URL of a server in a process of its own."""
    server = setting.stack.enter_context(Worker([sys.executable, "-m", __name__, str(latency)]))
    return f"http://127.0.0.1:{server.read()}"


async def serve(latency: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Ses(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
