"""aiohttp webhook for SES events and inbound mail.

Run: pip install 'sesmail[signatures]'; python examples/receive_aiohttp.py

SNS_SECRET is the user:password in the URL of the subscription, SNS_TOPICS the ARNs of the topics,
separated by spaces.
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
suppressed: dict[str, str] = {}  # in an application: a table


async def open_receiver(app: web.Application) -> AsyncGenerator[None]:
    async with sesmail.Receiver(secret=SECRET, topics=TOPICS) as receiver:
        app[RECEIVER] = receiver
        yield


async def receive(request: web.Request) -> web.Response:
    receiver = request.app[RECEIVER]
    try:
        # aiohttp limits the size of a body to 1 MiB.
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
        # 401 is part of each subscription: SNS sends the secret after it.
        log.log(logging.INFO if error.status == 401 else logging.WARNING, "%s", error)
        return web.Response(status=error.status, headers=error.headers)
    return web.Response(status=204)


app = web.Application()
app.cleanup_ctx.append(open_receiver)
app.router.add_post("/ses", receive)

if __name__ == "__main__":
    web.run_app(app)
