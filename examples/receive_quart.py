"""SES's events and mails in a Quart app: quart --app examples/receive_quart.py run

SNS_SECRET is the user:password of the URL that SNS posts to, SNS_TOPICS the ARNs of its topics.
"""

import logging
import os

from quart import Quart, Response, request

import sesmail

log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # stands for a table
receiver = sesmail.Receiver(
    secret=os.environ["SNS_SECRET"], topics=os.environ["SNS_TOPICS"].split()
)
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
    log.log(
        logging.INFO if error.status == 401 else logging.WARNING, "%s", error
    )  # after 401 SNS sends the secret
    return Response("", error.status, error.headers)
