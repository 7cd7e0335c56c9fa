"""Events that a request to the desk makes happen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..emitted import Emitted
from ..fake import FakeSES
from ..mail import SentMail

__all__ = ["ACTIONS", "make_event"]

# The method of FakeSES, and the types of its options.
ACTIONS: Mapping[str, Mapping[str, type]] = {
    "deliver": {"to": list},
    "bounce": {"to": list, "bounce_type": str, "subtype": str, "diagnostic": str},
    "complain": {"to": list, "feedback_type": str, "subtype": str},
    "delay": {"to": list, "delay_type": str},
    "open": {"bot": bool},
    "click": {"link": str, "bot": bool},
    "reject": {"reason": str},
    "fail_rendering": {"error": str},
    "unsubscribe": {"source": str},
}


def make_event(fake: FakeSES, mail: SentMail, options: Mapping[str, Any]) -> Emitted:
    """Makes an event of a mail happen.

    Args:
        fake: The fake.
        mail: The mail.
        options: ``kind``, the name of a method of ``FakeSES``, and arguments of it.

    Raises:
        ValueError: The kind or an option is invalid.
    """
    given = dict(options)
    kind = given.pop("kind", None)
    known = ACTIONS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise ValueError(f"kind must be one of {', '.join(ACTIONS)}, not {kind!r}")
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{kind} has no option {name!r}; it has {', '.join(known)}")
        if not isinstance(value, known[name]):
            raise ValueError(f"{name} must be {known[name].__name__}, not {type(value).__name__}")
    if not all(isinstance(each, str) for each in given.get("to", ())):
        raise ValueError("to must be a list of addresses")
    method = getattr(fake, str(kind))
    emitted: Emitted = method(mail, **given)
    return emitted
