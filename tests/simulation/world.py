"""Workers, each with its own Pace, that send all they may to one account: events in a heap, nobody sleeps."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from sesmail.sending.rate.pace import Pace

from .accounts import Account

# To SES and back again: 20 to 200 ms for both.
QUICKEST, SLOWEST = 0.010, 0.100
LEAVES, ARRIVES, TAKEN, THROTTLED = range(4)


@dataclass
class Second:
    """What arrived in a second."""

    accepted: int = 0
    throttled: int = 0


@dataclass
class Story:
    """What happened: by the second over all workers, and by the worker over the measured time."""

    seconds: list[Second] = field(default_factory=list[Second])
    accepted: list[int] = field(default_factory=list[int])

    def used(self, rate: float, start: int, end: int) -> float:
        """Share of the rate."""
        return sum(second.accepted for second in self.seconds[start:end]) / rate / (end - start)

    def throttled(self, start: int, end: int) -> float:
        """Share of the calls."""
        calls = sum(second.accepted + second.throttled for second in self.seconds[start:end])
        return sum(second.throttled for second in self.seconds[start:end]) / max(calls, 1)

    def fairness(self) -> float:
        """Jain's index: 1 where all workers sent as much, 1/n where one of n sent everything."""
        return sum(self.accepted) ** 2 / (
            len(self.accepted) * sum(count * count for count in self.accepted)
        )


def simulate(
    account: Account,
    workers: int,
    seconds: int,
    *,
    knows: bool,
    measured: int = 0,
    events: dict[int, Callable[[list[Pace], float], None]] | None = None,
    seed: int = 1,
) -> Story:
    """Let workers start within a second, and send until the end.

    A leaving that is planned already stays where it is until it comes: there the pace is asked again, so a cut delays
    it at once, but growth hastens only the next one.

    Args:
        account: What they send to.
        workers: How many.
        seconds: For how long.
        knows: Whether each knows the account's rate.
        measured: From which second on the workers are compared.
        events: What happens to the account and the paces at which second.
        seed: Of all chance.
    """
    chance = random.Random(seed).random
    paces = [Pace(account.rate if knows else None, random=chance) for _ in range(workers)]
    story = Story([Second() for _ in range(seconds)], [0] * workers)
    upcoming = sorted((events or {}).items(), reverse=True)
    heap = [(chance(), LEAVES, worker) for worker in range(workers)]
    heapq.heapify(heap)
    push, pop = heapq.heappush, heapq.heappop
    while (event := pop(heap))[0] < seconds:
        now, kind, worker = event
        pace = paces[worker]
        while upcoming and upcoming[-1][0] <= now:
            upcoming.pop()[1](paces, now)
        if kind == LEAVES:
            if wait := pace.wait(now):
                push(heap, (now + wait, LEAVES, worker))
                continue
            pace.take(now, 1)
            push(heap, (now + QUICKEST + (SLOWEST - QUICKEST) * chance(), ARRIVES, worker))
            push(heap, (now + pace.wait(now), LEAVES, worker))
        elif kind == ARRIVES:
            takes = account.takes(now, 1)
            push(
                heap,
                (
                    now + QUICKEST + (SLOWEST - QUICKEST) * chance(),
                    TAKEN if takes else THROTTLED,
                    worker,
                ),
            )
            if takes:
                story.seconds[int(now)].accepted += 1
                story.accepted[worker] += now >= measured
            else:
                story.seconds[int(now)].throttled += 1
        elif kind == TAKEN:
            pace.accepted(now, 1)
        else:
            pace.throttled(now)
    return story
