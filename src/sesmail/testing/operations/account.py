"""Operations on the account: quota, rate, sending."""

from __future__ import annotations

from typing import Any

from ..service import Handler, SesService

__all__ = ["HANDLERS"]


def _get_account(service: SesService, _: dict[str, Any]) -> dict[str, Any]:
    account = service.state.account
    return {
        "DedicatedIpAutoWarmupEnabled": False,
        "EnforcementStatus": "SHUTDOWN" if account.suspended else "HEALTHY",
        "ProductionAccessEnabled": not account.sandbox,
        "SendQuota": _quota(service),
        "SendingEnabled": account.sending_enabled,
        "SuppressionAttributes": {"SuppressedReasons": list(account.suppression_reasons)},
    }


def _quota(service: SesService) -> dict[str, Any]:
    state = service.state
    return {
        "Max24HourSend": float(state.account.quota),
        "MaxSendRate": float(state.account.rate),
        "SentLast24Hours": float(state.sent_last_24_hours),
    }


def _put_sending(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    service.state.account.sending_enabled = params.get("SendingEnabled", False)
    return {}


def _put_suppression(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    service.state.account.suppression_reasons = tuple(params.get("SuppressedReasons", ()))
    return {}


def _send_quota(service: SesService, _: dict[str, Any]) -> dict[str, Any]:
    return _quota(service)


def _sending_enabled(service: SesService, _: dict[str, Any]) -> dict[str, Any]:
    return {"Enabled": service.state.account.sending_enabled}


def _update_sending(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    service.state.account.sending_enabled = params.get("Enabled", False)
    return {}


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {
        "GetAccount": _get_account,
        "PutAccountSendingAttributes": _put_sending,
        "PutAccountSuppressionAttributes": _put_suppression,
    },
    "ses": {
        "GetSendQuota": _send_quota,
        "GetAccountSendingEnabled": _sending_enabled,
        "UpdateAccountSendingEnabled": _update_sending,
    },
}
