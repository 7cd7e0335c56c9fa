"""Idempotency with a send log: after a crash, a message isn't sent twice; its event settles it.

Run: python examples/idempotency.py
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import anyio
from embedded_ses import ses_server

import sesmail

INVOICE = sesmail.Message(
    from_email="Shop <shop@example.com>",
    to="alice@example.com",
    subject="Your invoice",
    text="Your invoice is attached.\n",
    send_id="invoice-12345",  # derived from the invoice: the same after a restart
)


async def crash(path: Path) -> None:
    """Sends the message; the process dies before the response of SES is recorded."""

    class PowerFailure(sesmail.SqliteSendLog):
        async def finish(
            self, send_id: str, outcome: sesmail.Outcome, message_id: str | None = None
        ) -> None:
            os._exit(1)

    async with PowerFailure(path) as log, sesmail.Client(send_log=log) as client:
        await client.send(INVOICE)


async def recover(path: Path) -> None:
    """Lists the unknown sends at the next start, and settles them when their events arrive."""
    async with sesmail.SqliteSendLog(path) as log, sesmail.Client(send_log=log) as client:
        async for record in log.unknown():
            print("unknown:", record.send_id)

        try:
            await client.send(INVOICE)
        except sesmail.DuplicateSendError as error:
            print("not sent again:", error)

        # Receiver(send_log=log) does this for each event.
        for event in sesmail.parse(delivery()):
            if isinstance(event, sesmail.TrackingEvent) and event.send_id:
                await log.settle(event.send_id, "accepted", event.message_id)
                print("settled by", event.kind)
        print("still unknown:", [record.send_id async for record in log.unknown()])

        result = await client.send(INVOICE)
        print("accepted before:", result.replayed, result.message_id)


def delivery() -> str:
    """Returns the event that SES publishes after delivery, with the headers of the message."""
    mail = {
        "messageId": "0102-1",
        "timestamp": "2026-05-15T12:00:00.000Z",
        "destination": ["alice@example.com"],
        "headers": [{"name": "X-Sesmail-Id", "value": "invoice-12345"}],
    }
    delivered = {"timestamp": "2026-05-15T12:00:01.000Z", "recipients": ["alice@example.com"]}
    return json.dumps({"eventType": "Delivery", "mail": mail, "delivery": delivered})


if __name__ == "__main__":
    if sys.argv[1:]:
        anyio.run(crash, Path(sys.argv[1]))
    else:
        with ses_server(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "sends.sqlite")
            subprocess.run([sys.executable, __file__, path], check=False)
            anyio.run(recover, path)
