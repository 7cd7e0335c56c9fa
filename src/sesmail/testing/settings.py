"""State of a fake by fixture: account, identities, templates, configuration sets, lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..arguments import check_mapping
from .identity_name import identity_name
from .operations.templates import create_template
from .publishing import ALL_EVENTS, EVENT_ENUMS
from .service import SesService
from .setting_checks import (
    NOTIFICATIONS,
    PREFERENCES,
    REASONS,
    check_number,
    check_words,
)
from .sns import SECRET
from .state import (
    DEFAULT_SET,
    ConfigurationSet,
    Contact,
    ContactList,
    EventDestination,
    Identity,
    State,
    Suppressed,
)

__all__ = ["DEFAULT_SET", "Settings"]


class Settings:
    """Methods of ``FakeSES`` that change its state."""

    state: State
    topic_arn: str
    secret: str = SECRET
    _service: SesService

    def _set_up(self) -> None:
        """Creates the default topic and configuration set."""
        self.state.topics.add(self.topic_arn)
        self.configuration_set(DEFAULT_SET)

    def account(
        self,
        *,
        rate: float | None = None,
        quota: float | None = None,
        sandbox: bool | None = None,
        paused: bool | None = None,
        suspended: bool | None = None,
        lenient: bool | None = None,
        limit_calls: bool | None = None,
        suppress: Collection[str] | None = None,
    ) -> None:
        """Changes settings of the account; None leaves one as it is.

        Args:
            rate: Sending rate in recipients per second, as GetAccount reports it (default 14). It
                isn't enforced: use ``faults.throttle_above`` for that.
            quota: Recipients in 24 hours (default 50,000); -1 is unlimited. It is enforced.
            sandbox: Whether recipients have to be verified, too, except those of the simulator.
            paused: Whether sending is paused.
            suspended: Whether AWS has suspended the account.
            lenient: Whether mail from unverified senders is accepted, and attachments of any type.
            limit_calls: Whether operations other than sends are refused above the rate that SES
                documents for each, mostly one call per second (default False). Never if lenient.
            suppress: Events that put an address on the suppression list, and suppress it:
                ``BOUNCE`` and ``COMPLAINT`` (default both).

        Raises:
            ValueError: The rate or quota isn't such a number, or there is no such event.
        """
        account = self.state.account
        check_number("rate", rate, 0)
        check_number("quota", quota, -1)
        if suppress is not None:
            check_words("suppress", suppress, REASONS)
        account.rate = account.rate if rate is None else rate
        account.quota = account.quota if quota is None else quota
        account.sandbox = account.sandbox if sandbox is None else sandbox
        account.sending_enabled = account.sending_enabled if paused is None else not paused
        account.suspended = account.suspended if suspended is None else suspended
        account.limit_calls = account.limit_calls if limit_calls is None else limit_calls
        if lenient is not None:
            self._service.is_strict = not lenient
        if suppress is not None:
            account.suppression_reasons = tuple(suppress)
        self.state.feed.publish("settings")

    def verify(self, *identities: str, configuration_set: str | None = DEFAULT_SET) -> None:
        """Allows sending from addresses or domains.

        Args:
            identities: Addresses, or domains, which include their subdomains.
            configuration_set: Configuration set of their mails if the call names none. The default
                one publishes all events to ``topic_arn``; None is an identity without.

        Raises:
            ValueError: One is neither a bare address nor a domain.
        """
        for name in list(map(identity_name, identities)):
            self.state.identities[name] = Identity(name, configuration_set=configuration_set)
        self.state.feed.publish("settings")

    def template(self, name: str, subject: str, text: str = "", html: str = "") -> None:
        """Stores a template, or replaces it.

        Raises:
            ApiError: SES would refuse it.
        """
        self.state.templates.pop(name, None)
        create_template(self._service, name, subject, text, html)
        self.state.feed.publish("settings")

    def configuration_set(
        self, name: str, *, events: Collection[str] | None = None, topic: str | None = None
    ) -> None:
        """Creates a configuration set that publishes events, or replaces it.

        Args:
            name: Its name.
            events: Names of event types, such as ``Bounce`` or ``BOUNCE``; by default all. Empty
                publishes none.
            topic: ARN of the topic; by default ``topic_arn``.

        Raises:
            ValueError: There is no such event type.
        """
        wanted = ALL_EVENTS if events is None else frozenset(map(_enum, events))
        topic = self.topic_arn if topic is None else topic
        destination = EventDestination(
            "sns", wanted, topic, settings={"SnsDestination": {"TopicArn": topic}}
        )
        self.state.topics.add(topic)
        self.state.configuration_sets[name] = ConfigurationSet(
            name, destinations={destination.name: destination} if wanted else {}
        )
        self.state.feed.publish("settings")

    def notifications(
        self,
        identity: str,
        *kinds: str,
        topic: str | None = None,
        headers: bool = True,
    ) -> None:
        """Publishes notifications of an identity, instead of its default configuration set.

        Args:
            identity: The verified address or domain.
            kinds: ``Bounce``, ``Complaint`` and ``Delivery``; all of them if none is given.
            topic: ARN of the topic; by default ``topic_arn``.
            headers: Whether they include the original headers, and with them tags and metadata.

        Raises:
            ValueError: The identity isn't verified, or there is no such kind.
        """
        found = self.state.identities.get(identity_name(identity))
        if found is None:
            raise ValueError(f"{identity!r} isn't an identity of the fake: verify it before")
        wanted = kinds or NOTIFICATIONS
        check_words("kinds", wanted, NOTIFICATIONS)
        found.configuration_set = None
        found.topics = dict.fromkeys(wanted, self.topic_arn if topic is None else topic)
        found.with_headers = set(wanted) if headers else set()
        self.state.feed.publish("settings")

    def suppress(self, *addresses: str, reason: str = "BOUNCE") -> None:
        """Puts addresses on the suppression list of the account.

        Args:
            addresses: Bare addresses.
            reason: ``BOUNCE`` or ``COMPLAINT``.

        Raises:
            ValueError: It is another reason.
        """
        check_words("reason", [reason], REASONS)
        for address in addresses:
            self.state.suppressed[address.lower()] = Suppressed(address.lower(), reason)
        self.state.feed.publish("settings")

    def contact_list(
        self, name: str, *, topics: Mapping[str, str] | None = None, contacts: Collection[str] = ()
    ) -> None:
        """Creates a contact list, or replaces it.

        Args:
            name: Its name.
            topics: Default preference of each topic, ``OPT_IN`` or ``OPT_OUT``, by name.
            contacts: Addresses of its contacts.

        Raises:
            ValueError: ``topics`` isn't a mapping, or a preference is another one.
        """
        if topics is not None:
            check_mapping("topics", topics, 'pass {"News": "OPT_IN"}')
        check_words("topics", (topics or {}).values(), PREFERENCES)
        described: dict[str, Mapping[str, Any]] = {
            topic: {
                "TopicName": topic,
                "DisplayName": topic,
                "DefaultSubscriptionStatus": default,
            }
            for topic, default in (topics or {}).items()
        }
        self.state.contact_lists[name] = ContactList(
            name, topics=described, contacts={each: Contact(each) for each in contacts}
        )
        self.state.feed.publish("settings")


def _enum(name: str) -> str:
    found = EVENT_ENUMS.get(name, name)
    if found not in ALL_EVENTS:
        raise ValueError(f"no event type {name!r}; one of {', '.join(EVENT_ENUMS)}")
    return found
