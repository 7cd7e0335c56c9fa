"""A fault: how a server does it, and what is true after it."""

import dataclasses
from typing import Any, Literal

from sesmail import Outcome, SendError, UnknownOutcomeError
from support.faults import Answer

Api = Literal["v1", "v2"]
BOTH: tuple[Api, ...] = ("v1", "v2")


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault, and how a send may end that meets it."""

    name: str
    answer: Answer
    outcomes: frozenset[Outcome]
    error: type[SendError] = UnknownOutcomeError
    """What is raised, unless it is accepted."""
    retryable: bool = False
    code: str | None = None
    text: str | None = None
    apis: tuple[Api, ...] = ("v2",)
    """Where it is spelled differently."""
    hangs: bool = False
    large: bool = False
    """It takes a mail of some megabytes."""
    cuts: bool = False
    """The server decides before it knows whose request it is, or the connection ends though nobody was told."""
    lingers: bool = False
    """The server does more after its answer. Once the connection is in use again nobody could tell that from an
    answer, so such a fault is only met alone."""


def unknown(name: str, answer: Answer, **more: Any) -> Fault:
    """What proves nothing."""
    return Fault(name, answer, frozenset({"unknown"}), **more)


def accepted(name: str, answer: Answer, **more: Any) -> Fault:
    """What is odd, and an acceptance all the same."""
    return Fault(name, answer, frozenset({"accepted"}), **more)


def either(name: str, answer: Answer, **more: Any) -> Fault:
    """What one HTTP library reads and the other refuses; neither is wrong."""
    return Fault(name, answer, frozenset({"accepted", "unknown"}), **more)
