"""Operations on identities: addresses and domains to send from."""

from __future__ import annotations

import secrets
from typing import Any

from ..api_errors import bad_request, exists, missing
from ..identity_name import identity_name
from ..service import Handler, SesService
from ..state import Identity
from .paging import page

__all__ = ["HANDLERS"]

_TOPIC_ATTRIBUTES = {
    "Bounce": "BounceTopic",
    "Complaint": "ComplaintTopic",
    "Delivery": "DeliveryTopic",
}


def _type_of(name: str) -> str:
    return "EMAIL_ADDRESS" if "@" in name else "DOMAIN"


def _find(service: SesService, name: str) -> Identity:
    identity = service.state.identities.get(name.lower())
    if identity is None:
        raise missing("Email identity", name)
    return identity


def _add(service: SesService, name: str) -> Identity:
    """Adds an identity; that it is verified at once is what a fake can do."""
    try:
        name = identity_name(name)
    except ValueError as err:
        raise bad_request(
            f"Invalid {'email address' if '@' in name else 'domain name'} <{name}>."
        ) from err
    return service.state.identities.setdefault(name, Identity(name))


def _create(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    name: str = params["EmailIdentity"]
    if name.lower() in service.state.identities:
        raise exists("Email identity", name)
    identity = _add(service, name)
    identity.configuration_set = params.get("ConfigurationSetName")
    tokens = [secrets.token_hex(16) for _ in range(3)]
    dkim = {"SigningEnabled": True, "Status": "SUCCESS", "Tokens": tokens}
    return {
        "IdentityType": _type_of(name),
        "VerifiedForSendingStatus": identity.verified,
        "DkimAttributes": dkim,
    }


def _get(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    identity = _find(service, params["EmailIdentity"])
    return {
        "IdentityType": _type_of(identity.name),
        "VerifiedForSendingStatus": identity.verified,
        "VerificationStatus": "SUCCESS" if identity.verified else "PENDING",
        "FeedbackForwardingStatus": identity.forwarding,
        "ConfigurationSetName": identity.configuration_set,
        "Policies": {},
        "Tags": [],
    }


def _delete(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    del service.state.identities[_find(service, params["EmailIdentity"]).name]
    return {}


def _list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    items = [
        {
            "IdentityType": _type_of(each.name),
            "IdentityName": each.name,
            "SendingEnabled": each.verified,
            "VerificationStatus": "SUCCESS" if each.verified else "PENDING",
        }
        for each in service.state.identities.values()
    ]
    return page(items, params, "EmailIdentities", most=1000)


def _put_configuration_set(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    identity = _find(service, params["EmailIdentity"])
    identity.configuration_set = params.get("ConfigurationSetName")
    return {}


def _put_feedback(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    identity = _find(service, params["EmailIdentity"])
    identity.forwarding = params.get("EmailForwardingEnabled", False)
    return {}


def _verify_email(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    _add(service, params["EmailAddress"])
    return {}


def _verify_domain(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    _add(service, params["Domain"])
    return {"VerificationToken": secrets.token_urlsafe(32)}


def _delete_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    service.state.identities.pop(params["Identity"].lower(), None)
    return {}


def _list_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    wanted = {"EmailAddress": "EMAIL_ADDRESS", "Domain": "DOMAIN"}.get(
        params.get("IdentityType", "")
    )
    names = [
        name for name in service.state.identities if wanted is None or _type_of(name) == wanted
    ]
    return page(names, params, "Identities", "MaxItems", most=1000)


def _verification_attributes(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = {name: service.state.identities.get(name.lower()) for name in params["Identities"]}
    return {
        "VerificationAttributes": {
            name: {"VerificationStatus": "Success" if identity.verified else "Pending"}
            for name, identity in found.items()
            if identity is not None
        }
    }


def _find_v1(service: SesService, params: dict[str, Any]) -> Identity:
    identity = service.state.identities.get(params["Identity"].lower())
    if identity is None:
        raise bad_request(f"Identity '{params['Identity']}' does not exist.")
    return identity


def _set_topic(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    identity = _find_v1(service, params)
    topic: str | None = params.get("SnsTopic")
    if topic:
        identity.topics[params["NotificationType"]] = topic
    else:
        identity.topics.pop(params["NotificationType"], None)
    return {}


def _set_headers(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    identity = _find_v1(service, params)
    change = identity.with_headers.add if params["Enabled"] else identity.with_headers.discard
    change(params["NotificationType"])
    return {}


def _set_forwarding(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    _find_v1(service, params).forwarding = params["ForwardingEnabled"]
    return {}


def _notification_attributes(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    identities = {name: service.state.identities.get(name.lower()) for name in params["Identities"]}
    return {
        "NotificationAttributes": {
            name: {
                **{key: identity.topics.get(kind, "") for kind, key in _TOPIC_ATTRIBUTES.items()},
                "ForwardingEnabled": identity.forwarding,
                **{
                    f"HeadersIn{kind}NotificationsEnabled": kind in identity.with_headers
                    for kind in _TOPIC_ATTRIBUTES
                },
            }
            for name, identity in identities.items()
            if identity is not None
        }
    }


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {
        "CreateEmailIdentity": _create,
        "GetEmailIdentity": _get,
        "DeleteEmailIdentity": _delete,
        "ListEmailIdentities": _list,
        "PutEmailIdentityConfigurationSetAttributes": _put_configuration_set,
        "PutEmailIdentityFeedbackAttributes": _put_feedback,
    },
    "ses": {
        "VerifyEmailIdentity": _verify_email,
        "VerifyEmailAddress": _verify_email,
        "VerifyDomainIdentity": _verify_domain,
        "DeleteIdentity": _delete_v1,
        "ListIdentities": _list_v1,
        "GetIdentityVerificationAttributes": _verification_attributes,
        "GetIdentityNotificationAttributes": _notification_attributes,
        "SetIdentityNotificationTopic": _set_topic,
        "SetIdentityHeadersInNotificationsEnabled": _set_headers,
        "SetIdentityFeedbackForwardingEnabled": _set_forwarding,
    },
}
