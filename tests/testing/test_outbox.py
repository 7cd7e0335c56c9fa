"""The outbox, its mails, and the change feed."""

import re
import threading
from pathlib import Path

import anyio
import pytest

from sesmail import Attachment, Client, Message
from sesmail.testing import Change, FakeSES, MailNotFoundError
from sesmail.testing.html import embed_images, find_links

pytestmark = pytest.mark.anyio

ORDER = Message(from_email="a@example.com", to="b@example.org", subject="Order 1", text="x")


async def test_sequence_of_mails(ses: FakeSES, ses_client: Client) -> None:
    ses.verify("example.com")
    outbox = ses.outbox
    assert (len(outbox), repr(outbox)) == (0, "<Outbox, empty>")
    await ses_client.send(ORDER)
    await ses_client.send(ORDER.replace(to="c@example.org", subject="Order 2"))
    first, second = outbox
    assert (outbox[0], outbox[-1], outbox[:1]) == (first, second, [first])
    assert outbox.find() == [first, second]
    assert outbox.find(to="B@example.org") == [first]
    assert outbox.find(subject="Order 2") == [second]
    assert outbox.find(subject=re.compile(r"^Order")) == [first, second]
    assert outbox.find(template="T") == []
    assert outbox.latest() is second
    assert repr(outbox) == (
        "<Outbox of 2:\n  <SentMail to=b@example.org subject='Order 1'>"
        "\n  <SentMail to=c@example.org subject='Order 2'>>"
    )
    with pytest.raises(MailNotFoundError) as caught:
        outbox.latest(to="x@example.org", subject="Order")
    assert str(caught.value).startswith(
        "no mail with to='x@example.org', subject='Order' in <Outbox of 2:"
    )
    assert isinstance(caught.value, AssertionError)
    assert isinstance(caught.value, LookupError)


async def test_wait_until_a_mail_arrives(ses: FakeSES, ses_client: Client) -> None:
    ses.verify("example.com")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ses_client.send, ORDER)
        mail = await ses.outbox.wait(subject="Order 1", to="b@example.org")
    assert mail is ses.outbox[0]
    with pytest.raises(MailNotFoundError, match="no mail with subject='x' in"):
        await ses.outbox.wait(subject="x", timeout=0.01)
    ses.reset()
    with pytest.raises(MailNotFoundError, match="no mail with anything in"):
        await ses.outbox.wait(timeout=0)


def test_wait_without_an_event_loop(ses: FakeSES) -> None:
    async def send() -> None:
        async with ses.client(rate_limit=None) as client:
            await client.send(ORDER)

    ses.verify("example.com")
    thread = threading.Thread(target=anyio.run, args=[send])
    thread.start()
    assert ses.outbox.wait_blocking(to="b@example.org").subject == "Order 1"
    thread.join()
    with pytest.raises(MailNotFoundError):
        ses.outbox.wait_blocking(to="x@example.org", timeout=0.01)


async def test_codes_and_files(ses: FakeSES, ses_client: Client, tmp_path: Path) -> None:
    ses.verify("example.com")
    html = '<b>ABC-12</b> <a href="https://example.com/#x">x</a>'
    await ses_client.send(ORDER.replace(text="Your code is 4711.", html=html))
    mail = ses.outbox[0]
    assert mail.code() == "4711"
    assert mail.code(r"<b>(\w+-\d+)</b>") == "ABC-12"
    assert mail.code(re.compile(r"ABC-\d+")) == "ABC-12"
    with pytest.raises(AssertionError, match="no match of 'XYZ' in <SentMail"):
        mail.code("XYZ")
    assert mail.save(tmp_path / "mail.eml").read_bytes() == mail.raw
    assert (mail.send_id, mail.metadata, mail.tags) == (None, {}, ())
    tagged = {"tags": ["a"], "metadata": {"b": 1}, "send_id": "order-1"}
    await ses_client.send(ORDER.replace(**tagged))
    mail = ses.outbox[1]
    assert (mail.send_id, mail.metadata, mail.tags) == ("order-1", {"b": 1}, ("a",))
    assert mail.html_with_images is None


async def test_inline_images(ses: FakeSES, ses_client: Client) -> None:
    ses.verify("example.com")
    html = '<img src="cid:a%20b"><img src="cid:none"><img src=CID:c>'
    image = Attachment(filename="a.png", content=b"x", content_id="c", media_type="image/png")
    await ses_client.send(ORDER.replace(html=html, attachments=[image]))
    mail = ses.outbox[0]
    assert mail.html_with_images == (
        '<img src="cid:a%20b"><img src="cid:none"><img src=data:image/png;base64,eA==>'
    )
    assert embed_images('<a href="cid:c">', {}) == '<a href="cid:c">'


def test_links() -> None:
    html = (
        '<a href=" https://a.example/?x=1&amp;y=2 ">a</a><area href="http://b.example">'
        '<a name="x"><a href="mailto:x@y"><img src="https://c.example"><a href>'
    )
    text = "See https://d.example/x), http://b.example and ftp://e.example."
    assert find_links(html, text) == (
        "https://a.example/?x=1&y=2",
        "http://b.example",
        "https://d.example/x",
    )
    assert find_links(None, None) == ()
    conditional = '<![if !mso]><a href="https://a.example">a</a><![endif]><![odd[x]]><!x'
    assert find_links(conditional, None) == ("https://a.example",)


async def test_change_feed(ses: FakeSES, ses_client: Client) -> None:
    with ses.state.feed.changes() as changes:
        ses.verify("example.com")
        await ses_client.send(ORDER)
        kinds = [(await anext(changes)).kind for _ in range(3)]
        assert kinds == ["settings", "mail", "event"]
        assert await changes.get(0.01) is None
        ses.deliver(ses.outbox[0])
        change = await changes.get(5)
        assert isinstance(change, Change)
        assert change.item is ses.events[-1]
        ses.reset()
    rest = [each.kind async for each in changes]
    assert rest[0] == "reset"
    assert [each async for each in changes] == []


def test_change_feed_without_an_event_loop(ses: FakeSES) -> None:
    changes = ses.state.feed.changes()
    ses.verify("example.com")
    assert next(changes).kind == "settings"
    assert changes.get_blocking(0.01) is None
    ses.suppress("a@example.org")
    changes.close()
    changes.close()
    assert [each.kind for each in changes] == ["settings"]


async def test_listener_may_end_while_a_change_is_published(ses: FakeSES) -> None:
    numbers: list[int] = []
    stop = ses.state.feed.listen(lambda change: numbers.append(change.number))
    ses.verify("example.com")
    stop()
    stop()
    ses.verify("example.net")
    assert len(numbers) == 1


def test_waiting_task_of_an_ended_loop_is_no_error(ses: FakeSES) -> None:
    from sesmail.testing.feed import _waker

    async def make() -> tuple[object, anyio.Event]:
        return _waker(), anyio.Event()

    for backend in ("asyncio", "trio"):
        wake, event = anyio.run(make, backend=backend)
        wake(event)  # type: ignore[operator]
