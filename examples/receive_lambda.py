"""AWS Lambda functions for SES events and inbound mail: `handler` behind an HTTP API, `subscribed`
as a subscriber of the topic.

SNS_SECRET is the user:password in the URL of the subscription, SNS_TOPICS the ARNs of the topics,
separated by spaces.

`handler` is called by an HTTP API of API Gateway. A function URL calls it in the same way, but
renames the WWW-Authenticate header, so that SNS never sends the secret: leave SNS_SECRET out there,
and rely on Amazon's signature and the topics.
"""

import asyncio
import base64
import logging
import os
from collections.abc import Iterable
from typing import Any

import sesmail

SECRET = os.environ.get("SNS_SECRET")
TOPICS = os.environ["SNS_TOPICS"].split()
receiver = sesmail.Receiver(secret=SECRET, topics=TOPICS)
runner = asyncio.Runner()  # one event loop for all calls: connections and certificates are reused
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # in an application: a table


def handler(request: dict[str, Any], context: object) -> dict[str, Any]:
    text = request.get("body", "")
    body = base64.b64decode(text) if request["isBase64Encoded"] else text
    try:
        runner.run(receive(body, request["headers"]))
    except sesmail.WebhookError as error:
        # 401 is part of each subscription: SNS sends the secret after it.
        log.log(logging.INFO if error.status == 401 else logging.WARNING, "%s", error)
        return {"statusCode": error.status, "headers": error.headers}
    return {"statusCode": 204}


def subscribed(call: dict[str, Any], context: object) -> None:
    runner.run(handle(sesmail.parse(call)))  # IAM decides who may call the function


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
