"""What to do on each error: queue the mail again, ask a human, drop the mail, or find out what became of it."""

import logging

import anyio
from embedded_ses import some_ses
from pydantic import ValidationError

import sesmail

log = logging.getLogger("shop")


async def send(client: sesmail.Client, message: sesmail.Message) -> str:
    """Send one mail, never twice, and tell what became of it."""
    try:
        return (await client.send(message)).message_id
    except (
        sesmail.ThrottledError,
        sesmail.NotSentError,
    ) as error:  # SES doesn't have it, the mail is fine
        tried = [
            f"{attempt.outcome} after {attempt.seconds:.1f} seconds" for attempt in error.attempts
        ]
        log.warning("%s: %s", error, tried)
        return "put back into the queue"
    except (
        sesmail.UnknownOutcomeError
    ) as error:  # SES may have it: look for its events before it is sent again
        log.warning("%s", error)
        return "unknown"
    except (
        sesmail.MessageRejectedError,
        sesmail.BadRequestError,
        sesmail.InvalidMessageError,
    ) as error:
        log.warning("%s", error)  # this mail will never be accepted
        return "dropped"
    # All others concern every mail (quota, paused, not verified, access, configuration): stop, and tell a human.


async def main() -> None:
    try:
        sesmail.Message(from_email="shop@example.com", to="alice@example", text="Hello")
    except (
        ValidationError
    ) as error:  # a wrong field is found where the message is made, long before it is sent
        print(*error.errors()[0]["loc"], error.errors()[0]["msg"])

    # What SES refuses for a moment, or what never left, is sent again by itself: four times at most in 20 seconds here.
    async with sesmail.Client(retry=sesmail.RetryPolicy(attempts=4), timeout=20) as client:
        for sender in ("shop@example.com", "shop@unknown.example"):
            message = sesmail.Message(from_email=sender, to="alice@example.com", text="Hello")
            print(sender, await send(client, message))


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
