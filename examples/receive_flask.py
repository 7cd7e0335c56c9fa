"""Webhook for SES events and received mail in a Flask app, or another app without an event loop.

Run it with: flask --app examples/receive_flask.py run
SNS_SECRET is user:password of the subscription's URL, SNS_TOPICS the ARNs of the topics.
"""

import asyncio
import logging
import os

from flask import Flask, Response, request

import sesmail

SECRET = os.environ["SNS_SECRET"]
TOPICS = os.environ["SNS_TOPICS"].split()
certificates = sesmail.CertificateCache()
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # use a table instead
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1 << 20


@app.post("/ses")
def receive() -> tuple[str, int]:
    body, headers = request.get_data(), request.headers
    message = sesmail.verify(body, headers, secret=SECRET, topics=TOPICS, certificate=certificates)
    for event in sesmail.parse(message):  # the body may have parts that aren't verified
        match event:
            case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
                suppressed[event.recipient] = event.kind
            case sesmail.Received():
                mail = asyncio.run(fetch(event))
                log.info("mail from %s: %s", event.source, mail.subject)
            case sesmail.SubscriptionConfirmation():
                asyncio.run(confirm(event))
            case _:
                pass
    return "", 204


async def confirm(event: sesmail.SubscriptionConfirmation) -> None:
    async with sesmail.Receiver(secret=SECRET) as receiver:
        await receiver.confirm(event)


async def fetch(event: sesmail.Received) -> sesmail.InboundMail:
    async with sesmail.Receiver(secret=SECRET) as receiver:
        return await receiver.fetch(event)


@app.errorhandler(sesmail.WebhookError)
def refuse(error: sesmail.WebhookError) -> Response:
    level = logging.INFO if error.status == 401 else logging.WARNING  # SNS sends no secret at first
    log.log(level, "%s", error)
    return Response(status=error.status, headers=error.headers)
