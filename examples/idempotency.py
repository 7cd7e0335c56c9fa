"""A process dies in the middle of a send; the next one finds out whether the mail went, and never sends it twice."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
from embedded_ses import some_ses

import sesmail

INVOICE = sesmail.Message(
    from_email="Shop <shop@example.com>",
    to="alice@example.com",
    subject="Your invoice",
    text="It is attached.\n",
    send_id="invoice-12345",  # an id that means something to you: the same invoice has the same one tomorrow
)


async def die(path: Path) -> None:
    """Send, and lose power when SES has the mail, but before that is known here."""

    class PowerCut(sesmail.Listener):
        def after_attempt(self, call: object, attempts: object) -> None:
            os._exit(1)

    async with (
        sesmail.SqliteSendLog(path) as log,
        sesmail.Client(send_log=log, listener=PowerCut()) as client,
    ):
        await client.send(INVOICE)


async def recover(path: Path) -> None:
    """What a program does when it starts, and when an event comes."""
    async with sesmail.SqliteSendLog(path) as log, sesmail.Client(send_log=log) as client:
        async for record in log.unknown():
            print("nobody knows of", record.send_id)

        try:
            await client.send(INVOICE)
        except sesmail.DuplicateSendError as error:
            print("not sent again:", error)

        for event in sesmail.parse(delivery()):  # a Receiver(send_log=log) does this by itself
            if isinstance(event, sesmail.TrackingEvent) and event.send_id:
                await log.settle(event.send_id, "accepted", event.message_id)
                print("settled by", event.kind)
        print("unknown now:", [record.send_id async for record in log.unknown()])


def delivery() -> str:
    """What SES posts when it has delivered a mail, with the headers of that mail."""
    headers = [{"name": "X-Sesmail-Id", "value": "invoice-12345"}]
    mail = {
        "messageId": "0102-1",
        "timestamp": "2026-05-15T12:00:00.000Z",
        "destination": ["alice@example.com"],
    }
    told = {"timestamp": "2026-05-15T12:00:01.000Z", "recipients": ["alice@example.com"]}
    return json.dumps(
        {"eventType": "Delivery", "mail": {**mail, "headers": headers}, "delivery": told}
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        anyio.run(die, Path(sys.argv[1]))
    else:
        with some_ses(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "sends.sqlite")
            subprocess.run([sys.executable, __file__, path], check=False)
            anyio.run(recover, path)
