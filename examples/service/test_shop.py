"""Tests of the service, with the fixtures that come with ``pip install 'sesmail[testing]'``."""

from collections.abc import Iterator

import pytest
from shop import create_app
from starlette.testclient import TestClient

from sesmail.testing import FakeSES, Outbox

ALICE, BOB = "alice@example.com", "bob@example.com"
QUESTION = (
    b"From: Alice <alice@example.com>\nTo: help@shop.example\nSubject: Size 42?\nContent-Type:"
    b" text/plain; name=photo.txt\nContent-Disposition: attachment\n\nHave you got them?\n"
)


@pytest.fixture
def web(ses: FakeSES) -> Iterator[TestClient]:
    """A client of the service, which is subscribed to the events of its mails."""
    ses.verify("shop.example")
    ses.account(rate=1000)
    ses.template("News", "News of {{month}}", "Dear {{name}}, there are new shoes.")
    with (
        TestClient(create_app(**ses.trust())) as client,
        ses.subscribe(
            post=lambda body, head: client.post("/ses", content=body, headers=head), duplicates=1
        ),
    ):
        yield client


def join(web: TestClient, outbox: Outbox, *emails: str) -> None:
    for email in emails:
        assert web.post("/sign-up", json={"email": email}).status_code == 202
        code = outbox.latest(to=email, subject="Welcome").code()
        assert web.post("/confirm", json={"email": email, "code": code}).status_code == 204


def test_reset_is_sent_to_members_only(web: TestClient, outbox: Outbox) -> None:
    join(web, outbox, "Alice@EXAMPLE.com")
    for email in (ALICE, BOB):
        assert web.post("/reset", json={"email": email}).status_code == 202
    (mail,) = outbox.find(subject="New password")
    assert mail.to == (ALICE,)
    assert mail.links[0].startswith("https://shop.example/reset?token=")


def test_wrong_code_and_address(web: TestClient) -> None:
    assert web.post("/confirm", json={"email": ALICE, "code": "000000"}).status_code == 403
    assert web.post("/sign-up", json={"email": "a@b.c\nBcc: d@e.fg"}).status_code == 422


def test_campaign_skips_who_bounced_complained_or_left(
    web: TestClient, ses: FakeSES, outbox: Outbox
) -> None:
    join(web, outbox, ALICE, BOB, "carol@example.com", "dave@example.com", "erin@example.com")
    ses.bounce(outbox.latest(to=BOB)).wait_blocking()
    ses.complain(outbox.latest(to="carol@example.com")).wait_blocking()
    ses.complain(outbox.latest(to="erin@example.com"), feedback_type="not-spam").wait_blocking()
    assert web.post("/campaign", json={"month": "May"}).json() == {"accepted": 3, "failed": 0}
    news = outbox.find(subject="News of May")
    assert [mail.to[0] for mail in news] == [ALICE, "dave@example.com", "erin@example.com"]
    assert news[0].text == "Dear Alice, there are new shoes."
    (link,) = news[1].headers.get_all("List-Unsubscribe")
    assert web.post(link.strip("<>").removeprefix("https://shop.example")).status_code == 204
    assert web.post("/campaign", json={"month": "June"}).json()["accepted"] == 2
    assert web.post("/sign-up", json={"email": BOB}).status_code == 409


def test_soft_bounce_changes_nothing(web: TestClient, ses: FakeSES, outbox: Outbox) -> None:
    join(web, outbox, ALICE)
    ses.bounce(outbox[0], bounce_type="Transient").wait_blocking()
    assert web.post("/campaign", json={"month": "May"}).json()["accepted"] == 1


def test_support_mail_is_a_ticket_and_answered_once(
    web: TestClient, ses: FakeSES, outbox: Outbox
) -> None:
    ses.receive(QUESTION).wait_blocking()
    ses.receive(b"Auto-Submitted: auto-replied\n" + QUESTION, action="S3").wait_blocking()
    tickets = web.get("/tickets").json()
    assert tickets == [{"subject": "Size 42?", "text": None, "files": ["photo.txt"]}] * 2
    assert [mail.subject for mail in outbox] == ["Ticket 1: Size 42?"]


def test_failures_of_ses(web: TestClient, ses: FakeSES, outbox: Outbox) -> None:
    ses.faults.lost_response()
    assert web.post("/sign-up", json={"email": ALICE}).json() == {"status": "unknown"}
    ses.faults.daily_quota()
    assert web.post("/sign-up", json={"email": BOB}).status_code == 500
    ses.faults.throttle(times=2)
    assert web.post("/sign-up", json={"email": BOB}).status_code == 503
    assert [mail.to for mail in outbox] == [(ALICE,)]


def test_webhook_refuses_forgeries(web: TestClient, ses: FakeSES, outbox: Outbox) -> None:
    join(web, outbox, ALICE)
    body, headers = ses.bounce(outbox[0]).request(authorised=False)
    assert web.post("/ses", content=body, headers=headers).status_code == 401
    body, headers = ses.bounce(outbox[0]).request()
    forged = body.replace(b"alice@", b"carol@")
    assert web.post("/ses", content=forged, headers=headers).status_code == 403
