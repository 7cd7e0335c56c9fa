"""Webhook for SES events and received mail in AWS Lambda: behind a URL, or subscribed to the topic.

`handler` is called by an HTTP API, or by a function URL. A function URL renames the response header
WWW-Authenticate, so that SNS never sends the secret: then leave out SNS_SECRET, and the signature
and the topics are verified.
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
runner = asyncio.Runner()  # one event loop for all calls, with its connections
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # use a table instead


def handler(request: dict[str, Any], context: object) -> dict[str, Any]:
    body = request.get("body", "")
    try:
        if request["isBase64Encoded"]:
            body = base64.b64decode(body)
        runner.run(receive(body, request["headers"]))
    except sesmail.WebhookError as error:
        level = (
            logging.INFO if error.status == 401 else logging.WARNING
        )  # SNS sends no secret at first
        log.log(level, "%s", error)
        return {"statusCode": error.status, "headers": error.headers}
    return {"statusCode": 204}


def subscribed(call: dict[str, Any], context: object) -> None:
    runner.run(handle(sesmail.parse(call)))  # not verified: IAM decides who may call


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
