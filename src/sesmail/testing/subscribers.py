"""List management: unsubscribe links of SES, and contacts that change their preferences.

https://docs.aws.amazon.com/ses/latest/dg/sending-email-list-management.html
"""

from __future__ import annotations

import re
import secrets
from base64 import b64decode, encodebytes
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .api_errors import bad_request, missing
from .mail import EventRecord, SentMail
from .parts import subscription_part
from .publishing import Publisher
from .state import Contact, ContactList, State, now

__all__ = ["PLACEHOLDER", "UnsubscribeLinks", "preferences"]

# Blocks of lines, of which a text in base64 is one.
_BASE64 = re.compile(rb"(?:^[A-Za-z0-9+/]{2,76}={0,2}\r\n)+", re.MULTILINE)

PLACEHOLDER = "{{amazonSESUnsubscribeUrl}}"


class _Link(NamedTuple):
    contact_list: str
    topic: str | None
    address: str


class UnsubscribeLinks:
    """The unsubscribe links that were written into mails, by their tokens.

    Args:
        state: Has the contact lists and mails.
        publisher: Publishes the events.
    """

    def __init__(self, state: State, publisher: Publisher) -> None:
        self._state = state
        self._publisher = publisher
        self._links: dict[str, _Link] = {}
        self.base_url = ""

    def clear(self) -> None:
        """Makes all links invalid."""
        self._links.clear()

    def insert(
        self, raw: bytes, contact_list: str, topic: str | None, recipients: Sequence[str]
    ) -> bytes:
        """Returns a mail with the link in its placeholders and its header.

        Raises:
            ApiError: The contact list or topic doesn't exist, or there are several recipients.
        """
        found = self._state.contact_lists.get(contact_list)
        if found is None:
            raise missing("Contact list", contact_list)
        if topic is not None and topic not in found.topics:
            raise missing("Topic", topic)
        if len(recipients) != 1:
            raise bad_request("ListManagementOptions are supported for one recipient only.")
        found.contacts.setdefault(recipients[0], Contact(recipients[0]))
        token = secrets.token_hex(16)
        self._links[token] = _Link(contact_list, topic, recipients[0])
        url = f"{self.base_url}/unsubscribe/{token}"
        headers = (
            f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        )
        return headers.encode() + _replaced(raw, url)

    def unsubscribe(self, mail: SentMail, address: str, source: str) -> EventRecord:
        """Unsubscribes a recipient of a mail with list management, as their link would.

        Raises:
            ValueError: The mail has no contact list.
        """
        if mail.contact_list is None:
            raise ValueError(f"{mail!r} was sent without list management")
        return self._opt_out(_Link(mail.contact_list, mail.topic, address), mail, source)

    def follow(self, token: str, source: str) -> str | None:
        """Unsubscribes who a link is for, and returns their address; None for another token."""
        link = self._links.get(token)
        if link is None:
            return None
        end = f"/unsubscribe/{token}".encode()
        mails = [each for each in self._state.mails if end in each.raw.partition(b"\r\n")[0]]
        if not mails:  # deleted
            return None
        self._opt_out(link, mails[0], source)
        return link.address

    def _opt_out(self, link: _Link, mail: SentMail, source: str) -> EventRecord:
        with self._state.lock:
            contacts = self._state.contact_lists[link.contact_list]
            contact = contacts.contacts.setdefault(link.address, Contact(link.address))
            old = preferences(contacts, contact)
            if link.topic is None:
                contact.unsubscribed = True
            else:
                contact.topics[link.topic] = "OPT_OUT"
            contact.updated = now()
            new = preferences(contacts, contact)
        part = subscription_part(now(), link.contact_list, source, old, new)
        return self._publisher.emit(mail, "Subscription", part)


def preferences(contacts: ContactList, contact: Contact) -> Mapping[str, Any]:
    """Returns the preferences of a contact, in the form of events."""
    statuses = {
        name: contact.topics.get(name, topic.get("DefaultSubscriptionStatus", "OPT_OUT"))
        for name, topic in contacts.topics.items()
    }
    return {
        "unsubscribeAll": contact.unsubscribed,
        "topicSubscriptionStatus": [
            {
                "topicName": name,
                "subscriptionStatus": "OptIn"
                if status == "OPT_IN" and not contact.unsubscribed
                else "OptOut",
            }
            for name, status in statuses.items()
        ],
    }


def _replaced(raw: bytes, url: str) -> bytes:
    """Replaces the placeholder, also in base64 and where quoted-printable breaks lines."""
    raw = raw.replace(PLACEHOLDER.encode(), url.encode())
    for end in range(1, len(PLACEHOLDER)):
        broken = f"{PLACEHOLDER[:end]}=\r\n{PLACEHOLDER[end:]}".encode()
        raw = raw.replace(broken, f"=\r\n{url}=\r\n".encode())

    def decoded(match: re.Match[bytes]) -> bytes:
        try:
            text = b64decode(match[0], validate=False)
        except ValueError:  # lines that only look like base64
            return match[0]
        if PLACEHOLDER.encode() not in text:
            return match[0]
        replaced = encodebytes(text.replace(PLACEHOLDER.encode(), url.encode()))
        return replaced.replace(b"\n", b"\r\n")

    return _BASE64.sub(decoded, raw)
