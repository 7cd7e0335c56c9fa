"""Commands of ``python -m sesmail``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..version import __version__
from .desk import add_arguments, run

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command, and returns the exit status.

    Args:
        arguments: The arguments; by default those of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m sesmail", description="Tools of sesmail.")
    parser.add_argument("--version", action="version", version=f"sesmail {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    desk = commands.add_parser(
        "desk",
        help="a local SES with a web page that shows its mails",
        description="Serves a local SES, and a web page that shows the mails that it accepts.",
    )
    add_arguments(desk)
    options = parser.parse_args(arguments)
    try:
        run(options)
    except ModuleNotFoundError as err:
        if err.name not in ("cryptography", "starlette", "uvicorn"):
            raise
        print(f"{parser.prog} desk needs pip install 'sesmail[testing]'", file=sys.stderr)
        return 1
    except (OSError, ValueError) as err:
        print(f"{parser.prog} desk: {err}", file=sys.stderr)
        return 1
    return 0
