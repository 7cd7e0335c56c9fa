"""Operations on contact lists and their contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..api_errors import exists, missing
from ..service import Handler, SesService
from ..state import Contact, ContactList, now
from .paging import page

__all__ = ["HANDLERS"]


def _list_of(service: SesService, params: Mapping[str, Any]) -> ContactList:
    name: str = params["ContactListName"]
    found = service.state.contact_lists.get(name)
    if found is None:
        raise missing("Contact list", name)
    return found


def _contact_of(contacts: ContactList, params: Mapping[str, Any]) -> Contact:
    found = contacts.contacts.get(params["EmailAddress"])
    if found is None:
        raise missing("Contact", params["EmailAddress"])
    return found


def _topics(params: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    topics: Sequence[Mapping[str, Any]] = params.get("Topics", ())
    return {topic["TopicName"]: topic for topic in topics}


def _create_list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    name: str = params["ContactListName"]
    if name in service.state.contact_lists:
        raise exists("Contact list", name)
    created = ContactList(name, params.get("Description"), _topics(params))
    service.state.contact_lists[name] = created
    return {}


def _get_list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _list_of(service, params)
    return {
        "ContactListName": found.name,
        "Description": found.description,
        "Topics": list(found.topics.values()),
        "CreatedTimestamp": found.created,
        "LastUpdatedTimestamp": found.updated,
        "Tags": [],
    }


def _update_list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _list_of(service, params)
    found.topics, found.description = _topics(params), params.get("Description")
    found.updated = now()
    return {}


def _delete_list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    del service.state.contact_lists[_list_of(service, params).name]
    return {}


def _list_lists(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    items = [
        {"ContactListName": each.name, "LastUpdatedTimestamp": each.updated}
        for each in service.state.contact_lists.values()
    ]
    return page(items, params, "ContactLists")


def _create_contact(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _list_of(service, params)
    if params["EmailAddress"] in found.contacts:
        raise exists("Contact", params["EmailAddress"])
    contact = found.contacts[params["EmailAddress"]] = Contact(params["EmailAddress"])
    return _change(contact, params)


def _update_contact(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    return _change(_contact_of(_list_of(service, params), params), params)


def _change(contact: Contact, params: Mapping[str, Any]) -> dict[str, Any]:
    for topic in params.get("TopicPreferences", ()):
        contact.topics[topic["TopicName"]] = topic["SubscriptionStatus"]
    contact.unsubscribed = params.get("UnsubscribeAll", contact.unsubscribed)
    contact.attributes = params.get("AttributesData", contact.attributes)
    contact.updated = now()
    return {}


def _get_contact(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _list_of(service, params)
    contact = _contact_of(found, params)
    return {
        "ContactListName": found.name,
        "AttributesData": contact.attributes,
        "CreatedTimestamp": contact.created,
        **_described(found, contact),
    }


def _described(contacts: ContactList, contact: Contact) -> dict[str, Any]:
    defaults = [
        {"TopicName": name, "SubscriptionStatus": topic["DefaultSubscriptionStatus"]}
        for name, topic in contacts.topics.items()
        if name not in contact.topics
    ]
    own = [
        {"TopicName": name, "SubscriptionStatus": status} for name, status in contact.topics.items()
    ]
    return {
        "EmailAddress": contact.address,
        "TopicPreferences": own,
        "TopicDefaultPreferences": defaults,
        "UnsubscribeAll": contact.unsubscribed,
        "LastUpdatedTimestamp": contact.updated,
    }


def _delete_contact(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _list_of(service, params)
    del found.contacts[_contact_of(found, params).address]
    return {}


def _list_contacts(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _list_of(service, params)
    items = [_described(found, each) for each in found.contacts.values()]
    return page(items, params, "Contacts", most=1000)


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {
        "CreateContactList": _create_list,
        "GetContactList": _get_list,
        "UpdateContactList": _update_list,
        "DeleteContactList": _delete_list,
        "ListContactLists": _list_lists,
        "CreateContact": _create_contact,
        "GetContact": _get_contact,
        "UpdateContact": _update_contact,
        "DeleteContact": _delete_contact,
        "ListContacts": _list_contacts,
    }
}
