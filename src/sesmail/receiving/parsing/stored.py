"""Parsing of the event notifications of S3."""

from __future__ import annotations

from collections.abc import Iterable

from ...values import FrozenDict, build_frozen
from ..events.event import UnknownEvent
from ..events.stored import MailStored
from ..transports.classify import SETUP_MESSAGE_ID
from ..transports.unwrap import RawEvent
from .reader import JsonReader
from .unknown import read_service_event

__all__ = ["read_s3_event"]

_CREATED = ("ObjectCreated:", "Object Created")


def read_s3_event(raw_event: RawEvent) -> Iterable[MailStored | UnknownEvent]:
    """Parses an event of S3: none for the object that SES writes when a receipt rule is set up.

    Raises:
        MalformedBodyError: It names no bucket or key.
    """
    defects: list[str] = []
    event = JsonReader(raw_event.document, "", defects)
    outer, names = event, _RECORD
    if raw_event.eventbridge is not None:
        outer, names = JsonReader(raw_event.eventbridge, "", defects), _EVENTBRIDGE
    event_type = raw_event.event_type or event.required_text("eventName")
    if not event_type.removeprefix("s3:").startswith(_CREATED):
        return (_other(raw_event, event_type, outer),)
    s3 = event if raw_event.eventbridge is not None else event.required_object("s3")
    item = s3.required_object("object")
    key = item.required_text("key")
    if raw_event.eventbridge is None:
        from urllib.parse import unquote_plus  # lazily: other events don't need it

        key = unquote_plus(key)  # EventBridge doesn't encode it
    if key.endswith(SETUP_MESSAGE_ID):
        return ()
    etag, version_id, time, region = names
    fields = {
        "kind": MailStored.kind,
        "bucket": s3.required_object("bucket").required_text("name"),
        "key": key,
        "timestamp": outer.time(time),
        "size": item.integer("size"),
        "etag": item.text(etag),
        "version_id": item.text(version_id),
        "sequencer": item.text("sequencer"),
        "region": outer.text(region),
        "raw": FrozenDict(raw_event.document),
        "sns": raw_event.sns,
    }
    return (build_frozen(MailStored, {**fields, "defects": tuple(defects)}),)


# JSON keys of the ETag, the version, the time and the region.
_RECORD = ("eTag", "versionId", "eventTime", "awsRegion")
_EVENTBRIDGE = ("etag", "version-id", "time", "region")


def _other(raw_event: RawEvent, event_type: str, event: JsonReader) -> UnknownEvent:
    """Returns an event of another type, such as the deletion of an object."""
    if raw_event.eventbridge is not None:
        return read_service_event(raw_event, raw_event.eventbridge)
    fields = {
        "kind": UnknownEvent.kind,
        "event_type": event_type,
        "message_id": None,
        "timestamp": event.time("eventTime"),
        "resources": (),
        "account": None,
        "region": event.text("awsRegion"),
        "event_id": None,
        "raw": FrozenDict(raw_event.document),
        "sns": raw_event.sns,
    }
    return build_frozen(UnknownEvent, {**fields, "defects": tuple(event.defects)})
