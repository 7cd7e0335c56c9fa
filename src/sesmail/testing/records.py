"""Records of a fake SES: events, and the attempts to deliver them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from .mail import SentMail

__all__ = ["Attempt", "Delivery", "DeliveryState", "EventRecord"]

DeliveryState: TypeAlias = Literal["pending", "delivered", "failed", "unconfirmed"]


@dataclass(eq=False, kw_only=True, repr=False)
class EventRecord:
    """An event of SES, as one JSON document; it may be about several recipients.

    Attributes:
        kind: ``eventType`` of SES, such as ``Bounce``, or ``Received``.
        document: The document, in the form of event publishing or of a notification.
        at: Time of the event, in UTC.
        mail: The sent mail that it is about; None for a received mail.
        topics: ARNs of the SNS topics that it was published to.
        deliveries: Its deliveries to subscriptions of these topics.
    """

    kind: str
    document: Mapping[str, Any]
    at: datetime
    mail: SentMail | None = None
    topics: tuple[str, ...] = ()
    deliveries: list[Delivery] = field(default_factory=list["Delivery"])

    def __repr__(self) -> str:
        return f"<EventRecord {self.kind} of {self.mail or 'a received mail'}>"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to an endpoint.

    Attributes:
        at: Time of the request, in UTC.
        authorised: Whether it had credentials.
        status: HTTP status of the response; None without a response.
        response: The first 64 KiB of the response's body, as text.
        error: Why there was no response; None if there was one.
    """

    at: datetime
    authorised: bool
    status: int | None = None
    response: str = ""
    error: str | None = None


@dataclass(eq=False, kw_only=True, repr=False)
class Delivery:
    """Delivery of one SNS message to one subscription.

    Attributes:
        endpoint: Name of the endpoint: its URL, without credentials, or the name of the app.
        body: The body of its requests.
        headers: The headers of its requests, without credentials.
        event: The event in it; None for the confirmation of a subscription.
        state: ``pending`` until it is ``delivered``, or ``failed`` for good; ``unconfirmed`` if the
            subscription was not confirmed, so that nothing was sent.
        attempts: The requests, in order.
    """

    endpoint: str
    body: bytes
    headers: Mapping[str, str]
    event: EventRecord | None = None
    state: DeliveryState = "pending"
    attempts: list[Attempt] = field(default_factory=list[Attempt])

    @property
    def status(self) -> int | None:
        """HTTP status of the last response; None without any."""
        return next((each.status for each in reversed(self.attempts) if each.status), None)

    def __repr__(self) -> str:
        what = "confirmation" if self.event is None else self.event.kind
        last = self.attempts[-1] if self.attempts else None
        detail = "" if last is None else f": {last.error or f'{last.status} {last.response[:200]}'}"
        return f"<Delivery of {what} to {self.endpoint} {self.state}{detail}>"
