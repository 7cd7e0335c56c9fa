"""A FastAPI app with one client for its lifetime: fastapi run examples/send_fastapi.py

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
    # Somebody waits for the answer: a second attempt, and no third, and seconds in which to be paced, and no minutes.
    limit = sesmail.RateLimiter(max_wait=5)
    retry = sesmail.RetryPolicy(attempts=2)
    async with sesmail.Client(
        defaults=DEFAULTS, timeout=10, retry=retry, rate_limit=limit
    ) as client:
        yield {"ses": client}


app = FastAPI(lifespan=lifespan)


class Receipt(BaseModel):
    # InvalidMessageError is a ValueError, so what SES can't take as an address is answered with 422 and the reason.
    to: Annotated[str, AfterValidator(lambda text: sesmail.Address(text).email)]


@app.post(
    "/orders/{order_id}/receipt", status_code=202
)  # 202, not 200: accepted isn't delivered yet
async def send_receipt(order_id: int, receipt: Receipt, request: Request) -> dict[str, str]:
    ses: sesmail.Client = request.state.ses
    subject, text = f"Your order {order_id}", f"Thank you for your order {order_id}.\n"
    message = sesmail.Message(
        to=receipt.to, subject=subject, text=text, metadata={"order_id": order_id}
    )
    return {"status": "accepted", "message_id": (await ses.send(message)).message_id}


@app.exception_handler(sesmail.SendError)
async def not_accepted(request: Request, error: sesmail.SendError) -> JSONResponse:
    if error.outcome == "unknown":
        # SES may have it. An error would make callers ask again, and the mail might arrive twice; so take it, say so,
        # and let the events of SES settle it by the order_id in the metadata.
        log.warning("%s: %s", request.url.path, error)
        return JSONResponse({"status": "unknown"}, 202)
    if error.retryable:  # throttled, or never left: asking again soon is safe
        return JSONResponse({"status": "try again"}, 503, {"Retry-After": "2"})
    # Quota, identity, access or template: not the caller's fault and not theirs to mend, so they learn nothing of it.
    log.error("%s: %s", request.url.path, error)
    return JSONResponse({"status": "failed"}, 500)
