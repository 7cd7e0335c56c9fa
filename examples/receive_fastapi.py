"""Webhook for SES events and received mail in a FastAPI app.

Run it with: fastapi run examples/receive_fastapi.py
SNS_SECRET is user:password of the subscription's URL, SNS_TOPICS the ARNs of the topics.
"""

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

import sesmail

SECRET = os.environ["SNS_SECRET"]
TOPICS = os.environ["SNS_TOPICS"].split()
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # use a table instead


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, sesmail.Receiver]]:
    async with sesmail.Receiver(secret=SECRET, topics=TOPICS) as receiver:
        yield {"receiver": receiver}


app = FastAPI(lifespan=lifespan)


@app.post("/ses", status_code=204)
async def receive(request: Request) -> None:
    receiver: sesmail.Receiver = request.state.receiver
    sesmail.check_secret(request.headers, SECRET)  # first: request.body() has no size limit
    for event in await receiver.receive(await request.body(), request.headers):
        match event:
            case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
                suppressed[event.recipient] = event.kind
            case sesmail.Received():
                mail = await receiver.fetch(event)
                log.info("mail from %s: %s", event.source, mail.subject)
            case _:
                pass


@app.exception_handler(sesmail.WebhookError)
async def refuse(request: Request, error: sesmail.WebhookError) -> Response:
    level = logging.INFO if error.status == 401 else logging.WARNING  # SNS sends no secret at first
    log.log(level, "%s", error)
    return Response(status_code=error.status, headers=error.headers)
