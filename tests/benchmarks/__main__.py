"""Measures sesmail beside its alternatives: `nox -s bench -- [OPTIONS]`."""

import argparse
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from . import (
    campaign,
    compiling,
    fetching,
    growth,
    invoking,
    memory,
    parsing,
    reading,
    sending,
    starting,
    verifying,
)
from .comparison import Comparison, Options, Result, compare
from .report import as_json, as_markdown, as_readme, print_result, print_summary

MODULES = (
    *(compiling, sending, campaign, memory, parsing, verifying, reading, fetching, starting),
    *(invoking, growth),
)
COMPARISONS = [comparison for module in MODULES for comparison in module.COMPARISONS]


def select(words: Sequence[str]) -> list[Comparison]:
    """The comparisons whose names contain all of these words."""
    return [each for each in COMPARISONS if all(word in each.name for word in words)]


def measure(comparisons: Sequence[Comparison], options: Options, results: list[Result]) -> None:
    """Runs comparisons, and adds each result to the list at once, in case a later one fails."""
    started = time.perf_counter()
    skipped = [each for each in comparisons if each.slow and options.quick]
    print("Factors are medians over the rounds: the figure of the peer by that of sesmail.")
    for comparison in comparisons:
        if comparison not in skipped:
            with ExitStack() as stack:
                results.append(compare(comparison, replace(options, stack=stack)))
            print_result(results[-1])
    print_summary(results, time.perf_counter() - started, skipped)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="shorter and fewer rounds, in two minutes")
    add("--only", nargs="+", default=[], metavar="WORD", help="comparisons named with all words")
    add("--instructions", action="store_true", help="count instructions, too, with valgrind")
    add("--json", type=Path, default="bench.json", metavar="FILE", help="figures of all rounds")
    add("--markdown", type=Path, metavar="FILE", help="table with quartiles and aims")
    add("--readme", type=Path, metavar="FILE", help="page with a short table")
    add("--node-modules", type=Path, help="folder in which nodemailer is installed")
    add("--aioboto3", metavar="PYTHON", help="interpreter that has aioboto3")
    options = parser.parse_args(arguments)
    if options.instructions and shutil.which("valgrind") is None:
        parser.error("--instructions needs valgrind, which isn't installed")
    comparisons = select(options.only)
    if not comparisons:
        parser.error(f"no comparison has {' and '.join(options.only)} in its name")
    setting = Options(options.quick, options.node_modules, options.aioboto3, options.instructions)
    results: list[Result] = []
    try:
        measure(comparisons, setting, results)
    finally:
        measured = {result.name for result in results}
        skipped = [each for each in comparisons if each.name not in measured]
        options.json.write_text(as_json(results, setting, skipped), "utf-8")
        for file, write in ((options.markdown, as_markdown), (options.readme, as_readme)):
            if file is not None:
                file.write_text(write(results, setting), "utf-8")


if __name__ == "__main__":
    main()
