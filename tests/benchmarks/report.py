"""Results as text, as JSON and as Markdown."""

import asyncio
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from .comparison import INSTRUCTIONS, OURS, Comparison, Line, Options, Result

PACKAGES = (
    *("sesmail", "aiobotocore", "aiohttp", "anyio", "botocore", "cryptography", "pydantic"),
    *("aws-lambda-powertools", "boto3", "django", "django-anymail", "django-ses"),
)
# Units of each measure, with their values.
UNITS = {
    "cpu": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")),
    "memory": ((1.0, "sizes"),),
    "growth": ((1.0, ""),),
    INSTRUCTIONS: ((1e6, "M"), (1e3, "k")),
}
PAGE = """\
# Benchmarks

Written by `nox -s bench -- --readme tests/benchmarks/README.md`. Other options: `--quick` (five
minutes), `--only WORDS`, `--instructions` (needs valgrind), `--json FILE`, `--markdown FILE` (with
quartiles and aims). sesmail and its alternatives (peers) perform the same operations in turn, in 9
rounds after warming up. A factor such as 11x is the peer's figure divided by that of sesmail
(median): above 1, sesmail needs less. Figures are CPU time per operation, or where a row says so:
*wall*, elapsed time; *memory*, the growth of the process at its peak in sizes of the mail; *stall*,
the longest delay of another task; *growth*, the time at four times the length by four times the
time, for the worst text (1 is linear). Instructions are in parentheses.

A local server accepts every mail, so nothing is retried or throttled. The peers run with their
default retries, here in the [mode](https://docs.aws.amazon.com/boto3/latest/guide/retries.html)
`{retry_mode}`; sesmail with its rate limiter, except for 40 MB, 10 MB and bulk. It bypasses most of
aiobotocore, except for calls with `extra` or an `endpoint_id`, templates on v1, other signatures
than version 4, and wrapped clients (tracers, mocks).

{table}

Aims that were given up: {given_up}
"""
# Aims and why they can't be met.
GIVEN_UP = {
    "build 5 kB 30 times as fast as django-anymail": "it was a round number; most of what remains "
    "checks fields and wire format, and no check is dropped",
    "verify in 1.2 times the time of RSA": "OpenSSL runs twice as many instructions a second as "
    "Python",
    "read the headers of 10 kB 40 times as fast as BytesParser": "the fixed cost of a mail "
    "remains, and large mails exceed it by far",
    "start and send as fast as raw aiobotocore": "models and checks are imported beside it",
    "send 5 kB 1.8 and 1.85 times as fast as raw aiobotocore at concurrency 50 and 200": "met in "
    "instructions; CPU time differs between runs, and is 1.7 in the worst",
}


def figure(value: float, measure: str, digits: int = 2) -> str:
    """A figure with its unit, rounded to so many significant digits."""
    units = UNITS.get(measure.partition(" ")[0], UNITS["cpu"])
    scale, unit = next((each for each in units if value >= each[0]), units[-1])
    return f"{float(f'{value / scale:.{digits}g}'):g} {unit}".rstrip()


def ratio(value: float, digits: int = 2) -> str:
    return f"{float(f'{value:.{digits}g}'):g}x"


def cells(line: Line) -> tuple[str, ...]:
    """Peer, measure, figures, ratio, quartiles, aim, and whether it is met."""
    ours, theirs = (figure(value, line.measure, 3) for value in (line.ours, line.theirs))
    met = f"short by {line.shortfall():.0%}" if line.shortfall() else "met"
    aim = ("", "")
    if line.peer == OURS:
        if line.aim is not None:
            aim = (f"at most {figure(line.aim, line.measure)}", met)
        return "", line.measure, ours, "", "", "", *aim
    if line.aim is not None:
        aim = (ratio(line.aim), met)
    factors = ratio(line.median, 3), f"{ratio(line.low, 3)} to {ratio(line.high, 3)}"
    return line.peer, line.measure, ours, theirs, *factors, *aim


def print_result(result: Result) -> None:
    print(f"\n{result.name}, {len(result.rounds[OURS])} rounds")
    for line in result.lines:
        peer, measure, ours, theirs, median, quartiles, aim, met = cells(line)
        spread = f"({quartiles})" if quartiles else ""
        print(
            f"  {peer:<24}{measure:<7}{ours:>11}{theirs:>12}{median:>8}  {spread:<20}"
            + (f"aim {aim}: {met}" if aim else ""),
            flush=True,
        )
    for peer, reason in result.missing.items():
        print(f"  {peer:<24}missing: {reason}", flush=True)


def print_summary(results: Sequence[Result], seconds: float, skipped: Sequence[Comparison]) -> None:
    aimed = [(each, line) for each in results for line in each.lines if line.aim is not None]
    missed = [(each, line) for each, line in aimed if line.shortfall()]
    print(f"\n{len(aimed) - len(missed)} of {len(aimed)} aims met, in {seconds:.0f} seconds")
    for each, line in missed:
        print(f"  {each.name}, {line.peer}, {line.measure}: {cells(line)[-1]}")
    print(f"Given up: {given_up()}")
    if skipped:
        print(f"Skipped by --quick: {'; '.join(comparison.name for comparison in skipped)}.")


def versions(options: Options) -> dict[str, str]:
    """Versions of sesmail, the peers and what they use."""
    here = {each.name.lower().replace("_", "-"): each.version for each in metadata.distributions()}
    found = {name: here[name] for name in PACKAGES if name in here}
    if options.aioboto3 is not None:
        code = "from importlib.metadata import version; print(version('aioboto3'), end='')"
        command = [options.aioboto3, "-c", code]
        found["aioboto3"] = subprocess.run(command, capture_output=True, text=True).stdout
    if options.node_modules is not None:
        manifest = options.node_modules / "nodemailer/package.json"
        if manifest.exists():
            found["nodemailer"] = json.loads(manifest.read_text("utf-8"))["version"]
    return found


def retry_mode() -> str:
    """Default retry mode of an aiobotocore client."""
    from aiobotocore.session import get_session

    from .processes import CLIENT

    async def mode() -> str:
        context: Any = get_session().create_client("sesv2", **CLIENT)
        async with context as client:
            return str(client.meta.config.retries["mode"])

    return asyncio.run(mode())


def as_json(results: Sequence[Result], options: Options, skipped: Sequence[Comparison] = ()) -> str:
    """The figures of all rounds, and what they were measured with."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "versions": versions(options),
        "retry_mode": retry_mode(),
        "quick": options.quick,
        "skipped": [comparison.name for comparison in skipped],
        "results": [
            {**each._asdict(), "lines": [line._asdict() for line in each.lines]} for each in results
        ],
    }
    return json.dumps(document, indent=1)


def as_markdown(results: Sequence[Result], options: Options) -> str:
    """A table with a row for each line."""
    head = ("operation", "peer", "measure", "sesmail", "peer's", "factor", "quartiles", "aim", "")
    rows = [(each.name, *cells(line)) for each in results for line in each.lines]
    return table([head, *rows], options)


def given_up() -> str:
    """Aims that can't be met, with the reasons."""
    return "; ".join(f"{aim} ({reason})" for aim, reason in GIVEN_UP.items()) + "."


def as_readme(results: Sequence[Result], options: Options) -> str:
    """The page beside the benchmarks."""
    rows = [("operation", "sesmail", "peers"), *map(short, results)]
    texts = {"retry_mode": retry_mode(), "given_up": given_up()}
    page = PAGE.format(table=table(rows, options).rstrip(), **texts)
    return page.rstrip() + "\n"


def short(result: Result) -> tuple[str, str, str]:
    """One row: the figures of sesmail, and those of each peer."""
    by_peer: dict[str, dict[str, Line]] = {}
    for line in result.lines:
        by_peer.setdefault(line.peer, {})[line.measure] = line
    ours = listed({line.measure: figure(line.ours, line.measure) for line in result.lines})
    peers = [
        f"{peer} {listed({each: factor(line) for each, line in lines.items()})}"
        for peer, lines in by_peer.items()
        if peer != OURS
    ]
    return result.name, ours, "; ".join(peers)


def factor(line: Line) -> str:
    is_absolute = line.measure in ("memory", "stall")
    return figure(line.theirs, line.measure) if is_absolute else ratio(line.median)


def listed(values: Mapping[str, str]) -> str:
    """Values by measure as text: CPU time, instructions in parentheses, others with their name."""
    cpu, count = values.get("cpu"), values.get(INSTRUCTIONS)
    others = [
        f"{each} {value}" for each, value in values.items() if each not in ("cpu", INSTRUCTIONS)
    ]
    time = " ".join(filter(None, [cpu, f"({count})" if count else None]))
    return ", ".join(filter(None, [time, *others]))


def table(rows: Sequence[Sequence[str]], options: Options) -> str:
    """Rows, the first one being the head, and what they were measured with."""
    head, *others = rows
    lines = "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *others))
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    used = {"CPython": platform.python_version(), **versions(options)}
    date = f"{datetime.now(UTC):%Y-%m-%d}{', with `--quick`' if options.quick else ''}"
    about = ", ".join([date, system, *map(" ".join, used.items())])
    return f"{lines}\n\n{about}.\n"
