"""Quart webhook for SES events and inbound mail.

Run: pip install quart 'sesmail[signatures]'; quart --app examples/receive_quart.py run

SNS_SECRET is the user:password in the URL of the subscription, SNS_TOPICS the ARNs of the topics,
separated by spaces.
"""

import logging
import os

from quart import Quart, Response, request

import sesmail

SECRET = os.environ["SNS_SECRET"]
TOPICS = os.environ["SNS_TOPICS"].split()
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # in an application: a table
receiver = sesmail.Receiver(secret=SECRET, topics=TOPICS)
app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1 << 20
app.after_serving(receiver.aclose)


@app.post("/ses")
async def receive() -> tuple[str, int]:
    for event in await receiver.receive(await request.get_data(), request.headers):
        match event:
            case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
                suppressed[event.recipient] = event.kind
            case sesmail.Received():
                mail = await receiver.fetch(event)
                log.info("mail from %s: %s", event.source, mail.subject)
            case _:
                pass
    return "", 204


@app.errorhandler(sesmail.WebhookError)
async def refuse(error: sesmail.WebhookError) -> Response:
    # 401 is part of each subscription: SNS sends the secret after it.
    log.log(logging.INFO if error.status == 401 else logging.WARNING, "%s", error)
    return Response("", error.status, error.headers)
