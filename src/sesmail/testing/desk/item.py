"""Mails as the desk shows them: sent, received, or a preview."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from weakref import WeakKeyDictionary

from ...receiving.inbound.mail import InboundMail, read_mail
from ..mail import EventRecord, SentMail
from ..state import State

__all__ = ["Item", "ItemKind", "Items", "item_of_mail"]

ItemKind: TypeAlias = Literal["sent", "received", "preview"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A mail.

    Attributes:
        id: Message id of SES, or ``preview:`` and the name of a function.
        kind: Where it comes from.
        at: Time of the acceptance or reception.
        raw: The mail as MIME; empty if it couldn't be rendered or is encrypted.
        parsed: The mail, parsed.
        from_email: The author, as text.
        to: Recipients; those of the envelope for a received mail.
        cc: Further recipients.
        bcc: Hidden recipients.
        events: Its events.
        sent: The accepted mail; None for a received one.
        choices: All recipients of the previewed bulk message; empty for any other.
    """

    id: str
    kind: ItemKind
    at: datetime
    raw: bytes
    parsed: InboundMail
    from_email: str
    to: Sequence[str]
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    events: Sequence[EventRecord] = ()
    sent: SentMail | None = None
    choices: Sequence[str] = ()

    @property
    def recipients(self) -> Sequence[str]:
        """All recipients."""
        return (*self.to, *self.cc, *self.bcc)


def item_of_mail(
    mail: SentMail,
    kind: ItemKind = "sent",
    item_id: str | None = None,
    choices: Sequence[str] = (),
) -> Item:
    """Returns the item of an accepted mail."""
    return Item(
        id=item_id or mail.message_id,
        kind=kind,
        at=mail.sent_at,
        raw=mail.raw,
        parsed=mail.parsed,
        from_email=mail.from_email,
        to=mail.to,
        cc=mail.cc,
        bcc=mail.bcc,
        events=() if kind == "preview" else tuple(mail.events),
        sent=mail,
        choices=choices,
    )


class Items:
    """The sent and received mails of a fake.

    Args:
        state: The state of the fake.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._received: WeakKeyDictionary[EventRecord, Item] = WeakKeyDictionary()

    def all(self) -> list[Item]:
        """Returns all mails, the newest first."""
        with self._state.lock:
            mails = list(self._state.mails)
            events = [each for each in self._state.events if _is_received(each)]
        found = [*map(item_of_mail, mails), *map(self._of_event, events)]
        return sorted(found, key=lambda item: item.at, reverse=True)

    def find(self, item_id: str) -> Item | None:
        """Returns the mail with a message id; None if there is none."""
        with self._state.lock:
            mails = list(self._state.mails)
            events = list(self._state.events)
        for mail in mails:
            if mail.message_id == item_id:
                return item_of_mail(mail)
        for event in events:
            if _is_received(event, item_id):
                return self._of_event(event)
        return None

    def delete(self, item_id: str | None = None) -> int:
        """Deletes a mail with its events, or all mails; returns the number of them."""
        state = self._state
        with state.lock:
            mails = [each for each in state.mails if item_id in (None, each.message_id)]
            received = [each for each in state.events if _is_received(each, item_id)]
            state.forget(mails, received)
        count = len(mails) + len(received)
        if count:
            state.feed.publish("settings")
        return count

    def _of_event(self, event: EventRecord) -> Item:
        found = self._received.get(event)
        if found is None:
            found = self._received[event] = self._read(event)
        return found

    def _read(self, event: EventRecord) -> Item:
        mail, receipt = event.document["mail"], event.document["receipt"]
        parsed = read_mail(
            self._raw(event),
            envelope_sender=mail["source"],
            envelope_recipients=receipt["recipients"],
        )
        return Item(
            id=mail["messageId"],
            kind="received",
            at=event.at,
            raw=parsed.raw,
            parsed=parsed,
            from_email=(parsed.headers.get("From") if parsed.raw else None) or mail["source"],
            to=tuple(receipt["recipients"]),
            events=(event,),
        )

    def _raw(self, event: EventRecord) -> bytes:
        """Returns the mail in a notification, or the stored one; empty if it is encrypted."""
        content = event.document.get("content")
        action = event.document["receipt"]["action"]
        if content is not None:
            return content.encode() if action["encoding"] == "UTF8" else b64decode(content)
        stored = self._state.objects.get((action["bucketName"], action["objectKey"]))
        return b"" if stored is None or stored.metadata else stored.content


def _is_received(event: EventRecord, item_id: str | None = None) -> bool:
    """Returns whether an event is about a received mail: any, or one of a message id."""
    return event.kind == "Received" and item_id in (None, event.document["mail"]["messageId"])
