"""Results as text: for the terminal, as JSON, as tables in Markdown."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata

from .contest import OURS, Comparison, Line, Result, Setting

PACKAGES = (
    *("sesmail", "aiobotocore", "aiohttp", "anyio", "botocore", "cryptography", "pydantic"),
    *("aws-lambda-powertools", "boto3", "django", "django-anymail", "django-ses"),
)
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))


def in_units(value: float, measure: str) -> tuple[float, str]:
    if measure == "memory":
        return value, "sizes"
    scale, unit = next(((scale, unit) for scale, unit in UNITS if value >= scale), UNITS[-1])
    return value / scale, unit


def figure(value: float, measure: str) -> str:
    """A figure of three digits with its unit."""
    number, unit = in_units(value, measure)
    return f"{number:.2f} {unit}" if measure == "memory" else f"{number:.3g} {unit}"


def ratio(value: float, line: Line) -> str:
    if line.way == "figure":
        return figure(value, line.measure)
    return f"{value:.3g}x" if line.way == "times" else f"{value:.2f} of it"


def verdict(line: Line) -> str:
    if line.limit is None:
        return ""
    return f"short by {line.shortfall:.0%}" if line.shortfall else "met"


def cells(line: Line) -> tuple[str, ...]:
    """Against whom, in what, ours, theirs, the median and the quartiles, the aim and whether it's met."""
    low, median, high = (ratio(value, line) for value in line.quartiles)
    aim = "" if line.limit is None else ratio(line.limit, line)
    theirs = "" if line.way == "figure" else figure(line.theirs, line.measure)
    peer = "" if line.way == "figure" else line.peer
    return (
        peer,
        line.measure,
        figure(line.ours, line.measure),
        theirs,
        median,
        f"{low} to {high}",
        aim,
        verdict(line),
    )


def print_head() -> None:
    print(
        "Ratios are medians over the rounds, with their quartiles: how many times less than the peer, or what of it."
    )


def print_result(result: Result) -> None:
    rounds = len(next(iter(result.rounds.values())))
    print(f"\n{result.name}, {rounds} round{'s' * (rounds > 1)}")
    for line in result.lines:
        peer, measure, ours, theirs, median, spread, aim, met = cells(line)
        aimed = f"aim {aim}: {met}" if aim else ""
        print(
            f"  {peer:<24}{measure:<7}{ours:>10}{theirs:>12}{median:>12}  ({spread})  {aimed}",
            flush=True,
        )
    for peer, reason in result.missing.items():
        print(f"  {peer:<24}not here: {reason}", flush=True)


def print_summary(
    results: Sequence[Result], seconds: float, left_out: Sequence[Comparison]
) -> None:
    lines = [line for result in results for line in result.lines if line.limit is not None]
    short = [line for line in lines if line.shortfall]
    print(f"\n{len(lines) - len(short)} of {len(lines)} aims met, in {seconds:.0f} seconds")
    for line in short:
        print(f"  {line.comparison}, {line.peer}, {line.measure}: {verdict(line)}")
    if left_out:
        print(f"A quick look leaves out: {'; '.join(comparison.name for comparison in left_out)}.")


def versions(setting: Setting) -> dict[str, str]:
    """Those of everything that took part."""
    here = {each.name.lower().replace("_", "-"): each.version for each in metadata.distributions()}
    found = {name: here[name] for name in PACKAGES if name in here}
    if setting.aioboto3 is not None:
        code = "from importlib.metadata import version; print(version('aioboto3'), end='')"
        found["aioboto3"] = subprocess.run(
            [setting.aioboto3, "-c", code], capture_output=True, text=True
        ).stdout
    if (
        setting.node_modules is not None
        and (manifest := setting.node_modules / "nodemailer/package.json").exists()
    ):
        found["nodemailer"] = json.loads(manifest.read_text("utf-8"))["version"]
    return found


def as_json(
    results: Sequence[Result], setting: Setting, left_out: Sequence[Comparison] = ()
) -> str:
    """Every figure of every round, what it was measured on, and what was wanted but not measured."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "versions": versions(setting),
        "quick": setting.quick,
        "left_out": [comparison.name for comparison in left_out],
        "results": [asdict(result) for result in results],
    }
    return json.dumps(document, indent=1)


HEAD = ("what", "against", "in", "sesmail", "the other", "median", "quartiles", "aim", "")
NARROW_HEAD = ("what", "sesmail", "against")
ABSOLUTE = ("memory", "stall")  # measures of which a figure says more than a ratio


def as_markdown(results: Sequence[Result], setting: Setting) -> str:
    """A row for each line, and all there is to say of it."""
    return table(
        [HEAD, *((line.comparison, *cells(line)) for each in results for line in each.lines)],
        setting,
    )


def as_readme(results: Sequence[Result], setting: Setting) -> str:
    """A row for each comparison and measure, with all peers in one cell, in two digits."""
    return table(
        [NARROW_HEAD, *(row for result in results for row in narrow_rows(result))], setting
    )


def narrow_rows(result: Result) -> Iterator[tuple[str, str, str]]:
    for measure in dict.fromkeys(line.measure for line in result.lines):
        lines = [line for line in result.lines if line.measure == measure]
        name = result.name if measure == "cpu" else f"{result.name}, {measure}"
        yield (
            name,
            short(lines[0].ours, measure),
            ", ".join(against(line) for line in lines if line.peer != OURS),
        )


def against(line: Line) -> str:
    """A peer, and how many times less we take, or what of it; or the peer's own figure."""
    if line.measure in ABSOLUTE:
        return f"{line.peer} {short(line.theirs, line.measure)}"
    return f"{line.peer} {two_digits(line.quartiles[1])}{'x' if line.way == 'times' else ' of it'}"


def short(value: float, measure: str) -> str:
    number, unit = in_units(value, measure)
    return f"{two_digits(number)} {unit}"


def two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):g}"


def table(rows: Sequence[Sequence[str]], setting: Setting) -> str:
    """Rows, the first of them the head, and what they were measured on."""
    head, *others = rows
    lines = "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *others))
    about = ", ".join(f"{name} {version}" for name, version in versions(setting).items())
    where = f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{lines}\n\n{datetime.now(UTC):%Y-%m-%d}, {where}, {about}.\n"
