"""Body in, events out: it proves nothing about who sent the body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...errors import MalformedBodyError
from ...values import FrozenDict, make
from ..events.event import Event, SnsOrigin, SubscriptionConfirmation, UnknownEvent, UnsubscribeConfirmation
from ..transports.classify import is_set_up_notice
from ..transports.json_body import Body, read_time
from ..transports.sns import Envelope, read_notification
from ..transports.unwrap import Parcel, Parcels, open_envelope, read_raw, unwrap
from .kinds import KINDS
from .reader import Fields
from .received import read_received
from .tracking import read_tracking, read_usual

__all__ = ["parse", "parse_raw"]

_MAX_EVENTS = 50_000
_SMALL = 1 << 14  # bytes, or characters; what is larger is seldom about a mail that was sent

_CONFIRMATIONS: Mapping[str, type[SubscriptionConfirmation | UnsubscribeConfirmation]] = {
    "SubscriptionConfirmation": SubscriptionConfirmation,
    "UnsubscribeConfirmation": UnsubscribeConfirmation,
}


def parse(body: Body | Envelope) -> tuple[Event, ...]:
    """The events in a body: one for each recipient whom SES tells something about.

    It takes what SNS posts or hands on raw, what SQS holds of either, what AWS Lambda is called with by SNS, SQS and
    SES, EventBridge's events, and Firehose's lines. It proves nothing: whoever can reach a webhook can write a body.
    There, parse what ``verify`` gives, which holds nothing but what is proven.

    Args:
        body: The body as it came, or as a framework decoded it already; or what ``verify`` or ``check_signature`` gave.

    Raises:
        MalformedBodyError: It is something else.
    """
    return _as_usual(body) or _events(open_envelope(body) if isinstance(body, Envelope) else unwrap(body))


def parse_raw(body: Body) -> tuple[Event, ...]:
    """The events in what SNS posted raw: there must be nothing around the event.

    Raises:
        MalformedBodyError: It is something else.
    """
    return _events(read_raw(body))


def _as_usual(body: Body | Envelope) -> tuple[Event, ...] | None:
    """The events in what SNS posts, where there is nothing odd about it; None for everything else."""
    try:
        if type(body) is bytes and len(body) <= _SMALL:
            return read_usual(*read_notification(body))
        if isinstance(body, Envelope) and body.type == "Notification" and len(body.message) <= _SMALL:
            return read_usual(body.message, body.origin())
    except ValueError:
        pass
    return None


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
        if len(events) > _MAX_EVENTS:
            raise MalformedBodyError(f"there are more than {_MAX_EVENTS:,} events in it")
    return tuple(events)


def _confirmation(envelope: Envelope) -> Event:
    kind = _CONFIRMATIONS.get(envelope.type)
    if kind is None or envelope.token is None:  # made by hand
        raise MalformedBodyError("SNS has no such message", path="Type")
    fields = {
        "kind": kind.kind,
        "topic_arn": envelope.topic_arn,
        "token": envelope.token,
        "message_id": envelope.message_id,
        "timestamp": read_time(envelope.timestamp),
        "subscribe_url": envelope.subscribe_url,
        "sns": envelope.origin(),
        "notes": (),
    }
    return make(kind, fields)


def _read(parcel: Parcel) -> Iterable[Event]:
    document = parcel.document
    if is_set_up_notice(document):
        return ()
    event = Fields(document, "", [])
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
    fields = {
        "kind": UnknownEvent.kind,
        "event_type": word,
        "message_id": mail.text("messageId"),
        "timestamp": mail.time("timestamp"),
        "raw": FrozenDict(event.document),
        "sns": sns,
    }
    return make(UnknownEvent, {**fields, "notes": tuple(event.notes)})
