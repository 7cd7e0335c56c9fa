"""Events of sent mail, read from SES's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...strict import read_json
from ...values import FrozenDict, build_frozen
from ..events.base import SnsOrigin
from ..transports.classify import is_setup_notification
from ..transports.json_body import Document, is_object
from .kinds import EVENT_SPECS, EventSpec
from .reader import JsonReader
from .recipients import read_moment, read_recipients
from .schema import schema_for
from .tagging import read_tagging

__all__ = ["read_by_schema", "read_tracking"]

_NOTHING: Document = {}


def read_by_schema(text: str, sns: SnsOrigin) -> tuple[Any, ...]:
    """The events in SES's JSON, where it is of sent mail and there is nothing to note or refuse.

    One schema looks at all fields at once, in a fraction of the time that they take one by one.

    Args:
        text: The JSON.
        sns: The SNS message that brought it.

    Raises:
        ValueError: It has to be read field by field.
    """
    document = read_json(text)
    if not is_object(document) or is_setup_notification(document):
        raise ValueError("no event")
    word = document.get("eventType")
    published = word is not None
    if not published:
        word = document.get("notificationType")
    kind = EVENT_SPECS.get(word) if type(word) is str else None
    if kind is None or not is_object(document.get(kind.key, _NOTHING if kind.bare else None)):
        raise ValueError("no event of sent mail")
    fields: dict[str, Any] = schema_for(kind).validate_python(document)
    if not published:
        fields["message_tags"] = None
    mail = JsonReader(document["mail"], "mail", [])
    fields["tags"], fields["metadata"], fields["send_id"] = read_tagging(
        mail, fields["message_tags"]
    )
    if mail.defects:
        raise ValueError(mail.defects[0])
    fields["kind"] = kind.event.kind
    fields["raw"] = FrozenDict(document)
    fields["sns"] = sns
    fields["defects"] = ()
    return _for_each(fields["recipient"], kind, fields)


def read_tracking(
    kind: EventSpec, event: JsonReader, *, published: bool, sns: SnsOrigin | None
) -> tuple[Any, ...]:
    """The events in SES's JSON, one for each recipient whom it is about.

    Args:
        kind: How to read it.
        event: The JSON.
        published: Whether it comes from event publishing, and not from an identity's notifications.
        sns: The SNS message that brought it.

    Raises:
        MalformedBodyError: Something is missing that an event can't do without.
    """
    mail = event.need_fields("mail")
    part = event.fields(kind.key) if kind.bare else event.need_fields(kind.key)
    recipients = _recipients(kind, part, mail)
    sent_at = mail.time("timestamp")
    message_tags = mail.lists_of_texts("tags") if published else None
    tags, metadata, send_id = read_tagging(mail, message_tags)
    fields: dict[str, Any] = {
        "kind": kind.event.kind,
        "message_id": mail.need_text("messageId"),
        "timestamp": read_moment(mail, sent_at, part if kind.timed else None),
        "sent_at": sent_at,
        "source": mail.text("source"),
        "tags": tags,
        "metadata": metadata,
        "send_id": send_id,
        "message_tags": message_tags,
        "headers_truncated": mail.flag("headersTruncated") or False,
        "raw": FrozenDict(event.document),
        "sns": sns,
        **part.texts(kind.texts),
    }
    for name, (read, key) in kind.more.items():
        fields[name] = read(part, key)
    fields["defects"] = tuple(event.defects)
    return _for_each(recipients, kind, fields)


def _for_each(
    recipients: Mapping[str, dict[str, Any]], kind: EventSpec, fields: dict[str, Any]
) -> tuple[Any, ...]:
    return tuple(
        [
            build_frozen(kind.event, {**fields, **told, "recipient": address})
            for address, told in recipients.items()
        ]
    )


def _recipients(
    kind: EventSpec, part: JsonReader, mail: JsonReader
) -> dict[str, dict[str, str | None]]:
    """Whom an event is about, each once, with what is told of each."""
    if kind.named:
        if part.items(kind.named):
            return read_recipients(part, kind.named, kind.each)
        part.note_defect(
            kind.named, "it is empty, and every recipient of the message stands in for it"
        )
    return read_recipients(mail, "destination", kind.each)
