"""Body in, events out: it proves nothing about who sent the body."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import MalformedBodyError
from .decode import Body
from .events import Event, SnsOrigin, SubscriptionConfirmation, UnknownEvent, UnsubscribeConfirmation
from .fields import Fields, read_time
from .received_parser import read_received
from .sns import Envelope, Parcel, Parcels, read_raw, unwrap, unwrap_envelope
from .tracking_parser import KINDS, read_tracking

__all__ = ["parse", "parse_envelope", "parse_raw"]

# What SES posts once when a receipt rule for inbound mail is set up has this for its message id.
_SET_UP = "AMAZON_SES_SETUP_NOTIFICATION"


def parse(body: Body) -> tuple[Event, ...]:
    """The events in a body: one for each recipient whom SES tells something about.

    It takes what SNS posts or hands on raw, what SQS holds of either, what AWS Lambda is called with by SNS, SQS and
    SES, EventBridge's events, and Firehose's lines. It proves nothing: whoever can reach a webhook can write a body.

    Args:
        body: The body as it came, or as a framework decoded it already.

    Raises:
        MalformedBodyError: It is something else.
    """
    return _events(unwrap(body))


def parse_envelope(envelope: Envelope) -> tuple[Event, ...]:
    """The events in an envelope of SNS.

    Raises:
        MalformedBodyError: It has something else.
    """
    return _events(unwrap_envelope(envelope))


def parse_raw(body: Body) -> tuple[Event, ...]:
    """The events in what SNS posted raw: there must be nothing around the event.

    Raises:
        MalformedBodyError: It is something else.
    """
    return _events(read_raw(body))


def _events(parcels: Parcels) -> tuple[Event, ...]:
    events: list[Event] = []
    for parcel in parcels:
        if isinstance(parcel, Envelope):
            events.append(_confirmation(parcel))
            continue
        try:
            events += _read(parcel)
        except MalformedBodyError as err:
            path = ".".join(filter(None, (parcel.path, err.path)))
            raise MalformedBodyError(err.reason, path=path, input=err.input) from None
    return tuple(events)


def _confirmation(envelope: Envelope) -> Event:
    kind = SubscriptionConfirmation if envelope.type == "SubscriptionConfirmation" else UnsubscribeConfirmation
    return kind(
        topic_arn=envelope.topic_arn,
        token=envelope.token or "",
        message_id=envelope.message_id,
        timestamp=read_time(envelope.timestamp),
        subscribe_url=envelope.subscribe_url,
        sns=envelope.origin(),
    )


def _read(parcel: Parcel) -> Iterable[Event]:
    document = parcel.document
    event = Fields(document, "", [])
    if event.fields("mail").document.get("messageId") == _SET_UP:
        return ()
    published = document.get("eventType") is not None
    if published:
        word = event.need_text("eventType")
    elif document.get("notificationType") is not None or parcel.word is None:
        word = event.need_text("notificationType")
    else:
        published, word = True, parcel.word
    kind = KINDS.get(word)
    if kind is not None:
        return read_tracking(kind, event, published=published, sns=parcel.sns)
    if word == "Received":
        return (read_received(event, sns=parcel.sns),)
    return (_unknown(word, event, parcel.sns),)


def _unknown(word: str, event: Fields, sns: SnsOrigin | None) -> UnknownEvent:
    mail = event.fields("mail")
    return UnknownEvent(
        event_type=word,
        message_id=mail.text("messageId"),
        timestamp=mail.time("timestamp"),
        raw=event.document,
        sns=sns,
        notes=tuple(event.notes),
    )
