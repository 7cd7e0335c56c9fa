"""Records events, and publishes them to the topics that are configured for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .checks import find_identity
from .documents import event_document, notification_document
from .mail import EventRecord, SentMail
from .state import State, now
from .topics import Sns

__all__ = ["ALL_EVENTS", "EVENT_ENUMS", "Publisher"]

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_EventDestination.html
EVENT_ENUMS = {
    "Send": "SEND",
    "Reject": "REJECT",
    "Bounce": "BOUNCE",
    "Complaint": "COMPLAINT",
    "Delivery": "DELIVERY",
    "Open": "OPEN",
    "Click": "CLICK",
    "Rendering Failure": "RENDERING_FAILURE",
    "DeliveryDelay": "DELIVERY_DELAY",
    "Subscription": "SUBSCRIPTION",
}
ALL_EVENTS = frozenset(EVENT_ENUMS.values())
"""Event types of an event destination that publishes all."""


class Publisher:
    """Publishes events by event publishing and by notifications.

    Args:
        state: Has the configuration sets and identities, and records the events.
        sns: Delivers what is published.
    """

    def __init__(self, state: State, sns: Sns) -> None:
        self._state = state
        self._sns = sns

    def emit(
        self, mail: SentMail, kind: str, part: Mapping[str, Any], *, truncate: bool = False
    ) -> EventRecord:
        """Records an event, and publishes it.

        A configuration set and a topic of the identity both publish it if both are configured, as
        in SES; then there are two records.

        Args:
            mail: The mail.
            kind: The ``eventType``.
            part: The object of this type.
            truncate: Whether the headers are truncated.

        Returns:
            The record of event publishing, or that of the notification if there is no other.
        """
        with self._state.lock:
            topics = self._event_topics(mail, kind)
            identity = find_identity(self._state, mail.from_email.rpartition("<")[2].rstrip(">"))
            topic = None if identity is None else identity.topics.get(kind)
            with_headers = identity is not None and kind in identity.with_headers
        records: list[EventRecord] = []
        if topics or topic is None:
            document = event_document(self._state, mail, kind, part, truncate=truncate)
            records.append(self.publish(kind, document, topics, mail))
        if topic is not None:
            document = notification_document(
                self._state, mail, kind, part, with_headers=with_headers, truncate=truncate
            )
            records.append(self.publish(kind, document, (topic,), mail))
        return records[0]

    def publish(
        self,
        kind: str,
        document: Mapping[str, Any],
        topics: tuple[str, ...],
        mail: SentMail | None = None,
    ) -> EventRecord:
        """Records a document, and publishes it to topics."""
        record = EventRecord(kind=kind, document=document, at=now(), mail=mail, topics=topics)
        with self._state.lock:
            self._state.add_event(record)
            if mail is not None:
                mail.events.append(record)
        for topic in topics:
            self._sns.publish(topic, record, document)
        self._state.feed.publish("event", record)
        return record

    def _event_topics(self, mail: SentMail, kind: str) -> tuple[str, ...]:
        found = self._state.configuration_sets.get(mail.configuration_set or "")
        destinations = () if found is None else tuple(found.destinations.values())
        return tuple(
            each.topic
            for each in destinations
            if each.enabled and each.topic is not None and EVENT_ENUMS[kind] in each.events
        )
