"""Records of a fake SES: accepted mails, their events, and the deliveries of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..receiving.inbound.attachment import InboundAttachment
from ..receiving.inbound.header import MailHeaders
from ..receiving.inbound.mail import InboundMail, read_mail
from ..tagging import METADATA_HEADER, SEND_ID_HEADER, TAG_HEADER, read_metadata, read_send_id
from ..values import cached_property
from .html import embed_images, find_links

__all__ = ["Attempt", "Delivery", "DeliveryState", "EventRecord", "SentMail"]

DeliveryState: TypeAlias = Literal["pending", "delivered", "failed", "unconfirmed"]

_CODE = r"\b[0-9]{4,8}\b"


@dataclass(eq=False, kw_only=True, repr=False)
class SentMail:
    """A mail that a fake SES accepted, as it got it.

    Attributes:
        message_id: Id that the fake issued, as in ``SendResult.message_id``.
        raw: The mail as MIME: as it was given, or composed by the fake from a subject and bodies or
            from a template. Empty if the template could not be rendered.
        from_email: The author, as text.
        to: Bare addresses of the envelope that were given as To.
        cc: Those given as Cc.
        bcc: Those given as Bcc.
        sent_at: Time of acceptance, in UTC.
        api: API of the call, ``v1`` or ``v2``.
        operation: Name of the operation, such as ``SendEmail``.
        envelope_sender: Address that bounces go to.
        configuration_set: Configuration set that applies: that of the call, or the default one of
            the identity; None without.
        message_tags: SES message tags of the call.
        template: Name of the template; None without, and for an inline one.
        template_data: Data that the template was rendered with; None without a template.
        rendering_error: Why the template could not be rendered; None if it could.
        tenant: Tenant of the call; None without.
        contact_list: Contact list of the call; None without.
        topic: Topic of the contact list; None without.
        track_opens: Whether opens are tracked, if the call overrides it; None if it doesn't.
        track_clicks: Whether clicks are tracked, if the call overrides it; None if it doesn't.
        events: The events of this mail, in order.
    """

    message_id: str
    raw: bytes
    from_email: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    sent_at: datetime
    api: Literal["v1", "v2"]
    operation: str
    envelope_sender: str
    configuration_set: str | None = None
    message_tags: Mapping[str, str] = field(default_factory=dict[str, str])
    template: str | None = None
    template_data: Mapping[str, Any] | None = None
    rendering_error: str | None = None
    tenant: str | None = None
    contact_list: str | None = None
    topic: str | None = None
    track_opens: bool | None = None
    track_clicks: bool | None = None
    events: list[EventRecord] = field(default_factory=list["EventRecord"])

    @property
    def recipients(self) -> tuple[str, ...]:
        """All bare addresses of the envelope."""
        return (*self.to, *self.cc, *self.bcc)

    @cached_property
    def parsed(self) -> InboundMail:
        """The mail as ``sesmail.read_mail`` parses it."""
        return read_mail(
            self.raw, envelope_sender=self.envelope_sender, envelope_recipients=self.recipients
        )

    @property
    def subject(self) -> str | None:
        """The decoded subject; None without."""
        return self.parsed.subject

    @property
    def text(self) -> str | None:
        """The plain text; None without."""
        return self.parsed.text

    @property
    def html(self) -> str | None:
        """The HTML as it was sent; None without."""
        return self.parsed.html

    @property
    def html_with_images(self) -> str | None:
        """The HTML with its inline images embedded as ``data:`` URLs; None without HTML."""
        return None if self.html is None else embed_images(self.html, self.parsed.inline)

    @property
    def attachments(self) -> tuple[InboundAttachment, ...]:
        """The attached files."""
        return self.parsed.attachments

    @property
    def headers(self) -> MailHeaders:
        """All header fields, in order, decoded."""
        return self.parsed.headers

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in the headers, as ``Message.tags``."""
        return self.headers.get_all(TAG_HEADER)

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata in the headers, as ``Message.metadata``; empty without."""
        value = self.headers.get(METADATA_HEADER)
        return {} if value is None else read_metadata(value)

    @property
    def send_id(self) -> str | None:
        """The send id in the headers or message tags, as ``Message.send_id``; None without."""
        value = self.headers.get(SEND_ID_HEADER) or self.message_tags.get(SEND_ID_HEADER)
        return None if value is None else read_send_id(value)

    @property
    def links(self) -> tuple[str, ...]:
        """The ``http`` and ``https`` URLs in HTML and text, each once, in order."""
        return find_links(self.html, self.text)

    def code(self, pattern: str | re.Pattern[str] = _CODE) -> str:
        """Returns a code in the text, such as a one-time password, or else in the HTML.

        Args:
            pattern: Regular expression; its first group is the code, or all of it without groups.
                By default 4 to 8 digits.

        Raises:
            AssertionError: The mail contains no match.
        """
        expression = pattern if isinstance(pattern, re.Pattern) else re.compile(f"{pattern}")
        for body in (self.text, self.html):
            match = expression.search(body or "")
            if match:
                return match[1] if match.re.groups else match[0]
        raise AssertionError(f"no match of {pattern!r} in {self!r}: {self.text or self.html!r}")

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the raw mail to a file, for instance ``mail.eml``, and returns its path."""
        file = Path(path)
        file.write_bytes(self.raw)
        return file

    def __repr__(self) -> str:
        template = "" if self.template is None else f" template={self.template!r}"
        failure = "" if self.rendering_error is None else f" not rendered: {self.rendering_error}"
        return (
            f"<SentMail to={', '.join(self.recipients)} subject={self.subject!r}{template}"
            f"{failure}>"
        )


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
