"""A received mail as a value whose properties are parsed on first access."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...arguments import check_instance, check_iterable
from ...values import cached_property
from ..events.received import NO_VERDICTS, Verdicts
from .attachment import InboundAttachment
from .body import Bodies, find_bodies
from .body_text import html_body, text_body
from .contents import Files, find_files
from .date import read_date
from .header import MailHeaders, plain_text
from .mailbox import Mailbox, read_mailboxes
from .part import Part
from .parts import read_parts

if TYPE_CHECKING:
    from .report import MailReport

__all__ = ["InboundMail", "read_mail"]


class InboundMail:
    """A received mail (RFC 5322, RFC 2045 to 2049); none of its properties raises an error.

    ``Receiver.fetch`` returns one with everything decoded; ``read_mail`` one that decodes on first
    access. What is malformed is returned as it is in the mail, and named in ``defects``.

    The sender chooses all of it: From, Date, file names, media types and HTML are claims. Results
    of the checks by SES are in ``verdicts``; the one that authenticates the domain in From is
    ``dmarc``. Never reply automatically to a mail whose ``envelope_sender`` is empty: that can
    start a mail loop (RFC 3834).

    Two mails are equal if their ``raw``, envelopes and ``verdicts`` are. They can be hashed, copied
    and pickled.

    Attributes:
        envelope_sender: Address of MAIL FROM, to which bounces go (RFC 5321); empty if the mail is
            itself a bounce, None if it is unknown.
        envelope_recipients: Addresses that SES received the mail for, those in Bcc included; empty
            if they are unknown.
        verdicts: Results of the spam, virus, SPF, DKIM and DMARC checks of SES, each None if it is
            unknown. ``spam`` and ``virus`` are ``DISABLED`` unless the receipt rule enables
            scanning.
    """

    def __init__(
        self,
        part: Part,
        *,
        raw: bytes | None = None,
        envelope_sender: str | None = None,
        envelope_recipients: Iterable[str] = (),
        verdicts: Verdicts = NO_VERDICTS,
    ) -> None:
        self._part = part
        self._raw = raw
        self._found_mailboxes: dict[str, tuple[Mailbox, ...]] = {}
        self.envelope_sender = envelope_sender
        self.envelope_recipients: tuple[str, ...] = tuple(envelope_recipients)
        self.verdicts = verdicts

    @property
    def raw(self) -> bytes:
        """The original bytes, all of them even if only the first 40 MiB were parsed."""
        return self._part.raw[self._part.start : self._part.end] if self._raw is None else self._raw

    @property
    def defects(self) -> tuple[str, ...]:
        """Descriptions of what is malformed or exceeds a limit, each once, in order of discovery.

        After ``load`` the tuple is complete; before, it covers what was accessed. An attached mail
        has its own. The limits are 40 MiB, 1,000 parts, 20 levels of multiparts and attached mails,
        1 MiB of header in one part and 2 MiB in all, 64 KiB in one header field, 20,000 header
        fields, and about 4,000 to 10,000 addresses; what exceeds one isn't parsed.
        """
        return tuple(self._part.defects)

    @property
    def headers(self) -> MailHeaders:
        """All header fields, in order."""
        return self._part.headers

    @cached_property
    def from_(self) -> tuple[Mailbox, ...]:
        """The authors that the mail claims; empty if there are none.

        Those of all From fields if there are several, which is a defect: programs differ in the one
        that they display. https://www.rfc-editor.org/rfc/rfc5322#section-3.6
        """
        return self.mailboxes("From")

    @cached_property
    def sender(self) -> Mailbox | None:
        """The mailbox in Sender, which sent the mail for the authors; None if there is none."""
        return next(iter(self.mailboxes("Sender")), None)

    @cached_property
    def to(self) -> tuple[Mailbox, ...]:
        """The recipients in To; SES received the mail for those in ``envelope_recipients``."""
        return self.mailboxes("To")

    @cached_property
    def cc(self) -> tuple[Mailbox, ...]:
        """The recipients in Cc."""
        return self.mailboxes("Cc")

    @cached_property
    def bcc(self) -> tuple[Mailbox, ...]:
        """The recipients in Bcc, which few mails contain; see ``envelope_recipients``."""
        return self.mailboxes("Bcc")

    @cached_property
    def reply_to(self) -> tuple[Mailbox, ...]:
        """The mailboxes that replies should go to; if empty, replies go to ``from_``."""
        return self.mailboxes("Reply-To")

    @cached_property
    def subject(self) -> str | None:
        """The subject on one line, decoded; None if there is no Subject field."""
        return self.headers.get("Subject")

    @cached_property
    def date(self) -> datetime | None:
        """The Date field, with its time zone; None if it is missing or malformed.

        Formats similar to that of RFC 5322 are understood. A date without a known time zone is read
        as UTC, which is a defect.
        """
        text = self.headers.plain("date")
        return read_date(text, self._part.defects) if text else None

    @cached_property
    def text(self) -> str | None:
        """The whole body as plain text; None if no part of it is plain text. Line ends are LF.

        The body is all parts that mail programs display, in order: those before and after files,
        banners and footers included; of alternatives, the plain text. A part that exists only as
        HTML is converted. Lines of ``format=flowed`` are joined (RFC 3676).

        A text with a file name is in the body if it is the first part, an alternative, the root of
        ``multipart/related`` or the only text, and in ``attachments`` otherwise (RFC 8621, section
        4.1.4). One with the disposition ``attachment`` is never in the body.
        """
        return text_body(self._bodies.text)

    @cached_property
    def html(self) -> str | None:
        """The whole body as HTML; None if no part of it is HTML. Line ends are LF.

        It has the same parts as ``text``; of alternatives, the HTML. A part that exists only as
        plain text is converted. The HTML of several parts is concatenated.

        It is NOT sanitised and may contain scripts: sanitise it before a browser displays it.
        """
        return html_body(self._bodies.html)

    @property
    def attachments(self) -> tuple[InboundAttachment, ...]:
        """All parts in order, except those in ``text`` or ``html`` and images that HTML displays.

        Only what ``html`` refers to by its content id is displayed. Attached mails are included;
        ``mails`` has them parsed.
        """
        return self._files.attachments

    @property
    def inline(self) -> Mapping[str, InboundAttachment]:
        """The parts that have a content id, by this id, without angle brackets.

        HTML displays them by ``<img src="cid:...">`` (RFC 2392). Those that it doesn't display, or
        for which that is uncertain, are in ``attachments`` as well.
        """
        return self._files.inline

    @cached_property
    def mails(self) -> tuple[InboundMail, ...]:
        """The attached mails, parsed; ``attachments`` contains their bytes.

        They have no envelope and no verdicts. If an encoded mail (base64, quoted-printable), which
        RFC 2046 forbids, contains another one, the inner one isn't parsed.
        """
        return tuple(
            InboundMail(leaf.part.mail)
            for leaf in self._bodies.others
            if leaf.part.mail is not None
        )

    @cached_property
    def report(self) -> MailReport | None:
        """The report about a sent mail that this mail is: a bounce, read receipt or complaint.

        None if it is none in a standard format (RFC 3464, RFC 8098, RFC 5965).
        """
        from .report import read_report  # lazily, as few mails are reports

        return read_report([leaf.part for leaf in self._bodies.others])

    def mailboxes(self, name: str) -> tuple[Mailbox, ...]:
        """The mailboxes of all fields with this name, such as ``Resent-To``, in order.

        Args:
            name: Name of an address field, case-insensitive (RFC 5322, sections 3.6.2 to 3.6.6).

        Raises:
            ConfigurationError: The name isn't text.
        """
        part = self._part
        values = part.headers.raw(name)
        if not values:
            return ()
        found = self._found_mailboxes.get(name.lower())
        if found is None:
            boxes: list[Mailbox] = []
            for value in values:
                boxes += read_mailboxes(plain_text(value, part.defects), part.defects, part.budget)
            found = self._found_mailboxes[name.lower()] = tuple(boxes)
        return found

    def load(self) -> InboundMail:
        """Decodes now, in attached mails too, what would be decoded on first access.

        ``Receiver.fetch`` has done so. After ``read_mail``, call it in a worker thread if the
        program has an event loop: 30 MB take some tenths of a second. ``text`` of an attachment
        isn't included, as it is never kept.

        Returns:
            The mail itself.
        """
        self.headers.load()
        for name in _CACHED_PROPERTIES:
            getattr(self, name)
        for item in (*self.attachments, *self.inline.values()):
            item.load()
        for mail in self.mails:
            mail.load()
        return self

    @cached_property
    def _bodies(self) -> Bodies:
        return find_bodies(self._part)

    @cached_property
    def _files(self) -> Files:
        return find_files(self._bodies, lambda: self.html)

    def _key(self) -> tuple[Any, ...]:
        return self.raw, self.envelope_sender, self.envelope_recipients, self.verdicts

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, InboundMail) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickle, self._key()

    def __repr__(self) -> str:
        return f"<InboundMail {self.subject!r}>"


_CACHED_PROPERTIES = [
    name for name, value in vars(InboundMail).items() if isinstance(value, cached_property)
]


def read_mail(
    raw: bytes,
    *,
    envelope_sender: str | None = None,
    envelope_recipients: Iterable[str] = (),
    verdicts: Verdicts = NO_VERDICTS,
) -> InboundMail:
    """Parses a mail of any bytes; none make it raise, and it takes time linear in the length.

    The structure is parsed now, contents on first access. In an async program, call
    ``InboundMail.load`` of the result in a worker thread.

    Args:
        raw: The mail as SES received it (RFC 5322). Only the first 40 MiB are parsed.
        envelope_sender: ``source`` of the Received event; None if it is unknown.
        envelope_recipients: ``recipients`` of the Received event.
        verdicts: ``verdicts`` of the Received event.

    Returns:
        The mail; whatever is malformed or exceeds a limit is named in its ``defects``.

    Raises:
        ConfigurationError: An argument has a wrong type.
    """
    check_instance(
        "raw", raw, (bytes, bytearray, memoryview), "bytes", "text has lost its encoding"
    )
    if envelope_sender is not None:
        check_instance("envelope_sender", envelope_sender, str, "text or None")
    expected = "a collection of addresses"
    check_iterable("envelope_recipients", envelope_recipients, expected, "pass a list")
    envelope_recipients = tuple(envelope_recipients)
    for each in envelope_recipients:
        check_instance("envelope_recipients", each, str, "a collection of texts")
    check_instance("verdicts", verdicts, Verdicts, "the verdicts of a Received event")
    raw = bytes(raw)  # no copy of bytes
    return InboundMail(
        read_parts(raw),
        raw=raw,
        envelope_sender=envelope_sender,
        envelope_recipients=envelope_recipients,
        verdicts=verdicts,
    )


def _unpickle(
    raw: bytes,
    envelope_sender: str | None,
    envelope_recipients: tuple[str, ...],
    verdicts: Verdicts,
) -> InboundMail:
    return read_mail(
        raw,
        envelope_sender=envelope_sender,
        envelope_recipients=envelope_recipients,
        verdicts=verdicts,
    )
