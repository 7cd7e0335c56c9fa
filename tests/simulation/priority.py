"""Measures how long a send takes behind a campaign: ``python -m simulation.priority`` in tests/.

The server is on loopback and accepts everything, so nearly all of the time is the wait for the rate
limit.
"""

import statistics
from collections.abc import Awaitable, Callable

import anyio

from sesmail import BulkMessage, Client, RateLimiter, Recipient
from support.clients import ORDER, new_client
from support.faults import FaultServer
from support.responses import ok

RATE = 14  # recipients per second
SENDS = 40
RESET = ORDER.model_copy(update={"subject": "Your new password"})


async def send_many(client: Client) -> None:
    async with client.send_many([ORDER] * 1000) as results:
        async for _ in results:
            pass


async def send_bulk(client: Client) -> None:
    recipients = [Recipient(f"user{number}@example.com") for number in range(1000)]
    await client.send_bulk(
        BulkMessage(from_email="shop@example.com", template="News", recipients=recipients)
    )


async def measure(campaign: Callable[[Client], Awaitable[None]]) -> list[float]:
    """Returns the seconds that each of some sends took while a campaign was sent."""
    seconds: list[float] = []
    settings = {"region": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    with FaultServer(ok()) as server:
        async with (
            new_client(server.url, rate_limit=RateLimiter(RATE), **settings) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(campaign, client)
            await anyio.sleep(1)
            for number in range(SENDS):
                await anyio.sleep(0.3 + number / 500)  # at different moments of the campaign
                started = anyio.current_time()
                await client.send(RESET)
                seconds.append(anyio.current_time() - started)
            group.cancel_scope.cancel()
    return seconds


if __name__ == "__main__":
    for each in (send_many, send_bulk):
        found = anyio.run(measure, each)
        print(
            f"behind {each.__name__} at {RATE} per second: median "
            f"{statistics.median(found):.3f} s, longest of {SENDS} {max(found):.3f} s"
        )
