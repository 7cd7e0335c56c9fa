"""Tests of the service, with the fixtures that come with ``pip install 'sesmail[testing]'``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from shop import create_app
from starlette.testclient import TestClient

from sesmail.testing import FakeSES, Outbox

ALICE, BOB, ERIN = "alice@example.com", "bob@example.com", "erin@example.com"
QUESTION = (
    b"From: Alice <alice@example.com>\nTo: help@shop.example\nSubject: Size 42?\nContent-Type:"
    b" text/plain; name=photo.txt\nContent-Disposition: attachment\n\nHave you got them?\n"
)


@pytest.fixture
def web(ses: FakeSES, tmp_path: Path) -> Iterator[TestClient]:
    """A client of the service, which is subscribed to the events of its mails."""
    ses.verify("shop.example")
    ses.account(rate=1000)
    ses.template("News", "News of {{month}}", "Dear {{name}}, there are new shoes.")
    worker = {"poll_interval": 0.02, "first_delay": 0.01}
    app = create_app(f"sqlite+aiosqlite:///{tmp_path}/shop.db", worker, ses.trust())
    with (
        TestClient(app) as client,
        ses.subscribe(
            post=lambda body, head: client.post("/ses", content=body, headers=head), duplicates=1
        ),
    ):
        yield client


def join(web: TestClient, outbox: Outbox, *emails: str) -> None:
    for email in emails:
        assert web.post("/sign-up", json={"email": email}).status_code == 202
        code = outbox.wait_blocking(to=email, subject="Welcome").code()
        assert web.post("/confirm", json={"email": email, "code": code}).status_code == 204


def test_reset_is_sent_to_members_only(web: TestClient, outbox: Outbox) -> None:
    assert web.post("/confirm", json={"email": ALICE, "code": "000000"}).status_code == 403
    assert web.post("/sign-up", json={"email": "a@b.c\nBcc: d@e.fg"}).status_code == 422
    join(web, outbox, "Alice@EXAMPLE.com")
    for email in (BOB, ALICE):
        assert web.post("/reset", json={"email": email}).status_code == 202
    mail = outbox.wait_blocking(subject="New password")
    assert mail.to == (ALICE,)
    assert mail.links[0].startswith("https://shop.example/reset?token=")


def test_campaign_skips_who_left(web: TestClient, ses: FakeSES, outbox: Outbox) -> None:
    join(web, outbox, ALICE, BOB, "carol@example.com", ERIN)
    ses.bounce(outbox.latest(to=BOB)).wait_blocking()
    ses.complain(outbox.latest(to="carol@example.com")).wait_blocking()
    ses.complain(outbox.latest(to=ERIN), feedback_type="not-spam").wait_blocking()
    assert web.post("/campaign", json={"month": "May"}).json() == {"queued": 2}
    news = [outbox.wait_blocking(to=email, subject="News of May") for email in (ALICE, ERIN)]
    assert news[0].text == "Dear Alice, there are new shoes."
    (link,) = news[1].headers.get_all("List-Unsubscribe")
    assert web.post(link.strip("<>").removeprefix("https://shop.example")).status_code == 204
    assert web.post("/campaign", json={"month": "June"}).json() == {"queued": 1}
    assert web.post("/sign-up", json={"email": BOB}).status_code == 409


def test_support_mail_is_answered_once(web: TestClient, ses: FakeSES, outbox: Outbox) -> None:
    ses.receive(QUESTION).wait_blocking()
    ses.receive(b"Auto-Submitted: auto-replied\n" + QUESTION, action="S3").wait_blocking()
    answer = outbox.wait_blocking(subject="We read: Size 42?")
    assert answer.text == "We answer within a day. Files received: 1"
    join(web, outbox, BOB)
    assert [mail.to for mail in outbox] == [(ALICE,), (BOB,)]


def test_mail_is_sent_once_whatever_happens(web: TestClient, ses: FakeSES, outbox: Outbox) -> None:
    ses.faults.throttle(times=2)
    ses.faults.lost_response()
    join(web, outbox, ALICE, BOB)
    assert [mail.to for mail in outbox] == [(ALICE,), (BOB,)]


def test_webhook_refuses_forgeries(web: TestClient, ses: FakeSES, outbox: Outbox) -> None:
    join(web, outbox, ALICE)
    body, headers = ses.bounce(outbox[0]).request(authorised=False)
    assert web.post("/ses", content=body, headers=headers).status_code == 401
    body, headers = ses.bounce(outbox[0]).request()
    forged = body.replace(b"alice@", b"carol@")
    assert web.post("/ses", content=forged, headers=headers).status_code == 403
