"""Webhook for SES events and received mail in an aiohttp app.

Run it with: python examples/receive_aiohttp.py
SNS_SECRET is user:password of the subscription's URL, SNS_TOPICS the ARNs of the topics.
"""

import logging
import os
from collections.abc import AsyncGenerator

from aiohttp import web

import sesmail

SECRET = os.environ["SNS_SECRET"]
TOPICS = os.environ["SNS_TOPICS"].split()
RECEIVER = web.AppKey("RECEIVER", sesmail.Receiver)
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # use a table instead


async def open_receiver(app: web.Application) -> AsyncGenerator[None]:
    async with sesmail.Receiver(secret=SECRET, topics=TOPICS) as receiver:
        app[RECEIVER] = receiver
        yield


async def receive(request: web.Request) -> web.Response:
    receiver = request.app[RECEIVER]
    try:
        for event in await receiver.receive(await request.read(), request.headers):
            match event:
                case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
                    suppressed[event.recipient] = event.kind
                case sesmail.Received():
                    mail = await receiver.fetch(event)
                    log.info("mail from %s: %s", event.source, mail.subject)
                case _:
                    pass
    except sesmail.WebhookError as error:
        level = (
            logging.INFO if error.status == 401 else logging.WARNING
        )  # SNS sends no secret at first
        log.log(level, "%s", error)
        return web.Response(status=error.status, headers=error.headers)
    return web.Response(status=204)


app = web.Application()
app.cleanup_ctx.append(open_receiver)
app.router.add_post("/ses", receive)

if __name__ == "__main__":
    web.run_app(app)
