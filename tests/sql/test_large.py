"""Mails of 40 MB, the largest that SES accepts: their bytes, statements and memory."""

import os
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
pytest.importorskip("starlette", reason="pip install sesmail[testing]")

from sqlalchemy import event

from sesmail import Attachment, Message
from sesmail.sql.claiming import claim
from sesmail.testing import FakeSES
from support.databases import Database
from support.drivers import SETTINGS, Setting
from support.outboxes import mail, work

pytestmark = [
    pytest.mark.once,
    pytest.mark.anyio,
]

SIZE = 30_600_000  # bytes of a file, of which MIME makes 41.9 million
PROGRAM = """if True:
    import sys
    import anyio
    from benchmarks.memory import peak_memory
    from sesmail import Client
    from sesmail.sql import Outbox
    from support.databases import new_engine

    async def main(url, table, endpoint):
        client = Client("eu-west-1", endpoint_url=endpoint, rate_limit=None)
        engine = new_engine(url)
        async with client:
            progress = await Outbox(table=table).work(client, engine, until_empty=True)
        print(progress.accepted, peak_memory() // 1_000_000)

    anyio.run(main, *sys.argv[2:], backend=sys.argv[1])
"""


def large(send_id: str, file: bytes) -> Message:
    return mail(send_id, attachments=[Attachment("file.bin", file, media_type="image/png")])


on_each = pytest.mark.parametrize(
    "setting", [SETTINGS[1], SETTINGS[4], SETTINGS[5]], indirect=True, ids=str
)


@on_each
async def test_largest_mail_is_sent_as_it_was_queued(database: Database, ses: FakeSES) -> None:
    file = os.urandom(SIZE)
    await database.execute(database.outbox.insert(large("id", file)))
    await work(database, ses)
    (sent,) = ses.outbox
    assert [bytes(part.content) for part in sent.attachments] == [file]
    assert len(sent.raw) > 41_800_000
    assert await database.bodies() == set()


@on_each
async def test_claiming_reads_no_bodies(database: Database) -> None:
    outbox: Any = database.outbox
    await database.execute(outbox.insert(large("id", os.urandom(SIZE))), outbox.insert(mail("b")))
    statements: list[str] = []

    def before(_: object, cursor: object, text: str, *rest: object) -> None:
        statements.append(text)

    engine = getattr(database.engine, "sync_engine", database.engine)
    event.listen(engine, "before_cursor_execute", before)
    claims = await database.run(lambda each: claim(each, outbox._tables, 50, 60.0, None))
    event.remove(engine, "before_cursor_execute", before)
    assert {each.send_id for each in claims} == {"id", "b"}
    claiming = [text for text in statements if database.table in text]
    assert claiming
    assert not any("_body" in text for text in claiming)


@pytest.mark.parametrize("setting", [SETTINGS[1], SETTINGS[5]], indirect=True, ids=str)
async def test_worker_holds_two_large_mails_in_memory(
    database: Database, setting: Setting, ses: FakeSES
) -> None:
    ses.verify("example.com")
    files = [os.urandom(SIZE) for _ in range(4)]
    for number, file in enumerate(files):
        await database.execute(database.outbox.insert(large(f"id-{number}", file)))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    arguments = [setting.backend, database.url, database.table, ses.url]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    ended = await anyio.run_process(command, env=environment)
    accepted, megabytes = map(int, ended.stdout.split())
    assert accepted == 4
    assert {bytes(part.content) for sent in ses.outbox for part in sent.attachments} == {*files}
    assert megabytes < 800, "of which Python and the imports take 120"
