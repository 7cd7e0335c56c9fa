"""Commands as one string, for settings that take no list of arguments."""

import os
import shlex
import subprocess


def command_line(*arguments: object) -> str:
    """Return a command that botocore splits into these arguments on this platform."""
    words = [str(argument) for argument in arguments]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
