"""Measure, and print each figure beside its aim: `nox -s bench -- [--quick] [--only WORDS] [--readme FILE]`."""

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from . import compiling, memory, parsing, reading, sending, starting, verifying
from .contest import Comparison, Result, Setting, compare
from .report import as_json, as_markdown, as_readme, print_head, print_result, print_summary

ROOMS = (compiling, sending, memory, parsing, verifying, reading, starting)
COMPARISONS = [comparison for room in ROOMS for comparison in room.COMPARISONS]


def chosen(words: list[str]) -> list[Comparison]:
    """The comparisons whose names have all of these words in them."""
    return [each for each in COMPARISONS if all(word in each.name for word in words)]


def measured(comparisons: list[Comparison], setting: Setting) -> Iterator[Result]:
    for comparison in comparisons:
        with ExitStack() as stack:
            yield compare(comparison, replace(setting, stack=stack))


def show(comparisons: list[Comparison], setting: Setting, results: list[Result]) -> None:
    """Measure, and print each result as it comes, so that results has what there is whatever happens."""
    started = time.perf_counter()
    left_out = [comparison for comparison in comparisons if comparison.slow and setting.quick]
    print_head()
    for result in measured(
        [comparison for comparison in comparisons if comparison not in left_out], setting
    ):
        results.append(result)
        print_result(result)
    print_summary(results, time.perf_counter() - started, left_out)


def write(
    options: argparse.Namespace, results: list[Result], setting: Setting, left_out: list[Comparison]
) -> None:
    options.json.write_text(as_json(results, setting, left_out), "utf-8")
    for file, spell in ((options.markdown, as_markdown), (options.readme, as_readme)):
        if file is not None:
            file.write_text(spell(results, setting), "utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="in two minutes: short rounds, some of them fewer"
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="WORDS", help="what has all of these in its name"
    )
    parser.add_argument(
        "--json",
        type=Path,
        default="bench.json",
        metavar="FILE",
        help="where to write every figure",
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="where to write the table")
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="where to write the narrow table"
    )
    parser.add_argument("--node-modules", type=Path, help="where nodemailer lies")
    parser.add_argument("--aioboto3", metavar="PYTHON", help="the interpreter that has aioboto3")
    options = parser.parse_args(arguments)
    wanted = chosen(options.only)
    if not wanted:
        parser.error(f"no comparison has {' and '.join(options.only)} in its name")
    setting = Setting(options.quick, options.node_modules, options.aioboto3)
    results: list[Result] = []
    try:
        show(wanted, setting, results)
    finally:
        names = {result.name for result in results}
        write(
            options,
            results,
            setting,
            [comparison for comparison in wanted if comparison.name not in names],
        )


if __name__ == "__main__":
    main()
