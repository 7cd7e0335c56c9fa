"""Detects event handlers, tracers and mocks that are hooked into an aiobotocore client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from operator import attrgetter, is_
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any, cast

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

# The methods that a call runs, by the path from the client to their object.
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

# Each class whose method of that name may run; tracers replace methods of classes:
# https://github.com/open-telemetry/opentelemetry-python-contrib/tree/main/instrumentation/opentelemetry-instrumentation-botocore
# https://github.com/aws/aws-xray-sdk-python/blob/master/aws_xray_sdk/ext/aiobotocore/patch.py
# https://github.com/DataDog/dd-trace-py/blob/main/ddtrace/contrib/internal/aiobotocore/patch.py
_CLASS_METHODS = {
    "client": _CLIENT_METHODS,
    "endpoint": _METHODS["_endpoint"],
    "session": _METHODS["_endpoint.http_session"],
    "base_session": _METHODS["_endpoint.http_session"],
    "signer": _METHODS["_request_signer"],
    "events": _METHODS["meta.events"],
    "emitter": _METHODS["meta.events._emitter"],
}
# The state that is compared before each call: these objects and the methods of the classes.
# Each registration of a handler replaces the cache:
# https://github.com/boto/botocore/blob/1.43.117/botocore/hooks.py#L317-L319
_read_state = attrgetter(
    "client._endpoint",
    "client._endpoint.http_session",
    "client._request_signer",
    "client.meta.events._emitter._lookup_cache",
    *(f"{owner}_class.{name}" for owner, names in _CLASS_METHODS.items() for name in names),
)

_PACKAGES = frozenset({"aiobotocore", "botocore", "sesmail"})


class HookDetector:
    """Finds code of other packages in the calls of a client.

    Other packages are all but botocore, aiobotocore and sesmail.

    Args:
        client: The client as aiobotocore created it, with sesmail's own handlers registered.
        operations: The names of the client's methods by the operations that they call.
    """

    def __init__(self, client: Any, operations: Mapping[str, str]) -> None:
        self._client = client
        self._operations = operations
        self._objects = {path: attrgetter(path)(client) for path in _METHODS}
        endpoint, session = client._endpoint, client._endpoint.http_session
        self._scope = SimpleNamespace(
            client=client,
            client_class=client.__class__,
            endpoint_class=endpoint.__class__,
            session_class=session.__class__,
            base_session_class=_base_class(session.__class__),
            signer_class=client._request_signer.__class__,
            events_class=client.meta.events.__class__,
            emitter_class=client.meta.events._emitter.__class__,
        )
        self._attributes: list[dict[str, Any]] = [vars(client), vars(endpoint), vars(session)]
        self._handlers = self._find_handlers()
        self._state: tuple[Any, ...] = ()
        self._sizes = 0
        self._reason: str | None = None

    def reason(self) -> str | None:
        """Returns a description of the first such code; None if there is none.

        While nothing changes this takes two microseconds. It notices these changes after the client
        was opened: event handlers, replaced objects, attributes set on an instance, and replaced
        methods of a class.
        """
        state, sizes = _read_state(self._scope), sum(map(len, self._attributes))
        # By identity: a wrapper of wrapt's is equal to the function that it wraps.
        if sizes == self._sizes and self._state and all(map(is_, state, self._state)):
            return self._reason
        self._state, self._sizes = state, sizes
        self._reason = self._find_replaced() or self._find_handler()
        return self._reason

    def _find_replaced(self) -> str | None:
        for path, before in self._objects.items():
            if attrgetter(path)(self._client) is not before:
                return f"the client's {path} was replaced"
        client_methods = (*_CLIENT_METHODS, *self._operations.values())
        owners: list[Any] = [self._client, *self._objects.values()]
        for owner, names in zip(owners, [client_methods, *_METHODS.values()], strict=True):
            kind = cast("type[object]", type(owner))
            if not _is_package(kind.__module__):  # a proxy, or a mock
                return f"{owner.__class__.__qualname__} was replaced"
            for name in names:
                if name in vars(owner) or not all(map(_is_known, _definitions(kind, name))):
                    return f"{kind.__qualname__}.{name} was replaced"
        return None

    def _find_handler(self) -> str | None:
        for event, handlers in self._find_handlers().items():
            for handler in handlers:
                if not _is_known(handler) or not any(
                    handler is each for each in self._handlers[event]
                ):
                    return f"{_name(handler)} is a handler of {event}"
            if len(handlers) != len(self._handlers[event]):
                return f"a handler of {event} was removed or added twice"
        return None

    def _find_handlers(self) -> dict[str, tuple[Any, ...]]:
        """Returns the handlers of each event of each operation, with prefixes and wildcards."""
        service: str = self._client.meta.service_model.service_id.hyphenize()
        names = [f"{event}.{service}.{name}" for event in _EVENTS for name in self._operations]
        search: Any = self._client.meta.events._emitter._handlers.prefix_search
        return {name: tuple(search(name)) for name in names}


def _base_class(kind: type[Any]) -> type[Any]:
    """Returns a class, or its base class in another package if it is one of sesmail."""
    return next(each for each in kind.__mro__ if not _is_own(each))


def _definitions(kind: type[Any], name: str) -> Iterator[Any]:
    """Returns a method of a class, and those that it overrides if it is one of sesmail."""
    owners = [each for each in kind.__mro__ if name in vars(each)]
    own = sum(1 for _ in takewhile(_is_own, owners))
    return (vars(each)[name] for each in owners[: own + 1])


def _is_own(kind: type[Any]) -> bool:
    return kind.__module__.partition(".")[0] == "sesmail"


def _is_known(function: Any) -> bool:
    """Returns whether a function is defined in one of the three packages.

    ``functools.wraps`` copies ``__module__``, and a proxy of wrapt has every attribute of the
    wrapped function, even ``__class__``; neither changes the type and the globals of a function.
    """
    if type(function) is MethodType:
        function = function.__func__
    return type(function) is FunctionType and _is_package(function.__globals__.get("__name__", ""))


def _is_package(module: str) -> bool:
    return module.partition(".")[0] in _PACKAGES


def _name(handler: Any) -> str:
    function: Any = getattr(handler, "__func__", handler)
    name: Any = getattr(function, "__qualname__", type(handler).__qualname__)
    module: Any = getattr(function, "__module__", type(handler).__module__)
    return f"{module}.{name}"
