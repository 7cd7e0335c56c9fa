"""Commands as one string, for settings that take no list of arguments."""

import os
import shlex
import subprocess


def command_line(*arguments: object) -> str:
    """A command that splits into these arguments, with quotes where one needs them, as botocore splits it here."""
    words = [str(argument) for argument in arguments]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
