"""Calls a function at a given step of the event loop, so that each run is the same."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any


class Steps:
    """Counter of the steps of all tasks of an event loop: on asyncio, of callbacks."""

    def __init__(self, number: float, do: Callable[[], object]) -> None:
        self.count = 0
        self._number = number
        self._do = do

    def before_task_step(self, _: object) -> None:
        """Count a step; trio calls this method of an instrument."""
        self.count += 1
        if self.count == self._number:
            self._do()


@contextlib.contextmanager
def at_step(number: float, do: Callable[[], object]) -> Iterator[Steps]:
    """Call a function before a step, counted from 1, unless the run has fewer steps."""
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
