"""Starlette webhook for SES events and inbound mail.

Run: pip install starlette uvicorn 'sesmail[signatures]'
     uvicorn --app-dir examples receive_starlette:app

SNS_SECRET is the user:password in the URL of the subscription, SNS_TOPICS the ARNs of the topics,
separated by spaces.
"""

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import sesmail

SECRET = os.environ["SNS_SECRET"]
TOPICS = os.environ["SNS_TOPICS"].split()
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # in an application: a table


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[dict[str, sesmail.Receiver]]:
    async with sesmail.Receiver(secret=SECRET, topics=TOPICS) as receiver:
        yield {"receiver": receiver}


async def receive(request: Request) -> Response:
    receiver: sesmail.Receiver = request.state.receiver
    try:
        # Starlette doesn't limit the size of a body: check the secret before reading it.
        sesmail.check_secret(request.headers, SECRET)
        for event in await receiver.receive(await request.body(), request.headers):
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
        return Response(status_code=error.status, headers=error.headers)
    return Response(status_code=204)


app = Starlette(routes=[Route("/ses", receive, methods=["POST"])], lifespan=lifespan)
