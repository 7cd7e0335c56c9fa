"""The JSON API of the desk, over HTTP: lists, details, events, received mail, deletion."""

import base64
import json
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

import sesmail
from sesmail import Attachment, ListManagement
from sesmail.testing import FakeSES
from sesmail.testing.desk import Desk, api
from support.desk import HEADER, Site


def test_list_has_summaries_the_newest_first(site: Site) -> None:
    first = site.send()
    second = site.send(
        to=["bob@example.com"],
        cc=["carol@example.com"],
        bcc=["dave@example.com"],
        subject="Größe",
        attachments=[Attachment("a.txt", b"x")],
    )
    mails = site.get("/api/mails").json["mails"]
    assert [mail["id"] for mail in mails] == [second, first]
    assert mails[0]["subject"] == "Größe"
    assert (mails[0]["to"], mails[0]["cc"], mails[0]["bcc"]) == (
        ["bob@example.com"],
        ["carol@example.com"],
        ["dave@example.com"],
    )
    assert (mails[0]["attachments"], mails[0]["kind"], mails[0]["events"]) == (1, "sent", ["Send"])
    assert mails[1]["snippet"] == "A text."


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"to": "ALICE@example.com"}, ["one"]),
        ({"to": "alice"}, []),
        ({"from": "Shop"}, ["two", "one"]),
        ({"from": "none"}, []),
        ({"subject": "TW"}, ["two"]),
        ({"q": "second body"}, ["two"]),
        ({"q": "bob@ second"}, ["two"]),
        ({"q": "second missing"}, []),
        ({"kind": "sent"}, ["two", "one"]),
        ({"kind": "received"}, []),
        ({"limit": "1"}, ["two"]),
        ({"limit": "0"}, []),
    ],
)
def test_list_is_searched(site: Site, query: dict[str, str], found: list[str]) -> None:
    site.send(subject="one")
    site.send(subject="two", to="bob@example.com", text="The second body")
    mails = site.get("/api/mails", **query).json["mails"]
    assert [mail["subject"] for mail in mails] == found


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"limit": "x"}, "limit must be a number"),
        ({"kind": "x"}, "kind must be sent or received"),
        ({"wait": "x"}, "wait must be a number of seconds from 0 to 60, not 'x'"),
        ({"wait": "nan"}, "wait must be"),
        ({"wait": "61"}, "wait must be"),
        ({"recipient": "x"}, "parameters are to, from"),
    ],
)
def test_invalid_queries_are_refused(site: Site, query: dict[str, str], error: str) -> None:
    response = site.get("/api/mails", **query)
    assert (response.status, error in response.json["error"]) == (400, True)


def test_list_waits_for_a_mail(site: Site) -> None:
    thread = threading.Timer(0.2, lambda: site.send(to="later@example.com"))
    thread.start()
    (mail,) = site.get("/api/mails", to="later@example.com", wait="30").json["mails"]
    thread.join()
    assert mail["to"] == ["later@example.com"]
    assert site.get("/api/mails", to="none@example.com", wait="0.01").json == {"mails": []}


def test_latest_mail_has_links_and_contents(site: Site) -> None:
    assert site.get("/api/mails/latest", to="bob@example.com").status == 404
    site.send(
        text="Follow https://example.com/reset?t=1", html='<a href="https://b.example/">b</a>'
    )
    mail = site.get("/api/mails/latest", to="alice@example.com").json
    assert mail["text"] == "Follow https://example.com/reset?t=1"
    assert mail["links"] == ["https://b.example/", "https://example.com/reset?t=1"]
    assert ["Subject", "Hello"] in mail["headers"]
    assert mail["history"][0]["kind"] == "Send"
    assert [each["code"] for each in mail["problems"]] == ["preheader-short"]


def test_details_of_a_call(site: Site) -> None:
    mail_id = site.send(send_id="order-1", tags=["a"], metadata={"n": 1}, message_tags={"k": "v"})
    call = site.get(f"/api/mails/{mail_id}").json["call"]
    assert call == {
        "envelope_sender": "shop@example.com",
        "operation": "SendEmail (v2)",
        "configuration_set": "events",
        "send_id": "order-1",
        "tags": ["a"],
        "metadata": {"n": 1},
        "message_tags": {"k": "v"},
    }


def test_mail_whose_template_is_not_rendered(site: Site) -> None:
    site.fake.template("Hi", "Hi {{name}}", "Hi")
    with sesmail.BlockingClient(**site.fake.client_settings()) as client:
        client.send(
            sesmail.TemplateMessage(from_email="a@example.com", to="b@example.com", template="Hi")
        )
    mail = site.get("/api/mails/latest", q="Hi").json
    assert (mail["error"], mail["subject"], mail["html"]) == (
        "Attribute 'name' is not present in the rendering data.",
        None,
        None,
    )
    assert [each["code"] for each in mail["problems"]] == ["not-rendered"]


def test_attachments_are_downloads_with_safe_names(site: Site) -> None:
    mail_id = site.send(attachments=[Attachment('Größe "1" 5%.html', b"<script>")])
    (file,) = site.get(f"/api/mails/{mail_id}").json["files"]
    response = site.get(f"/api/mails/{mail_id}/files/{file['index']}")
    assert (response.body, response.headers["content-type"]) == (
        b"<script>",
        "application/octet-stream",
    )
    assert response.headers["content-disposition"] == (
        'attachment; filename="Gr__e _1_ 5_.html"; '
        "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20_1_%205%25.html"
    )
    assert response.headers["x-content-type-options"] == "nosniff"
    assert site.get(f"/api/mails/{mail_id}/files/1").status == 404
    assert site.get("/api/mails/none/files/0").status == 404


def test_source_is_text_or_a_download(site: Site) -> None:
    mail_id = site.send()
    response = site.get(f"/api/mails/{mail_id}/source")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.body == site.fake.outbox[0].raw
    response = site.get(f"/api/mails/{mail_id}/source", download="")
    assert response.body == site.fake.outbox[0].raw
    assert f'filename="{mail_id}.eml"' in response.headers["content-disposition"]


def test_source_that_is_shown_is_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_MAX_SHOWN", 10)
    assert len(site.get(f"/api/mails/{site.send()}/source").body) == 10


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"kind": "deliver"}, "Delivery"),
        ({"kind": "bounce", "bounce_type": "Transient", "subtype": "MailboxFull"}, "Bounce"),
        ({"kind": "complain", "to": ["alice@example.com"]}, "Complaint"),
        ({"kind": "delay"}, "DeliveryDelay"),
        ({"kind": "open", "bot": True}, "Open"),
        ({"kind": "click", "link": "https://example.com/"}, "Click"),
        ({"kind": "reject"}, "Reject"),
        ({"kind": "fail_rendering"}, "Rendering Failure"),
    ],
)
def test_event_happens_and_the_response_of_the_webhook_is_returned(
    site: Site, options: dict[str, Any], kind: str
) -> None:
    posted: list[bytes] = []

    def webhook(body: bytes, headers: dict[str, str]) -> int:
        posted.append(body)
        return 202

    site.fake.subscribe(post=webhook, confirm=False)
    mail_id = site.send(html='<a href="https://example.com/">x</a>')
    response = site.post(f"/api/mails/{mail_id}/events?wait=10", options)
    event = response.json["event"]
    assert (response.status, event["kind"], event["published"]) == (200, kind, True)
    (delivery,) = event["deliveries"]
    assert (delivery["state"], delivery["status"]) == ("delivered", 202)
    assert delivery["attempts"][0]["authorised"] is False
    assert json.loads(json.loads(posted[-1])["Message"])["eventType"] == kind
    assert site.get(f"/api/mails/{mail_id}").json["history"][-1]["kind"] == kind


@pytest.mark.parametrize(
    ("options", "status", "error"),
    [
        ({}, 400, "kind must be one of deliver, bounce"),
        ({"kind": ["x"]}, 400, "kind must be one of"),
        ({"kind": "__init__"}, 400, "kind must be one of"),
        ({"kind": "open", "to": []}, 400, "open has no option 'to'; it has bot"),
        ({"kind": "deliver", "to": "a"}, 400, "to must be list, not str"),
        ({"kind": "deliver", "to": ["x@example.com"]}, 400, "aren't recipients"),
        ({"kind": "deliver", "to": [[]]}, 400, "to must be a list of addresses"),
        ({"kind": "click"}, 400, "has no link"),
        ({"kind": "unsubscribe"}, 400, ""),
        ([], 400, "the body must be a JSON object"),
    ],
)
def test_invalid_events_are_refused(site: Site, options: Any, status: int, error: str) -> None:
    response = site.post(f"/api/mails/{site.send()}/events", options)
    assert (response.status, error in response.json["error"]) == (status, True), response.body


def test_unsubscribing(site: Site) -> None:
    site.fake.contact_list("Customers", contacts=["alice@example.com"])
    mail_id = site.send(
        text="Leave: {{amazonSESUnsubscribeUrl}}",
        list_management=ListManagement(contact_list="Customers"),
    )
    response = site.post(f"/api/mails/{mail_id}/events", {"kind": "unsubscribe"})
    assert response.json["event"]["kind"] == "Subscription"
    path = site.fake.outbox[0].links[0].removeprefix(site.url)
    assert site.get(path).status == 200


def test_composed_mail_is_received(site: Site) -> None:
    fields = {
        "from": "Zoë <zoe@example.org>",
        "to": '"Desk, Help" <help@example.com>, info@example.com',
        "subject": "Frage",
        "text": "Größe 42?",
    }
    response = site.post("/api/received", fields)
    assert response.status == 200, response.body
    mail = site.get(f"/api/mails/{response.json['id']}").json
    assert (mail["kind"], mail["from"], mail["text"].strip()) == (
        "received",
        "Zoë <zoe@example.org>",
        "Größe 42?",
    )
    assert mail["to"] == ["help@example.com", "info@example.com"]
    assert {name for name, _ in mail["headers"]} >= {"Date", "Message-ID"}
    assert (mail["problems"], mail["call"]) == ([], {"envelope_sender": "zoe@example.org"})
    events = site.post(f"/api/mails/{mail['id']}/events", {"kind": "open"})
    assert (events.status, events.json["error"]) == (409, "only sent mails have events")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"from": "a@example.com", "cc": "b@example.com"}, "fields must be among from, to"),
        ({"from": "a@example.com"}, "to"),
        ({"to": "b@example.com"}, "from"),
        ({"from": "a@example.com", "to": "b@example.com", "text": 5}, "text: "),
        ({"from": "a b", "to": ["b@example.com"]}, "from"),
    ],
)
def test_invalid_composed_mail_is_refused(site: Site, fields: dict[str, Any], error: str) -> None:
    response = site.post("/api/received", fields)
    assert (response.status, error in response.json["error"]) == (400, True), response.body


def test_eml_is_received(site: Site) -> None:
    eml = {**HEADER, "Content-Type": "message/rfc822"}
    raw = b"From: a@example.org\r\nSubject: x\r\n\r\ntext\r\n"
    response = site.request("POST", "/api/received", raw, eml)
    assert (response.status, "has neither To nor Cc" in response.json["error"]) == (400, True)
    path = "/api/received?to=b@example.com&to=c@example.com&from=x@example.org"
    response = site.request("POST", path, raw, eml)
    mail = site.get(f"/api/mails/{response.json['id']}").json
    assert mail["to"] == ["b@example.com", "c@example.com"]
    assert mail["call"]["envelope_sender"] == "x@example.org"
    assert site.get(f"/api/mails/{mail['id']}/source").body == raw
    assert mail["history"][0]["document"]["content"] == base64.b64encode(raw).decode()


def test_large_mails_are_received_through_s3(site: Site) -> None:
    raw = b"From: a@example.org\r\nTo: b@example.com\r\n\r\n" + b"text\r\n" * 40_000
    eml = {**HEADER, "Content-Type": "message/rfc822"}
    mail_id = site.request("POST", "/api/received", raw, eml).json["id"]
    mail = site.get(f"/api/mails/{mail_id}").json
    assert mail["size"] == len(raw)
    assert mail["history"][0]["document"]["receipt"]["action"]["type"] == "S3"


def test_received_mail_of_other_forms(site: Site) -> None:
    raw = b"From: a@example.org\r\nTo: b@example.com\r\nSubject: x\r\n\r\n" + b"text" * 500
    site.fake.receive(raw, encoding="UTF8")
    mail = site.get("/api/mails/latest").json
    assert mail["subject"] == "x"
    assert mail["history"][0]["document"]["content"].endswith("in all)")
    site.fake.receive(raw, action="S3", kms_key="arn:aws:kms:eu-west-1:123456789012:key/x")
    mail = site.get("/api/mails/latest").json
    assert (mail["subject"], mail["from"], mail["size"]) == (None, "a@example.org", 0)


def test_bodies_are_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_MAX_JSON", 10)
    response = site.post("/api/received", {"from": "a@example.com"})
    assert (response.status, response.json["error"]) == (413, "the body is larger than 10 bytes")


def test_mails_are_deleted_with_their_events(site: Site) -> None:
    site.fake.subscribe(post=lambda body, headers: 200, confirm=False)
    first, second = site.send(), site.send()
    received = site.post("/api/received?wait=10", {"from": "a@example.com", "to": "b@example.com"})
    assert site.delete(f"/api/mails/{first}").json == {"deleted": 1}
    assert {event.mail.message_id for event in site.fake.events if event.mail} == {second}
    assert len(site.fake.state.deliveries) == 2
    assert site.delete(f"/api/mails/{first}").status == 404
    assert site.delete(f"/api/mails/{received.json['id']}").json == {"deleted": 1}
    assert site.delete("/api/mails").json == {"deleted": 1}
    assert site.delete("/api/mails").json == {"deleted": 0}
    assert (len(site.fake.outbox), site.fake.events, site.fake.state.deliveries) == (0, (), [])


def test_status_names_endpoint_and_webhooks(site: Site) -> None:
    site.fake.subscribe(post=lambda body, headers: 200, confirm=False)
    assert site.get("/api/status").json == {
        "endpoint": site.url,
        "region": "eu-west-1",
        "topic": site.fake.topic_arn,
        "webhooks": [{"endpoint": "function:<lambda>", "confirmed": True}],
        "previews": None,
    }
    assert site.get("/api/previews").json == {"previews": []}


def test_strict_fake_is_shown_as_it_is(serve: Callable[..., Site]) -> None:
    fake = FakeSES("us-east-1")
    site = serve(Desk(fake))
    with pytest.raises(sesmail.NotVerifiedError):
        site.send()
    fake.verify("example.com")
    assert site.get(f"/api/mails/{site.send()}").json["from"] == "shop@example.com"


@pytest.mark.anyio
async def test_receiver_of_another_process_trusts_the_desk(site: Site) -> None:
    from sesmail.testing import desk

    mail_id = await anyio.to_thread.run_sync(site.send)
    request = site.fake.bounce(mail_id).request()
    async with sesmail.Receiver(**desk.trust(site.url)) as receiver:
        (event,) = await receiver.receive(*request)
    assert isinstance(event, sesmail.Bounced)
    for url in ("https://127.0.0.1", "http://example.com", "x"):
        with pytest.raises(sesmail.ConfigurationError, match="url must be an http URL"):
            desk.trust(url)
