"""Mails, events and deliveries as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..html import find_links
from ..mail import Attempt, Delivery, EventRecord
from ..mail_check import check_mail
from .frame import has_remote_content
from .item import Item

__all__ = ["delivery_view", "details", "event_view", "summary"]

_MAX_BODY = 5 * 1024 * 1024  # characters of text or HTML
_MAX_LISTED = 200  # attachments, problems, links
_MAX_HEADERS = 1000
_MAX_SNIPPET = 140  # characters
_MAX_RESPONSE = 4096
_MAX_CONTENT = 1000  # characters of the mail in a notification


def summary(item: Item) -> dict[str, Any]:
    """Returns a mail for a list."""
    parsed, sent = item.parsed, item.sent
    text = parsed.text or ""
    return {
        "id": item.id,
        "kind": item.kind,
        "at": item.at.isoformat(),
        "from": item.from_email,
        "to": list(item.to),
        "cc": list(item.cc),
        "bcc": list(item.bcc),
        "subject": parsed.subject,
        "snippet": " ".join(text[: 4 * _MAX_SNIPPET].split())[:_MAX_SNIPPET],
        "attachments": len(parsed.attachments),
        "template": None if sent is None else sent.template,
        "error": None if sent is None else sent.rendering_error,
        "events": list(dict.fromkeys(event.kind for event in item.events)),
        "size": len(item.raw),
    }


def details(item: Item) -> dict[str, Any]:
    """Returns a mail with its contents, events and problems, each limited."""
    parsed = item.parsed
    html, text = parsed.html, parsed.text
    headers = [[name, value] for name, value in _first_headers(item)]
    return {
        **summary(item),
        "text": None if text is None else text[:_MAX_BODY],
        "html": None if html is None else html[:_MAX_BODY],
        "remote": html is not None and has_remote_content(html),
        "links": list(find_links(html, text))[:_MAX_LISTED],
        "headers": headers,
        "files": [
            {
                "index": index,
                "name": file.file_name,
                "type": file.media_type,
                "size": len(file.content),
                "content_id": file.content_id,
            }
            for index, file in enumerate(parsed.attachments[:_MAX_LISTED])
        ],
        "defects": list(parsed.defects),
        "history": [event_view(event) for event in item.events],
        "problems": _problems(item),
        "choices": list(item.choices[:_MAX_LISTED]),
        "call": _call(item),
    }


def _first_headers(item: Item) -> Sequence[tuple[str, str]]:
    return [pair for pair, _ in zip(item.parsed.headers, range(_MAX_HEADERS), strict=False)]


def _problems(item: Item) -> list[dict[str, str]]:
    if item.sent is None:
        return []
    return [
        {"code": each.code, "level": each.level, "text": each.text}
        for each in check_mail(item.sent)[:_MAX_LISTED]
    ]


def _call(item: Item) -> dict[str, Any]:
    """Returns what a call said beside the mail, or the envelope of a received mail."""
    sent = item.sent
    if sent is None:
        return {"envelope_sender": item.parsed.envelope_sender}
    values: dict[str, Any] = {
        "envelope_sender": sent.envelope_sender,
        "operation": f"{sent.operation} ({sent.api})",
        "configuration_set": sent.configuration_set,
        "send_id": sent.send_id,
        "tags": list(sent.tags),
        "metadata": sent.metadata,
        "message_tags": dict(sent.message_tags),
        "template": sent.template,
        "template_data": sent.template_data,
        "tenant": sent.tenant,
        "contact_list": sent.contact_list,
        "topic": sent.topic,
    }
    return {name: value for name, value in values.items() if value}


def event_view(event: EventRecord) -> dict[str, Any]:
    """Returns an event with its deliveries."""
    return {
        "kind": event.kind,
        "at": event.at.isoformat(),
        "document": _shortened(event.document),
        "published": bool(event.topics),
        "deliveries": [delivery_view(each) for each in event.deliveries],
    }


def _shortened(document: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the document of an event without the mail in it."""
    content = document.get("content")
    if isinstance(content, str) and len(content) > _MAX_CONTENT:
        return {**document, "content": f"{content[:_MAX_CONTENT]}... ({len(content):,} in all)"}
    return dict(document)


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """Returns the delivery of an event to one endpoint."""
    return {
        "endpoint": delivery.endpoint,
        "state": delivery.state,
        "status": delivery.status,
        "attempts": [_attempt_view(each) for each in delivery.attempts],
    }


def _attempt_view(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": attempt.at.isoformat(),
        "authorised": attempt.authorised,
        "status": attempt.status,
        "response": attempt.response[:_MAX_RESPONSE],
        "error": attempt.error,
    }
