"""Prints and plots how workers share the sending rate of an account: `nox -s simulate`."""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from sesmail.sending.rate.pace import Pace

from .accounts import Account, Bucket, Window
from .world import Run, simulate

RATES = (14, 100, 1_000)
WORKERS = (1, 10, 100, 1_000)
SPAN = 10  # seconds over which the use of a changed rate is measured


def steady(
    model: type[Bucket] | type[Window], rate: int, workers: int, known: bool
) -> tuple[Run, int, int]:
    """A run of at least 3 minutes, 45,000 calls and 360 calls a worker, and its second half."""
    seconds = max(180, 45_000 // rate, 360 * workers // rate)
    start = seconds // 2
    return simulate(model(rate), workers, seconds, known=known, measured=start), start, seconds


def changing(rate: int, factor: float, workers: int, read: bool) -> Iterator[tuple[Run, int, int]]:
    """Runs in which the account's rate changes, with the second of the change and the end."""
    at = max(60, 6_000 // rate)
    end = at + max(240, 30_000 // rate)
    for seed in (1, 2, 3):
        account = Bucket(rate)

        def change(paces: list[Pace], now: float, account: Account = account) -> None:
            account.rate *= factor
            for pace in paces if read else ():
                pace.learn(now, account.rate)

        yield simulate(account, workers, end, known=read, events={at: change}, seed=seed), at, end


def time_to_adapt(run: Run, at: int, end: int, rate: float) -> int | None:
    """Seconds until, over SPAN seconds, 95% of the new rate are used and at most 5% throttled."""
    for start in range(at, end - SPAN):
        used = run.used(rate, start, start + SPAN)
        if used >= 0.95 and run.throttled(start, start + SPAN) <= 0.05:
            return start - at
    return None


def print_steady() -> list[tuple[str, Run, int]]:
    """Prints both tables of constant rates; returns the runs to plot."""
    plotted: list[tuple[str, Run, int]] = []
    for model in (Bucket, Window):
        print(f"\n{model.__name__}: share of the rate used, share of calls throttled, Jain's index")
        print("rate a second  rate is " + "".join(f"{workers:>22,} workers" for workers in WORKERS))
        for rate in RATES:
            for known in (True, False):
                cells: list[str] = []
                for workers in WORKERS:
                    run, start, end = steady(model, rate, workers, known)
                    used, throttled = run.used(rate, start, end), run.throttled(start, end)
                    cells.append(f"{used:>13.1%} {throttled:>7.2%} {run.fairness():>7.3f}")
                    if model is Bucket and not known:
                        plotted.append((f"{workers:,} workers, {rate:,} a second", run, rate))
                row = f"{rate:>13,}  {'known' if known else 'learned':<7}"
                print(row + " ".join(cells), flush=True)
    return plotted


def print_changing() -> None:
    """Prints the table of changing rates."""
    print("\nBucket: seconds until 95% of the changed rate are used and at most 5% throttled")
    head = "".join(f"{workers:>8} workers" for workers in WORKERS[:3])
    print(f"rate a second  changes   rate is   {head}")
    for rate in RATES[:2]:
        for factor in (2.0, 0.5):
            for read in (True, False):
                cells: list[str] = []
                for workers in WORKERS[:3]:
                    runs = list(changing(rate, factor, workers, read))
                    _, at, end = runs[0]
                    times = [time_to_adapt(*run, rate * factor) for run in runs]
                    median = sorted(end - at if each is None else each for each in times)[1]
                    cells.append(f"{f'over {median}' if median == end - at else median:>16}")
                change = "doubles" if factor > 1 else "halves"
                row = f"{rate:>13,}  {change:<8}  {'read' if read else 'learned':<10}"
                print(row + "".join(cells), flush=True)


def plot(runs: list[tuple[str, Run, int]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(RATES), len(WORKERS), figsize=(16, 9), sharey=True, layout="constrained"
    )
    for axis, (title, run, rate) in zip(axes.flat, runs, strict=True):
        span = max(1, len(run.seconds) // 120)
        starts = range(0, len(run.seconds) - span, span)
        used = [run.used(rate, start, start + span) for start in starts]
        throttled = [run.throttled(start, start + span) for start in starts]
        axis.plot(starts, used, label="used")
        axis.plot(starts, throttled, label="throttled")
        axis.set(title=title, xlabel="seconds", ylim=(0, 1.2))
    axes.flat[0].legend()
    figure.suptitle("Workers that learn the rate of an account with a token bucket")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    print(f"\nplotted: {path}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="nox -s simulate --", description=__doc__)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="where to write the plot")
    path: Path | None = parser.parse_args().plot
    started = time.perf_counter()
    runs = print_steady()
    print_changing()
    if path is not None:
        plot(runs, path)
    print(f"{time.perf_counter() - started:.0f} seconds")


if __name__ == "__main__":
    main()
