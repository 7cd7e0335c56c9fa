"""A clock that is wrong, in a process of its own."""

import datetime
import sys
import time
from typing import Any

import sesmail.send_log.records


def shift(seconds: float) -> None:
    """Let Python's clock be wrong by so many seconds, in all modules that are loaded.

    The event loop's clock stays: it has no date.
    """
    delta = datetime.timedelta(seconds=seconds)
    real, read, read_ns = datetime.datetime, time.time, time.time_ns

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real)

    class Shifted(real, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.now(tz) + delta

        @classmethod
        def utcnow(cls) -> Any:
            return real.now(datetime.UTC).replace(tzinfo=None) + delta

    time.time = lambda: read() + seconds
    time.time_ns = lambda: read_ns() + int(seconds * 1e9)
    for module in list(sys.modules.values()):
        names = vars(module)
        for name in [name for name in names if names[name] is real and module is not datetime]:
            names[name] = Shifted
        for name, function in (("time", read), ("time_ns", read_ns)):
            if names.get(name) is function:
                names[name] = getattr(time, name)
    wrong = sesmail.send_log.records.now() - real.now(datetime.UTC)
    assert abs(wrong - delta) < datetime.timedelta(seconds=1)
