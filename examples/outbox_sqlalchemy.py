"""Transactional outbox: the mail is queued in the transaction of the row that it is about.

Run: pip install 'sesmail[sql]'; python examples/outbox_sqlalchemy.py
"""

import tempfile

import anyio
import sqlalchemy
from embedded_ses import ses_server
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import sesmail
import sesmail.sql


class Base(DeclarativeBase):
    """Models of the application; Alembic sees the tables of the outbox, too."""


class Invoice(Base):
    """A row that a mail is about."""

    __tablename__ = "invoice"
    number: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]


outbox = sesmail.sql.Outbox(metadata=Base.metadata)


def bill(session: Session, number: int, email: str) -> None:
    """Stores an invoice and queues its mail; neither exists before the transaction commits."""
    session.add(Invoice(number=number, email=email))
    message = sesmail.Message(
        from_email="Shop <shop@example.com>",
        to=email,
        subject="Your invoice",
        text="It's attached.",
    )
    session.execute(outbox.insert(message, send_id=f"invoice-{number}"))


async def send(engine: sqlalchemy.Engine) -> None:
    """Sends what is due, and ends; a worker in production runs without until_empty."""
    async with sesmail.Client() as client:
        progress = await outbox.work(client, engine, until_empty=True)
    print(progress.accepted, "accepted")


def main(folder: str) -> None:
    """Bills twice, and changes its mind once."""
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/shop.db")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        bill(session, 1, "alice@example.com")
        session.commit()
        bill(session, 2, "bob@example.com")
        session.rollback()

    anyio.run(send, engine)
    with Session(engine) as session:
        row = session.execute(outbox.get("invoice-1")).one()
        print(row.send_id, "is", row.state, "as", row.message_id)
        print("invoice-2 is", session.execute(outbox.get("invoice-2")).one_or_none())
    engine.dispose()


if __name__ == "__main__":
    with ses_server(), tempfile.TemporaryDirectory() as created:
        main(created)
