"""aiobotocore's session, which starts faster; imported when a client connects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiobotocore.session import AioSession

__all__ = ["ServiceSession"]

_ALL = ("", "*")
_DOCUMENTATION = "docs"  # kind of the events of ``help``
# https://github.com/boto/botocore/blob/1.43.117/botocore/utils.py#L119
_OLD_NAMES = {"email": "ses"}


class ServiceSession(AioSession):
    """Session that registers the handlers of a service when its first client is created.

    botocore has 120 handlers for 20 services, and takes milliseconds to check and register them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._waiting: dict[str, list[Callable[[], None]]] = {}
        self._services: set[str] = {*_ALL}
        super().__init__(*args, **kwargs)

    def register(self, event_name: str, *args: Any, **kwargs: Any) -> None:
        """Register a handler of an event, at once if it isn't one of another service."""
        service = _service_of(event_name)
        register = partial(super().register, event_name, *args, **kwargs)
        if service in self._services:
            register()
        else:
            self._waiting.setdefault(service, []).append(register)

    def unregister(self, event_name: str, *args: Any, **kwargs: Any) -> None:
        """Remove a handler of an event."""
        self._add(_service_of(event_name))
        super().unregister(event_name, *args, **kwargs)

    def create_client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        """Returns a context manager that creates a client."""
        self._add(service_name)
        return super().create_client(service_name, *args, **kwargs)

    def _add(self, service: str) -> None:
        self._services.add(service)
        for register in self._waiting.pop(service, ()):
            register()


def _service_of(event: str) -> str:
    """Returns the service in the name of an event such as ``before-call.s3.DeleteObjects``."""
    kind, _, rest = event.partition(".")
    service = rest.partition(".")[0]
    return _DOCUMENTATION if kind == _DOCUMENTATION else _OLD_NAMES.get(service, service)
