"""Memory that messages share: who gets it, who waits, and what is given back."""

import anyio
import pytest

from sesmail.sending.references.memory import MemoryLimit

pytestmark = pytest.mark.anyio


async def test_memory_is_shared_up_to_its_size() -> None:
    memory = MemoryLimit(10)
    await memory.acquire(4)
    assert memory.try_acquire(6)
    assert not memory.try_acquire(1)
    memory.release(5)
    assert not memory.try_acquire(6)
    assert memory.try_acquire(5)


async def test_waiting_messages_are_served_in_order_and_before_others() -> None:
    memory, served = MemoryLimit(10), list[int]()

    async def hold(size: int) -> None:
        await memory.acquire(size)
        served.append(size)

    await memory.acquire(8)
    async with anyio.create_task_group() as group:
        for size in (9, 1, 2):
            group.start_soon(hold, size)
            await anyio.wait_all_tasks_blocked()
        assert not memory.try_acquire(1), "somebody waits"
        memory.release(8)
        await anyio.wait_all_tasks_blocked()
        assert sorted(served) == [1, 9], "not 2, for which nothing is left"
        memory.release(9)
    assert served[2:] == [2]
    assert memory.try_acquire(7)


async def test_cancelled_wait_holds_nothing_and_lets_others_pass() -> None:
    memory, served = MemoryLimit(10), list[int]()

    async def hold(size: int, scope: anyio.CancelScope) -> None:
        with scope:
            await memory.acquire(size)
            served.append(size)

    await memory.acquire(8)
    async with anyio.create_task_group() as group:
        first = anyio.CancelScope()
        group.start_soon(hold, 9, first)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(hold, 2, anyio.CancelScope())
        await anyio.wait_all_tasks_blocked()
        first.cancel()
    assert served == [2]
    assert not memory.try_acquire(1)


async def test_wait_that_is_cancelled_as_it_ends_gives_back() -> None:
    memory = MemoryLimit(10)
    await memory.acquire(10)
    scope = anyio.CancelScope()

    async def hold() -> None:
        with scope:
            await memory.acquire(10)

    async with anyio.create_task_group() as group:
        group.start_soon(hold)
        await anyio.wait_all_tasks_blocked()
        scope.cancel()
        memory.release(10)
    assert memory.try_acquire(10)
