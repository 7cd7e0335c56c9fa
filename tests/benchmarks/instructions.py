"""Counting: the instructions of an operation by callgrind, equal within 1% in every run.

They don't depend on what else the machine does, but not every one takes the same time.
"""

import gc
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from . import processes
from .comparison import Comparison, Options
from .processes import TESTS, environment

FEW, MANY = 5, 45  # operations: their difference excludes imports and warming up
COLLECTED = re.compile(r"Collected : ([0-9]+)")


def collected(*arguments: str, lines: Sequence[int] = ()) -> int:
    """Number of instructions of a Python process, which reads lines with numbers."""
    tool = ("valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}")
    result = subprocess.run(
        [*tool, sys.executable, *arguments],
        env={**environment(), "PYTHONHASHSEED": "0"},
        cwd=TESTS,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
    )
    found = COLLECTED.search(result.stderr)
    if result.returncode or found is None:
        raise RuntimeError(f"callgrind counted nothing: {result.stderr}")
    return int(found[1])


@cache
def of_program(code: str) -> int:
    """Number of instructions of a program, without those of the interpreter itself."""
    return collected("-c", code) - (of_program("") if code else 0)


def counted(comparison: Comparison) -> Comparison:
    """The comparison with a count for ``--instructions``."""
    return replace(comparison, count=partial(of_operation, comparison.name))


def of_operation(comparison: str, contestant: str, _: Options) -> float:
    """Number of instructions of an operation in the process of a contestant."""
    program = ("-m", __name__, comparison, contestant)
    # Compiles the imports, which the first count would include.
    subprocess.run([sys.executable, *program, "1"], check=True, env=environment(), cwd=TESTS)
    few, many = (collected(*program, str(count)) for count in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def of_worker(target: str, arguments: Mapping[str, Any], count: int) -> float:
    """Number of instructions of an operation of `python_worker`, one of so many in a round."""
    program = ("-m", processes.__name__, target, json.dumps(arguments))
    few, many = (collected(*program, lines=lines) for lines in ([FEW], [FEW, count]))
    return (many - few) / count


def main(arguments: Sequence[str]) -> None:
    """Performs an operation so many times."""
    from .__main__ import COMPARISONS

    name, contestant, count = arguments
    (comparison,) = (each for each in COMPARISONS if each.name == name)
    run = comparison.contestants[contestant](Options())
    run(FEW)
    gc.collect()
    gc.freeze()
    run(int(count))


if __name__ == "__main__":
    main(sys.argv[1:])
