"""Operations on the suppression lists of the account and of tenants."""

from __future__ import annotations

from typing import Any

from ..api_errors import missing
from ..service import Handler, SesService
from ..state import Suppressed
from .paging import page
from .tenants import find_tenant

__all__ = ["HANDLERS"]


def _addresses(service: SesService, params: dict[str, Any]) -> dict[str, Suppressed]:
    name: str | None = params.get("TenantName")
    return service.state.suppressed if name is None else find_tenant(service, name).suppressed


def _put(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    address: str = params["EmailAddress"].lower()
    _addresses(service, params)[address] = Suppressed(address, params["Reason"])
    return {}


def _get(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = _addresses(service, params).get(params["EmailAddress"].lower())
    if found is None:
        raise missing("Email address", params["EmailAddress"])
    return {"SuppressedDestination": _summary(found)}


def _delete(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    if _addresses(service, params).pop(params["EmailAddress"].lower(), None) is None:
        raise missing("Email address", params["EmailAddress"])
    return {}


def _list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    reasons = params.get("Reasons")
    start, end = params.get("StartDate"), params.get("EndDate")
    items = [
        _summary(each)
        for each in _addresses(service, params).values()
        if (not reasons or each.reason in reasons)
        and (start is None or each.updated >= start)
        and (end is None or each.updated <= end)
    ]
    return page(items, params, "SuppressedDestinationSummaries", most=1000)


def _summary(found: Suppressed) -> dict[str, Any]:
    return {
        "EmailAddress": found.address,
        "Reason": found.reason,
        "LastUpdateTime": found.updated,
    }


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {
        "PutSuppressedDestination": _put,
        "GetSuppressedDestination": _get,
        "DeleteSuppressedDestination": _delete,
        "ListSuppressedDestinations": _list,
    }
}
