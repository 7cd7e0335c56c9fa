"""Something that happens at a step of the event loop, and so at the same place in every run."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any


class Steps:
    """Counts the steps that all tasks of an event loop make: callbacks on asyncio."""

    def __init__(self, number: float, do: Callable[[], object]) -> None:
        self.made = 0
        self._number = number
        self._do = do

    def before_task_step(self, _: object) -> None:
        """Trio calls this."""
        self.made += 1
        if self.made == self._number:
            self._do()


@contextlib.contextmanager
def at_step(number: float, do: Callable[[], object]) -> Iterator[Steps]:
    """Do something before a step, counted from 1; if there are fewer, don't."""
    steps = Steps(number, do)
    trio: Any = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        trio.lowlevel.add_instrument(steps)
        try:
            yield steps
        finally:
            trio.lowlevel.remove_instrument(steps)
        return
    from asyncio import Handle

    run: Any = vars(Handle)["_run"]

    def counted(handle: Any) -> Any:
        steps.before_task_step(handle)
        return run(handle)

    setattr(Handle, "_run", counted)  # noqa: B010
    try:
        yield steps
    finally:
        setattr(Handle, "_run", run)  # noqa: B010
