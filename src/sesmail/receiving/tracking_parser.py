"""Events of sent mail, read from SES's JSON."""

from __future__ import annotations

from typing import Any

from pydantic_core import ValidationError

from ..frozen import FrozenDict, make
from .decode import Document, is_object
from .event import SnsOrigin
from .fields import Fields
from .kinds import Kind
from .labels_back import read_labels, read_sent_id
from .occurrence import read_moment, read_recipients
from .tracking_schema import schema_of

__all__ = ["read_tracking"]

_NOTHING: Document = {}


def read_tracking(kind: Kind, event: Fields, *, published: bool, sns: SnsOrigin | None) -> list[Any]:
    """The events in SES's JSON, one for each recipient whom it is about.

    Args:
        kind: How to read it.
        event: The JSON.
        published: Whether it comes from event publishing, and not from an identity's notifications.
        sns: The SNS message that brought it.

    Raises:
        MalformedBodyError: Something is missing that an event can't do without.
    """
    fields = _as_usual(kind, event.document, published) or _one_by_one(kind, event, published)
    fields["kind"] = kind.event.kind
    fields["raw"] = FrozenDict(event.document)
    fields["sns"] = sns
    fields["notes"] = tuple(event.notes)
    events: list[Any] = []
    for address, told in fields["recipient"].items():
        one = fields.copy()
        if told:
            one.update(told)
        one["recipient"] = address
        events.append(make(kind.event, one))
    return events


def _as_usual(kind: Kind, document: Document, published: bool) -> dict[str, Any] | None:
    """The fields of events that need no note; None where there is something to note or refuse.

    One schema looks at all fields at once, in a fraction of the time that they take one by one.
    """
    if not is_object(document.get(kind.key, _NOTHING if kind.bare else None)):
        return None
    try:
        fields: dict[str, Any] = schema_of(kind).validate_python(document)
    except ValidationError:
        return None
    if not published:
        fields["message_tags"] = None
    mail = Fields(document["mail"], "mail", [])
    fields |= read_labels(mail)
    fields["send_id"] = read_sent_id(mail, fields["send_id"], fields["message_tags"])
    return None if mail.notes else fields


def _one_by_one(kind: Kind, event: Fields, published: bool) -> dict[str, Any]:
    """The fields of events, and their recipients, with a note of what can't be read.

    Raises:
        MalformedBodyError: Something is missing that an event can't do without.
    """
    mail = event.need_fields("mail")
    part = event.fields(kind.key) if kind.bare else event.need_fields(kind.key)
    recipients = _recipients(kind, part, mail)
    sent_at = mail.time("timestamp")
    labels = read_labels(mail)
    message_tags = mail.lists_of_texts("tags") if published else None
    return {
        **labels,
        "recipient": recipients,
        "message_id": mail.need_text("messageId"),
        "timestamp": read_moment(mail, sent_at, part if kind.timed else None),
        "sent_at": sent_at,
        "source": mail.text("source"),
        "send_id": read_sent_id(mail, labels["send_id"], message_tags),
        "message_tags": message_tags,
        "headers_truncated": mail.flag("headersTruncated") or False,
        **part.texts(kind.texts),
        **{name: read(part, key) for name, (read, key) in kind.more.items()},
    }


def _recipients(kind: Kind, part: Fields, mail: Fields) -> dict[str, dict[str, Any]]:
    """Whom an event is about, each once, with what is told of each."""
    place, key = mail, "destination"
    if kind.named and part.items(kind.named):
        place, key = part, kind.named
    elif kind.named:
        part.note(kind.named, "it is empty, and every recipient of the message stands in for it")
    found = read_recipients(place, key)
    unknown = dict.fromkeys(kind.each)
    return {address: unknown if one is None else one.texts(kind.each) for address, one in found.items()}
