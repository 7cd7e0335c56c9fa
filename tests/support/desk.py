"""A client of a served desk."""

import http.client
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sesmail
from sesmail.testing import FakeSES
from sesmail.testing.desk import Desk

HEADER = {"X-Sesmail-Desk": "1"}  # of requests that change something


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Events:
    """Reads a stream of server-sent events."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response

    def event(self) -> list[str]:
        """Returns the lines of the next event."""
        lines: list[str] = []
        while line := self.response.readline().decode().rstrip("\n"):
            lines.append(line)
        return lines

    def named(self, name: str) -> list[str]:
        """Returns the next event of a name."""
        while (event := self.event())[:1] != [f"event: {name}"]:
            pass
        return event


@dataclass
class Site:
    """A desk that is served, and a client of it."""

    desk: Desk
    port: int

    @property
    def fake(self) -> FakeSES:
        return self.desk.fake

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Response(response.status, names, response.read())
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Response:
        return self.request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, value: object) -> Response:
        headers = {**HEADER, "Content-Type": "application/json"}
        return self.request("POST", path, json.dumps(value).encode(), headers)

    def delete(self, path: str) -> Response:
        return self.request("DELETE", path, headers=HEADER)

    @contextmanager
    def events(self) -> Generator[Events]:
        """Opens a stream of changes, and reads its first event."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/api/changes")
            events = Events(connection.getresponse())
            assert events.event() == ["retry: 1000"]
            yield events
        finally:
            connection.close()

    def send(self, **fields: Any) -> str:
        """Sends a message to the desk, and returns its message id."""
        message = sesmail.Message(
            **{
                "from_email": "shop@example.com",
                "to": "alice@example.com",
                "subject": "Hello",
                "text": "A text.",
                **fields,
            }
        )
        with sesmail.BlockingClient(**self.fake.client_settings()) as client:
            return client.send(message).message_id
