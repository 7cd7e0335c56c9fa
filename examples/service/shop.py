"""A service that sends and receives: sign-up, password reset, campaign, suppression, support.

Run: pip install 'sesmail[signatures]' 'fastapi[standard]'; fastapi run examples/service/shop.py
Environment: SNS_SECRET=user:password and SNS_TOPICS=arn:aws:sns:... beside the AWS settings.
"""

import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Body, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator

import sesmail

SITE = "https://shop.example"
DEFAULTS = sesmail.Message(from_email="Shop <hello@shop.example>", reply_to="help@shop.example")
Checked = AfterValidator(lambda text: sesmail.Address(text).email.lower())
Email = Annotated[str, Checked, Body(embed=True)]


@dataclass
class Database:
    """Stands in for the tables of a database."""

    codes: dict[str, str] = field(default_factory=dict[str, str])
    members: set[str] = field(default_factory=set[str])
    suppressed: dict[str, str] = field(default_factory=dict[str, str])
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])


def create_app(**receiver_settings: Any) -> FastAPI:
    """Returns the service; the settings are those of its ``Receiver``."""
    data = Database()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, object]]:
        retry = sesmail.RetryPolicy(attempts=2)
        async with (
            sesmail.Client(defaults=DEFAULTS, retry=retry, timeout=10) as client,
            sesmail.Receiver(**receiver_settings) as receiver,
        ):
            yield {"client": client, "receiver": receiver}

    app = FastAPI(lifespan=lifespan)

    @app.post("/sign-up", status_code=202)
    async def sign_up(request: Request, email: Email) -> None:
        if email in data.suppressed:
            raise HTTPException(409, "mail to this address bounced")
        code = data.codes[email] = f"{secrets.randbelow(10**6):06}"
        text = f"Your code is {code}.\n"
        await client_of(request).send(sesmail.Message(to=email, subject="Welcome", text=text))

    @app.post("/confirm", status_code=204)
    async def confirm(email: Email, code: Annotated[str, Body()]) -> None:
        if not secrets.compare_digest(data.codes.get(email, ""), code):
            raise HTTPException(403, "wrong code")
        data.members.add(email)

    @app.post("/reset", status_code=202)
    async def reset(request: Request, email: Email) -> None:
        if email in data.members:  # the response doesn't tell
            link = f"{SITE}/reset?token={secrets.token_urlsafe()}"
            html = f'<p>Choose a <a href="{link}">new password</a>.</p>'
            text = f"Choose a new password: {link}\n"
            message = sesmail.Message(to=email, subject="New password", text=text, html=html)
            await client_of(request).send(message)

    @app.post("/campaign")
    async def campaign(request: Request, month: Annotated[str, Body(embed=True)]) -> dict[str, int]:
        recipients = [
            sesmail.Recipient(
                email,
                data={"name": email.partition("@")[0].title()},
                unsubscribe=f"{SITE}/unsubscribe?email={quote(email)}",
            )
            for email in sorted(data.members - data.suppressed.keys())
        ]
        news = sesmail.BulkMessage(template="News", data={"month": month}, recipients=recipients)
        result = await client_of(request).send_bulk(news)
        return {"accepted": len(result.accepted), "failed": len(result.failed)}

    @app.post("/unsubscribe", status_code=204)
    async def unsubscribe(email: str) -> None:
        data.suppressed[email] = "unsubscribed"

    @app.get("/tickets")
    async def tickets() -> list[dict[str, Any]]:
        return list(data.tickets.values())

    @app.post("/ses")
    async def webhook(request: Request) -> Response:
        receiver: sesmail.Receiver = request.state.receiver
        try:
            for event in await receiver.receive(await request.body(), request.headers):
                match event:
                    case sesmail.Bounced(recipient=email, permanent=True):
                        data.suppressed[email] = "bounced"
                    case sesmail.Complained(recipient=email, feedback_type=kind):
                        if kind != "not-spam":
                            data.suppressed[email] = "complained"
                    case sesmail.Received(message_id=key) if key not in data.tickets:
                        await open_ticket(key, await receiver.fetch(event), client_of(request))
                    case _:  # or a ticket that SNS delivers again
                        pass
        except sesmail.WebhookError as error:
            return Response(status_code=error.status, headers=error.headers)
        return Response(status_code=204)

    async def open_ticket(key: str, mail: sesmail.InboundMail, client: sesmail.Client) -> None:
        files = [item.file_name for item in mail.attachments]
        data.tickets[key] = {"subject": mail.subject, "text": mail.text, "files": files}
        if mail.from_ and "Auto-Submitted" not in mail.headers:  # or two programs answer each other
            answer = sesmail.Message(
                to=mail.from_[0].email,
                subject=f"Ticket {len(data.tickets)}: {mail.subject}",
                text="We answer within a day.\n",
                headers={"Auto-Submitted": "auto-replied"},
            )
            await client.send(answer)

    @app.exception_handler(sesmail.SendError)
    async def send_failed(_: Request, error: sesmail.SendError) -> JSONResponse:
        if error.outcome == "unknown":  # repeating the request could send a second mail
            return JSONResponse({"status": "unknown"}, 202)
        return JSONResponse({"status": "failed"}, 503 if error.retryable else 500)

    return app


def client_of(request: Request) -> sesmail.Client:
    client: sesmail.Client = request.state.client
    return client


if "SNS_SECRET" in os.environ:
    app = create_app(secret=os.environ["SNS_SECRET"], topics=os.environ["SNS_TOPICS"].split())
