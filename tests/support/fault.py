"""Faults of a server, with the possible outcomes of a send."""

import dataclasses
from typing import Any, Literal

from sesmail import Outcome, SendError, UnknownOutcomeError
from support.faults import Answer

Api = Literal["v1", "v2"]
BOTH: tuple[Api, ...] = ("v1", "v2")


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault, and the possible outcomes of a send."""

    name: str
    answer: Answer
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
    cuts: bool = False
    """Whether the server acts before it reads the request, or closes without notice."""
    lingers: bool = False
    """Whether the server writes after its response, which the next request would read."""


def unknown(name: str, answer: Answer, **more: Any) -> Fault:
    """Return a fault that leaves the outcome unknown."""
    return Fault(name, answer, frozenset({"unknown"}), **more)


def accepted(name: str, answer: Answer, **more: Any) -> Fault:
    """Return an unusual response that is an acceptance."""
    return Fault(name, answer, frozenset({"accepted"}), **more)


def either(name: str, answer: Answer, **more: Any) -> Fault:
    """Return a response that one HTTP library accepts and the other refuses."""
    return Fault(name, answer, frozenset({"accepted", "unknown"}), **more)
