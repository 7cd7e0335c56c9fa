"""The mails that a fake SES accepted, as a sequence to search and wait in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import overload

from .feed import Feed, check_no_loop
from .mail import SentMail

__all__ = ["MailNotFoundError", "Outbox"]

_MAX_LISTED = 20


class MailNotFoundError(AssertionError, LookupError):
    """The outbox has no such mail; the message lists those that it has."""


class Outbox(Sequence[SentMail]):
    """The accepted mails, the oldest first.

    Every accepted mail is in it, including one whose template could not be rendered, which has a
    ``rendering_error``.

    Args:
        mails: The mails; the outbox reads it on each access.
        feed: Reports new mails.
    """

    def __init__(self, mails: list[SentMail], feed: Feed) -> None:
        self._mails = mails
        self._feed = feed

    def __len__(self) -> int:
        return len(self._mails)

    @overload
    def __getitem__(self, index: int) -> SentMail: ...
    @overload
    def __getitem__(self, index: slice) -> list[SentMail]: ...
    def __getitem__(self, index: int | slice) -> SentMail | list[SentMail]:
        return self._mails[index]

    def __iter__(self) -> Iterator[SentMail]:
        return iter(list(self._mails))

    def find(
        self,
        *,
        to: str | None = None,
        subject: str | re.Pattern[str] | None = None,
        template: str | None = None,
    ) -> list[SentMail]:
        """Returns the mails that meet all conditions.

        Args:
            to: A bare address, in any case, that is in to, cc or bcc.
            subject: The whole subject, or a pattern that is in it.
            template: Name of the template.
        """
        return [mail for mail in self if _matches(mail, to, subject, template)]

    def latest(
        self,
        *,
        to: str | None = None,
        subject: str | re.Pattern[str] | None = None,
        template: str | None = None,
    ) -> SentMail:
        """Returns the last mail that meets all conditions; see ``find``.

        Raises:
            MailNotFoundError: There is none. It is an AssertionError and a LookupError.
        """
        found = self.find(to=to, subject=subject, template=template)
        if not found:
            raise self._not_found(to, subject, template)
        return found[-1]

    async def wait(
        self,
        *,
        to: str | None = None,
        subject: str | re.Pattern[str] | None = None,
        template: str | None = None,
        timeout: float = 5.0,  # noqa: ASYNC109
    ) -> SentMail:
        """Waits for a mail that meets all conditions, on any event loop; see ``find``.

        Args:
            to: As for ``find``.
            subject: As for ``find``.
            template: As for ``find``.
            timeout: Maximum duration in seconds.

        Returns:
            The last such mail, at once if there is one.

        Raises:
            MailNotFoundError: There is none in time.
        """
        found = await self._feed.wait(lambda: self._last(to, subject, template), timeout)
        if found is None:
            raise self._not_found(to, subject, template)
        return found

    def wait_blocking(
        self,
        *,
        to: str | None = None,
        subject: str | re.Pattern[str] | None = None,
        template: str | None = None,
        timeout: float = 5.0,
    ) -> SentMail:
        """Waits as ``wait`` does, in code without an event loop.

        Raises:
            MailNotFoundError: There is none in time.
            RuntimeError: An event loop is running.
        """
        check_no_loop()
        found = self._feed.wait_blocking(lambda: self._last(to, subject, template), timeout)
        if found is None:
            raise self._not_found(to, subject, template)
        return found

    def _last(
        self, to: str | None, subject: str | re.Pattern[str] | None, template: str | None
    ) -> SentMail | None:
        found = self.find(to=to, subject=subject, template=template)
        return found[-1] if found else None

    def _not_found(
        self, to: str | None, subject: str | re.Pattern[str] | None, template: str | None
    ) -> MailNotFoundError:
        wanted = {"to": to, "subject": subject, "template": template}
        given = ", ".join(f"{name}={value!r}" for name, value in wanted.items() if value)
        return MailNotFoundError(f"no mail with {given or 'anything'} in {self!r}")

    def __repr__(self) -> str:
        mails = list(self)
        if not mails:
            return "<Outbox, empty>"
        lines = [f"\n  {mail!r}" for mail in mails[-_MAX_LISTED:]]
        return f"<Outbox of {len(mails)}:{''.join(lines)}>"


def _matches(
    mail: SentMail, to: str | None, subject: str | re.Pattern[str] | None, template: str | None
) -> bool:
    if to is not None and to.lower() not in map(str.lower, mail.recipients):
        return False
    if template is not None and mail.template != template:
        return False
    if isinstance(subject, re.Pattern):
        return subject.search(mail.subject or "") is not None
    return subject is None or mail.subject == subject
