"""Newsletter to 10,000 recipients at the account's sending rate, with a progress bar (send_many).

Run: pip install rich; python examples/campaign.py [number of recipients]
"""

import sys
from collections.abc import Iterator

import anyio
from embedded_ses import ses_server
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import sesmail


def newsletter(count: int) -> Iterator[sesmail.Message]:
    """Yields the messages one by one, so that memory doesn't grow with their number."""
    for number in range(count):
        yield sesmail.Message(
            from_email="Shop <news@example.com>",
            to=f"reader{number}@example.com",
            subject="New in May",
            text=f"Dear reader {number},\nthere are new shoes.\n",
            send_id=f"news-may-{number}",
        )


async def main(count: int) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]:.0f} a second"),
    )
    failed: list[sesmail.MessageResult] = []
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("sending", total=count, rate=0.0)

        def show(progress: sesmail.SendProgress) -> None:
            bar.update(task, completed=progress.done, rate=progress.rate)

        # The client reads the rate of the account by GetAccount, and keeps it.
        async with (
            sesmail.Client() as client,
            client.send_many(newsletter(count), on_progress=show) as results,
        ):
            async for result in results:
                if result.error is not None:
                    failed.append(result)

    progress = results.progress
    print(f"{progress.accepted} accepted, {progress.rejected} rejected,", end=" ")
    print(f"{progress.not_sent} not sent, {progress.unknown} unknown")
    for result in failed[:10]:
        print(result.message.send_id, result.outcome, result.error)


if __name__ == "__main__":
    with ses_server():
        anyio.run(main, int(sys.argv[1]) if sys.argv[1:] else 10_000)
