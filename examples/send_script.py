"""Script that sends a newsletter to the addresses on its standard input, without an event loop.

Run: python examples/send_script.py < addresses.txt
"""

import sys

import sesmail


def main() -> None:
    messages = (
        sesmail.Message(
            from_email="Shop <shop@example.com>", to=line.strip(), subject="News", text="New shoes."
        )
        for line in sys.stdin
    )
    with sesmail.BlockingClient() as client, client.send_many(messages) as results:
        for result in results:
            if result.error is not None:
                print(result.message.to[0], result.outcome, result.error)
        print(results.progress.accepted, "accepted")


if __name__ == "__main__":
    main()
