"""Worker threads of sesmail."""

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest

import sesmail
from sesmail.concurrency import EventLoopGuard, run_in_thread

pytestmark = pytest.mark.anyio


async def test_worker_threads_are_available_when_those_of_anyio_are_all_waiting() -> None:
    """Synchronous handlers of a web framework do so when they call an async function."""
    thread_count = int(anyio.to_thread.current_default_thread_limiter().total_tokens)
    done: list[int] = []

    async def work() -> None:
        done.append(await run_in_thread(lambda: 1))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for _ in range(thread_count):
                group.start_soon(anyio.to_thread.run_sync, anyio.from_thread.run, work)
    assert sum(done) == thread_count


def test_object_of_another_event_loop_is_named() -> None:
    guard = EventLoopGuard("sesmail.RateLimiter")

    async def check() -> None:
        guard.check()
        guard.check()

    anyio.run(check)
    with pytest.raises(sesmail.ConfigurationError, match=r"^this sesmail\.RateLimiter is bound to"):
        anyio.run(check)
