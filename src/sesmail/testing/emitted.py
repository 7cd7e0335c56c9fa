"""An event that a fake made happen, and the forms in which transports deliver it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .feed import check_no_loop
from .mail import Delivery, EventRecord
from .messages import authorisation, encode, notification, post_headers
from .signing import SignatureVersion
from .state import State
from .wrappings import (
    eventbridge_event,
    firehose_record,
    lambda_ses_event,
    lambda_sns_event,
    lambda_sqs_event,
)

__all__ = ["DeliveryError", "Emitted"]


class DeliveryError(AssertionError):
    """An endpoint didn't accept an event; the message shows its responses."""


class Emitted:
    """An event, after it was published.

    ``await event.wait()`` or ``event.wait_blocking()`` waits until all subscriptions have it. The
    other methods return it in the form of a transport, signed anew on each call.

    Attributes:
        record: The event, with its deliveries.
        topic_arn: Topic of the messages that the methods return.
    """

    def __init__(self, state: State, record: EventRecord, topic_arn: str, secret: str) -> None:
        self.record = record
        self.topic_arn: str = record.topics[0] if record.topics else topic_arn
        self._state = state
        self._secret = secret

    @property
    def document(self) -> Mapping[str, Any]:
        """The event as SES writes it."""
        return self.record.document

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """The deliveries to the subscriptions of its topics."""
        return tuple(self.record.deliveries)

    async def wait(self, timeout: float = 10.0) -> Sequence[Delivery]:  # noqa: ASYNC109
        """Waits until every subscription has accepted the event, on any event loop.

        Args:
            timeout: Maximum duration in seconds.

        Raises:
            DeliveryError: One has refused it, isn't confirmed, or didn't respond in time.
        """
        await self._state.feed.wait(self._done, timeout)
        return self._checked()

    def wait_blocking(self, timeout: float = 10.0) -> Sequence[Delivery]:
        """Waits as ``wait`` does, in code without an event loop.

        Raises:
            DeliveryError: As for ``wait``.
            RuntimeError: An event loop is running.
        """
        check_no_loop()
        self._state.feed.wait_blocking(self._done, timeout)
        return self._checked()

    def _done(self) -> bool | None:
        return all(each.state != "pending" for each in self.record.deliveries) or None

    def _checked(self) -> Sequence[Delivery]:
        failed = [each for each in self.record.deliveries if each.state != "delivered"]
        if failed:
            raise DeliveryError("\n".join(map(repr, failed)))
        return self.deliveries

    def message(self, version: SignatureVersion = "1") -> dict[str, str]:
        """Returns the event as a signed SNS message."""
        return notification(self.topic_arn, self.document, version)

    def request(
        self, *, authorised: bool = True, version: SignatureVersion = "1"
    ) -> tuple[bytes, dict[str, str]]:
        """Returns body and headers of the request of SNS, for ``Receiver.receive``.

        Args:
            authorised: Whether it has the credentials of ``FakeSES.trust``.
            version: Version of the signature.
        """
        message = self.message(version)
        headers = post_headers(message) | authorisation(self._secret if authorised else None)
        return encode(message), headers

    def sqs_body(self, *, raw: bool = False) -> str:
        """Returns the body of the message in a queue; ``raw`` is raw message delivery."""
        return json.dumps(self.document if raw else self.message())

    def lambda_event(self, source: str = "sns", *, raw: bool = False) -> dict[str, Any]:
        """Returns the event of a Lambda function.

        Args:
            source: What invokes it: ``"sns"``, ``"sqs"``, or for received mail a receipt rule of
                SES, ``"ses"``.
            raw: Whether raw message delivery to the queue is on.

        Raises:
            ValueError: There is no such source, or a receipt rule doesn't report this event.
        """
        if source == "ses" and self.record.kind == "Received":
            return lambda_ses_event(self.document)
        if source == "sns":
            return lambda_sns_event(self.message())
        if source == "sqs":
            queue = self._state.arn("sqs", "ses-events")
            return lambda_sqs_event(self.sqs_body(raw=raw), queue_arn=queue)
        raise ValueError(f"source must be 'sns', 'sqs' or for received mail 'ses', not {source!r}")

    def eventbridge(self) -> dict[str, Any]:
        """Returns the event of EventBridge."""
        mail = self.record.mail
        name = None if mail is None else mail.configuration_set
        resources = [] if name is None else [self._state.arn("ses", f"configuration-set/{name}")]
        return eventbridge_event(
            self.record.kind,
            self.document,
            region=self._state.region,
            account_id=self._state.account_id,
            resources=resources,
        )

    def firehose(self) -> bytes:
        """Returns the record of Data Firehose."""
        return firehose_record(self.document)

    def __repr__(self) -> str:
        return f"<Emitted {self.record!r}>"
