"""Faults of a server, with the possible outcomes of a send."""

import dataclasses
from typing import Any, Literal

from sesmail import Outcome, SendError, UnknownOutcomeError
from support.faults import Response

Api = Literal["v1", "v2"]
BOTH: tuple[Api, ...] = ("v1", "v2")


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault, the possible outcomes of a send, and its error."""

    name: str
    response: Response
    outcomes: frozenset[Outcome]
    error: type[SendError] = UnknownOutcomeError
    """Error of the send, unless it is accepted."""
    retryable: bool = False
    code: str | None = None
    text: str | None = None
    apis: tuple[Api, ...] = ("v2",)
    """APIs in which the response differs."""
    hangs: bool = False
    large: bool = False
    """Whether it requires a mail of some megabytes."""
    closes: bool = False
    """Whether the server acts before it reads the request, or closes without notice."""
    writes_later: bool = False
    """Whether the server sends bytes after its response, which the next request would read."""


def unknown(name: str, response: Response, **more: Any) -> Fault:
    """Return a fault that leaves the outcome unknown."""
    return Fault(name, response, frozenset({"unknown"}), **more)


def accepted(name: str, response: Response, **more: Any) -> Fault:
    """Return an unusual response that is an acceptance."""
    return Fault(name, response, frozenset({"accepted"}), **more)


def either(name: str, response: Response, **more: Any) -> Fault:
    """Return a response that one HTTP library accepts and the other refuses."""
    return Fault(name, response, frozenset({"accepted", "unknown"}), **more)
