"""SNS: topics, subscriptions, and deliveries in threads of their own.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import anyio
import anyio.to_thread

from .endpoints import TIMEOUT, Endpoint, EndpointError
from .feed import is_loop_running
from .mail import Attempt, Delivery, EventRecord
from .messages import authorisation, confirmation, encode, new_token, notification, post_headers
from .signing import SignatureVersion
from .state import State, now

__all__ = ["Sns", "Subscription"]


class Subscription:
    """A subscription of an endpoint to a topic, with a thread that delivers in order.

    It ends with the fake, or when the fake is reset. As a context manager, ``with`` or ``async
    with``, it ends with the block, after its current request: so before the endpoint, such as a
    test client of a web framework, does.

    Attributes:
        arn: ARN of the subscription.
        topic: ARN of the topic.
        endpoint: The endpoint.
        is_confirmed: Whether the endpoint has confirmed it; no event is sent before.
    """

    def __init__(
        self,
        state: State,
        topic: str,
        endpoint: Endpoint,
        *,
        secret: str | None,
        version: SignatureVersion,
        raw: bool,
        retries: int,
        retry_delay: float,
        duplicates: int,
        delay: float,
    ) -> None:
        self.arn: str = f"{topic}:{uuid.uuid4()}"
        self.topic = topic
        self.endpoint = endpoint
        self.is_confirmed: bool = False
        self.token: str = new_token()
        self.version: SignatureVersion = version
        self._state = state
        self._secret = secret
        self._raw = raw
        self._attempts = retries + 1
        self._retry_delay = retry_delay
        self._copies = duplicates + 1
        self._delay = delay
        self._queue: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._held: list[Delivery] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"sns-{endpoint.name}", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        state = "confirmed" if self.is_confirmed else "not confirmed"
        return f"<Subscription of {self.endpoint.name} to {self.topic}, {state}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the subscription; waits for its current request, unless an event loop is running.

        That may be the one that has to respond.
        """
        self.close()
        if not is_loop_running():
            self._thread.join(TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the subscription, and waits for its current request."""
        self.close()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._thread.join, TIMEOUT)

    def ask_for_confirmation(self) -> Delivery:
        """Posts the message that the endpoint has to confirm."""
        message = confirmation(self.topic, self.token, self.version)
        return self._enqueue(message, None)

    def end(self) -> Delivery:
        """Ends the subscription, and posts the message that reports it."""
        self.is_confirmed = False
        kind = "UnsubscribeConfirmation"
        return self._enqueue(confirmation(self.topic, self.token, self.version, kind), None)

    def deliver(self, event: EventRecord, document: Mapping[str, Any]) -> None:
        """Delivers an event, as often as the subscription duplicates it."""
        message = notification(self.topic, document, self.version)
        for _ in range(self._copies):
            event.deliveries.append(self._enqueue(message, event))

    @property
    def is_closed(self) -> bool:
        """True once it has ended."""
        return self._closing.is_set()

    @contextmanager
    def held(self, *, reverse: bool = True) -> Generator[None]:
        """Holds deliveries back until the end of the block, and then delivers them out of order.

        Args:
            reverse: Whether the last one is delivered first.
        """
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for delivery in reversed(held) if reverse else held:
                self._queue.put(delivery)

    def close(self) -> None:
        """Ends the thread, once its current request is done; what isn't delivered is dropped."""
        self._closing.set()
        self._queue.put(None)

    def _enqueue(self, message: Mapping[str, str], event: EventRecord | None) -> Delivery:
        body, headers = encode(message), post_headers(message, self.arn)
        if self._raw and event is not None:
            body = message["Message"].encode()
            headers = {"x-amz-sns-rawdelivery": "true", "Content-Type": headers["Content-Type"]}
        delivery = Delivery(endpoint=self.endpoint.name, body=body, headers=headers, event=event)
        with self._state.lock:
            self._state.deliveries.append(delivery)
        if self._held is None or event is None:
            self._queue.put(delivery)
        else:
            self._held.append(delivery)
        return delivery

    def _run(self) -> None:
        while (delivery := self._queue.get()) is not None and not self._closing.is_set():
            self._closing.wait(self._delay)
            if delivery.event is not None and not self.is_confirmed:
                delivery.state = "unconfirmed"
            else:
                self._attempt(delivery)
            self._state.feed.publish("delivery", delivery)
        self.endpoint.close()

    def _attempt(self, delivery: Delivery) -> None:
        """Makes requests until one is accepted, refused for good, or the last one."""
        for number in range(self._attempts):
            if number:
                self._closing.wait(self._retry_delay)
            attempt = self._request(delivery, None)
            if attempt.status == 401 and self._secret is not None:
                # SNS sends credentials only after a response that asks for them:
                # https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
                attempt = self._request(delivery, self._secret)
            status = attempt.status or 500
            if status < 500:
                delivery.state = "delivered" if status < 300 else "failed"
                return
        delivery.state = "failed"

    def _request(self, delivery: Delivery, secret: str | None) -> Attempt:
        at = now()
        try:
            reply = self.endpoint.post(delivery.body, {**delivery.headers, **authorisation(secret)})
        except EndpointError as err:
            attempt = Attempt(at, secret is not None, error=str(err))
        else:
            text = reply.body.decode("utf-8", "replace")
            attempt = Attempt(at, secret is not None, reply.status, text)
        delivery.attempts.append(attempt)
        return attempt


class Sns:
    """All subscriptions of a fake.

    Args:
        state: The state, in which deliveries are recorded.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._subscriptions: list[Subscription] = []

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """The subscriptions that have not ended, in order."""
        return tuple(each for each in self._subscriptions if not each.is_closed)

    def subscribe(self, subscription: Subscription, *, confirm: bool) -> Subscription:
        """Adds a subscription, and asks its endpoint for the confirmation, if ``confirm``."""
        with self._state.lock:
            self._state.topics.add(subscription.topic)
            self._subscriptions.append(subscription)
        if confirm:
            subscription.ask_for_confirmation()
        else:
            subscription.is_confirmed = True
        return subscription

    def confirm(self, topic: str, token: str) -> str | None:
        """Confirms a subscription by its token, and returns its ARN; None for another token."""
        for each in self._subscriptions:
            if each.topic == topic and each.token == token:
                each.is_confirmed = True
                return each.arn
        return None

    def unsubscribe(self, arn: str) -> bool:
        """Ends a subscription; returns whether there was one."""
        found = [each for each in self._subscriptions if each.arn == arn]
        for each in found:
            each.end()
        return bool(found)

    def publish(self, topic: str, event: EventRecord, document: Mapping[str, Any]) -> None:
        """Delivers an event to all subscriptions of a topic."""
        for each in self.subscriptions:
            if each.topic == topic:
                each.deliver(event, document)

    def close(self) -> None:
        """Ends all subscriptions without a message."""
        subscriptions, self._subscriptions = self._subscriptions, []
        for each in subscriptions:
            each.close()
