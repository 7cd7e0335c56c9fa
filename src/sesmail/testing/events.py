"""Events that a test makes happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Unpack

from .emitted import Emitted
from .inbound import InboundFields, InboundOptions, receive
from .mail import SentMail
from .parts import (
    bounce_part,
    click_part,
    complaint_part,
    delay_part,
    delivery_part,
    open_part,
)
from .service import SesService
from .state import State, Suppressed, now

__all__ = ["EventMaker"]

_DEAD = ("General", "NoEmail")


class EventMaker:
    """Methods of ``FakeSES`` that make an event of a mail happen.

    Each takes a ``SentMail``, or the message id of one, and publishes the event as the mail's
    configuration set, or its identity, says. ``to`` is one recipient, or several; by default all.
    ``truncate_headers`` leaves out the headers, as SES does beyond 10 KB. The result has the event
    in the form of each transport, and waits for its deliveries.
    """

    state: State
    topic_arn: str
    secret: str
    _service: SesService

    def deliver(
        self,
        mail: SentMail | str,
        to: str | Sequence[str] | None = None,
        *,
        truncate_headers: bool = False,
    ) -> Emitted:
        """Delivers a mail to its recipients: event Delivery."""
        found, recipients = self._find(mail, to)
        part = delivery_part(now(), recipients, found.sent_at)
        return self._emit(found, "Delivery", part, truncate_headers)

    def bounce(
        self,
        mail: SentMail | str,
        to: str | Sequence[str] | None = None,
        *,
        bounce_type: str = "Permanent",
        subtype: str = "General",
        diagnostic: str | None = None,
        truncate_headers: bool = False,
    ) -> Emitted:
        """Bounces a mail: event Bounce.

        A dead address comes on the suppression list of the account, as in SES.

        Args:
            mail: The mail.
            to: The recipients.
            bounce_type: ``Permanent``, ``Transient`` or ``Undetermined``.
            subtype: ``General``, ``NoEmail``, ``MailboxFull`` and so on.
            diagnostic: Response of the recipient's server.
            truncate_headers: Whether headers are left out.
        """
        found, recipients = self._find(mail, to)
        if bounce_type == "Permanent" and subtype in _DEAD:
            self._suppress(recipients, "BOUNCE")
        part = bounce_part(now(), recipients, bounce_type, subtype, diagnostic)
        return self._emit(found, "Bounce", part, truncate_headers)

    def complain(
        self,
        mail: SentMail | str,
        to: str | Sequence[str] | None = None,
        *,
        feedback_type: str | None = "abuse",
        subtype: str | None = None,
        truncate_headers: bool = False,
    ) -> Emitted:
        """Reports a mail as spam: event Complaint.

        The address comes on the suppression list of the account, unless ``feedback_type`` is
        ``not-spam``.
        """
        found, recipients = self._find(mail, to)
        if feedback_type != "not-spam":
            self._suppress(recipients, "COMPLAINT")
        part = complaint_part(now(), recipients, feedback_type, subtype)
        return self._emit(found, "Complaint", part, truncate_headers)

    def delay(
        self,
        mail: SentMail | str,
        to: str | Sequence[str] | None = None,
        *,
        delay_type: str = "TransientCommunicationFailure",
        truncate_headers: bool = False,
    ) -> Emitted:
        """Delays the delivery of a mail: event DeliveryDelay."""
        found, recipients = self._find(mail, to)
        part = delay_part(now(), recipients, delay_type, found.sent_at)
        return self._emit(found, "DeliveryDelay", part, truncate_headers)

    def open(
        self, mail: SentMail | str, *, bot: bool | None = None, truncate_headers: bool = False
    ) -> Emitted:
        """Opens a mail: event Open.

        Args:
            mail: The mail.
            bot: Whether SES thinks that a program did it; None if it doesn't say.
            truncate_headers: Whether headers are left out.

        Raises:
            ValueError: Opens of the mail aren't tracked, or it has no HTML.
        """
        found, _ = self._find(mail, None)
        if found.track_opens is False or found.html is None:
            raise ValueError(f"SES doesn't track opens of {found!r}")
        return self._emit(found, "Open", open_part(now(), bot), truncate_headers)

    def click(
        self,
        mail: SentMail | str,
        link: str | None = None,
        *,
        link_tags: Mapping[str, Sequence[str]] | None = None,
        bot: bool | None = None,
        truncate_headers: bool = False,
    ) -> Emitted:
        """Follows a link of a mail, by default its first one: event Click.

        Args:
            mail: The mail.
            link: One of its links.
            link_tags: Tags of the link's ``ses:tags`` attribute.
            bot: Whether SES thinks that a program did it; None if it doesn't say.
            truncate_headers: Whether headers are left out.

        Raises:
            ValueError: Clicks aren't tracked, or the mail has no such link.
        """
        found, _ = self._find(mail, None)
        if found.track_clicks is False:
            raise ValueError(f"SES doesn't track clicks of {found!r}")
        links = found.links
        if not links or (link is not None and link not in links):
            raise ValueError(f"{found!r} has no link {link or ''}; it has {list(links)}")
        part = click_part(now(), link or links[0], link_tags, bot)
        return self._emit(found, "Click", part, truncate_headers)

    def reject(self, mail: SentMail | str, *, reason: str = "Bad content") -> Emitted:
        """Rejects an accepted mail for a virus: event Reject."""
        found, _ = self._find(mail, None)
        return self._emit(found, "Reject", {"reason": reason}, False)

    def fail_rendering(
        self,
        mail: SentMail | str,
        *,
        error: str = "Attribute 'name' is not present in the rendering data.",
    ) -> Emitted:
        """Fails to render the template of an accepted mail: event Rendering Failure.

        Missing data does that by itself, when the mail is accepted.
        """
        found, _ = self._find(mail, None)
        part = {"templateName": found.template or "", "errorMessage": error}
        return self._emit(found, "Rendering Failure", part, False)

    def unsubscribe(
        self, mail: SentMail | str, to: str | None = None, *, source: str = "UnsubscribeHeader"
    ) -> Emitted:
        """Unsubscribes the recipient of a mail with list management: event Subscription.

        Raises:
            ValueError: It was sent without.
        """
        found, recipients = self._find(mail, to)
        record = self._service.links.unsubscribe(found, recipients[0], source)
        return Emitted(self.state, record, self.topic_arn, self.secret)

    def receive(
        self,
        mail: bytes | str | PathLike[str],
        *,
        topic: str | None = None,
        **options: Unpack[InboundFields],
    ) -> Emitted:
        """Receives a mail: event Received.

        Args:
            mail: The mail as bytes, or the path of an ``.eml`` file.
            topic: ARN of the topic; by default ``topic_arn``.
            options: Fields of ``InboundOptions``: ``sender``, ``recipients``, ``action``
                (``"SNS"`` or ``"S3"``), ``encoding``, ``bucket``, ``prefix``, ``kms_key`` (the
                stored mail is encrypted then), ``verdicts``, ``truncate_headers``.

        Raises:
            ValueError: The mail is text, has no recipient, or is too large for the SNS action.
        """
        if isinstance(mail, str) and "\n" in mail:
            raise ValueError("mail must be bytes, or the path of a file: encode the text of a mail")
        raw = mail if isinstance(mail, bytes) else Path(mail).read_bytes()
        topic = self.topic_arn if topic is None else topic
        document = receive(self.state, raw, topic, InboundOptions(**options))
        record = self._service.publisher.publish("Received", document, (topic,))
        return Emitted(self.state, record, topic, self.secret)

    def _emit(self, mail: SentMail, kind: str, part: Mapping[str, Any], truncate: bool) -> Emitted:
        record = self._service.publisher.emit(mail, kind, part, truncate=truncate)
        return Emitted(self.state, record, self.topic_arn, self.secret)

    def _find(
        self, mail: SentMail | str, to: str | Sequence[str] | None
    ) -> tuple[SentMail, Sequence[str]]:
        """Returns a mail, and those of its recipients that are meant."""
        if isinstance(mail, str):
            found = next((each for each in self.state.mails if each.message_id == mail), None)
            if found is None:
                raise ValueError(f"no mail has the message id {mail!r}")
            mail = found
        if to is None:
            return mail, mail.recipients
        wanted = [to] if isinstance(to, str) else list(to)
        unknown = set(wanted) - set(mail.recipients)
        if unknown:
            raise ValueError(f"{sorted(unknown)} aren't recipients of {mail!r}")
        return mail, wanted

    def _suppress(self, recipients: Sequence[str], reason: str) -> None:
        if reason in self.state.account.suppression_reasons:
            with self.state.lock:
                for address in recipients:
                    self.state.suppressed[address.lower()] = Suppressed(address.lower(), reason)
