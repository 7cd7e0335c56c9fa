"""Campaigns: a bulk message to many recipients, and any number of messages."""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from .comparison import Comparison, Figures, Options, PeerMissingError, Round
from .memory import STATUS, peak_memory, stall_of
from .messages import ASCII
from .processes import CLIENT, CREDENTIALS, fresh_process_each_round
from .ses import start_ses

RECIPIENTS = 50_000
MESSAGES = 50_000
KEYS, TEXT = 10, "a text of 200 characters" + "." * 176  # of the template data of a recipient
RESET_PEAK = Path("/proc/self/clear_refs")


def current_memory() -> int:
    """Memory of this process in bytes, from which its peak counts from now on.

    Raises:
        PeerMissingError: The system doesn't report it.
    """
    if not STATUS.exists():
        raise PeerMissingError("the system doesn't report memory")
    gc.collect()
    RESET_PEAK.write_text("5")  # https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
    return peak_memory()


class FirstCall:
    """Listener that records when the first call is made, as a mixin."""

    seconds = 0.0

    def before_attempt(self, _: object) -> None:
        self.seconds = self.seconds or time.perf_counter()


def bulk(url: str, count: int = RECIPIENTS) -> Round:
    """``send_bulk``: memory in sizes of the message, seconds to the first call, and the stall.

    The garbage collector, which stops the process for a time that grows with the message, is off.
    """
    import sesmail

    class Listener(FirstCall, sesmail.Listener):
        pass

    def message(count: int) -> sesmail.BulkMessage:
        recipients = [
            sesmail.Recipient(
                f"user{number}@example.com",
                data={f"key{key}": TEXT + str(number) for key in range(KEYS)},
            )
            for number in range(count)
        ]
        return sesmail.BulkMessage(from_email="a@example.com", template="T", recipients=recipients)

    async def run() -> Figures:
        listener = Listener()
        settings: Any = {"endpoint_url": url, "rate_limit": None, **CREDENTIALS}
        client = sesmail.Client(CLIENT["region_name"], listener=listener, **settings)
        async with client:
            await client.send_bulk(message(100))
            listener.seconds, empty = 0.0, current_memory()
            large = message(count)
            full = current_memory()
            gc.disable()
            started = time.perf_counter()
            stall = await stall_of(lambda: client.send_bulk(large))
        growth = (peak_memory() - full) / max(1, full - empty)
        return {"memory": growth, "stall": stall, "wall": listener.seconds - started}

    return once(run)


def many(url: str, count: int) -> Round:
    """``send_many`` from 50 tasks: memory in MB of its growth, and the stall."""
    import sesmail

    from .compiling import sesmail_message

    message = sesmail_message(ASCII)

    async def send(client: sesmail.Client, count: int) -> None:
        async with client.send_many(message for _ in range(count)) as results:
            async for result in results:
                assert result.outcome == "accepted"

    async def run() -> Figures:
        settings: Any = {"endpoint_url": url, "rate_limit": None, **CREDENTIALS}
        async with sesmail.Client(CLIENT["region_name"], **settings) as client:
            await send(client, 500)
            before = current_memory()
            started = time.process_time()
            stall = await stall_of(lambda: send(client, count))
        cpu = (time.process_time() - started) / count
        return {"memory": (peak_memory() - before) / 1e6, "stall": stall, "cpu": cpu}

    return once(run)


def once(run: Callable[[], Coroutine[Any, Any, Figures]]) -> Round:
    return lambda _: asyncio.run(run())


def in_process(name: str, options: Options, **arguments: Any) -> Round:
    return fresh_process_each_round(f"{__name__}:{name}", {"url": start_ses(options), **arguments})


MEASURES = ("memory", "stall")
COMPARISONS = [
    Comparison(
        f"bulk message to {RECIPIENTS:,}, 2 kB of data each",
        {"sesmail": partial(in_process, "bulk")},
        {("sesmail", "memory"): 0.3, ("sesmail", "wall"): 0.6, ("sesmail", "stall"): 0.05},
        (*MEASURES, "wall"),
        seconds=0,
        slow=True,
    ),
    Comparison(
        f"send_many with {MESSAGES:,} messages of 5 kB",
        {
            "sesmail": partial(in_process, "many", count=MESSAGES),
            "the same with 1,000": partial(in_process, "many", count=1_000),
        },
        {("sesmail", "stall"): 0.025, ("the same with 1,000", "cpu"): 0.9},
        (*MEASURES, "cpu"),
        seconds=0,
        slow=True,
    ),
]
