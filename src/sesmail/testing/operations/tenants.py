"""Operations on tenants."""

from __future__ import annotations

import secrets
from typing import Any

from ..api_errors import exists, missing
from ..service import Handler, SesService
from ..state import Tenant
from .paging import page

__all__ = ["HANDLERS", "find_tenant"]


def find_tenant(service: SesService, name: str) -> Tenant:
    """Returns a tenant.

    Raises:
        ApiError: There is none of this name.
    """
    found = service.state.tenants.get(name)
    if found is None:
        raise missing("Tenant", name)
    return found


def _create(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    name: str = params["TenantName"]
    if name in service.state.tenants:
        raise exists("Tenant", name)
    service.state.tenants[name] = Tenant(name, secrets.token_hex(8))
    return _described(service, service.state.tenants[name])


def _described(service: SesService, tenant: Tenant) -> dict[str, Any]:
    return {
        "TenantName": tenant.name,
        "TenantId": tenant.number,
        "TenantArn": service.state.arn("ses", f"tenant/{tenant.name}/{tenant.number}"),
        "CreatedTimestamp": tenant.created,
        "Tags": [],
        "SendingStatus": "ENABLED",
    }


def _get(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    return {"Tenant": _described(service, find_tenant(service, params["TenantName"]))}


def _delete(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    del service.state.tenants[find_tenant(service, params["TenantName"]).name]
    return {}


def _list(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    items = [_described(service, each) for each in service.state.tenants.values()]
    return page(items, params, "Tenants")


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {
        "CreateTenant": _create,
        "GetTenant": _get,
        "DeleteTenant": _delete,
        "ListTenants": _list,
    }
}
