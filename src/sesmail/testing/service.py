"""The service behind both APIs: accepts mails and what happens to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .api_errors import missing
from .call_rate import CallRates
from .checks import (
    bare,
    check_account,
    check_quota,
    check_recipients,
    check_size,
    check_tags,
    check_verified,
    configuration_set_of,
    find_identity,
)
from .documents import new_message_id
from .draft import Draft
from .faults import Faults
from .handlebars import RenderingError
from .mail import SentMail
from .mailboxes import decoded_mailbox
from .publishing import Publisher
from .raw_checks import check_attachments
from .simulator import after_acceptance
from .state import DEFAULT_SET, Identity, State, now
from .subscribers import UnsubscribeLinks
from .topics import Sns

__all__ = ["SesService"]


class SesService:
    """State of a fake, and the functions that its operations share.

    Args:
        state: The state.
        is_strict: Whether senders must be verified, and attachments of types that SES takes.
    """

    def __init__(self, state: State, *, is_strict: bool = True) -> None:
        self.state = state
        self.is_strict = is_strict
        self.faults: Faults = Faults()
        self.call_rates: CallRates = CallRates()
        self.sns: Sns = Sns(state)
        self.publisher: Publisher = Publisher(state, self.sns)
        self.links: UnsubscribeLinks = UnsubscribeLinks(state, self.publisher)

    @property
    def limits_calls(self) -> bool:
        """True if operations are limited to the rates that AWS documents."""
        return self.is_strict and self.state.account.limit_calls

    def reset(self) -> None:
        """Deletes all state, faults and subscriptions."""
        self.sns.close()
        self.faults.clear()
        self.call_rates.clear()
        self.links.clear()
        self.state.reset()

    def accept(self, draft: Draft) -> SentMail:
        """Checks and accepts a mail, and publishes the events that follow by themselves.

        Raises:
            ApiError: SES would reject it.
        """
        with self.state.lock:
            mail = self._accepted(draft)
            self.state.count_sent(len(mail.recipients))
            self.state.add_mail(mail)
        self.state.feed.publish("mail", mail)
        after_acceptance(self.state, self.publisher, mail)
        return mail

    def _accepted(self, draft: Draft) -> SentMail:
        state = self.state
        check_account(state)
        if draft.tenant is not None and draft.tenant not in state.tenants:
            raise missing("Tenant", draft.tenant)
        given = draft.addresses
        to, cc, bcc = (tuple(map(bare, each)) for each in (given.to, given.cc, given.bcc))
        recipients = (*to, *cc, *bcc)
        check_recipients(recipients)
        check_tags(draft.message_tags)
        author = bare(draft.from_email)
        chosen = configuration_set_of(state, draft, self._identity(author))
        envelope_sender = bare(draft.return_path) if draft.return_path else author
        senders = [author, envelope_sender, *draft.header_senders]
        if draft.is_delegated:
            senders.clear()
        check_verified(state, senders, recipients, is_strict=self.is_strict)
        raw, failure = self._built(draft, recipients)
        check_size(raw, draft.api)
        if self.is_strict:
            check_attachments(raw)
        self.faults.check_rate(len(recipients))
        check_quota(state, len(recipients))
        return SentMail(
            message_id=new_message_id(),
            raw=raw,
            from_email=decoded_mailbox(draft.from_email),
            to=to,
            cc=cc,
            bcc=bcc,
            sent_at=now(),
            api=draft.api,
            operation=draft.operation,
            envelope_sender=envelope_sender,
            configuration_set=None if chosen is None else chosen.name,
            message_tags=dict(draft.message_tags),
            template=draft.template,
            template_data=draft.template_data,
            rendering_error=failure,
            tenant=draft.tenant,
            contact_list=draft.contact_list,
            topic=draft.topic,
            track_opens=draft.track_opens,
            track_clicks=draft.track_clicks,
        )

    def _identity(self, author: str) -> Identity | None:
        """Returns the identity of an author; if it needs none, one as ``verify`` creates."""
        found = find_identity(self.state, author)
        if found is None and not self.is_strict and DEFAULT_SET in self.state.configuration_sets:
            return Identity(author, configuration_set=DEFAULT_SET)
        return found

    def _built(self, draft: Draft, recipients: Sequence[str]) -> tuple[bytes, str | None]:
        """Returns the MIME, and why a template couldn't be rendered."""
        try:
            raw = draft.build()
        except RenderingError as err:
            return b"", str(err)
        if draft.contact_list is not None:
            raw = self.links.insert(raw, draft.contact_list, draft.topic, recipients)
        return raw, None


Handler = Callable[[SesService, dict[str, Any]], dict[str, Any]]
"""An operation: takes the parameters, and returns the output by the names of the model."""
