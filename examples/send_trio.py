"""Sending on trio: the client detects the running event loop.

Run: pip install 'sesmail[trio]'; python examples/send_trio.py
"""

import trio
from embedded_ses import ses_server

import sesmail


async def main() -> None:
    async with sesmail.Client() as client, trio.open_nursery() as nursery:

        async def send(name: str) -> None:
            message = sesmail.Message(
                from_email="Shop <shop@example.com>",
                to=f"{name}@example.com",
                subject="Hello",
                text=f"Hello {name}!",
            )
            print(name, (await client.send(message)).recipients[0].outcome)

        for name in ("alice", "bob", "carol"):  # one client for all tasks
            nursery.start_soon(send, name)


if __name__ == "__main__":
    with ses_server():
        trio.run(main)
