"""A problem of a mail that ``check_mail`` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["MailProblem", "ProblemLevel"]

ProblemLevel: TypeAlias = Literal["error", "warning", "advice"]


@dataclass(frozen=True, slots=True)
class MailProblem:
    """A problem of a mail.

    Attributes:
        code: Name of the check, such as ``cid-missing``.
        level: ``error`` for what recipients see as broken or SES refuses, ``warning`` for what
            many mail programs display differently, ``advice`` for the rest.
        text: The problem, with the value and the fix.
    """

    code: str
    level: ProblemLevel
    text: str
