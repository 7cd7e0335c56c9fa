"""A received mail, read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ...values import cached_property
from ..events.received import Verdicts
from .contents import Bodies, Files, InboundAttachment, body_text, sort_bodies, sort_files
from .date import read_date
from .header import MailHeaders, plain_text
from .mailbox import Mailbox, read_mailboxes
from .parts import Part, read_parts

__all__ = ["InboundMail", "read_mail"]

_NO_VERDICTS = Verdicts()


class InboundMail:
    """A mail from outside, whatever it holds: each property is read when it is first asked for, and none ever raises.

    What is malformed is given as it came, and named in ``defects``. Nothing here is sanitised: the html may have
    scripts, names may deceive, and From is what the sender claims; see ``verdicts``.

    Attributes:
        envelope_sender: The address in MAIL FROM; empty for bounces, None where it isn't known.
        envelope_recipients: The addresses for which SES took the mail, those in bcc among them.
        verdicts: What SES found out about it.
    """

    def __init__(
        self,
        part: Part,
        *,
        raw: bytes | None = None,
        envelope_sender: str | None = None,
        envelope_recipients: Iterable[str] = (),
        verdicts: Verdicts = _NO_VERDICTS,
    ) -> None:
        self._part = part
        self._raw = raw
        self.envelope_sender = envelope_sender
        self.envelope_recipients: tuple[str, ...] = tuple(envelope_recipients)
        self.verdicts = verdicts

    @property
    def raw(self) -> bytes:
        """The original bytes."""
        return self._part.raw[self._part.start : self._part.end] if self._raw is None else self._raw

    @property
    def defects(self) -> tuple[str, ...]:
        """What was found wrong so far; after ``load`` that is all. An attached mail has its own."""
        return tuple(self._part.defects)

    @property
    def headers(self) -> MailHeaders:
        """All header fields, in order."""
        return self._part.headers

    @cached_property
    def from_(self) -> tuple[Mailbox, ...]:
        """The authors that the mail claims; of several From fields those of all, as nobody agrees on which counts."""
        return self._mailboxes("From")

    @cached_property
    def to(self) -> tuple[Mailbox, ...]:
        """The recipients that the mail shows; see ``envelope_recipients`` for those that it really went to."""
        return self._mailboxes("To")

    @cached_property
    def cc(self) -> tuple[Mailbox, ...]:
        """The recipients of copies that the mail shows."""
        return self._mailboxes("Cc")

    @cached_property
    def reply_to(self) -> tuple[Mailbox, ...]:
        """Whom an answer should go to, where that isn't the author."""
        return self._mailboxes("Reply-To")

    @cached_property
    def subject(self) -> str | None:
        """The subject, on one line; None without."""
        return self.headers.get("Subject")

    @cached_property
    def date(self) -> datetime | None:
        """When the mail says that it was written, with a time zone; None without a date that can be read."""
        text = self.headers.plain("date")
        return read_date(text, self._part.defects) if text else None

    @cached_property
    def text(self) -> str | None:
        """The first plain text that isn't an attachment, its lines ending in LF; None without.

        Where a text goes on after a file, as Apple's mail programs write it, it is all of it.
        """
        return self._body(self._bodies.text)

    @cached_property
    def html(self) -> str | None:
        """The first html that isn't an attachment, NOT sanitised: do that before you show it; None without."""
        return self._body(self._bodies.html)

    @property
    def attachments(self) -> tuple[InboundAttachment, ...]:
        """Every other part, in order, but for those in ``inline`` that are only there to be shown."""
        return self._files.attachments

    @property
    def inline(self) -> Mapping[str, InboundAttachment]:
        """The parts that html can show by ``<img src="cid:...">``, by content id.

        Those that are in ``attachments`` as well aren't shown by it, or not for sure.
        """
        return self._files.inline

    @cached_property
    def mails(self) -> tuple[InboundMail, ...]:
        """The mails that are attached, read; ``attachments`` has them as bytes."""
        return tuple(
            InboundMail(part.mail) for part in self._part.leaves() if part.mail is not None
        )

    def load(self) -> InboundMail:
        """Decode now, attached mails too, what else would be decoded when first asked for; gives the mail itself.

        Only the ``text`` of attachments isn't kept. A mail of 30 MB takes some tenths of a second: in an async program,
        load it in a worker thread.
        """
        self.headers.load()
        for name in _LAZY:
            getattr(self, name)
        for item in (*self.attachments, *self.inline.values()):
            item.load()
        for mail in self.mails:
            mail.load()
        return self

    @cached_property
    def _bodies(self) -> Bodies:
        return sort_bodies(self._part)

    @cached_property
    def _files(self) -> Files:
        return sort_files(self._bodies, lambda: self.html)

    def _body(self, parts: list[Part]) -> str | None:
        text = ""
        for part in parts:
            if text and not text.endswith("\n"):
                text += "\n"
            text += body_text(part)
        return text if parts else None

    def _mailboxes(self, name: str) -> tuple[Mailbox, ...]:
        part = self._part
        found: list[Mailbox] = []
        for value in self.headers.raw(name):
            found += read_mailboxes(plain_text(value, part.defects), part.defects, part.budget)
        return tuple(found)

    def _key(self) -> tuple[Any, ...]:
        return self.raw, self.envelope_sender, self.envelope_recipients, self.verdicts

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, InboundMail) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        return _read_again, self._key()

    def __repr__(self) -> str:
        return f"<InboundMail {self.subject!r}>"


_LAZY = [name for name, value in vars(InboundMail).items() if isinstance(value, cached_property)]


def read_mail(
    raw: bytes,
    *,
    envelope_sender: str | None = None,
    envelope_recipients: Iterable[str] = (),
    verdicts: Verdicts = _NO_VERDICTS,
) -> InboundMail:
    """Read a mail, whatever the bytes; it never raises, and its work grows with the length of the mail alone.

    Args:
        raw: The mail as SES received it. Of more than 40 MiB the first 40 are read.
        envelope_sender: The ``source`` of the Received event.
        envelope_recipients: The ``recipients`` of the Received event.
        verdicts: The ``verdicts`` of the Received event.
    """
    return InboundMail(
        read_parts(raw),
        raw=raw,
        envelope_sender=envelope_sender,
        envelope_recipients=envelope_recipients,
        verdicts=verdicts,
    )


def _read_again(
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
