"""Statements of the outbox: their effect in each state, in sessions, and as SQL."""

import sqlite3
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from secrets import token_bytes, token_hex
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")

import sqlalchemy
from sqlalchemy import Executable
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from sesmail import (
    Attachment,
    BulkMessage,
    ConfigurationError,
    InlineTemplate,
    InvalidMessageError,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sql import Outbox, SqlSendLog
from sesmail.sql.bodies import read_body, stored_mails
from sesmail.sql.times import now
from support.clients import NEWS, ORDER
from support.databases import Database
from support.drivers import SETTINGS
from support.outboxes import refuse_insertions
from support.postgres import Postgres


def anyio_test(function: Any) -> Any:
    """Run a test on three drivers."""
    settings = pytest.mark.parametrize("setting", SOME, indirect=True, ids=str)
    return pytest.mark.anyio(settings(function))


SOME = [SETTINGS[0], SETTINGS[1], SETTINGS[5]]
STATES = ("queued", "leaving", "accepted", "rejected", "unknown", "failed", "cancelled")
NEXT_YEAR = datetime(2099, 1, 1, tzinfo=UTC)
PAST = datetime(2001, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    """Models of an application."""


class Invoice(Base):
    """A row that belongs to a mail."""

    __tablename__ = "invoice"
    number: Mapped[int] = mapped_column(primary_key=True)


# States and statements

EFFECTS: dict[str, dict[str, str | None]] = {
    "cancel": {"queued": "cancelled"},
    "reschedule": {"queued": "queued"},
    "requeue": {"rejected": "queued", "failed": "queued", "cancelled": "queued"},
    "requeue unknown": {
        "rejected": "queued",
        "failed": "queued",
        "cancelled": "queued",
        "unknown": "queued",
    },
    "forget": dict.fromkeys(("accepted", "rejected", "failed", "cancelled")),
    "forget recent": {},
}


def statement(outbox: Outbox, name: str) -> Executable:
    """Return a statement on the mail with the id `id`."""
    return {
        "cancel": lambda: outbox.cancel("id"),
        "reschedule": lambda: outbox.reschedule("id", NEXT_YEAR),
        "requeue": lambda: outbox.requeue("id"),
        "requeue unknown": lambda: outbox.requeue("id", at=NEXT_YEAR, may_send_twice=True),
        "forget": lambda: outbox.forget(NEXT_YEAR),
        "forget recent": lambda: outbox.forget(PAST),
    }[name]()


@anyio_test
@pytest.mark.parametrize("name", EFFECTS)
async def test_statement_has_its_effect_in_each_state(database: Database, name: str) -> None:
    outbox = database.outbox
    for state in STATES:
        await database.execute(outbox.insert(ORDER, send_id="other"))
        await database.execute(outbox.insert(ORDER, send_id="id"))
        await database.update("id", state=state, attempts=3, leased_by="token", error="X")
        before = await database.row("id")
        count = await database.execute(statement(outbox, name))
        expected = EFFECTS[name].get(state, state)
        assert count == (state in EFFECTS[name]), state
        assert await database.state("id") == expected
        assert ("id" in await database.bodies()) == (expected is not None)
        assert await database.state("other") == "queued"
        if expected is not None and not count:
            assert await database.row("id") == before
        await database.execute(*(table.delete() for table in reversed(tables(outbox))))


def tables(outbox: Outbox) -> list[Any]:
    return outbox.metadata.sorted_tables


@anyio_test
async def test_requeued_mail_is_as_new(database: Database) -> None:
    outbox = database.outbox
    await database.execute(outbox.insert(ORDER, send_id="id", at=NEXT_YEAR))
    await database.update("id", state="failed", attempts=3, error="X", message_id="m")
    assert await database.execute(outbox.requeue("id")) == 1
    row = await database.row("id")
    assert (row.attempts, row.error, row.message_id) == (0, None, None)
    assert row.due_at < NEXT_YEAR
    await database.update("id", state="failed", size=None)
    assert await database.execute(outbox.requeue("id")) == 0, "its message isn't stored"


@anyio_test
async def test_rescheduled_mail_is_due_later(database: Database) -> None:
    await database.execute(database.outbox.insert(ORDER, send_id="id"))
    await database.execute(database.outbox.reschedule("id", NEXT_YEAR))
    assert (await database.row("id")).due_at == NEXT_YEAR


@anyio_test
async def test_queries_list_mails_by_state(database: Database) -> None:
    outbox = database.outbox
    for state in STATES:
        await database.execute(outbox.insert(ORDER, send_id=state))
        await database.update(state, state=state)

    async def listed(query: Any) -> set[str]:
        return {row.send_id for row in await database.rows(query)}

    assert await listed(outbox.pending()) == {"queued", "leaving"}
    assert await listed(outbox.unknown()) == {"unknown"}
    assert await listed(outbox.failed()) == {"rejected", "failed"}
    assert await listed(outbox.get("accepted")) == {"accepted"}
    assert await listed(outbox.get("missing")) == set()


# Queueing


@anyio_test
async def test_inserted_mail_has_its_columns(database: Database) -> None:
    outbox = database.outbox
    await database.execute(
        outbox.insert(ORDER, send_id="id", at=NEXT_YEAR, priority="high", group="tenant")
    )
    row = await database.row("id")
    assert (row.state, row.priority, row.group_name, row.due_at, row.attempts) == (
        "queued",
        0,
        "tenant",
        NEXT_YEAR,
        0,
    )
    assert row.created_at == row.changed_at
    assert abs(row.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    await database.execute(outbox.insert(ORDER, send_id="now"))
    row = await database.row("now")
    assert (row.priority, row.group_name, row.due_at) == (1, "", row.created_at)


@anyio_test
async def test_existing_send_id_is_refused_or_skipped(database: Database) -> None:
    outbox = database.outbox
    assert await database.execute(outbox.insert(ORDER, send_id="id")) == 1
    with pytest.raises(IntegrityError):
        await database.execute(outbox.insert(ORDER, send_id="id"))
    other = ORDER.replace(subject="Other")
    assert await database.execute(outbox.insert(other, send_id="id", existing="skip")) == 0
    await database.update("id", state="accepted")
    assert await database.execute(outbox.insert(other, send_id="id", existing="skip")) == 0
    assert await database.state("id") == "accepted"
    many = [other.replace(send_id=name) for name in ("id", "a", "b", "a")]
    assert await database.execute(outbox.insert_many(many, existing="skip")) == 2
    assert await database.bodies() == {"id", "a", "b"}
    with pytest.raises(IntegrityError):
        await database.execute(outbox.insert_many(many[2:]))


@anyio_test
async def test_refused_insertion_adds_nothing_although_the_transaction_commits(
    database: Database,
) -> None:
    await refuse_insertions(database)


@anyio_test
async def test_insertion_without_its_bodies_adds_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second statement of databases that need two."""
    mails = [ORDER.replace(send_id="a"), ORDER.replace(send_id="b")]
    table = tables(database.outbox)[1].name

    def fail(connection: Any, cursor: Any, text: str, *rest: Any) -> Any:
        if text.startswith(f"INSERT INTO {table}") or "WITH added" in text:
            raise ValueError("the driver doesn't take the body")

    engine: Any = getattr(database.engine, "sync_engine", database.engine)
    sqlalchemy.event.listen(engine, "before_cursor_execute", fail)

    def work(connection: Any) -> None:
        with pytest.raises(ValueError, match="body"):
            connection.execute(database.outbox.insert_many(mails))

    await database.run(work)
    sqlalchemy.event.remove(engine, "before_cursor_execute", fail)
    assert await database.rows(database.outbox.pending()) == []


@anyio_test
async def test_skipped_mail_keeps_the_first_message(database: Database) -> None:
    outbox = database.outbox
    first = ORDER.replace(subject="First", send_id="id")
    await database.execute(
        outbox.insert_many([first, first.replace(subject="Second")], existing="skip")
    )
    table = tables(outbox)[1]
    ((body,),) = await database.rows(sqlalchemy.select(table.c.body))
    assert read_body(body) == first


@anyio_test
async def test_many_mails_are_inserted_by_one_statement(database: Database) -> None:
    mails = [ORDER.replace(send_id=f"id-{number}") for number in range(1200)]
    assert await database.execute(database.outbox.insert_many(mails, group="g")) == 1200
    assert len(await database.bodies()) == 1200


@anyio_test
async def test_recipients_of_a_bulk_message_are_mails_of_their_own(database: Database) -> None:
    recipients = [Recipient("a@example.com", send_id="a"), Recipient("b@example.com")]
    message = NEWS.replace(recipients=recipients)
    assert await database.execute(database.outbox.insert(message)) == 2
    ids = await database.bodies()
    assert "a" in ids
    assert len(ids) == 2
    bulk = {mail.bulk for mail in [*stored_mails(message), *stored_mails(NEWS)]}
    assert len(bulk) == 1, "recipients of equal messages leave together"
    other = NEWS.replace(template=InlineTemplate(subject="Other"))
    assert {mail.bulk for mail in stored_mails(other)} != bulk


@anyio_test
async def test_large_mail_is_stored_compressed(database: Database) -> None:
    text = "A long mail. " * 400_000
    await database.execute(database.outbox.insert(ORDER.replace(text=text), send_id="id"))
    assert (await database.row("id")).size > len(text)
    ((body,),) = await database.rows(sqlalchemy.select(tables(database.outbox)[1].c.body))
    assert len(body) < len(text) / 50


@anyio_test
@pytest.mark.parametrize("size", [100, 300_000])
async def test_bodies_are_stored_whatever_their_size(database: Database, size: int) -> None:
    mails = [ORDER.replace(text=token_hex(size), send_id=f"id-{number}") for number in range(3)]
    assert await database.execute(database.outbox.insert_many(mails)) == 3
    assert await database.execute(database.outbox.insert_many(mails, existing="skip")) == 0
    table = tables(database.outbox)[1]
    rows = await database.rows(sqlalchemy.select(table.c.send_id, table.c.body))
    assert {row.send_id: read_body(row.body) for row in rows} == {
        mail.send_id: mail for mail in mails
    }


def test_large_bodies_are_parameters_of_their_own_on_postgresql() -> None:
    def bodies(*sizes: int) -> list[Any]:
        mails = [
            ORDER.replace(text=token_hex(size), send_id=f"id-{number}")
            for number, size in enumerate(sizes)
        ]
        stored = {mail.body for each in mails for mail in stored_mails(each)}
        ((_, parameters),) = OUTBOX.sql(OUTBOX.insert_many(mails))
        values: Any = [*dict(parameters).values()]
        return [each for each in values if isinstance(each, bytes) and each in stored]

    assert len(bodies(1_000_000)) == 1
    assert len(bodies(1_000_000, 10)) == 2
    assert bodies(10) == bodies(10, 10) == bodies(300_000) == bodies(700_000, *[10] * 20) == []


@anyio_test
async def test_rolled_back_transaction_queues_nothing(database: Database) -> None:
    class Rollback(Exception):
        pass

    def work(connection: Any) -> None:
        connection.execute(database.outbox.insert(ORDER, send_id="id"))
        raise Rollback

    with pytest.raises(Rollback):
        await database.run(work)
    assert await database.state("id") is None
    assert await database.bodies() == set()


@anyio_test
async def test_orm_session_queues_a_mail_with_its_row(database: Database) -> None:
    insertion = database.outbox.insert(ORDER, send_id="id")
    await database.run(Base.metadata.create_all)
    if isinstance(database.engine, AsyncEngine):
        async with AsyncSession(database.engine) as session, session.begin():
            session.add(Invoice(number=1))
            await session.execute(insertion)
    else:
        with Session(database.engine, binds={Invoice: database.engine}) as session:
            session.add(Invoice(number=1))
            session.execute(insertion, bind_arguments={"bind": database.engine})
            session.commit()
    assert await database.state("id") == "queued"
    await database.run(Base.metadata.drop_all)


# Arguments

OUTBOX = Outbox()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"send_id": "no id!"}, "send id must be"),
        ({"send_id": "x" * 257}, "send id must be"),
        ({"at": datetime(2026, 1, 1)}, "at must be a datetime with a time zone"),
        ({"at": "tomorrow"}, "at must be a datetime with a time zone"),
        ({"at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))}, "at must be in the"),
        ({"priority": "urgent"}, "priority must be"),
        ({"existing": "replace"}, "existing must be"),
        ({"group": ""}, "group must be text"),
        ({"group": "x" * 129}, "group must have at most 128 characters"),
        ({"group": "a\0b"}, "group must be text; it has a NUL"),
        ({"group": "a\ud800"}, "group must be text; it has a lone surrogate"),
    ],
)
def test_wrong_arguments_of_insert_are_refused(arguments: Any, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        OUTBOX.insert(ORDER, **arguments)


def test_wrong_tables_are_refused() -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    wrong: Any = 5
    for create in (Outbox, lambda **tables: SqlSendLog(engine, **tables)):
        with pytest.raises(ConfigurationError, match="metadata must be a MetaData"):
            create(metadata=wrong)
        with pytest.raises(ConfigurationError, match="table must have at most 57 bytes, not 58"):
            create(table="ä" * 29)
        with pytest.raises(ConfigurationError, match="schema must have at most 63 bytes, not 64"):
            create(schema="x" * 64)
        create(table="ä" * 28, schema="x" * 63)


def test_contradicting_send_ids_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="differs from the send_id of the message"):
        OUTBOX.insert(ORDER.replace(send_id="a"), send_id="b")
    with pytest.raises(ConfigurationError, match="on each Recipient"):
        OUTBOX.insert(NEWS, send_id="b")
    OUTBOX.insert(ORDER.replace(send_id="a"), send_id="a")


def test_wrong_messages_are_refused() -> None:
    wrong: Any = "text"
    with pytest.raises(InvalidMessageError, match="must be a message, not a str"):
        OUTBOX.insert(wrong)
    with pytest.raises(InvalidMessageError, match="subject"):
        OUTBOX.insert(ORDER.model_copy(update={"subject": 1}))
    with pytest.raises(ConfigurationError, match="messages must be an iterable"):
        OUTBOX.insert_many(wrong)
    with pytest.raises(ConfigurationError, match="at least one message"):
        OUTBOX.insert_many([])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: OUTBOX.cancel("no id!"), "send id must be"),
        (lambda: OUTBOX.get(1), "send_id must be text"),  # type: ignore[arg-type]
        (lambda: OUTBOX.reschedule("id", datetime(2026, 1, 1)), "at must be a datetime"),
        (lambda: OUTBOX.requeue("id", at=datetime(2026, 1, 1)), "at must be"),
        (lambda: OUTBOX.requeue("id", may_send_twice=1), "may_send_twice must be"),  # type: ignore[arg-type]
        (lambda: OUTBOX.forget(datetime(2026, 1, 1)), "before must be"),
        (lambda: Outbox(schema=""), "schema must be text"),
        (lambda: Outbox(table=""), "table must be text"),
        (lambda: Outbox(notify=1), "notify must be"),  # type: ignore[arg-type]
        (lambda: OUTBOX.sql("SELECT 1"), "statement must be"),  # type: ignore[arg-type]
        (lambda: OUTBOX.sql(OUTBOX.get("id"), "oracle"), "dialect must be"),
        (lambda: OUTBOX.ddl("oracle"), "dialect must be 'postgresql'"),
        (lambda: OUTBOX.sql(OUTBOX.get("id"), paramstyle="x"), "paramstyle must be"),
    ],
)
def test_wrong_arguments_are_refused(call: Any, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        call()


LARGEST = 40 * 1024 * 1024
LARGEST_FILE = LARGEST * 57 // 78


@pytest.mark.parametrize(
    "message",
    [
        ORDER.replace(attachments=[Attachment("a.bin", bytes(LARGEST_FILE + 57))]),
        ORDER.replace(text="x" * (LARGEST + 1)),
        ORDER.replace(text="x" * (LARGEST // 2), html="ä" * (LARGEST // 4 + 1)),
        TemplateMessage(
            from_email="a@example.com",
            to="b@example.com",
            template="order",
            attachments=[Attachment("a.bin", bytes(LARGEST_FILE + 57))],
        ),
        RawMessage(
            content=b"From: a@example.com\r\n\r\n" + b"text\r\n" * (LARGEST // 6),
            to="b@example.com",
        ),
        NEWS.replace(attachments=[Attachment("a.bin", bytes(LARGEST_FILE + 57))]),
    ],
    ids=["file", "text", "text and html", "file beside a template", "raw", "bulk"],
)
def test_mail_larger_than_ses_takes_is_not_queued(message: Any) -> None:
    with pytest.raises(InvalidMessageError, match="SES API v2 takes 41,943,040") as raised:
        OUTBOX.insert(message)
    assert raised.value.limit == LARGEST
    with pytest.raises(InvalidMessageError, match="SES API v2 takes 41,943,040"):
        OUTBOX.insert_many([message])


@pytest.mark.parametrize("schema", [None, "app"])
@pytest.mark.parametrize("default", [None, "app"])
def test_table_of_the_metadata_is_not_replaced(default: str | None, schema: str | None) -> None:
    metadata = sqlalchemy.MetaData(schema=default)
    sqlalchemy.Table("invoice", metadata)
    outbox = Outbox(metadata=metadata, schema=schema, table="mails")
    for create in (
        lambda: Outbox(metadata=metadata, schema=schema, table="mails"),
        lambda: SqlSendLog(
            sqlalchemy.create_engine("sqlite://"), metadata=metadata, schema=schema, table="mails"
        ),
        lambda: Outbox(metadata=metadata, schema=schema, table="mails_body"),
    ):
        with pytest.raises(ConfigurationError, match=r"metadata has a table 'mails.*log\(engine\)"):
            create()
    Outbox(metadata=metadata, schema="another", table="mails")
    for dialect in ("postgresql", "sqlite", "mysql"):
        texts = outbox.ddl(dialect)
        assert not any("invoice" in text or "another" in text for text in texts)


def test_damaged_body_is_refused() -> None:
    with pytest.raises(InvalidMessageError, match="damaged"):
        read_body(b"{}")


@pytest.mark.parametrize(
    "message",
    [
        ORDER.replace(send_id="id"),
        Message(to="a@example.com", text="x" * 500_000, send_id="id"),
    ],
)
def test_body_is_the_message(message: Message) -> None:
    (mail,) = stored_mails(message)
    assert read_body(mail.body) == message


def test_forms_of_a_body_are_freed_once_the_next_one_exists() -> None:
    file = Attachment("file.bin", token_bytes(3_000_000), media_type="image/png")
    mails = [*stored_mails(ORDER.replace(attachments=[file], send_id="id"))]
    size = mails[0].size
    bodies = [mails.pop().body]
    tracemalloc.start()
    try:
        message = read_body(bodies.pop())
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert message.attachments == (file,)  # type: ignore[union-attr]
    assert held < 0.8 * size
    assert peak < 3.2 * size, "its JSON twice, one field of it, and the file"


def test_body_of_a_recipient_is_a_bulk_message_of_one() -> None:
    first, _ = stored_mails(NEWS)
    message = read_body(first.body)
    assert isinstance(message, BulkMessage)
    assert [recipient.to for recipient in message.recipients] == [NEWS.recipients[0].to]
    assert message.recipients[0].send_id == first.send_id


# SQL

CHANGES = [
    (lambda: OUTBOX.insert(ORDER, send_id="a", at=NEXT_YEAR), "queued"),
    (lambda: OUTBOX.insert(ORDER, send_id="a", existing="skip"), "queued"),
    (lambda: OUTBOX.cancel("a"), "cancelled"),
    (lambda: OUTBOX.requeue("a", at=NEXT_YEAR), "queued"),
    (lambda: OUTBOX.reschedule("a", NEXT_YEAR), "queued"),
    (lambda: OUTBOX.cancel("a"), "cancelled"),
    (lambda: OUTBOX.forget(NEXT_YEAR), None),
    (lambda: OUTBOX.insert(ORDER.replace(text=token_hex(1_000_000)), send_id="a"), "queued"),
]


def test_sql_runs_with_psycopg(postgres: Postgres) -> None:
    psycopg = pytest.importorskip("psycopg")
    engine = sqlalchemy.create_engine(postgres.url("psycopg"))
    OUTBOX.metadata.create_all(engine)
    with psycopg.connect(postgres.url("psycopg").replace("+psycopg", "")) as connection:
        run_changes(connection.cursor(), "postgresql", "pyformat")
    OUTBOX.metadata.drop_all(engine)
    engine.dispose()


@pytest.mark.parametrize("paramstyle", ["named", "qmark"])
def test_sql_runs_with_sqlite3(paramstyle: str) -> None:
    connection = sqlite3.connect(":memory:")
    for text in OUTBOX.ddl("sqlite"):
        connection.execute(text)
    run_changes(connection.cursor(), "sqlite", paramstyle)
    connection.close()


def run_changes(cursor: Any, dialect: str, paramstyle: str) -> None:
    """Run all changes, and check the state after each."""
    for change, state in CHANGES:
        for sql, parameters in OUTBOX.sql(change(), dialect, paramstyle=paramstyle):
            cursor.execute(sql, parameters)
        assert cursor.rowcount == (0 if "skip" in str(parameters) else cursor.rowcount)
        ((sql, parameters),) = OUTBOX.sql(OUTBOX.get("a"), dialect, paramstyle=paramstyle)
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        assert (row[1] if row else None) == state, (state, sql)


def test_sql_of_mysql_has_its_functions() -> None:
    first, second = OUTBOX.sql(OUTBOX.insert(ORDER, send_id="a", existing="skip"), "mysql")
    assert "ON DUPLICATE KEY UPDATE" in first.sql
    assert "UTC_TIMESTAMP(6)" in first.sql
    assert "FROM DUAL" in second.sql
    lease = sqlalchemy.select(now(5.0)).compile(dialect=mysql.dialect())
    assert "(UTC_TIMESTAMP(6) + INTERVAL ROUND(" in str(lease)
    assert "due_at DATETIME(6) NOT NULL" in OUTBOX.ddl("mysql")[0]
