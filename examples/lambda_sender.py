"""AWS Lambda function that sends: the client is opened in the init phase and reused by each call.

Deploy with the handler `lambda_sender.handler`, an execution role that may send (guides/aws.md),
and a timeout above that of the client.
"""

import asyncio
from typing import Any

import sesmail

# One event loop for all calls of the execution environment, so that connections are reused.
runner = asyncio.Runner()
client = sesmail.Client(defaults=sesmail.Message(from_email="Shop <shop@example.com>"), timeout=10)
runner.run(client.open())


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    message = sesmail.Message(
        to=event["to"],
        subject=f"Your order {event['order_id']}",
        text="Thank you for your order.\n",
        metadata={"order_id": event["order_id"]},
        send_id=f"order-{event['order_id']}",  # comes back in each event of the message
    )
    try:
        result = runner.run(client.send(message))
    except sesmail.SendError as error:
        if error.outcome == "unknown":
            # Lambda repeats an asynchronous call that raises, and the recipient could get two
            # mails: return, and let the events of SES show the outcome.
            return {"outcome": "unknown", "send_id": message.send_id}
        raise
    return {"outcome": "accepted", "message_id": result.message_id}
