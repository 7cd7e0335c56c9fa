"""SQS on loopback: a queue in memory with scripted failures, and event queues for it."""

import json
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sesmail import EventQueue, QueueListener, QueueMessage
from sesmail.errors import SesmailError, WebhookError
from support import responses, ses_events
from support.faults import Connection, Request, Response

URL_PATH = "/111122223333/mail"
BOUNCE = json.dumps(ses_events.published("Bounce"))
IDLE = 0.05  # seconds that a poll waits
Answer = Callable[[Request, dict[str, Any]], Response]


@dataclass(eq=False)
class Stored:
    """A message in the queue."""

    body: str
    group: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    visible_at: float = 0.0
    receipts: int = 0
    handle: str = ""
    sent: float = field(default_factory=time.time)


class FakeQueue:
    """A queue in memory; its method `respond` is a step of a `FaultServer`.

    `instead[operation]` lists responses that replace those of the next calls. Some of them take
    effect before: see `effective`.
    """

    def __init__(self, *bodies: str, fifo: bool = False, group: str | None = None) -> None:
        self.messages = [Stored(body, group) for body in bodies]
        self.instead: dict[str, list[Response | Answer]] = defaultdict(list)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fifo = fifo
        self._lock = threading.Condition()

    def send(self, *bodies: str, group: str | None = None) -> list[Stored]:
        """Add messages."""
        with self._lock:
            stored = [Stored(body, group) for body in bodies]
            self.messages += stored
            return stored

    def respond(self, request: Request) -> Response:
        """Return the response to a call."""
        if not request.complete:  # the client has closed the connection
            return responses.json_200({})
        operation = request.headers["x-amz-target"].partition(".")[2]
        params = request.json
        with self._lock:
            self.calls.append((operation, params))
            self._lock.notify_all()
            planned = self.instead[operation].pop(0) if self.instead[operation] else None
        if isinstance(planned, Response):
            return planned
        if planned is not None:
            return planned(request, params)
        return responses.json_200(self.apply(operation, params))

    def apply(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Carry out a call and return its response."""
        if operation == "ReceiveMessage":
            return self._receive(params)
        with self._lock:
            results = [self._change(operation, entry) for entry in params["Entries"]]
        return {
            "Successful": [{"Id": each} for each, gone in results if not gone],
            "Failed": [
                entry_error(each, "ReceiptHandleIsInvalid") for each, gone in results if gone
            ],
        }

    def effective(self, response: Response) -> Answer:
        """Return an answer that carries the call out, and then responds otherwise."""

        def answer(request: Request, params: dict[str, Any]) -> Response:
            self.apply(request.headers["x-amz-target"].partition(".")[2], params)
            return response

        return answer

    def wait_for(self, condition: Callable[[], bool], seconds: float = 20) -> bool:
        """Wait (blocking) until a condition holds, which is checked at each call."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            with self._lock:
                self._lock.wait(0.01)
        return True

    def count(self, operation: str) -> int:
        """Return the number of calls of an operation."""
        return sum(each == operation for each, _ in self.calls)

    def entries(self, operation: str) -> list[dict[str, Any]]:
        """Return the entries of all calls of a batch operation."""
        return [
            entry for each, params in self.calls if each == operation for entry in params["Entries"]
        ]

    @property
    def timeouts(self) -> list[int]:
        """Visibility timeouts that were set, in order."""
        entries = self.entries("ChangeMessageVisibilityBatch")
        return [entry["VisibilityTimeout"] for entry in entries]

    def _receive(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self._visible(params)
        if not found:
            time.sleep(min(IDLE, params["WaitTimeSeconds"]))
            found = self._visible(params)
        return {"Messages": [self._as_json(each) for each in found]} if found else {}

    def _visible(self, params: dict[str, Any]) -> list[Stored]:
        now = time.monotonic()
        with self._lock:
            locked = {each.group for each in self.messages if each.visible_at > now}
            found = [
                each
                for each in self.messages
                if each.visible_at <= now and not (self.fifo and each.group in locked)
            ][: params["MaxNumberOfMessages"]]
            for each in found:
                each.visible_at = now + params["VisibilityTimeout"]
                each.receipts += 1
                each.handle = uuid.uuid4().hex
        return found

    def _as_json(self, message: Stored) -> dict[str, Any]:
        attributes = {
            "ApproximateReceiveCount": str(message.receipts),
            "SentTimestamp": str(int(message.sent * 1000)),
        }
        if message.group is not None:
            attributes["MessageGroupId"] = message.group
        return {
            "MessageId": message.id,
            "ReceiptHandle": message.handle,
            "Body": message.body,
            "Attributes": attributes,
        }

    def _change(self, operation: str, entry: dict[str, Any]) -> tuple[str, bool]:
        """Change a message; return the id of the entry and whether its handle is gone."""
        for message in self.messages:
            if message.handle == entry["ReceiptHandle"]:
                if operation == "DeleteMessageBatch":
                    self.messages.remove(message)
                else:
                    message.visible_at = time.monotonic() + entry["VisibilityTimeout"]
                return entry["Id"], False
        return entry["Id"], True


def entry_error(number: str, code: str, *, sender: bool = True) -> dict[str, Any]:
    """Return an entry that failed."""
    return {"Id": number, "SenderFault": sender, "Code": code, "Message": "No."}


def entries_fail(code: str, *, sender: bool = False, only: Iterable[str] | None = None) -> Answer:
    """Return an answer in which entries fail, all or some; the others are missing."""

    def answer(_: Request, params: dict[str, Any]) -> Response:
        ids = [entry["Id"] for entry in params["Entries"]]
        failed = [
            entry_error(each, code, sender=sender) for each in ids if only is None or each in only
        ]
        return responses.json_200({"Successful": [], "Failed": failed})

    return answer


def hang() -> Response:
    """Respond never, until the server stops."""
    return Response(lambda connection, _: _wait(connection))


def _wait(connection: Connection) -> None:
    connection.wait_for_client()


class Recorder(QueueListener):
    """Listener that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.counts = Counter[str]()

    def _add(self, name: str, value: object) -> None:
        self.calls.append((name, value))
        self.counts[name] += 1

    def of(self, name: str) -> list[Any]:
        """Return the values of the calls of a method."""
        return [value for each, value in self.calls if each == name]

    def received(self, message: QueueMessage, events: int) -> None:
        self._add("received", (message, events))

    def acknowledged(self, message: QueueMessage, seconds: float) -> None:
        self._add("acknowledged", (message, seconds))

    def retried(self, message: QueueMessage, after: float, error: Exception | None) -> None:
        self._add("retried", (message, after, error))

    def duplicate(self, message: QueueMessage) -> None:
        self._add("duplicate", message)

    def unreadable(self, message: QueueMessage, error: WebhookError) -> None:
        self._add("unreadable", (message, error))

    def lost(self, message: QueueMessage) -> None:
        self._add("lost", message)

    def call_failed(self, operation: str, error: SesmailError) -> None:
        self._add("call_failed", (operation, error))


def new_queue(
    url: str, session: str = "aiohttp", name: str = "mail", **settings: Any
) -> EventQueue:
    """Return an event queue for a server, with short times."""
    if session.startswith("httpx"):
        from aiobotocore.httpxsession import HttpxSession

        settings["config"] = {**settings.get("config", {}), "http_session_cls": HttpxSession}
    defaults: dict[str, Any] = {
        "endpoint_url": url,
        "wait_time": 1,
        "visibility_timeout": 30,
        "first_delay": 0,
        "longest_delay": 0,
    }
    return EventQueue(f"{url}/111122223333/{name}", **{**defaults, **settings})
