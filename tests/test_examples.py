"""Each example program runs without a warning, and the server receives what it sends.

The webhooks are tested by test_receiving_examples.py, the outbox by sql/test_outbox_examples.py.
"""

import email
import email.policy
import importlib.util
import io
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import sesmail
from support import responses
from support.faults import Response, StartFaultServer

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from support.moto import MotoServer, SentMail

EXAMPLES = Path(__file__).parent.parent / "examples"
HELPERS = {"embedded_ses", "embedded_sns"}
ELSEWHERE = ("receive_*", "outbox_*", "send_later")

Run = Callable[[str], str]


def parsed(mail: "SentMail") -> EmailMessage:
    """Returns the MIME of a mail on the server, parsed."""
    assert mail.mime is not None
    message = email.message_from_bytes(mail.mime, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def run(
    moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs an example as a script, against the server of the tests, and returns its output."""
    moto_server.verify("example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    monkeypatch.syspath_prepend(EXAMPLES)

    def run_script(name: str) -> str:
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    yield run_script
    for name in HELPERS:
        sys.modules.pop(name, None)


def test_each_example_has_a_test() -> None:
    elsewhere = {path.stem for name in ELSEWHERE for path in EXAMPLES.glob(f"{name}.py")}
    names = {path.stem for path in EXAMPLES.glob("*.py")} - HELPERS - elsewhere
    assert {f"test_{name}" for name in names} - globals().keys() == set()


@pytest.mark.slow
def test_quickstart() -> None:
    """In a separate process, with AWS and proxy settings that would break it."""
    unusable = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_PROFILE": "nobody",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "quickstart.py"],
        env={**os.environ, **unusable},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    head, sent, received, errors = re.split(r"\n\n[^\n]+\n-+\n", done.stdout)
    assert "127.0.0.1" in head
    assert sent.count(" accepted ") == 10
    assert "moto on v1 alone" in sent
    assert rows(received, "from") == ["Zoë's Shop <shop@example.com>"] * 5
    assert rows(received, "X-Metadata") == ['{"order_id": 12345}']
    assert rows(received, "Bcc") == []
    rich = ["text/plain 27 bytes", "text/html 73 bytes", "image/png 70 bytes", "text/csv 26 bytes"]
    assert [" ".join(part.split()[:3]) for part in rows(received, "part")] == [
        "text/plain 43 bytes",
        *rich,
        *rich,
    ]
    assert (
        rows(received, "recipients")[1:3]
        == ["alice@example.com, bob@example.com, archive@example.com"] * 2
    )
    assert rows(received, "data")[1:] == [
        'default              {"day":"May 15"}',
        'alice@example.com    {"name":"Alice"}',
        'bob@example.com      {"name":"Bob"}',
    ]
    assert rows(errors, "error") == [
        "ValidationError",
        "NotVerifiedError",
        "UnsupportedFeatureError",
    ]
    assert rows(errors, "field") == ["subject", "track_opens"]
    assert rows(errors, "outcome") == ["rejected", "not_sent"]
    assert rows(errors, "retryable") == ["False"]
    line_break, unverified, unsupported = rows(errors, "text")
    assert "U+000D" in line_break
    assert "not verified" in unverified
    assert "Client(api='v2')" in unsupported


def load(name: str) -> Any:
    """Imports an example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(printed: str, name: str) -> list[str]:
    """Returns the values of the rows with a name."""
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
        ("text/csv", "attachment"),
        ("text/x-python", "attachment"),
        ("message/rfc822", "attachment"),
        ("text/plain", None),
    ]


def test_calendar_invitation(run: Run, moto_server: "MotoServer") -> None:
    run("calendar_invitation")
    [mail] = moto_server.sent()
    parts = [part for part in parsed(mail).walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar, attached = parts[2:]
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content_charset() == "utf-8"
    lines = calendar.get_content().splitlines()
    assert "METHOD:REQUEST" in lines
    assert "DTSTART:20260515T090000Z" in lines
    assert max(map(len, lines)) <= 75  # https://www.rfc-editor.org/rfc/rfc5545#section-3.1
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content().decode().splitlines() == lines


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
    assert "has to have a dot" in printed[0]
    assert printed[1:] == [f"shop@example.com {mail.message_id}", "shop@unknown.example dropped"]


def test_build_events(run: Run) -> None:
    assert run("build_events").splitlines() == [
        "Bounced permanent",
        "Bounced True duplicate",
        "Received S3Action(bucket='inbox', key='mail/d6iitobk75ur44p8kdnnp7g2n800', "
        "topic_arn=None)",
    ]


def test_inbound_encrypted(run: Run) -> None:
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    subject, refused = run("inbound_encrypted").splitlines()
    assert subject == "For your eyes only"
    assert "it was encrypted for another mail" in refused


def test_inbound_mail(run: Run) -> None:
    printed = run("inbound_mail").splitlines()
    assert [line[11:] for line in printed if not line.startswith("deleted")] == [
        "alice@example.com to help@example.com",
        "Verdicts(spam='PASS', virus='PASS', spf='PASS', dkim='PASS', dmarc='FAIL', "
        "dmarc_policy=None)",
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
def test_send_trio(run: Run, moto_server: "MotoServer") -> None:
    printed = run("send_trio").splitlines()
    assert sorted(printed) == ["alice accepted", "bob accepted", "carol accepted"]
    assert {mail.recipients for mail in moto_server.sent()} == {
        ("alice@example.com",),
        ("bob@example.com",),
        ("carol@example.com",),
    }


def test_api_operations(run: Run) -> None:
    assert run("api_operations").splitlines() == [
        "0 of 200 recipients in 24 hours, 1 a second",
        "identities: example.com, shop.example",
        "rejected by SES: NotFoundException List with name: Customers doesn't exist.",
        "invalid parameters, not sent: params: invalid parameters of ListEmailIdentities: "
        "the call has the unknown field Page; did you mean PageSize?",
    ]


def test_opentelemetry_spans(moto_server: "MotoServer") -> None:
    """In a separate process, since OpenTelemetry's tracer provider is global."""
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
    bounced = "Bounced       suppress alice@example.com; the message was about order 12345"
    clicked = "or another recipient followed https://example.com/12345"
    assert run("parse_events").splitlines() == [
        f"event            {bounced}",
        f"Lambda from SQS  {bounced}",
        f"EventBridge      {bounced}",
        "boto3            Bounced       not sent to alice@example.com: OnTenantSuppressionList",
        f"Firehose         Clicked       alice@example.com {clicked} (a bot: unlikely)",
        f"Firehose         Clicked       bob@example.com {clicked} (a bot: unlikely)",
        "Firehose         UnknownEvent  unknown event type Teleport",
        "Firehose, paused UnknownEvent  Sending Status Disabled of "
        "arn:aws:ses:eu-west-1:123456789012:tenant/shop/tn-1",
        "malformed        mail.destination: it is missing",
    ]


def test_verify_requests(run: Run) -> None:
    pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")
    printed = run("verify_requests").splitlines()
    first, second, refused, confirmed, signed, challenged, forged = printed
    assert (first, second) == ("1 events", "0 events")
    assert refused.startswith(
        "403 the subscription of the topic 'arn:aws:sns:eu-west-1:123456789012:mail'"
    )
    assert confirmed.startswith("confirmed: arn:aws:sns:eu-west-1:123456789012:mail:")
    assert signed == "signed by Amazon, topic allowed: True"
    assert challenged.startswith("""401 ('WWW-Authenticate', 'Basic realm="sesmail"')""")
    assert forged == "403 the signature doesn't match the message"


def test_raw_message(run: Run, moto_server: "MotoServer") -> None:
    printed = run("raw_message")
    first, second, third = moto_server.sent()
    assert first.recipients == ("alice@example.com", "archive@example.com")
    assert parsed(first)["Bcc"] is None
    assert parsed(first).get_content() == "Größe 42 is back.\n"
    assert second.recipients == ("bob@example.com",)
    assert third.recipients[0] == "team@example.com"  # moto adds those of the To header
    assert parsed(third)["From"] == "Zoë <forwarder@example.com>"
    assert parsed(third)["Reply-To"] == "Zoë <zoe@example.org>"
    assert parsed(third)["DKIM-Signature"] is None
    assert parsed(third).get_content().strip() == "Habt ihr Größe 42?"
    assert "accepted for alice@example.com, archive@example.com" in printed


@pytest.mark.slow
def test_idempotency(run: Run, moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["idempotency.py"])
    assert run("idempotency").splitlines() == [
        "unknown: invoice-12345",
        "not sent again: the send 'invoice-12345' is in flight, or its outcome is unknown",
        "settled by Delivered",
        "still unknown: []",
        "accepted before: True 0102-1",
    ]
    assert len(moto_server.sent()) == 1


def test_templates_and_bulk(run: Run, moto_server: "MotoServer") -> None:
    printed = run("templates_and_bulk")
    single, bulk = moto_server.sent()
    assert "data is missing: Attribute 'day' is not present" in printed
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
    """Starts the web app, which sends to the server at a URL, and returns an HTTP client of it."""
    pytest.importorskip("httpx2", reason="Starlette's test client needs it")
    from starlette.testclient import TestClient

    def start(url: str) -> TestClient:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        return TestClient(runpy.run_path(str(EXAMPLES / "send_fastapi.py"))["app"])

    return start


def test_send_celery(
    moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("celery")
    moto_server.verify("example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    monkeypatch.chdir(tmp_path)
    example = load("send_celery")
    example.app.conf.update(task_always_eager=True, task_eager_propagates=True)
    message = sesmail.Message(
        from_email="shop@example.com", to="alice@example.com", text="Hello", send_id="id-1"
    )
    task = example.send_message
    with example.client:
        ids = [task.delay(message.model_dump_json()).get() for _ in range(2)]
        with pytest.raises(sesmail.RejectedError):
            task.delay(message.model_copy(update=UNVERIFIED).model_dump_json())
    [mail] = moto_server.sent()
    assert ids == [mail.message_id] * 2


UNVERIFIED = {"from_email": (sesmail.Address("shop@unknown.example"),), "send_id": "id-2"}


def test_send_celery_retries_a_message_that_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("celery")
    example = load("send_celery")
    example.app.conf.update(task_always_eager=True, task_eager_propagates=False)
    results = iter([sesmail.NotSentError("no connection"), "id-1"])

    class Sender:
        def send(self, message: object) -> Any:
            result = next(results)
            if isinstance(result, Exception):
                raise result
            return SimpleNamespace(message_id=result)

    monkeypatch.setattr(example, "client", Sender())
    message = sesmail.Message(from_email="shop@example.com", to="alice@example.com", text="Hello")
    assert example.send_message.delay(message.model_dump_json()).get() == "id-1"
    assert list(results) == []


def test_send_django(moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch) -> None:
    moto_server.verify("example.com")
    assert run_program(
        "send_django",
        "from django.test import Client",
        "found = Client().post('/reset', {'email': 'alice@example.com'})",
        "print(found.status_code, found.content.decode())",
        "print(Client().post('/reset', {'email': 'alice@example.com'}).status_code)",
        url=moto_server.url,
    ) == [f"200 {moto_server.sent()[0].message_id}", "200"]


def test_send_flask(moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch) -> None:
    moto_server.verify("example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    example = load("send_flask")
    with example.client:
        found = example.app.test_client().post("/reset", data={"email": "alice@example.com"})
    assert (found.status_code, found.text) == (200, moto_server.sent()[0].message_id)


def test_send_script(
    moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moto_server.verify("example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    addresses = [f"user{number}@example.com" for number in range(20)]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(addresses)))
    load("send_script").main()
    assert capsys.readouterr().out == "20 accepted\n"
    assert {mail.recipients[0] for mail in moto_server.sent()} == set(addresses)


def test_unsubscribe() -> None:
    pytest.importorskip("httpx2", reason="Starlette's test client needs it")
    from starlette.testclient import TestClient

    example = load("unsubscribe")
    message = example.newsletter("alice@example.com")
    assert message.unsubscribe is not None
    link = message.unsubscribe.removeprefix("https://shop.example.com")
    client = TestClient(example.app)
    assert client.get("/unsubscribe?token=x").status_code == 400
    assert "<button>" in client.get(link).text
    assert example.unsubscribed == set()
    one_click = {"List-Unsubscribe": "One-Click"}
    assert client.post(link, data=one_click).text == "You are unsubscribed."
    assert client.post(link, files={"List-Unsubscribe": (None, "One-Click")}).status_code == 200
    assert example.unsubscribed == {("alice@example.com", "news")}


def run_program(name: str, *lines: str, url: str) -> list[str]:
    """Runs lines after an example in a process of its own, and returns the printed lines."""
    code = "\n".join([f"import {name}", *lines])
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "AWS_ENDPOINT_URL": url, "PYTHONPATH": str(EXAMPLES)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.splitlines()


@pytest.fixture
def lambda_sender(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Loads the function in the way that Lambda does: once, and then calls of its handler."""
    loaded: list[Any] = []

    def start(url: str) -> Any:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        loaded.append(load("lambda_sender"))
        return loaded[-1]

    yield start
    for module in loaded:
        module.runner.run(module.client.aclose())
        module.runner.close()


def test_lambda_sender(lambda_sender: Callable[[str], Any], fault_server: StartFaultServer) -> None:
    server = fault_server(responses.ok(), responses.ok())
    function = lambda_sender(server.url)
    assert server.requests == []  # opening the client sends nothing
    for order_id in (1, 2):
        response = function.handler({"to": "alice@example.com", "order_id": order_id}, None)
        assert response["outcome"] == "accepted"
    assert [request.mime.count(b"X-Sesmail-Id: order-") for request in server.requests] == [1, 1]
    assert server.connections_opened == 1


def test_lambda_sender_does_not_raise_when_the_outcome_is_unknown(
    lambda_sender: Callable[[str], Any], fault_server: StartFaultServer
) -> None:
    function = lambda_sender(fault_server(responses.reset_after_request()).url)
    response = function.handler({"to": "alice@example.com", "order_id": 1}, None)
    assert response == {"outcome": "unknown", "send_id": "order-1"}


def test_lambda_sender_raises_when_ses_rejects_the_message(
    lambda_sender: Callable[[str], Any], fault_server: StartFaultServer
) -> None:
    function = lambda_sender(fault_server(PAUSED).url)
    with pytest.raises(sesmail.SendingPausedError):
        function.handler({"to": "alice@example.com", "order_id": 1}, None)


def test_send_fastapi(
    web: Callable[[str], "TestClient"], moto_server: "MotoServer", caplog: pytest.LogCaptureFixture
) -> None:
    moto_server.verify("example.com")
    with web(moto_server.url) as client:
        for order_id in (1, 2):
            response = client.post(f"/orders/{order_id}/receipt", json={"to": "Alice@EXAMPLE.com"})
            mail = moto_server.sent()[-1]
            assert (response.status_code, response.json()) == (
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


PAUSED = responses.error(400, "SendingPausedException", "Ask your administrator.")


@pytest.mark.parametrize(
    ("step", "status", "text", "retry_after", "logged", "requests"),
    [
        (responses.error(429, "TooManyRequestsException"), 503, "try again", "2", None, 2),
        (responses.empty_200(), 202, "unknown", None, "WARNING", 1),
        (responses.reset_after_request(), 202, "unknown", None, "WARNING", 1),
        (PAUSED, 500, "failed", None, "ERROR", 1),
    ],
    ids=["throttled", "no id", "reset", "paused"],
)
def test_send_fastapi_maps_errors_to_responses(
    web: Callable[[str], "TestClient"],
    fault_server: StartFaultServer,
    caplog: pytest.LogCaptureFixture,
    step: Response,
    status: int,
    text: str,
    retry_after: str | None,
    logged: str | None,
    requests: int,
) -> None:
    server = fault_server(step)
    with web(server.url) as client:
        response: Any = client.post("/orders/1/receipt", json={"to": "alice@example.com"})
    assert (response.status_code, response.json()) == (status, {"status": text})
    assert response.headers.get("Retry-After") == retry_after
    assert [record.levelname for record in caplog.records] == ([logged] if logged else [])
    assert len(server.requests) == requests


def test_local_ses(run: Run) -> None:
    assert run("local_ses") == (
        "sent: On its way, Alice: Dear Alice, it is on its way.\n"
        "bounced: alice@example.com, permanent: True\n"
    )
