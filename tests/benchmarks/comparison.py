"""Runs comparisons of sesmail with its peers, in rounds that take turns."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

OURS = "sesmail"
ROUNDS = 9
QUICK_ROUNDS = 3  # at least, and as many as fit into QUICK_SECONDS
QUICK_SECONDS = 1.5

INSTRUCTIONS = "instructions"

Figures: TypeAlias = Mapping[str, float]
"""Cost of one operation: seconds of ``cpu``, ``wall`` and ``stall``, ``memory`` in mail sizes,
``instructions`` of the processor, and ``growth`` of the time with the length.
"""

Round: TypeAlias = Callable[[int], Figures]
"""Runs an operation so many times, and returns the cost of one."""


class PeerMissingError(Exception):
    """A peer isn't installed."""


@dataclass(frozen=True)
class Options:
    """Options of a run.

    Attributes:
        quick: Whether rounds are shorter and fewer.
        node_modules: Folder in which nodemailer is installed.
        aioboto3: Python interpreter that has aioboto3, which requires an older aiobotocore.
        instructions: Whether instructions are counted, too.
        stack: Closes what a comparison has opened.
    """

    quick: bool = False
    node_modules: Path | None = None
    aioboto3: str | None = None
    instructions: bool = False
    stack: ExitStack = field(default_factory=ExitStack)


Setup: TypeAlias = Callable[[Options], Round]
"""Prepares a contestant, and checks once that its result is the same as that of the others."""


@dataclass(frozen=True)
class Comparison:
    """One operation, as several contestants perform it.

    Attributes:
        name: The operation.
        contestants: Setup of each contestant by name; sesmail first.
        aims: By peer and measure: how many times the figure of the peer has to be that of sesmail.
            By sesmail and measure: the maximum of its own figure.
        measures: Measures to report.
        seconds: Duration of a round; 0 if a round is one operation.
        slow: Whether ``--quick`` skips it.
        count: Counts the instructions of a contestant by name; None if its own aren't counted, or
            those of none.
    """

    name: str
    contestants: Mapping[str, Setup]
    aims: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    measures: Sequence[str] = ("cpu",)
    seconds: float = 0.05
    slow: bool = False
    count: Callable[[str, Options], float | None] | None = None


class Line(NamedTuple):
    """Median figures of sesmail and a peer, and quartiles of their ratio over the rounds."""

    peer: str
    measure: str
    ours: float
    theirs: float
    low: float
    median: float
    high: float
    aim: float | None

    def shortfall(self) -> float:
        """Relative distance to the aim; 0 if it is met or there is none."""
        if self.aim is None:
            return 0.0
        ratio = self.ours / self.aim if self.peer == OURS else 2 - self.median / self.aim
        return max(0.0, ratio - 1)


class Result(NamedTuple):
    """Result of a comparison; ``missing`` has the peers that aren't installed, and why."""

    name: str
    lines: Sequence[Line]
    rounds: Mapping[str, Sequence[Figures]]
    missing: Mapping[str, str]


def compare(comparison: Comparison, options: Options) -> Result:
    """Runs rounds of each contestant in turn, after warming up."""
    contestants: dict[str, Round] = {}
    missing: dict[str, str] = {}
    for name, setup in comparison.contestants.items():
        try:
            contestants[name] = setup(options)
        except (ImportError, PeerMissingError) as err:
            if name == OURS:
                raise
            missing[name] = str(err)
    gc.collect()
    gc.freeze()  # so that no contestant pays for what others have imported
    try:
        rounds = run_rounds(contestants, comparison.seconds, options.quick)
    finally:
        gc.unfreeze()
    if options.instructions and comparison.count is not None:
        for name in contestants:
            count = comparison.count(name, options)
            if count is not None:
                rounds[name] = [{**figures, INSTRUCTIONS: count} for figures in rounds[name]]
    return Result(comparison.name, list(lines_of(comparison, rounds)), rounds, missing)


def run_rounds(
    contestants: Mapping[str, Round], seconds: float, quick: bool
) -> dict[str, list[Figures]]:
    if quick:
        seconds /= 4
    counts = {name: calibrate(run, seconds) for name, run in contestants.items()}
    rounds: dict[str, list[Figures]] = {name: [] for name in contestants}
    deadline = time.perf_counter() + QUICK_SECONDS
    least = ROUNDS if not quick else QUICK_ROUNDS if seconds else 1
    for done in range(ROUNDS):
        if done >= least and time.perf_counter() > deadline:
            break
        for name, run in contestants.items():
            gc.collect()
            rounds[name].append(run(counts[name]))
    return rounds


def calibrate(run: Round, seconds: float) -> int:
    """Number of operations that take so many seconds, by the second one; warms up with them."""

    def duration() -> float:
        started = time.perf_counter()
        run(1)
        return time.perf_counter() - started

    if not seconds or duration() >= seconds:
        return 1
    count = max(1, round(seconds / duration()))
    run(count)
    return count


def lines_of(comparison: Comparison, rounds: Mapping[str, Sequence[Figures]]) -> Iterator[Line]:
    """A line for each measure of each peer; those of sesmail if it has a maximum or no peer."""
    for peer in rounds:
        for measure in (*comparison.measures, INSTRUCTIONS):
            aim = comparison.aims.get((peer, measure))
            if measure not in rounds[peer][0] or (peer == OURS and aim is None and len(rounds) > 1):
                continue
            ours = [figures[measure] for figures in rounds[OURS]]
            theirs = [figures[measure] for figures in rounds[peer]]
            ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
            values = ratios if len(ratios) > 1 else ratios * 2  # quantiles needs two
            quartiles = statistics.quantiles(values, n=4, method="inclusive")
            medians = statistics.median(ours), statistics.median(theirs)
            yield Line(peer, measure, *medians, *quartiles, aim)


def cpu_of(operation: Callable[[], object]) -> Round:
    """Measures the CPU time of an operation in this process."""

    def run(count: int) -> Figures:
        started = time.process_time()
        for _ in range(count):
            operation()
        return {"cpu": (time.process_time() - started) / count}

    return run
