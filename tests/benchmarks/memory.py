"""How much memory a process has held at most."""

import resource
import sys
from pathlib import Path

from .contest import NotHereError

STATUS = Path("/proc/self/status")


def high_water() -> int:
    """The most bytes that this process has held so far.

    Raises:
        NotHereError: The system doesn't tell.
    """
    if STATUS.exists():  # getrusage counts what the parent held, too, before it became this process
        (line,) = (line for line in STATUS.read_text("ascii", "replace").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    raise NotHereError("the system doesn't tell what a process held at most")
