"""Flask webhook for SES events and inbound mail; the same for any program without an event loop.

Run: pip install flask 'sesmail[signatures]'; flask --app examples/receive_flask.py run

SNS_SECRET is the user:password in the URL of the subscription, SNS_TOPICS the ARNs of the topics,
separated by spaces.
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
suppressed: dict[str, str] = {}  # in an application: a table
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1 << 20


@app.post("/ses")
def receive() -> tuple[str, int]:
    message = sesmail.verify(
        request.get_data(), request.headers, secret=SECRET, topics=TOPICS, certificate=certificates
    )
    # Parse the verified message: the body may contain more than the signature covers.
    for event in sesmail.parse(message):
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
    # 401 is part of each subscription: SNS sends the secret after it.
    log.log(logging.INFO if error.status == 401 else logging.WARNING, "%s", error)
    return Response(status=error.status, headers=error.headers)
