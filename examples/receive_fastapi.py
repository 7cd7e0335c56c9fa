"""SES's events and mails in a FastAPI app: fastapi run examples/receive_fastapi.py

SNS_SECRET is the user:password of the URL that SNS posts to, SNS_TOPICS the ARNs of its topics.
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
suppressed: dict[str, str] = {}  # stands for a table


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, sesmail.Receiver]]:
    async with sesmail.Receiver(secret=SECRET, topics=TOPICS) as receiver:
        yield {"receiver": receiver}


app = FastAPI(lifespan=lifespan)


@app.post("/ses", status_code=204)
async def receive(request: Request) -> None:
    receiver: sesmail.Receiver = request.state.receiver
    sesmail.check_secret(
        request.headers, SECRET
    )  # before it reads a stranger's body, for which it has no limit
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
    log.log(
        logging.INFO if error.status == 401 else logging.WARNING, "%s", error
    )  # after 401 SNS sends the secret
    return Response(status_code=error.status, headers=error.headers)
