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
    """True if the fault requires a mail of several megabytes."""
    closes: bool = False
    """True if the server closes before it reads the request, or without ``Connection: close``."""
    writes_later: bool = False
    """True if the server sends bytes after its response, which the next request could read."""


def unknown(name: str, response: Response, **more: Any) -> Fault:
    """Return a fault that leaves the outcome unknown."""
    return Fault(name, response, frozenset({"unknown"}), **more)


def accepted(name: str, response: Response, **more: Any) -> Fault:
    """Return an unusual response that is an acceptance."""
    return Fault(name, response, frozenset({"accepted"}), **more)


def either(name: str, response: Response, **more: Any) -> Fault:
    """Return a response that one HTTP library accepts and the other refuses."""
    return Fault(name, response, frozenset({"accepted", "unknown"}), **more)
