"""A newsletter to 10,000 readers at the account's rate, with a progress bar: python examples/campaign.py [readers]"""

import sys
from collections.abc import Iterator

import anyio
from embedded_ses import some_ses
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import sesmail


def newsletter(readers: int) -> Iterator[sesmail.Message]:
    """Written one by one, when it is their turn: there may be any number of them."""
    for number in range(readers):
        yield sesmail.Message(
            from_email="Shop <news@example.com>",
            to=f"reader{number}@example.com",
            subject="What is new in May",
            text=f"Dear reader {number},\nshoes are.\n",
            send_id=f"news-may-{number}",
        )


async def main(readers: int) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    failed: list[sesmail.MessageResult] = []
    with Progress(
        *columns, TextColumn("{task.fields[rate]:.0f} a second"), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("sending", total=readers, rate=0.0)

        def show(progress: sesmail.SendProgress) -> None:
            bar.update(task, completed=progress.done, rate=progress.rate)

        # What Amazon's GetAccount tells is kept to; the embedded server has no such operation, so its rate is learnt.
        async with (
            sesmail.Client() as client,
            client.send_many(newsletter(readers), on_progress=show) as outcomes,
        ):
            async for outcome in outcomes:
                if outcome.error is not None:
                    failed.append(outcome)

    progress = outcomes.progress
    print(f"{progress.accepted} accepted, {progress.rejected} rejected,", end=" ")
    print(f"{progress.not_sent} not sent, {progress.unknown} unknown")
    for outcome in failed[:10]:
        print(outcome.message.send_id, outcome.outcome, outcome.error)


if __name__ == "__main__":
    with some_ses():
        anyio.run(main, int(sys.argv[1]) if sys.argv[1:] else 10_000)
