"""Detects code that takes part in the calls of an aiobotocore client: event handlers, tracers, mocks."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter, is_
from types import FunctionType, MethodType
from typing import Any

__all__ = ["HookDetector"]

# Each event of a call: https://docs.aws.amazon.com/boto3/latest/guide/events.html
_EVENTS = (
    "provide-client-params",
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "request-created",
    "choose-signer",
    "before-auth",
    "before-sign",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
    "after-call",
    "after-call-error",
)

# Each method of a call that tracers and mocks are known to replace, by the path to its object. Among them:
# https://github.com/open-telemetry/opentelemetry-python-contrib/tree/main/instrumentation/opentelemetry-instrumentation-botocore
# https://github.com/aws/aws-xray-sdk-python/blob/master/aws_xray_sdk/ext/aiobotocore/patch.py
# https://github.com/DataDog/dd-trace-py/blob/main/ddtrace/contrib/internal/aiobotocore/patch.py
_METHODS = {
    "_endpoint": (
        "_do_get_response",
        "_get_response",
        "_needs_retry",
        "_send",
        "_send_request",
        "create_request",
        "make_request",
        "prepare_request",
    ),
    "_endpoint.http_session": ("_get_session", "send"),
    "_request_signer": ("handler", "sign"),
    "meta.events": ("emit", "emit_until_response"),
    "meta.events._emitter": ("emit", "emit_until_response"),
}
_CLIENT_METHODS = (
    "_convert_to_request_dict",
    "_emit_api_params",
    "_make_api_call",
    "_make_request",
    "_resolve_endpoint_ruleset",
)

_PACKAGES = frozenset({"aiobotocore", "botocore", "sesmail"})


class HookDetector:
    """Finds out whether calls of a client run code that is neither botocore's, aiobotocore's nor sesmail's.

    Args:
        client: The client as aiobotocore created it, with sesmail's own handlers registered.
        operations: The names of the client's methods by the operations that they call.
    """

    def __init__(self, client: Any, operations: Mapping[str, str]) -> None:
        self._client = client
        self._operations = operations
        self._read_objects = attrgetter(*_METHODS)
        self._objects: tuple[Any, ...] = self._read_objects(client)
        self._methods = [
            _Methods(client, (*_CLIENT_METHODS, *operations.values())),
            *map(_Methods, self._objects, _METHODS.values()),
        ]
        self._emitter: Any = self._objects[-1]
        self._handlers = self._find_handlers()
        self._registrations: object = None
        self._reason: str | None = None

    def reason(self) -> str | None:
        """Returns a description of one such piece of code as it is now; None where there is none.

        It takes about a microsecond where nothing has changed since the last time.
        """
        # Each registration replaces the cache:
        # https://github.com/boto/botocore/blob/1.43.117/botocore/hooks.py#L317-L319
        registrations: object = self._emitter._lookup_cache
        if registrations is self._registrations and all(
            methods.are_unchanged() for methods in self._methods
        ) and all(map(is_, self._read_objects(self._client), self._objects)):
            return self._reason
        self._registrations = registrations
        self._reason = self._find()
        for methods in self._methods:
            methods.remember()
        return self._reason

    def _find(self) -> str | None:
        for path, now, before in zip(
            _METHODS, self._read_objects(self._client), self._objects, strict=True
        ):
            if now is not before:
                return f"the client's {path} was replaced"
        for methods in self._methods:
            if replaced := methods.find_replaced():
                return f"{replaced} was replaced"
        handlers = self._find_handlers()
        for event, found in handlers.items():
            for handler in found:
                if not _is_known(handler) or not _contains(self._handlers[event], handler):
                    return f"{_name(handler)} is a handler of {event}"
            if len(found) != len(self._handlers[event]):
                return f"the handlers of {event} changed"
        return None

    def _find_handlers(self) -> dict[str, tuple[Any, ...]]:
        """The handlers of each event of each operation, those of wildcards and prefixes included."""
        service: str = self._client.meta.service_model.service_id.hyphenize()
        names = [f"{event}.{service}.{name}" for event in _EVENTS for name in self._operations]
        search: Any = self._emitter._handlers.prefix_search
        return {name: tuple(search(name)) for name in names}


class _Methods:
    """Methods of one object, and whether they are those of its class."""

    def __init__(self, owner: Any, names: tuple[str, ...]) -> None:
        self._owner = owner
        self._names = names
        self._read = attrgetter(*names)
        self._functions: tuple[Any, ...] | None = None
        self._attributes = 0

    def remember(self) -> None:
        """Record the methods as they are."""
        self._functions = None if self._is_foreign() else self._read(type(self._owner))
        self._attributes = len(vars(self._owner))

    def are_unchanged(self) -> bool:
        """Returns whether they are as they were recorded, without a guess at who changed them."""
        # By identity: a wrapper of wrapt's compares equal to what it wraps.
        return (
            self._functions is not None
            and len(vars(self._owner)) == self._attributes
            and all(map(is_, self._read(type(self._owner)), self._functions))
        )

    def find_replaced(self) -> str | None:
        """Returns the first that is not botocore's, aiobotocore's or sesmail's own."""
        kind = type(self._owner)
        if self._is_foreign():
            return kind.__qualname__
        for name in self._names:
            if name in vars(self._owner) or not _is_known(getattr(kind, name, None)):
                return f"{kind.__qualname__}.{name}"
        return None

    def _is_foreign(self) -> bool:
        """Whether the object is a proxy or a mock."""
        return not _is_package(type(self._owner).__module__)


def _is_known(function: Any) -> bool:
    """Whether a function was written in one of the three packages.

    A decorator copies ``__module__`` (``functools.wraps``), and a proxy shows every attribute of the function that it
    wraps, even ``__class__`` (wrapt); neither changes the type and the globals of a function.
    """
    if type(function) is MethodType:
        function = function.__func__
    return type(function) is FunctionType and _is_package(function.__globals__.get("__name__", ""))


def _is_package(module: str) -> bool:
    return module.partition(".")[0] in _PACKAGES


def _contains(handlers: tuple[Any, ...], handler: Any) -> bool:
    return any(map(is_, handlers, [handler] * len(handlers)))


def _name(handler: Any) -> str:
    function: Any = getattr(handler, "__func__", handler)
    name: Any = getattr(function, "__qualname__", type(handler).__qualname__)
    module: Any = getattr(function, "__module__", type(handler).__module__)
    return f"{module}.{name}"
