"""Webhook for SES events and received mail in a Quart app.

Run it with: quart --app examples/receive_quart.py run
SNS_SECRET is user:password of the subscription's URL, SNS_TOPICS the ARNs of the topics.
"""

import logging
import os

from quart import Quart, Response, request

import sesmail

log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # use a table instead
topics = os.environ["SNS_TOPICS"].split()
receiver = sesmail.Receiver(secret=os.environ["SNS_SECRET"], topics=topics)
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
    level = logging.INFO if error.status == 401 else logging.WARNING  # SNS sends no secret at first
    log.log(level, "%s", error)
    return Response("", error.status, error.headers)
