"""Comparisons: contestants do rounds in turn, and their figures are set against each other and against the aims."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

OURS = "sesmail"
ROUNDS = 9
QUICK_ROUNDS = 3  # at least, and as many as fit in so many seconds
QUICK_SECONDS = 1.5

Figures: TypeAlias = Mapping[str, float]
"""What an operation took: seconds of ``cpu``, ``wall`` or ``stall``, or ``memory`` in sizes of the mail."""

Contestant: TypeAlias = Callable[[int], Figures]
"""A round: does its operation so many times, and tells what one of them took."""


class NotHereError(Exception):
    """A peer isn't installed."""


@dataclass(frozen=True)
class Setting:
    """What contestants are made with.

    Attributes:
        quick: Whether rounds are short, and as many as fit in a few seconds.
        node_modules: Where nodemailer lies.
        aioboto3: The interpreter that has aioboto3, which pins an older aiobotocore than ours.
        stack: Closes what was opened for a comparison.
    """

    quick: bool = False
    node_modules: Path | None = None
    aioboto3: str | None = None
    stack: ExitStack = field(default_factory=ExitStack)


Maker: TypeAlias = Callable[[Setting], Contestant]
"""Gets a contestant ready, and proves once that it does what the others do."""


@dataclass(frozen=True)
class Aim:
    """What a figure has to be.

    Attributes:
        peer: Whom it is compared with.
        limit: How many ``times`` less than the peer's it is at least, what ``share`` of the peer's or what ``figure``
            at most.
        way: Which of the three.
        measure: Which figure.
    """

    peer: str
    limit: float
    way: Literal["times", "share", "figure"]
    measure: str

    def read(self, ours: float, theirs: float) -> float:
        return (
            ours
            if self.way == "figure"
            else theirs / ours
            if self.way == "times"
            else ours / theirs
        )

    def shortfall(self, value: float) -> float:
        """The part of the aim that a value lacks, or by which it is over it; none if it meets it."""
        return max(0.0, 1 - value / self.limit if self.way == "times" else value / self.limit - 1)


def faster(peer: str, times: float, measure: str = "cpu") -> Aim:
    return Aim(peer, times, "times", measure)


def within(peer: str, share: float, measure: str = "cpu") -> Aim:
    return Aim(peer, share, "share", measure)


def at_most(figure: float, measure: str) -> Aim:
    return Aim(OURS, figure, "figure", measure)


@dataclass(frozen=True)
class Comparison:
    """The same work done by several.

    Attributes:
        name: What the work is.
        contestants: Who does it; the first are we.
        aims: What is wanted of us.
        fill: Seconds that a round should take; 0 where an operation is a round.
        measures: The figures that matter.
        slow: Whether a quick look leaves it out, where others show much the same.
    """

    name: str
    contestants: Mapping[str, Maker]
    aims: Sequence[Aim] = ()
    fill: float = 0.05
    measures: Sequence[str] = ("cpu",)
    slow: bool = False


@dataclass(frozen=True)
class Line:
    """One figure of ours beside a peer's: the medians of all rounds, and the quartiles of what each round says."""

    comparison: str
    peer: str
    measure: str
    ours: float
    theirs: float
    quartiles: tuple[float, float, float]
    way: str = "times"
    limit: float | None = None
    shortfall: float = 0.0


@dataclass(frozen=True)
class Result:
    """What came of a comparison."""

    name: str
    lines: Sequence[Line]
    rounds: Mapping[str, Sequence[Figures]]
    missing: Mapping[str, str]


def compare(comparison: Comparison, setting: Setting) -> Result:
    """Let everybody do a round, again and again, after rounds of warming up that tell how much fills one."""
    contestants, missing = _made(comparison, setting)
    gc.collect()
    gc.freeze()  # so that nobody pays for what others have imported
    try:
        fill = comparison.fill / (4 if setting.quick else 1)
        counts = {name: _count(contestant, fill) for name, contestant in contestants.items()}
        rounds: dict[str, list[Figures]] = {name: [] for name in contestants}
        ends = time.perf_counter() + QUICK_SECONDS
        for done in range(ROUNDS):
            if (
                setting.quick
                and done >= (QUICK_ROUNDS if fill else 1)
                and time.perf_counter() > ends
            ):
                break
            for name, contestant in contestants.items():
                gc.collect()
                rounds[name].append(contestant(counts[name]))
    finally:
        gc.unfreeze()
    return Result(comparison.name, lines_of(comparison, rounds), rounds, missing)


def _made(comparison: Comparison, setting: Setting) -> tuple[dict[str, Contestant], dict[str, str]]:
    contestants: dict[str, Contestant] = {}
    missing: dict[str, str] = {}
    for name, make in comparison.contestants.items():
        try:
            contestants[name] = make(setting)
        except (ImportError, NotHereError) as err:
            if name == OURS:
                raise
            missing[name] = str(err)
    return contestants, missing


def _count(contestant: Contestant, fill: float) -> int:
    """How many operations fill a round, told by the second of two if one doesn't; and a round of warming up."""
    if fill == 0 or _seconds(contestant, 1) >= fill:
        return 1
    count = max(1, round(fill / _seconds(contestant, 1)))
    contestant(count)
    return count


def _seconds(contestant: Contestant, count: int) -> float:
    started = time.perf_counter()
    contestant(count)
    return time.perf_counter() - started


def lines_of(comparison: Comparison, rounds: Mapping[str, Sequence[Figures]]) -> list[Line]:
    """A line for each figure that both we and a peer have, and for each that has an aim of its own."""
    aims = {(aim.peer, aim.measure): aim for aim in comparison.aims}
    lines: list[Line] = []
    for peer, theirs in rounds.items():
        for measure in comparison.measures:
            aim = aims.get((peer, measure))
            if measure not in theirs[0] or (peer == OURS and aim is None):
                continue
            lines.append(
                _line(
                    comparison.name,
                    aim or faster(peer, 0, measure),
                    rounds[OURS],
                    theirs,
                    aim is not None,
                )
            )
    return lines


def _line(
    name: str, aim: Aim, ours: Sequence[Figures], theirs: Sequence[Figures], aimed: bool
) -> Line:
    pairs = [
        (one[aim.measure], other[aim.measure]) for one, other in zip(ours, theirs, strict=True)
    ]
    values = sorted(aim.read(*pair) for pair in pairs)
    low, median, high = (
        statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    )
    return Line(
        name,
        aim.peer,
        aim.measure,
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
        (low, median, high),
        aim.way,
        aim.limit if aimed else None,
        aim.shortfall(median) if aimed else 0.0,
    )


def timed(action: Callable[[], object]) -> Contestant:
    """An action whose CPU time is taken, in this process."""

    def act(count: int) -> Figures:
        started = time.process_time()
        for _ in range(count):
            action()
        return {"cpu": (time.process_time() - started) / count}

    return act
