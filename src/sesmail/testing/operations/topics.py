"""Operations of SNS that a receiver, or its set-up, needs."""

from __future__ import annotations

from typing import Any

from ...receiving.verification.topic import read_topic
from ..api_errors import ApiError, ErrorKind
from ..endpoints import HttpEndpoint
from ..service import Handler, SesService
from ..topics import Subscription

__all__ = ["HANDLERS", "subscribe"]

_INVALID = ErrorKind("InvalidParameter", "InvalidParameter")
_NOT_FOUND = ErrorKind("NotFound", "NotFound", 404)


def _create_topic(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    arn = service.state.arn("sns", params["Name"])
    if read_topic(arn) is None:
        raise ApiError(_INVALID, "Invalid parameter: Topic Name")
    service.state.topics.add(arn)
    return {"TopicArn": arn}


def _subscribe(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    if params["TopicArn"] not in service.state.topics:
        raise ApiError(_NOT_FOUND, "Topic does not exist")
    if params["Protocol"] not in ("http", "https"):
        raise ApiError(_INVALID, "Invalid parameter: Does not support this protocol")
    try:
        endpoint = HttpEndpoint(params.get("Endpoint", ""))
    except ValueError as err:
        raise ApiError(_INVALID, f"Invalid parameter: {err}") from err
    raw = params.get("Attributes", {}).get("RawMessageDelivery") == "true"
    subscription = subscribe(
        service, endpoint, topic=params["TopicArn"], secret=endpoint.secret, raw=raw
    )
    wanted = params.get("ReturnSubscriptionArn")
    return {"SubscriptionArn": subscription.arn if wanted else "pending confirmation"}


def subscribe(service: SesService, endpoint: Any, **options: Any) -> Subscription:
    """Subscribes an endpoint; options are those of ``FakeSES.subscribe``."""
    confirm = options.pop("confirm", True)
    defaults: dict[str, Any] = {
        "version": "1",
        "raw": False,
        "retries": 3,
        "retry_delay": 0.0,
        "duplicates": 0,
        "delay": 0.0,
    }
    topic = options.pop("topic")
    subscription = Subscription(service.state, topic, endpoint, **{**defaults, **options})
    return service.sns.subscribe(subscription, confirm=confirm)


def _confirm(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    arn = service.sns.confirm(params["TopicArn"], params["Token"])
    if arn is None:
        raise ApiError(_INVALID, "Invalid token")
    return {"SubscriptionArn": arn}


def _unsubscribe(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    if not service.sns.unsubscribe(params["SubscriptionArn"]):
        raise ApiError(_NOT_FOUND, "Subscription does not exist")
    return {}


HANDLERS: dict[str, dict[str, Handler]] = {
    "sns": {
        "CreateTopic": _create_topic,
        "Subscribe": _subscribe,
        "ConfirmSubscription": _confirm,
        "Unsubscribe": _unsubscribe,
    }
}
