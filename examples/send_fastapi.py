"""FastAPI app that sends: one client for the lifetime of the app, errors as HTTP responses.

Run: pip install 'fastapi[standard]'; fastapi run examples/send_fastapi.py

Credentials, region and, for a test server, AWS_ENDPOINT_URL come from the environment.
"""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel

import sesmail

DEFAULTS = sesmail.Message(from_email="Shop <shop@example.com>", tags=["receipt"])
log = logging.getLogger("shop.mail")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[dict[str, sesmail.Client]]:
    # An HTTP client waits for the response: one retry, and at most 5 s of waiting for the rate.
    limit = sesmail.RateLimiter(max_wait=5)
    retry = sesmail.RetryPolicy(attempts=2)
    async with sesmail.Client(
        defaults=DEFAULTS, timeout=10, retry=retry, rate_limit=limit
    ) as client:
        yield {"ses": client}


app = FastAPI(lifespan=lifespan)


class Receipt(BaseModel):
    # InvalidMessageError is a ValueError: an invalid address gets a 422 response with the reason.
    to: Annotated[str, AfterValidator(lambda text: sesmail.Address(text).email)]


@app.post("/orders/{order_id}/receipt", status_code=202)  # accepted by SES, not yet delivered
async def send_receipt(order_id: int, receipt: Receipt, request: Request) -> dict[str, str]:
    ses: sesmail.Client = request.state.ses
    message = sesmail.Message(
        to=receipt.to,
        subject=f"Your order {order_id}",
        text=f"Thank you for your order {order_id}.\n",
        metadata={"order_id": order_id},
    )
    return {"status": "accepted", "message_id": (await ses.send(message)).message_id}


@app.exception_handler(sesmail.SendError)
async def send_failed(request: Request, error: sesmail.SendError) -> JSONResponse:
    if error.outcome == "unknown":
        # SES may have accepted the message. After an error response the caller would repeat the
        # request, and the recipient could get two mails. So respond with 202; the events of SES,
        # with the order_id in their metadata, show the outcome.
        log.warning("%s: %s", request.url.path, error)
        return JSONResponse({"status": "unknown"}, 202)
    if error.retryable:  # throttled or not sent: safe to repeat
        return JSONResponse({"status": "try again"}, 503, {"Retry-After": "2"})
    # Quota, identity, permission or template: nothing that the caller can correct.
    log.error("%s: %s", request.url.path, error)
    return JSONResponse({"status": "failed"}, 500)
