"""FastAPI webhook for SES events and inbound mail.

Run: pip install 'fastapi[standard]' 'sesmail[signatures]'; fastapi run examples/receive_fastapi.py

SNS_SECRET is the user:password in the URL of the subscription, SNS_TOPICS the ARNs of the topics,
separated by spaces.
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
suppressed: dict[str, str] = {}  # in an application: a table


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, sesmail.Receiver]]:
    async with sesmail.Receiver(secret=SECRET, topics=TOPICS) as receiver:
        yield {"receiver": receiver}


app = FastAPI(lifespan=lifespan)


@app.post("/ses", status_code=204)
async def receive(request: Request) -> None:
    receiver: sesmail.Receiver = request.state.receiver
    # FastAPI doesn't limit the size of a body: check the secret before reading it.
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


@app.exception_handler(sesmail.WebhookError)
async def refuse(request: Request, error: sesmail.WebhookError) -> Response:
    # 401 is part of each subscription: SNS sends the secret after it.
    log.log(logging.INFO if error.status == 401 else logging.WARNING, "%s", error)
    return Response(status_code=error.status, headers=error.headers)
