"""Peak memory of a process."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_megabytes() -> int:
    """Return the peak of the memory of this process, in megabytes.

    On Linux ``ru_maxrss`` of a new program begins with the peak of its parent (exec_mmap):
    https://github.com/torvalds/linux/blob/v6.12/fs/exec.c
    """
    if STATUS.exists():
        lines = STATUS.read_text("ascii", "replace").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)
