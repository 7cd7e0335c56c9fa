"""Print how well workers share an account, and draw it: `nox -s simulate`."""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sesmail.sending.rate.pace import Pace

from .accounts import Account, Bucket, Window
from .world import Story, simulate

RATES = (14, 100, 1_000)
WORKERS = (1, 10, 100, 1_000)
SPAN = 10  # seconds over which adapting is judged


def steady(
    kind: type[Bucket] | type[Window], rate: int, workers: int, knows: bool
) -> tuple[Story, int, int]:
    """A story, and the second half of it: of 3 minutes, 45,000 calls or 360 calls of each worker at least."""
    seconds = max(180, 45_000 // rate, 360 * workers // rate)
    start = seconds // 2
    return simulate(kind(rate), workers, seconds, knows=knows, measured=start), start, seconds


def changing(
    rate: int, factor: float, workers: int, told: bool
) -> Iterator[tuple[Story, int, int]]:
    """Stories in which the account's rate changes, when it does, and when they end."""
    at = max(60, 6_000 // rate)
    end = at + max(240, 30_000 // rate)
    for seed in (1, 2, 3):
        account = Bucket(rate)

        def change(paces: list[Pace], now: float, account: Account = account) -> None:
            account.rate *= factor
            for pace in paces if told else ():
                pace.learn(now, account.rate)

        yield simulate(account, workers, end, knows=told, events={at: change}, seed=seed), at, end


def first(seconds: range, good: Callable[[int], bool]) -> int | None:
    return next((second for second in seconds if good(second)), None)


def adapted(story: Story, at: int, end: int, rate: float) -> int | None:
    """Seconds until 95% of the new rate was used, and at most 5% of the calls throttled, over ten seconds."""
    found = first(
        range(at, end - SPAN),
        lambda start: (
            story.used(rate, start, start + SPAN) >= 0.95
            and story.throttled(start, start + SPAN) <= 0.05
        ),
    )
    return None if found is None else found - at


def steady_table() -> list[tuple[str, Story, int]]:
    drawn: list[tuple[str, Story, int]] = []
    for kind in (Bucket, Window):
        print(
            f"\n{kind.__name__}: share of the rate used, share of calls throttled, Jain's index; second half of a run"
        )
        print("rate a second  rate is " + "".join(f"{workers:>22,} workers" for workers in WORKERS))
        for rate in RATES:
            for knows in (True, False):
                cells: list[str] = []
                for workers in WORKERS:
                    story, start, end = steady(kind, rate, workers, knows)
                    used, throttled = story.used(rate, start, end), story.throttled(start, end)
                    cells.append(f"{used:>13.1%} {throttled:>7.2%} {story.fairness():>7.3f}")
                    if kind is Bucket and not knows:
                        drawn.append((f"{workers:,} workers, {rate:,} a second", story, rate))
                print(
                    f"{rate:>13,}  {'known  ' if knows else 'learnt '}" + " ".join(cells),
                    flush=True,
                )
    return drawn


def adapting_table() -> None:
    print(
        "\nBucket: seconds until 95% of the changed rate is used and at most 5% throttled (median of 3 seeds)"
    )
    print(
        "rate a second  changes   rate is "
        + "".join(f"{workers:>8} workers" for workers in WORKERS[:3])
    )
    for rate in RATES[:2]:
        for factor in (2.0, 0.5):
            for told in (True, False):
                cells: list[str] = []
                for workers in WORKERS[:3]:
                    stories = list(changing(rate, factor, workers, told))
                    _, at, end = stories[0]
                    times = [adapted(*story, rate * factor) for story in stories]
                    median = sorted(end - at if each is None else each for each in times)[1]
                    cells.append(f"{f'over {median}' if median == end - at else median:>16}")
                words = f"{'doubles' if factor > 1 else 'halves':<8}  {'read again' if told else 'learnt':<10}"
                print(f"{rate:>13,}  {words}" + "".join(cells), flush=True)


def draw(stories: list[tuple[str, Story, int]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(RATES), len(WORKERS), figsize=(16, 9), sharey=True, layout="constrained"
    )
    for axis, (title, story, rate) in zip(axes.flat, stories, strict=True):
        span = max(1, len(story.seconds) // 120)
        starts = range(0, len(story.seconds) - span, span)
        axis.plot(starts, [story.used(rate, start, start + span) for start in starts], label="used")
        axis.plot(
            starts, [story.throttled(start, start + span) for start in starts], label="throttled"
        )
        axis.set(title=title, xlabel="seconds", ylim=(0, 1.2))
    axes.flat[0].legend()
    figure.suptitle("Workers that learn the rate of an account that counts by the bucket")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    print(f"\ndrawn: {path}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--plot", type=Path)
    plot: Path | None = parser.parse_args().plot
    started = time.perf_counter()
    stories = steady_table()
    adapting_table()
    if plot is not None:
        draw(stories, plot)
    print(f"{time.perf_counter() - started:.0f} seconds of real time")


if __name__ == "__main__":
    main()
