"""Measure, and print each figure beside its aim: `nox -s bench -- [--quick] [--only WORDS] [--json FILE]`."""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from . import compiling, memory, parsing, reading, sending, starting, verifying
from .contest import Comparison, Result, Setting, compare
from .report import as_json, as_markdown, print_head, print_result, print_summary

ROOMS = (compiling, sending, memory, parsing, verifying, reading, starting)
COMPARISONS = [comparison for room in ROOMS for comparison in room.COMPARISONS]


def chosen(words: list[str]) -> list[Comparison]:
    """The comparisons whose names have all of these words in them."""
    return [each for each in COMPARISONS if all(word in each.name for word in words)]


def measured(comparisons: list[Comparison], setting: Setting) -> Iterator[Result]:
    for comparison in comparisons:
        with ExitStack() as stack:
            yield compare(comparison, replace(setting, stack=stack))


def main() -> None:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="in two minutes: short rounds, some of them fewer")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORDS", help="what has all of these in its name")
    parser.add_argument("--json", type=Path, default="bench.json", metavar="FILE", help="where to write every figure")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="where to write the table")
    parser.add_argument("--node-modules", type=Path, help="where nodemailer lies")
    parser.add_argument("--aioboto3", metavar="PYTHON", help="the interpreter that has aioboto3")
    options = parser.parse_args()
    started = time.perf_counter()
    setting = Setting(options.quick, options.node_modules, options.aioboto3)
    wanted = chosen(options.only)
    left_out = [comparison for comparison in wanted if comparison.slow and setting.quick]
    print_head()
    results: list[Result] = []
    for result in measured([comparison for comparison in wanted if comparison not in left_out], setting):
        results.append(result)
        print_result(result)
    print_summary(results, time.perf_counter() - started, left_out)
    options.json.write_text(as_json(results, setting), "utf-8")
    if options.markdown is not None:
        options.markdown.write_text(as_markdown(results, setting), "utf-8")


if __name__ == "__main__":
    main()
