"""State of a fake SES: its account, its resources, and what happened."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .feed import Feed
from .history import History, StoredObject

__all__ = [
    "DEFAULT_SET",
    "Account",
    "ConfigurationSet",
    "Contact",
    "ContactList",
    "EventDestination",
    "Identity",
    "State",
    "StoredObject",
    "Suppressed",
    "Template",
    "Tenant",
    "now",
]

DEFAULT_SET = "events"
"""Default configuration set of the identities that ``FakeSES.verify`` creates."""


def now() -> datetime:
    """Returns the time in UTC, to the millisecond, as SES reports times."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@dataclass
class Account:
    """Settings of the account; see ``FakeSES.account``."""

    rate: float = 14.0
    quota: float = 50_000.0
    sandbox: bool = False
    sending_enabled: bool = True
    suspended: bool = False
    limit_calls: bool = False
    suppression_reasons: tuple[str, ...] = ("BOUNCE", "COMPLAINT")


@dataclass
class Identity:
    """A verified, or unverified, address or domain.

    Attributes:
        topics: ARN of the notification topic of Bounce, Complaint and Delivery.
        with_headers: Those of them whose notifications include the original headers.
    """

    name: str
    verified: bool = True
    configuration_set: str | None = None
    forwarding: bool = True
    topics: dict[str, str] = field(default_factory=dict[str, str])
    with_headers: set[str] = field(default_factory=set[str])


@dataclass
class Template:
    """A stored template."""

    name: str
    subject: str
    text: str = ""
    html: str = ""
    created: datetime = field(default_factory=now)


@dataclass
class EventDestination:
    """An event destination: which events, and where to; ``settings`` are those of API v2."""

    name: str
    events: frozenset[str]
    topic: str | None = None
    enabled: bool = True
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class ConfigurationSet:
    """A configuration set; ``options`` are those of API v2."""

    name: str
    sending_enabled: bool = True
    destinations: dict[str, EventDestination] = field(default_factory=dict[str, EventDestination])
    suppression_reasons: tuple[str, ...] | None = None
    options: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Suppressed:
    """An address on a suppression list; the reason is BOUNCE or COMPLAINT."""

    address: str
    reason: str
    updated: datetime = field(default_factory=now)


@dataclass
class Contact:
    """A contact on a contact list; topics map to OPT_IN or OPT_OUT."""

    address: str
    topics: dict[str, str] = field(default_factory=dict[str, str])
    unsubscribed: bool = False
    attributes: str | None = None
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)


@dataclass
class ContactList:
    """A contact list; ``topics`` are those of API v2, by name."""

    name: str
    description: str | None = None
    topics: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    contacts: dict[str, Contact] = field(default_factory=dict[str, Contact])
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)


@dataclass
class Tenant:
    """A tenant, with a suppression list of its own."""

    name: str
    number: str
    created: datetime = field(default_factory=now)
    suppressed: dict[str, Suppressed] = field(default_factory=dict[str, Suppressed])


class State(History):
    """Everything that a fake knows, in plain containers.

    Hold ``lock`` to read several of them consistently. ``feed`` reports each change.

    Args:
        region: The region in ids, ARNs and error messages.
        account_id: Number of the account.
        limits: Those of ``History``.
    """

    def __init__(self, region: str, account_id: str, **limits: int) -> None:
        super().__init__(**limits)
        self.region = region
        self.account_id = account_id
        self.lock: threading.RLock = threading.RLock()
        self.feed: Feed = Feed()
        self._create()

    def _create(self) -> None:
        self.account: Account = Account()
        self.identities: dict[str, Identity] = {}
        self.templates: dict[str, Template] = {}
        self.configuration_sets: dict[str, ConfigurationSet] = {}
        self.suppressed: dict[str, Suppressed] = {}
        self.contact_lists: dict[str, ContactList] = {}
        self.tenants: dict[str, Tenant] = {}
        self.topics: set[str] = set()
        self._sent: deque[tuple[datetime, int]] = deque()

    def reset(self) -> None:
        """Deletes everything, and returns to the default settings."""
        with self.lock:
            self.clear()
            self._create()
        self.feed.publish("reset")

    def arn(self, service: str, resource: str) -> str:
        """Returns the ARN of a resource of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def count_sent(self, recipients: int) -> None:
        """Counts the recipients of a mail towards the daily quota."""
        self._sent.append((now(), recipients))

    @property
    def sent_last_24_hours(self) -> int:
        """Number of recipients of the last 24 hours."""
        start = now() - timedelta(hours=24)
        while self._sent and self._sent[0][0] < start:
            self._sent.popleft()
        return sum(count for _, count in self._sent)
