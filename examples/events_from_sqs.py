"""Receives events of SES from an SQS queue until SIGTERM or Ctrl+C, without a public webhook.

QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/111122223333/mail-events python events_from_sqs.py
"""

import os
import signal

import anyio

import sesmail


class Metrics(sesmail.QueueListener):
    """Prints how old a message is, and how often it was received."""

    def received(self, message: sesmail.QueueMessage, events: int) -> None:
        lag = "unknown" if message.lag is None else f"{message.lag:.0f} s"
        print(f"{events} events, receive count {message.receive_count}, lag {lag}")

    def unreadable(self, message: sesmail.QueueMessage, error: sesmail.WebhookError) -> None:
        print(f"left for the dead-letter queue: {error}")


async def handle(delivery: sesmail.Delivery) -> None:
    """Handles a message; it is deleted when this returns, and delivered again if this raises."""
    for event in delivery.events:
        match event:
            case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
                print("suppress", event.recipient)
            case sesmail.MailStored(bucket=bucket, key=key):
                print("received mail:", bucket, key)
            case _:
                print(event.kind)


async def main() -> None:
    async with sesmail.EventQueue(
        os.environ["QUEUE_URL"],
        seen=sesmail.SeenMessages(),
        listener=Metrics(),
    ) as queue:
        await queue.run(handle, concurrency=20, signals=[signal.SIGTERM, signal.SIGINT])
    print("stopped")


if __name__ == "__main__":
    anyio.run(main)
