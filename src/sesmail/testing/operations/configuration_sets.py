"""Operations on configuration sets and their event destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..api_errors import (
    DESTINATION_EXISTS,
    DESTINATION_MISSING,
    SET_EXISTS,
    SET_MISSING,
    bad_request,
    exists,
    missing,
)
from ..service import Handler, SesService
from ..state import ConfigurationSet, EventDestination
from .paging import page

__all__ = ["HANDLERS"]

_DESTINATIONS = (
    "SnsDestination",
    "EventBridgeDestination",
    "KinesisFirehoseDestination",
    "CloudWatchDestination",
    "PinpointDestination",
)
_OPTIONS = ("TrackingOptions", "DeliveryOptions", "ReputationOptions", "Tags", "VdmOptions")
# The v1 names of event types, which has two fewer:
# https://docs.aws.amazon.com/ses/latest/APIReference/API_EventDestination.html
_TYPES_V1 = {
    "send": "SEND",
    "reject": "REJECT",
    "bounce": "BOUNCE",
    "complaint": "COMPLAINT",
    "delivery": "DELIVERY",
    "open": "OPEN",
    "click": "CLICK",
    "renderingFailure": "RENDERING_FAILURE",
}
_NAMES_V1 = {name: type_v1 for type_v1, name in _TYPES_V1.items()}


def _find(service: SesService, name: str) -> ConfigurationSet:
    found = service.state.configuration_sets.get(name)
    if found is None:
        raise missing("Configuration set", name, SET_MISSING)
    return found


def _add(service: SesService, created: ConfigurationSet) -> dict[str, Any]:
    if created.name in service.state.configuration_sets:
        raise exists("Configuration set", created.name, SET_EXISTS)
    service.state.configuration_sets[created.name] = created
    return {}


def _create(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    created = ConfigurationSet(params["ConfigurationSetName"])
    created.sending_enabled = params.get("SendingOptions", {}).get("SendingEnabled", True)
    created.options = {name: params[name] for name in _OPTIONS if name in params}
    if "SuppressionOptions" in params:
        created.suppression_reasons = tuple(
            params["SuppressionOptions"].get("SuppressedReasons", ())
        )
    return _add(service, created)


def _get(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    reasons = found.suppression_reasons
    return {
        "ConfigurationSetName": found.name,
        "SendingOptions": {"SendingEnabled": found.sending_enabled},
        "SuppressionOptions": None if reasons is None else {"SuppressedReasons": list(reasons)},
        **found.options,
    }


def _delete(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    del service.state.configuration_sets[_find(service, params["ConfigurationSetName"]).name]
    return {}


def _list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    return page(list(service.state.configuration_sets), params, "ConfigurationSets", most=1000)


def _put_sending(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    found.sending_enabled = params.get("SendingEnabled", False)
    return {}


def _put_suppression(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    found.suppression_reasons = tuple(params.get("SuppressedReasons", ()))
    return {}


def _put_tracking(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    options = {
        name: params[name] for name in ("CustomRedirectDomain", "HttpsPolicy") if name in params
    }
    found.options["TrackingOptions"] = options
    return {}


def _destination(name: str, given: Mapping[str, Any]) -> EventDestination:
    kinds = [kind for kind in _DESTINATIONS if kind in given]
    if len(kinds) != 1:
        raise bad_request("An event destination must have exactly one destination.")
    return EventDestination(
        name=name,
        events=frozenset(given.get("MatchingEventTypes", ())),
        topic=given.get("SnsDestination", {}).get("TopicArn"),
        enabled=given.get("Enabled", False),
        settings={kinds[0]: given[kinds[0]]},
    )


def _destination_v1(given: Mapping[str, Any]) -> EventDestination:
    topic = given.get("SNSDestination", {}).get("TopicARN")
    settings = {"SnsDestination": {"TopicArn": topic}} if topic else {}
    return EventDestination(
        name=given["Name"],
        events=frozenset(_TYPES_V1[each] for each in given["MatchingEventTypes"]),
        topic=topic,
        enabled=given.get("Enabled", False),
        settings=settings,
    )


def _add_destination(
    service: SesService, params: dict[str, Any], created: EventDestination
) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    if created.name in found.destinations:
        raise exists("Event destination", created.name, DESTINATION_EXISTS)
    found.destinations[created.name] = created
    return {}


def _update_destination(
    service: SesService, params: dict[str, Any], changed: EventDestination
) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    if changed.name not in found.destinations:
        raise missing("Event destination", changed.name, DESTINATION_MISSING)
    found.destinations[changed.name] = changed
    return {}


def _delete_destination(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    name: str = params["EventDestinationName"]
    if found.destinations.pop(name, None) is None:
        raise missing("Event destination", name, DESTINATION_MISSING)
    return {}


def _get_destinations(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    return {
        "EventDestinations": [
            {
                "Name": each.name,
                "Enabled": each.enabled,
                "MatchingEventTypes": sorted(each.events),
                **each.settings,
            }
            for each in found.destinations.values()
        ]
    }


def _create_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    return _add(service, ConfigurationSet(params["ConfigurationSet"]["Name"]))


def _describe(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _find(service, params["ConfigurationSetName"])
    destinations = [
        {
            "Name": each.name,
            "Enabled": each.enabled,
            "MatchingEventTypes": [
                _NAMES_V1[name] for name in sorted(each.events & set(_NAMES_V1))
            ],
            "SNSDestination": {"TopicARN": each.topic} if each.topic else None,
        }
        for each in found.destinations.values()
    ]
    wanted = params.get("ConfigurationSetAttributeNames", ())
    output: dict[str, Any] = {"ConfigurationSet": {"Name": found.name}}
    if "eventDestinations" in wanted:
        output["EventDestinations"] = destinations
    return output


def _list_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    items = [{"Name": name} for name in service.state.configuration_sets]
    return page(items, params, "ConfigurationSets", "MaxItems", most=1000)


def _update_sending_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    _find(service, params["ConfigurationSetName"]).sending_enabled = params["Enabled"]
    return {}


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {
        "CreateConfigurationSet": _create,
        "GetConfigurationSet": _get,
        "DeleteConfigurationSet": _delete,
        "ListConfigurationSets": _list,
        "PutConfigurationSetSendingOptions": _put_sending,
        "PutConfigurationSetSuppressionOptions": _put_suppression,
        "PutConfigurationSetTrackingOptions": _put_tracking,
        "CreateConfigurationSetEventDestination": lambda service, params: _add_destination(
            service,
            params,
            _destination(params["EventDestinationName"], params["EventDestination"]),
        ),
        "UpdateConfigurationSetEventDestination": lambda service, params: _update_destination(
            service,
            params,
            _destination(params["EventDestinationName"], params["EventDestination"]),
        ),
        "DeleteConfigurationSetEventDestination": _delete_destination,
        "GetConfigurationSetEventDestinations": _get_destinations,
    },
    "ses": {
        "CreateConfigurationSet": _create_v1,
        "DescribeConfigurationSet": _describe,
        "DeleteConfigurationSet": _delete,
        "ListConfigurationSets": _list_v1,
        "UpdateConfigurationSetSendingEnabled": _update_sending_v1,
        "CreateConfigurationSetEventDestination": lambda service, params: _add_destination(
            service, params, _destination_v1(params["EventDestination"])
        ),
        "UpdateConfigurationSetEventDestination": lambda service, params: _update_destination(
            service, params, _destination_v1(params["EventDestination"])
        ),
        "DeleteConfigurationSetEventDestination": _delete_destination,
    },
}
