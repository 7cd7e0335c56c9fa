"""Discrete event simulation of workers, each with its own Pace, that send at the highest rate."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sesmail.sending.rate.pace import Pace

from .accounts import Account

# Seconds from a worker to SES, and from SES to the worker: a round trip takes 20 to 200 ms.
MIN_DELAY, MAX_DELAY = 0.010, 0.100
SEND, ARRIVE, ACCEPTED, THROTTLED = range(4)


@dataclass
class Second:
    """Calls that arrived in a second."""

    accepted: int = 0
    throttled: int = 0


@dataclass
class Run:
    """Result of a simulation.

    Attributes:
        seconds: Calls of all workers in each second.
        accepted: Accepted calls of each worker, since the second from which they are counted.
    """

    seconds: list[Second] = field(default_factory=list[Second])
    accepted: list[int] = field(default_factory=list[int])

    def used(self, rate: float, start: int, end: int) -> float:
        """Accepted calls as a share of the rate."""
        return sum(second.accepted for second in self.seconds[start:end]) / rate / (end - start)

    def throttled(self, start: int, end: int) -> float:
        """Throttled calls as a share of all calls."""
        calls = sum(second.accepted + second.throttled for second in self.seconds[start:end])
        return sum(second.throttled for second in self.seconds[start:end]) / max(calls, 1)

    def fairness(self) -> float:
        """Jain's index: 1 if all workers sent the same number, 1/n if one of n sent all.

        https://en.wikipedia.org/wiki/Fairness_measure#Jain's_fairness_index
        """
        return sum(self.accepted) ** 2 / (
            len(self.accepted) * sum(count * count for count in self.accepted)
        )


def simulate(
    account: Account,
    workers: int,
    seconds: int,
    *,
    known: bool,
    measured: int = 0,
    events: dict[int, Callable[[list[Pace], float], None]] | None = None,
    seed: int = 1,
) -> Run:
    """Simulates workers that start within the first second, and send until the end.

    A worker asks its pace again when the time of a planned call has come. So a lower rate delays
    that call at once; a higher one only affects the calls after it.

    Args:
        account: The account that they share.
        workers: Number of workers.
        seconds: Duration.
        known: Whether each worker knows the account's rate.
        measured: Second from which accepted calls of each worker are counted.
        events: Functions that change the account or the paces, by second.
        seed: Seed of all random numbers.
    """
    draw = random.Random(seed).random
    paces = [Pace(account.rate if known else None, random=draw) for _ in range(workers)]

    def arrival(now: float) -> float:
        return now + MIN_DELAY + (MAX_DELAY - MIN_DELAY) * draw()

    run = Run([Second() for _ in range(seconds)], [0] * workers)
    upcoming = sorted((events or {}).items(), reverse=True)
    heap = [(draw(), SEND, worker) for worker in range(workers)]
    heapq.heapify(heap)
    push, pop = heapq.heappush, heapq.heappop
    while (event := pop(heap))[0] < seconds:
        now, kind, worker = event
        pace = paces[worker]
        while upcoming and upcoming[-1][0] <= now:
            upcoming.pop()[1](paces, now)
        if kind == SEND:
            if wait := pace.wait(now):
                push(heap, (now + wait, SEND, worker))
                continue
            pace.take(now, 1)
            push(heap, (arrival(now), ARRIVE, worker))
            push(heap, (now + pace.wait(now), SEND, worker))
        elif kind == ARRIVE:
            accepts = account.accepts(now, 1)
            push(heap, (arrival(now), ACCEPTED if accepts else THROTTLED, worker))
            if accepts:
                run.seconds[int(now)].accepted += 1
                run.accepted[worker] += now >= measured
            else:
                run.seconds[int(now)].throttled += 1
        elif kind == ACCEPTED:
            pace.accepted(now, 1)
        else:
            pace.throttled(now)
    return run
