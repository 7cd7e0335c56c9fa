"""A service that sends and receives: sign-up, password reset, campaign, suppression, support.

Run: pip install 'sesmail[signatures,sql]' aiosqlite 'fastapi[standard]'; fastapi run shop.py
Environment: SNS_SECRET=user:password, SNS_TOPICS=arn:aws:sns:... and the AWS settings;
DATABASE_URL=postgresql+asyncpg://... instead of a file of SQLite.
"""

import os
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import quote

import anyio
from fastapi import Body, FastAPI, HTTPException, Request, Response
from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import sesmail
import sesmail.sql

SITE = "https://shop.example"
DEFAULTS = sesmail.Message(from_email="Shop <hello@shop.example>", reply_to="help@shop.example")
Checked = AfterValidator(lambda text: sesmail.Address(text).email.lower())
Email = Annotated[str, Checked, Body(embed=True)]


class Base(DeclarativeBase): ...


class Person(Base):
    __tablename__ = "person"
    email: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(default=lambda: secrets.token_urlsafe())
    member: Mapped[bool] = mapped_column(default=False)
    suppressed: Mapped[str | None]  # the reason


outbox = sesmail.sql.Outbox(metadata=Base.metadata)


def create_app(database: str, worker: Mapping[str, Any], receiver: Mapping[str, Any]) -> FastAPI:
    """Returns the service, with the settings of its worker and of its ``Receiver``."""
    engine = create_async_engine(database)
    transaction = async_sessionmaker(engine).begin

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[dict[str, object]]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with (
            sesmail.Client(defaults=DEFAULTS) as client,
            sesmail.Receiver(send_log=outbox.log(engine), **receiver) as opened,
            anyio.create_task_group() as tasks,
        ):
            sending = outbox.worker(client, engine, **worker)  # `work` would handle SIGTERM itself
            tasks.start_soon(sending.run)
            yield {"receiver": opened}
            sending.stop()  # calls in flight end; other mails are sent after the next start
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/sign-up", status_code=202)
    async def sign_up(email: Email) -> None:
        async with transaction() as session:
            person = await session.merge(Person(email=email))
            if person.suppressed:
                raise HTTPException(409, f"no mail to this address: {person.suppressed}")
            person.code = f"{secrets.randbelow(10**6):06}"
            message = sesmail.Message(to=email, subject="Welcome", text=f"Code: {person.code}")
            await session.execute(outbox.insert(message, priority="high"))

    @app.post("/confirm", status_code=204)
    async def confirm(email: Email, code: Annotated[str, Body()]) -> None:
        async with transaction() as session:
            person = await session.get(Person, email)
            if person is None or not secrets.compare_digest(person.code, code):
                raise HTTPException(403, "wrong code")
            person.member = True

    @app.post("/reset", status_code=202)
    async def reset(email: Email) -> None:
        async with transaction() as session:
            person = await session.get(Person, email)
            if person is not None and person.member:  # the response doesn't tell
                person.code = secrets.token_urlsafe()
                link = f"{SITE}/reset?token={person.code}"
                html = f'<p>Choose a <a href="{link}">new password</a>.</p>'
                message = sesmail.Message(to=email, subject="New password", text=link, html=html)
                await session.execute(outbox.insert(message, priority="high"))

    @app.post("/campaign", status_code=202)
    async def campaign(month: Annotated[str, Body(embed=True)]) -> dict[str, int]:
        async with transaction() as session:
            members = select(Person.email).where(Person.member, Person.suppressed.is_(None))
            recipients = [
                sesmail.Recipient(
                    email,
                    data={"name": email.partition("@")[0].title()},
                    unsubscribe=f"{SITE}/unsubscribe?email={quote(email)}",
                )
                for email in await session.scalars(members)
            ]
            news = sesmail.BulkMessage(
                template="News", data={"month": month}, recipients=recipients
            )
            await session.execute(outbox.insert(news, priority="low"))
        return {"queued": len(recipients)}

    @app.post("/unsubscribe", status_code=204)
    async def unsubscribe(email: str) -> None:
        await suppress(email, "unsubscribed")

    @app.post("/ses")
    async def webhook(request: Request) -> Response:
        receiver: sesmail.Receiver = request.state.receiver
        try:
            for event in await receiver.receive(await request.body(), request.headers):
                match event:
                    case sesmail.Bounced(recipient=email, permanent=True):
                        await suppress(email, "bounced")
                    case sesmail.Complained(recipient=email, feedback_type=kind):
                        if kind != "not-spam":
                            await suppress(email, "complained")
                    case sesmail.Received(message_id=mail_id):
                        await answer(mail_id, await receiver.fetch(event))
                    case _:
                        pass
        except sesmail.WebhookError as error:
            return Response(status_code=error.status, headers=error.headers)
        return Response(status_code=204)

    async def suppress(email: str, reason: str) -> None:
        async with transaction() as session:
            await session.merge(Person(email=email, suppressed=reason))

    async def answer(mail_id: str, mail: sesmail.InboundMail) -> None:
        if not mail.from_ or "Auto-Submitted" in mail.headers:  # two programs would never end
            return
        message = sesmail.Message(
            to=mail.from_[0].email,
            subject=f"We read: {mail.subject}",
            text=f"We answer within a day. Files received: {len(mail.attachments)}",
            headers={"Auto-Submitted": "auto-replied"},
            send_id=f"answer-{mail_id}",
        )
        async with transaction() as session:  # SNS may deliver the mail twice
            await session.execute(outbox.insert(message, existing="skip"))

    return app


if "SNS_SECRET" in os.environ:
    url = os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///shop.db")
    topics = os.environ["SNS_TOPICS"].split()
    app = create_app(url, {}, {"secret": os.environ["SNS_SECRET"], "topics": topics})
