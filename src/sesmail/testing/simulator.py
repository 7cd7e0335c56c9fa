"""Events of a mail that nobody asks for: suppressed recipients and the mailbox simulator.

https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .checks import is_simulator
from .mail import SentMail
from .parts import bounce_part, complaint_part, delivery_part
from .publishing import Publisher
from .state import State, now

__all__ = ["after_acceptance"]


def after_acceptance(state: State, publisher: Publisher, mail: SentMail) -> None:
    """Publishes the events that follow from the acceptance of a mail.

    A template that can't be rendered gives a Rendering Failure and nothing else. Otherwise there is
    a Send, a Bounce of each suppressed recipient, and the events of simulator addresses.
    """
    if mail.rendering_error is not None:
        part = {"templateName": mail.template, "errorMessage": mail.rendering_error}
        publisher.emit(mail, "Rendering Failure", part)
        return
    publisher.emit(mail, "Send", {})
    for address in mail.recipients:
        subtype = _suppression(state, mail, address)
        if subtype is not None:
            publisher.emit(mail, "Bounce", bounce_part(now(), [address], "Permanent", subtype))
        elif is_simulator(address):
            _simulate(publisher, mail, address)


def _suppression(state: State, mail: SentMail, address: str) -> str | None:
    """Returns the subtype of the bounce of a suppressed recipient; None for others.

    A configuration set may override the reasons for which addresses are suppressed.
    """
    with state.lock:
        contact_list = state.contact_lists.get(mail.contact_list or "")
        contact = None if contact_list is None else contact_list.contacts.get(address)
        if contact is not None and (
            contact.unsubscribed or contact.topics.get(mail.topic or "") == "OPT_OUT"
        ):
            return "UnsubscribedRecipient"
        tenant = state.tenants.get(mail.tenant or "")
        if tenant is not None and address.lower() in tenant.suppressed:
            return "OnTenantSuppressionList"
        found = state.suppressed.get(address.lower())
        chosen = state.configuration_sets.get(mail.configuration_set or "")
        reasons: Sequence[str] = state.account.suppression_reasons
        if chosen is not None and chosen.suppression_reasons is not None:
            reasons = chosen.suppression_reasons
        return "OnAccountSuppressionList" if found and found.reason in reasons else None


def _simulate(publisher: Publisher, mail: SentMail, address: str) -> None:
    """Publishes the events of a simulator address; labels such as ``bounce+x@`` are allowed."""
    name = address.partition("@")[0].partition("+")[0].lower()
    for kind, make in _SIMULATED.get(name, ()):
        publisher.emit(mail, kind, make(mail, address))


def _delivery(mail: SentMail, address: str) -> dict[str, Any]:
    return delivery_part(now(), [address], mail.sent_at)


def _bounce(bounce_type: str, subtype: str) -> Callable[[SentMail, str], dict[str, Any]]:
    return lambda _, address: bounce_part(now(), [address], bounce_type, subtype)


def _complaint(mail: SentMail, address: str) -> dict[str, Any]:
    return complaint_part(now(), [address], "abuse", None)


_SIMULATED: dict[str, list[tuple[str, Callable[[SentMail, str], dict[str, Any]]]]] = {
    "success": [("Delivery", _delivery)],
    "bounce": [("Bounce", _bounce("Permanent", "General"))],
    "ooto": [("Delivery", _delivery), ("Bounce", _bounce("Transient", "General"))],
    "complaint": [("Delivery", _delivery), ("Complaint", _complaint)],
    "suppressionlist": [("Bounce", _bounce("Permanent", "Suppressed"))],
}
