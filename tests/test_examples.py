"""Every example runs, without a warning, and the server holds what it sent; test_receiving_examples.py has webhooks."""

import email
import email.policy
import importlib.util
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support import answers
from support.faults import Answer, StartFaultServer

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from support.moto import MotoServer, SentMail

EXAMPLES = Path(__file__).parent.parent / "examples"
HELPERS = {"embedded_ses", "embedded_sns"}

Run = Callable[[str], str]


def parsed(mail: "SentMail") -> EmailMessage:
    """The MIME that the server holds, read."""
    assert mail.mime is not None
    message = email.message_from_bytes(mail.mime, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def run(
    moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run an example as a script would, against the tests' server, and return what it prints."""
    moto_server.verify("example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    monkeypatch.syspath_prepend(EXAMPLES)

    def run_script(name: str) -> str:
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    yield run_script
    for name in HELPERS:
        sys.modules.pop(name, None)


def test_no_example_is_forgotten() -> None:
    webhooks = {
        path.stem for path in EXAMPLES.glob("receive_*.py")
    }  # of which test_receiving_examples.py has a table
    names = {path.stem for path in EXAMPLES.glob("*.py")} - HELPERS - webhooks
    assert {f"test_{name}" for name in names} - globals().keys() == set()


@pytest.mark.slow
def test_quickstart() -> None:
    """In a process of its own, and whatever AWS settings and proxies the machine has."""
    hostile = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_PROFILE": "nobody",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "quickstart.py"],
        env={**os.environ, **hostile},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    head, sent, held, refused = re.split(r"\n\n[^\n]+\n-+\n", done.stdout)
    assert "127.0.0.1" in head
    assert sent.count(" accepted ") == 10
    assert "moto knows them by v1 alone" in sent
    assert rows(held, "from") == ["Zoë's Shop <shop@example.com>"] * 5
    assert rows(held, "X-Metadata") == ['{"order_id": 12345}']
    assert rows(held, "Bcc") == []
    rich = ["text/plain 27 bytes", "text/html 73 bytes", "image/png 70 bytes", "text/csv 26 bytes"]
    assert [" ".join(part.split()[:3]) for part in rows(held, "part")] == [
        "text/plain 40 bytes",
        *rich,
        *rich,
    ]
    assert (
        rows(held, "recipients")[1:3]
        == ["alice@example.com, bob@example.com, archive@example.com"] * 2
    )
    assert rows(held, "data")[1:] == [
        'for all              {"day":"May 15"}',
        'alice@example.com    {"name":"Alice"}',
        'bob@example.com      {"name":"Bob"}',
    ]
    assert rows(refused, "error") == [
        "ValidationError",
        "NotVerifiedError",
        "UnsupportedFeatureError",
    ]
    assert rows(refused, "field") == ["subject", "track_opens"]
    assert rows(refused, "outcome") == ["rejected", "not_sent"]
    assert rows(refused, "retryable") == ["False"]
    line_break, unverified, unsupported = rows(refused, "says")
    assert "U+000D" in line_break
    assert "not verified" in unverified
    assert "Client(api='v2')" in unsupported


def rows(printed: str, name: str) -> list[str]:
    """The values of the rows with this name."""
    return [line[17:] for line in printed.splitlines() if line[5:17].rstrip() == name]


def test_attachments(run: Run, moto_server: "MotoServer") -> None:
    printed = run("attachments")
    [mail] = moto_server.sent()
    assert mail.message_id in printed
    kinds = [
        (part.get_content_type(), part.get_content_disposition()) for part in parsed(mail).walk()
    ]
    assert kinds == [
        ("multipart/mixed", None),
        ("multipart/alternative", None),
        ("text/plain", None),
        ("multipart/related", None),
        ("text/html", None),
        ("image/gif", "inline"),
        ("text/calendar", None),
        ("text/csv", "attachment"),
        ("text/x-python", "attachment"),
        ("message/rfc822", "attachment"),
        ("text/plain", None),
    ]
    calendar = next(
        part for part in parsed(mail).walk() if part.get_content_type() == "text/calendar"
    )
    assert calendar.get_param("method") == "REQUEST"
    assert "UID:1@example.com" in calendar.get_content()


@pytest.mark.slow
def test_campaign(run: Run, moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setattr(sys, "argv", ["campaign.py", "60"])
    assert run("campaign") == "60 accepted, 0 rejected, 0 not sent, 0 unknown\n"
    ids = {parsed(mail)["X-Sesmail-Id"] for mail in moto_server.sent()}
    assert ids == {f"news-may-{number}" for number in range(60)}


def test_defaults_and_tags(run: Run, moto_server: "MotoServer") -> None:
    printed = run("defaults_and_tags")
    first, second = map(parsed, moto_server.sent())
    assert first["From"] == "Shop <shop@example.com>"
    assert first["Reply-To"] == "orders@example.com"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_all("X-Tag") == ["shop", "order"]
    assert first["X-Metadata"] == '{"service": "checkout", "stage": "live", "order_id": 12345}'
    assert second.get_all("X-Tag") == ["newsletter"]
    assert "a message has one tag, this one has 2" in printed


def test_errors(run: Run, moto_server: "MotoServer") -> None:
    printed = run("errors").splitlines()
    [mail] = moto_server.sent()
    assert printed[0].startswith("to ")
    assert "needs a dot" in printed[0]
    assert printed[1:] == [f"shop@example.com {mail.message_id}", "shop@unknown.example dropped"]


def test_events_by_hand(run: Run) -> None:
    assert run("events_by_hand").splitlines() == [
        "Bounced permanent",
        "Bounced True known",
        "Received S3Action(bucket='inbox', key='mail/d6iitobk75ur44p8kdnnp7g2n800', topic_arn=None)",
    ]


def test_inbound_encrypted(run: Run) -> None:
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    subject, refused = run("inbound_encrypted").splitlines()
    assert subject == "For your eyes only"
    assert "it was encrypted for another mail" in refused


def test_inbound_mail(run: Run) -> None:
    printed = run("inbound_mail").splitlines()
    assert [line[11:] for line in printed if not line.startswith("gone")] == [
        "alice@example.com to help@example.com",
        "Verdicts(spam='PASS', virus='PASS', spf='PASS', dkim='PASS', dmarc='FAIL', dmarc_policy=None)",
        "Zoë <zoe@example.com>",
        "Größe 42?",
        r"'Have you got them in 42?\n'",
        r"'Have you got them in <b>42</b>? <script>alert()</script>\n'",
        "application/pdf 12 orderfdp.exe",
        r"'../../order\u202efdp.exe'",
        "From To Subject MIME-Version Content-Type",
        "Qapla' Hello",
        "unknown charset, malformed base64",
    ]
    assert "NoSuchKey" in printed[-3]


@pytest.mark.skipif(
    not (importlib.util.find_spec("trio") and importlib.util.find_spec("httpx2")),
    reason="needs sesmail[trio]",
)
def test_on_trio(run: Run, moto_server: "MotoServer") -> None:
    printed = run("on_trio").splitlines()
    assert sorted(printed) == ["alice accepted", "bob accepted", "carol accepted"]
    assert {mail.recipients for mail in moto_server.sent()} == {
        ("alice@example.com",),
        ("bob@example.com",),
        ("carol@example.com",),
    }


def test_other_operations(run: Run) -> None:
    assert run("other_operations").splitlines() == [
        "0 of 200 recipients in 24 hours, 1 a second",
        "identities: example.com, shop.example",
        "refused by SES: NotFoundException List with name: Customers doesn't exist.",
        "refused before the network: params: invalid parameters of ListEmailIdentities: Parameter validation "
        "failed:",
        'Unknown parameter in input: "Page", must be one of: Filter, NextToken, PageSize',
    ]


def test_opentelemetry_spans(moto_server: "MotoServer") -> None:
    """In a process of its own: what OpenTelemetry is set to stays so."""
    moto_server.verify("example.com")
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "opentelemetry_spans.py"],
        env={**os.environ, "AWS_ENDPOINT_URL": moto_server.url},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    call, checkout = re.findall(r"^\{.*?^\}", done.stdout, re.DOTALL | re.MULTILINE)
    call, checkout = json.loads(call), json.loads(checkout)
    assert (call["name"], checkout["name"]) == ("SES SendEmail", "checkout")
    assert call["parent_id"] == checkout["context"]["span_id"]
    assert call["attributes"]["sesmail.recipients"] == 1
    assert [event["name"] for event in call["events"]] == ["accepted"]


def test_parse_events(run: Run) -> None:
    bounced = "Bounced       never send to alice@example.com again; it was about order 12345"
    assert run("parse_events").splitlines() == [
        f"raw              {bounced}",
        f"Lambda from SQS  {bounced}",
        f"EventBridge      {bounced}",
        "Firehose         Clicked       alice@example.com or another recipient followed https://example.com/12345",
        "Firehose         Clicked       bob@example.com or another recipient followed https://example.com/12345",
        "Firehose         UnknownEvent  something new: Teleport",
        "something else   bounce: it is missing",
    ]


def test_prove_requests(run: Run) -> None:
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    first, second, refused, confirmed, signed, challenged, forged = run(
        "prove_requests"
    ).splitlines()
    assert (first, second) == ("1 events", "0 events")
    assert refused.startswith(
        "403 the topic 'arn:aws:sns:eu-west-1:123456789012:mail' wants to deliver here"
    )
    assert confirmed.startswith("confirmed: arn:aws:sns:eu-west-1:123456789012:mail:")
    assert signed == "signed by Amazon, from our topic"
    assert challenged.startswith("""401 ('WWW-Authenticate', 'Basic realm="sesmail"')""")
    assert forged == "403 the signature doesn't match the message"


def test_raw_message(run: Run, moto_server: "MotoServer") -> None:
    printed = run("raw_message")
    first, second = moto_server.sent()
    assert first.recipients == ("alice@example.com", "archive@example.com")
    assert parsed(first)["Bcc"] is None
    assert parsed(first).get_content() == "Größe 42 is back.\n"
    assert second.recipients == ("bob@example.com",)
    assert "accepted for alice@example.com, archive@example.com" in printed


@pytest.mark.slow
def test_settle_unknown(
    run: Run, moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["settle_unknown.py"])
    assert run("settle_unknown").splitlines() == [
        "nobody knows of invoice-12345",
        "not sent again: the send 'invoice-12345' is in flight, or its outcome is unknown",
        "settled by Delivered",
        "unknown now: []",
    ]
    assert len(moto_server.sent()) == 1


def test_templates_and_bulk(run: Run, moto_server: "MotoServer") -> None:
    printed = run("templates_and_bulk")
    single, bulk = moto_server.sent()
    assert "incomplete: Attribute 'day' is not present" in printed
    assert f"accepted as {single.message_id}" in printed
    assert printed.count("accepted as") == 3
    assert single.data == '{"name":"Alice","order":"A1","day":"May 15"}'
    assert bulk.recipients == ("alice@example.com", "bob@example.com")
    assert bulk.data == '{"day":"May 15"}'
    assert [entry["ReplacementTemplateData"] for entry in bulk.destinations] == [
        '{"name":"Alice","order":"A1"}',
        '{"name":"Bob","order":"B2"}',
    ]
    assert [entry["ReplacementTags"] for entry in bulk.destinations] == [
        [{"Name": "plan", "Value": "gold"}],
        [{"Name": "plan", "Value": "free"}],
    ]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], "TestClient"]:
    """The web app, sending to the server at an URL, as an HTTP client sees it."""
    pytest.importorskip("httpx2", reason="Starlette's test client needs it")
    from starlette.testclient import TestClient

    def start(url: str) -> TestClient:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        return TestClient(runpy.run_path(str(EXAMPLES / "send_fastapi.py"))["app"])

    return start


def test_send_fastapi(
    web: Callable[[str], "TestClient"], moto_server: "MotoServer", caplog: pytest.LogCaptureFixture
) -> None:
    moto_server.verify("example.com")
    with web(moto_server.url) as client:
        for order_id in (1, 2):
            answer = client.post(f"/orders/{order_id}/receipt", json={"to": "Alice@EXAMPLE.com"})
            mail = moto_server.sent()[-1]
            assert (answer.status_code, answer.json()) == (
                202,
                {"status": "accepted", "message_id": mail.message_id},
            )
            assert mail.recipients == ("Alice@example.com",)
            assert parsed(mail)["X-Metadata"] == f'{{"order_id": {order_id}}}'
            assert parsed(mail)["X-Tag"] == "receipt"
        bad = client.post(
            "/orders/3/receipt", json={"to": "alice@example.com\r\nBcc: bob@example.com"}
        )
    assert bad.status_code == 422
    [detail] = bad.json()["detail"]
    assert detail["loc"] == ["body", "to"]
    assert len(moto_server.sent()) == 2
    assert caplog.records == []


PAUSED = answers.error(400, "SendingPausedException", "Ask your administrator.")


@pytest.mark.parametrize(
    ("step", "status", "says", "retry_after", "logged", "requests"),
    [
        (answers.error(429, "TooManyRequestsException"), 503, "try again", "2", None, 2),
        (answers.empty_200(), 202, "unknown", None, "WARNING", 1),
        (answers.reset_after_request(), 202, "unknown", None, "WARNING", 1),
        (PAUSED, 500, "failed", None, "ERROR", 1),
    ],
    ids=["throttled", "no id", "reset", "paused"],
)
def test_send_fastapi_answers(
    web: Callable[[str], "TestClient"],
    fault_server: StartFaultServer,
    caplog: pytest.LogCaptureFixture,
    step: Answer,
    status: int,
    says: str,
    retry_after: str | None,
    logged: str | None,
    requests: int,
) -> None:
    server = fault_server(step)
    with web(server.url) as client:
        answer: Any = client.post("/orders/1/receipt", json={"to": "alice@example.com"})
    assert (answer.status_code, answer.json()) == (status, {"status": says})
    assert answer.headers.get("Retry-After") == retry_after
    assert [record.levelname for record in caplog.records] == ([logged] if logged else [])
    assert len(server.requests) == requests
