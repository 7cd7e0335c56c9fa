"""Limits of the number and size of the mails that a fake keeps."""

import logging

import pytest

import sesmail
from sesmail.testing import FakeSES

pytestmark = pytest.mark.anyio

MAIL = b"From: a@example.com\r\nTo: b@example.org\r\nSubject: %d\r\n\r\nHello.\r\n"


def order(number: int, text: str = "x") -> sesmail.Message:
    return sesmail.Message(
        from_email="a@example.com", to="b@example.org", subject=str(number), text=text
    )


async def test_oldest_mails_are_deleted_with_their_events(
    anyio_backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        FakeSES(lenient=True, max_mails=10) as fake,
        fake.client(rate_limit=None) as client,
    ):
        fake.subscribe(post=lambda *_: 200, confirm=False)
        stored = fake.receive(MAIL % 0, action="S3")
        for number in range(1, 10):
            await fake.deliver((await client.send(order(number))).message_id).wait()
        assert (len(fake.outbox), len(fake.state.objects)) == (9, 1)
        with caplog.at_level(logging.WARNING, "sesmail.testing"):
            await client.send(order(10))
        assert [mail.subject for mail in fake.outbox] == [str(number) for number in range(2, 11)]
        assert fake.state.objects == {}
        assert stored.record not in fake.events
        assert {event.mail for event in fake.events} == set(fake.outbox)
        kept = {id(event) for event in fake.events}
        assert all(id(each.event) in kept for each in fake.state.deliveries)
        assert "deleted its 2 oldest mails" in caplog.text


async def test_size_of_all_mails_is_bounded(anyio_backend: str) -> None:
    async with (
        FakeSES(lenient=True, max_bytes=10_000) as fake,
        fake.client(rate_limit=None) as client,
    ):
        for number in range(5):
            await client.send(order(number, "Hello. " * 400))
        assert [mail.subject for mail in fake.outbox] == ["2", "3", "4"]
        await client.send(order(5, "Hello. " * 4000))  # the newest one is kept in any case
        assert [mail.subject for mail in fake.outbox] == ["5"]
        for number in range(200):
            fake.receive(MAIL % number)
        assert 50 < len(fake.events) < 150
        assert len(fake.outbox) == 0
        fake.reset()
        await client.send(order(6))
        assert len(fake.outbox) == 1
