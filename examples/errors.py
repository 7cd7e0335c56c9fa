"""Error handling: put the message back into the queue, drop it, or stop and alert an operator.

Run: python examples/errors.py
"""

import logging
from email.message import EmailMessage

import anyio
from embedded_ses import ses_server
from pydantic import ValidationError

import sesmail

log = logging.getLogger("shop")


async def send(client: sesmail.Client, message: sesmail.Message | sesmail.RawMessage) -> str:
    """Sends a message and returns its message id, or the action that its error calls for."""
    try:
        return (await client.send(message)).message_id
    except (sesmail.ThrottledError, sesmail.NotSentError) as error:
        # SES doesn't have the message, and the message is valid: send it again later.
        log.warning("%s: %s", error, [attempt.outcome for attempt in error.attempts])
        return "put back into the queue"
    except sesmail.UnknownOutcomeError as error:
        # SES may have accepted the message: look for its events before sending it again.
        log.warning("%s", error)
        return "unknown"
    except (
        sesmail.MessageRejectedError,
        sesmail.BadRequestError,
        sesmail.InvalidMessageError,
    ) as error:
        # SES rejects this message whenever it is sent.
        log.warning("%s", error)
        return "dropped"
    # Other errors concern every message (quota, sending paused, identity not verified, missing
    # permission, configuration): let them stop the program.


def mail_with_a_program() -> sesmail.RawMessage:
    """Returns ready-made MIME with an attachment that SES rejects."""
    mail = EmailMessage()
    mail["From"] = "shop@example.com"
    mail.set_content("The program is attached.")
    mail.add_attachment(b"MZ", maintype="application", subtype="x-dosexec", filename="setup.exe")
    return sesmail.RawMessage(content=mail, to="alice@example.com")


async def main() -> None:
    try:
        sesmail.Message(from_email="shop@example.com", to="alice@example", text="Hello")
    except ValidationError as error:
        # An invalid field is reported when the message is built, before it is sent.
        print(*error.errors()[0]["loc"], error.errors()[0]["msg"])

    # Throttled calls and calls that never left are retried: up to 4 attempts within 20 seconds.
    async with sesmail.Client(retry=sesmail.RetryPolicy(attempts=4), timeout=20) as client:
        message = sesmail.Message(
            from_email="shop@example.com", to="alice@example.com", text="Hello"
        )
        print("mail:", await send(client, message))
        print("mail with a program:", await send(client, mail_with_a_program()))


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
