"""Queued mails whose attachments are in S3, which the worker reads when it sends them."""

from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

from sesmail.sql import WorkListener
from sesmail.sql.bodies import read_body, stored_mails
from sesmail.testing import FakeSES
from support.databases import Database
from support.drivers import WORKER_SETTINGS
from support.faults import FaultServer, StartFaultServer
from support.outboxes import mail, running, sent, until, work
from support.stored_files import announced, file, files, news, s3_error, stored

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("setting", WORKER_SETTINGS, indirect=True, ids=str),
]

ONCE = {"retries": {"total_max_attempts": 1}, "proxies": {}}


@pytest.fixture
def s3(
    fault_server: StartFaultServer, ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> FaultServer:
    """Start a server for S3, as an endpoint in the environment, with the one of SES."""
    server = fault_server(file())
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
    return server


async def queue(database: Database, *mails: Any) -> None:
    """Queue mails."""
    await database.execute(database.outbox.insert_many(mails))


async def test_row_has_the_reference_and_the_mail_the_content(
    database: Database, ses: FakeSES, s3: FaultServer
) -> None:
    content = bytes(range(256)) * 4_000
    s3.respond_with(files({"a.pdf": content, "b.pdf": b"b"}))
    messages = [
        mail("first", attachments=[stored("a.pdf")]),
        mail("second", attachments=[stored("a.pdf"), stored("b.pdf")]),
        mail("third"),
    ]
    [queued] = stored_mails(messages[0])
    assert len(queued.body) < 1_000
    assert read_body(queued.body) == messages[0]
    await queue(database, *messages)
    assert s3.requests == []
    assert (await work(database, ses)).accepted == 3
    found = {each.to[0]: [item.content for item in each.attachments] for each in ses.outbox}
    assert found == {
        "first@example.com": [content],
        "second@example.com": [content, b"b"],
        "third@example.com": [],
    }
    assert len(s3.requests) == 3


async def test_recipients_of_a_bulk_message_share_one_read(
    database: Database, ses: FakeSES, s3: FaultServer
) -> None:
    await queue(database, news(recipients=50))
    assert (await work(database, ses, concurrency=100)).accepted == 50
    assert [each.attachments[0].content for each in ses.outbox] == [b"%PDF-1.7"] * 50
    assert len(s3.requests) == 1


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (s3_error(404, "NoSuchKey"), "NotSentError NoSuchKey"),
        (s3_error(404, "NoSuchBucket"), "NotSentError NoSuchBucket"),
        (s3_error(403, "AccessDenied"), "NotSentError AccessDenied"),
        (announced(41_943_041), "InvalidMessageError"),
    ],
    ids=["missing", "no bucket", "denied", "too large"],
)
async def test_mail_whose_file_can_not_be_sent_fails_alone(
    database: Database, ses: FakeSES, s3: FaultServer, response: Any, error: str
) -> None:
    s3.respond_with(response)
    await queue(database, mail("broken", attachments=[stored()]), mail("other"))
    progress = await work(database, ses)
    assert (progress.accepted, progress.failed, progress.unknown) == (1, 1, 0)
    row = await database.row("broken")
    assert (row.state, row.error) == ("failed", error)
    assert sent(ses) == ["other"]
    assert len(s3.requests) == 1


@pytest.mark.parametrize(
    "response",
    [s3_error(503, "SlowDown"), s3_error(500, "InternalError")],
    ids=["throttled", "server error"],
)
async def test_mail_whose_file_can_not_be_read_now_is_sent_later(
    database: Database, ses: FakeSES, s3: FaultServer, response: Any
) -> None:
    s3.respond_with(response, response, file())
    await queue(database, mail("later", attachments=[stored()]))
    ses.verify("example.com")
    states: list[tuple[str, str]] = []

    class States(WorkListener):
        def finished(self, send_id: str, state: Any, error: str | None) -> None:
            states.append((state, (error or "").partition(" ")[0]))

    client = ses.client(rate_limit=None, config=ONCE)
    async with running(database, ses, client, listener=States()):
        await until(lambda: sent(ses) == ["later"])
    assert states == [("queued", "NotSentError")] * 2 + [("accepted", "")]
    assert (await database.row("later")).attempts == 2
    assert len(s3.requests) == 3


async def test_delay_of_a_mail_whose_file_can_not_be_read_grows(
    database: Database, ses: FakeSES, s3: FaultServer
) -> None:
    s3.respond_with(s3_error(503, "SlowDown"))
    await queue(database, mail("later", attachments=[stored()]))
    ses.verify("example.com")
    client = ses.client(rate_limit=None, config=ONCE)
    slow = {"first_delay": 600.0, "longest_delay": 1200.0}
    async with running(database, ses, client, **slow):
        await until(lambda: delayed(database))
    row = await database.row("later")
    assert (row.state, row.error) == ("queued", "NotSentError SlowDown")
    assert len(s3.requests) == 1


async def delayed(database: Database) -> bool:
    attempts: int = (await database.row("later")).attempts
    return attempts == 1


async def test_failed_read_of_a_bulk_message_is_not_repeated_for_each_recipient(
    database: Database, ses: FakeSES, s3: FaultServer
) -> None:
    s3.respond_with(s3_error(404, "NoSuchKey"))
    await queue(database, news(recipients=50))
    assert (await work(database, ses, concurrency=100)).failed == 50
    assert len(s3.requests) == 1
    assert len(ses.outbox) == 0


async def test_refused_credentials_pause_the_worker_and_fail_no_mail(
    database: Database, ses: FakeSES, s3: FaultServer
) -> None:
    s3.respond_with(s3_error(400, "ExpiredToken"), file())
    await queue(database, mail("id", attachments=[stored()]))
    async with running(database, ses, first_delay=0.001):
        await until(lambda: sent(ses) == ["id"])
    assert await database.state("id") == "accepted"


async def test_worker_that_stops_returns_a_mail_whose_file_is_read(
    database: Database, ses: FakeSES, s3: FaultServer
) -> None:
    s3.respond_with(announced(1_000))
    await queue(database, mail("id", attachments=[stored()]))
    async with running(database, ses) as worker:
        await until(lambda: len(s3.requests) == 1)
    assert worker.progress.returned == 1
    row = await database.row("id")
    assert (row.state, row.attempts) == ("queued", 0)
