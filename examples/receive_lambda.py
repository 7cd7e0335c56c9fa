"""SES's events and mails in an AWS Lambda function: behind a URL that SNS posts to, or subscribed to the topic itself.

The URL is that of an HTTP API. A function URL calls `handler` alike, but renames WWW-Authenticate, so that SNS is never
asked for the secret: without SNS_SECRET Amazon's signature and the topics are the proof.
"""

import asyncio
import base64
import logging
import os
from collections.abc import Iterable
from typing import Any

import sesmail

topics = os.environ["SNS_TOPICS"].split()
receiver = sesmail.Receiver(secret=os.environ.get("SNS_SECRET"), topics=topics)
runner = (
    asyncio.Runner()
)  # one event loop for all calls, so that connections and certificates are kept
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # stands for a table


def handler(request: dict[str, Any], context: object) -> dict[str, Any]:
    body = request.get("body", "")
    try:
        runner.run(
            receive(
                base64.b64decode(body) if request["isBase64Encoded"] else body, request["headers"]
            )
        )
    except sesmail.WebhookError as error:
        log.log(
            logging.INFO if error.status == 401 else logging.WARNING, "%s", error
        )  # after 401 SNS sends the secret
        return {"statusCode": error.status, "headers": error.headers}
    return {"statusCode": 204}


def subscribed(call: dict[str, Any], context: object) -> None:
    runner.run(handle(sesmail.parse(call)))  # nothing is left to prove: IAM told who may call


async def receive(body: bytes | str, headers: dict[str, str]) -> None:
    await handle(await receiver.receive(body, headers))


async def handle(events: Iterable[sesmail.Event]) -> None:
    for event in events:
        match event:
            case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
                suppressed[event.recipient] = event.kind
            case sesmail.Received():
                mail = await receiver.fetch(event)
                log.info("mail from %s: %s", event.source, mail.subject)
            case _:
                pass
