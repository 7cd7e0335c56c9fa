"""Sending later: a mail is queued for a time, moved, or cancelled, each by a statement.

Run: pip install 'sesmail[sql]'; python examples/send_later.py
"""

import tempfile
from datetime import UTC, datetime, timedelta

import anyio
import sqlalchemy
from embedded_ses import ses_server

import sesmail
import sesmail.sql

outbox = sesmail.sql.Outbox()


def reminder(to: str) -> sesmail.Message:
    """Returns a reminder."""
    return sesmail.Message(
        from_email="Shop <shop@example.com>", to=to, subject="Reminder", text="It's tomorrow."
    )


def queue(engine: sqlalchemy.Engine) -> None:
    """Queues three reminders, of which one is moved and one is cancelled."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with engine.begin() as connection:
        for name in ("alice", "bob", "carol"):
            message = reminder(f"{name}@example.com")
            connection.execute(outbox.insert(message, send_id=f"reminder-{name}", at=tomorrow))

    with engine.begin() as connection:
        moved = connection.execute(outbox.reschedule("reminder-alice", datetime.now(UTC)))
        cancelled = connection.execute(outbox.cancel("reminder-bob"))
        print(moved.rowcount, "moved,", cancelled.rowcount, "cancelled")


async def send(engine: sqlalchemy.Engine) -> None:
    """Sends what is due now."""
    async with sesmail.Client() as client:
        progress = await outbox.work(client, engine, until_empty=True)
    print(progress.accepted, "accepted")


def main(folder: str) -> None:
    """Shows the states at the end."""
    engine = sqlalchemy.create_engine(f"sqlite:///{folder}/mail.db")
    outbox.metadata.create_all(engine)
    queue(engine)
    anyio.run(send, engine)
    with engine.connect() as connection:
        for name in ("alice", "bob", "carol"):
            print(name, connection.execute(outbox.get(f"reminder-{name}")).one().state)
        # What was accepted before today may be deleted; its send ids are free again then.
        connection.execute(outbox.forget(datetime.now(UTC) - timedelta(days=90)))
    engine.dispose()


if __name__ == "__main__":
    with ses_server(), tempfile.TemporaryDirectory() as created:
        main(created)
