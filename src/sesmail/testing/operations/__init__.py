"""The operations of the fake, by service and name."""

from __future__ import annotations

from collections.abc import Mapping

from ..service import Handler
from . import (
    account,
    bulk,
    configuration_sets,
    contacts,
    identities,
    raw,
    sending,
    suppression,
    templates,
    tenants,
    topics,
)

__all__ = ["OPERATIONS", "SENDS"]

_MODULES = (
    account,
    bulk,
    configuration_sets,
    contacts,
    identities,
    raw,
    sending,
    suppression,
    templates,
    tenants,
    topics,
)

OPERATIONS: Mapping[tuple[str, str], Handler] = {
    (service, name): handler
    for module in _MODULES
    for service, handlers in module.HANDLERS.items()
    for name, handler in handlers.items()
}
"""The function of each operation, by service (``ses``, ``sesv2``, ``sns``) and name."""

SENDS = frozenset(
    {
        "SendBulkEmail",
        "SendBulkTemplatedEmail",
        "SendEmail",
        "SendRawEmail",
        "SendTemplatedEmail",
    }
)
"""Names of the operations that send, to which faults apply."""
