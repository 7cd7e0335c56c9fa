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
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import sesmail
from support import responses, ses_events
from support.faults import Response, StartFaultServer

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from sesmail.testing import FakeSES, SentMail
    from support.moto import MotoServer

EXAMPLES = Path(__file__).parent.parent / "examples"
HELPERS = {"embedded_ses"}
ELSEWHERE = ("receive_*", "outbox_*", "send_later")

Run = Callable[[str], str]


def parsed(mail: "SentMail") -> EmailMessage:
    """Returns the MIME of a mail on the server, parsed."""
    message = email.message_from_bytes(mail.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def server(request: pytest.FixtureRequest) -> "FakeSES":
    """The server of the tests, to which the AWS settings point, with example.com verified."""
    pytest.importorskip("uvicorn", reason="pip install sesmail[testing]")
    fake: FakeSES = request.getfixturevalue("ses")
    fake.verify("example.com")
    fake.account(rate=1000)
    return fake


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs an example as a script, and returns its output."""
    monkeypatch.syspath_prepend(EXAMPLES)

    def run_script(name: str) -> str:
        path = EXAMPLES / f"{name}.py"
        if "sesmail.testing" in path.read_text(encoding="utf-8"):
            pytest.importorskip("uvicorn", reason="pip install sesmail[testing]")
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    yield run_script
    for name in HELPERS:
        sys.modules.pop(name, None)


@pytest.fixture
def run(server: "FakeSES", script: Run) -> Run:
    """Runs an example as `script` does, against the server of the tests."""
    return script


def test_each_example_has_a_test() -> None:
    elsewhere = {path.stem for name in ELSEWHERE for path in EXAMPLES.glob(f"{name}.py")}
    names = {path.stem for path in EXAMPLES.glob("*.py")} - HELPERS - elsewhere
    assert {f"test_{name}" for name in names} - globals().keys() == set()


@pytest.mark.slow
def test_quickstart() -> None:
    """In a separate process, with AWS and proxy settings that would break it."""
    pytest.importorskip("uvicorn", reason="pip install sesmail[testing]")
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
    head, sent, received, events, errors = re.split(r"\n\n[^\n]+\n-+\n", done.stdout)
    assert "127.0.0.1" in head
    assert sent.count(" accepted ") == 12
    assert rows(received, "from") == ["Zoë's Shop <shop@example.com>"] * 8
    assert rows(received, "X-Metadata") == ['{"order_id": 12345}']
    assert rows(received, "Bcc") == []
    assert rows(received, "text/csv") == ["26 bytes, Rechnung für Alice.csv"] * 2
    assert rows(received, "image/png") == ["70 bytes, logo.png"] * 2
    assert [row.partition(",")[0] for row in rows(received, "text/plain")] == [
        "Dear Alice",
        "Your invoice is attached.",
        *("Alice", "Alice", "Bob"),
        "Your invoice is attached.",
        *("Alice", "Bob"),
    ]
    everyone = "alice@example.com, bob@example.com, archive@example.com"
    assert rows(received, "recipients").count(everyone) == 2
    assert re.findall(r"\d{3}  \w+", events) == [
        "401  UnauthenticatedError",
        "204  SubscriptionConfirmation",
        "401  UnauthenticatedError",
        "204  Delivered",
        "401  UnauthenticatedError",
        "204  Bounced",
    ]
    assert rows(events, "recipient") == ["alice@example.com"] * 2
    assert rows(events, "metadata") == ["{'order_id': 12345}"] * 2
    assert rows(events, "permanent") == ["True"]
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


@pytest.mark.once
def test_service() -> None:
    """In a separate process, with the settings of a program of its own."""
    for name in ("uvicorn", "httpx2", "sqlalchemy", "aiosqlite"):
        pytest.importorskip(name, reason="pip install sesmail[all]")
    options = ["-q", "-c", os.devnull, "--rootdir", ".", "-W", "error", "-p", "no:asyncio"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", "."],
        cwd=EXAMPLES / "service",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


def test_service_and_its_tests_are_short() -> None:
    files = (EXAMPLES / "service").glob("*.py")
    assert sum(len(path.read_text("utf-8").splitlines()) for path in files) <= 250


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


def test_attachments(run: Run, server: "FakeSES") -> None:
    printed = run("attachments")
    [mail] = server.outbox
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


def test_attachments_s3(script: Run) -> None:
    size, refused, attached = script("attachments_s3").splitlines()
    assert int(size.partition(" ")[0]) < 500
    assert refused.startswith("not_sent False attachments[1]: the object 'mail/gone'")
    assert attached == "message/rfc822 your mail.eml 92 bytes"


def test_calendar_invitation(run: Run, server: "FakeSES") -> None:
    run("calendar_invitation")
    [mail] = server.outbox
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
def test_campaign(run: Run, server: "FakeSES", monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setattr(sys, "argv", ["campaign.py", "60"])
    assert run("campaign") == "60 accepted, 0 rejected, 0 not sent, 0 unknown\n"
    ids = {parsed(mail)["X-Sesmail-Id"] for mail in server.outbox}
    assert ids == {f"news-may-{number}" for number in range(60)}


def test_defaults_and_tags(run: Run, server: "FakeSES") -> None:
    printed = run("defaults_and_tags")
    first, second = map(parsed, server.outbox)
    assert first["From"] == "Shop <shop@example.com>"
    assert first["Reply-To"] == "orders@example.com"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_all("X-Tag") == ["shop", "order"]
    assert first["X-Metadata"] == '{"service": "checkout", "stage": "live", "order_id": 12345}'
    assert second.get_all("X-Tag") == ["newsletter"]
    assert "a message has one tag, this one has 2" in printed


def test_errors(run: Run, server: "FakeSES") -> None:
    printed = run("errors").splitlines()
    [mail] = server.outbox
    assert printed[0].startswith("to ")
    assert "has to have a dot" in printed[0]
    assert printed[1:] == [f"mail: {mail.message_id}", "mail with a program: dropped"]


def test_build_events(script: Run) -> None:
    assert script("build_events").splitlines() == [
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
def test_send_trio(run: Run, server: "FakeSES") -> None:
    printed = run("send_trio").splitlines()
    assert sorted(printed) == ["alice accepted", "bob accepted", "carol accepted"]
    assert {mail.recipients for mail in server.outbox} == {
        ("alice@example.com",),
        ("bob@example.com",),
        ("carol@example.com",),
    }


def test_api_operations(run: Run) -> None:
    assert run("api_operations").splitlines() == [
        "0 of 50000 recipients in 24 hours, 1000 a second",
        "identities: example.com, shop.example",
        "rejected by SES: NotFoundException Contact list <Customers> does not exist.",
        "invalid parameters, not sent: params: invalid parameters of ListEmailIdentities: "
        "the call has the unknown field Page; did you mean PageSize?",
    ]


def test_opentelemetry_spans(server: "FakeSES") -> None:
    """In a separate process, since OpenTelemetry's tracer provider is global."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "opentelemetry_spans.py"],
        env={**os.environ, "AWS_ENDPOINT_URL": server.url},
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


def test_parse_events(script: Run) -> None:
    bounced = "Bounced       suppress alice@example.com; the message was about order 12345"
    clicked = "or another recipient followed https://example.com/12345"
    assert script("parse_events").splitlines() == [
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
    topic = "arn:aws:sns:eu-west-1:123456789012:ses-events"
    assert refused.startswith(f"403 the subscription of the topic '{topic}'")
    assert confirmed == "confirmed: True"
    assert signed == "signed by Amazon, topic allowed: True"
    assert challenged.startswith("""401 ('WWW-Authenticate', 'Basic realm="sesmail"')""")
    assert forged == "403 the signature doesn't match the message"


def test_raw_message(run: Run, server: "FakeSES") -> None:
    printed = run("raw_message")
    first, second, third = server.outbox
    assert first.recipients == ("alice@example.com", "archive@example.com")
    assert parsed(first)["Bcc"] is None
    assert parsed(first).get_content() == "Größe 42 is back.\n"
    assert second.recipients == ("bob@example.com",)
    assert third.recipients == ("team@example.com",)
    assert parsed(third)["From"] == "Zoë <forwarder@example.com>"
    assert parsed(third)["Reply-To"] == "Zoë <zoe@example.org>"
    assert parsed(third)["DKIM-Signature"] is None
    assert parsed(third).get_content().strip() == "Habt ihr Größe 42?"
    assert "accepted for alice@example.com, archive@example.com" in printed


@pytest.mark.slow
def test_idempotency(run: Run, server: "FakeSES", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["idempotency.py"])
    assert run("idempotency").splitlines() == [
        "unknown: invoice-12345",
        "not sent again: the send 'invoice-12345' is in flight, or its outcome is unknown",
        "settled by Delivered",
        "still unknown: []",
        "accepted before: True 0102-1",
    ]
    assert len(server.outbox) == 1


def test_templates_and_bulk(run: Run, server: "FakeSES") -> None:
    printed = run("templates_and_bulk")
    single, *bulk = server.outbox
    assert "data is missing: Attribute 'day' is not present" in printed
    assert f"accepted as {single.message_id}" in printed
    assert printed.count("accepted as") == 3
    assert (single.subject, single.text) == ("Order A1", "Alice, your order arrives on May 15.")
    assert [(mail.recipients, mail.text, mail.message_tags) for mail in bulk] == [
        (("alice@example.com",), "Alice, your order arrives on May 15.", {"plan": "gold"}),
        (("bob@example.com",), "Bob, your order arrives on May 15.", {"plan": "free"}),
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


def test_send_celery(server: "FakeSES", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("celery")
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
    [mail] = server.outbox
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


def test_send_django(server: "FakeSES", monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_program(
        "send_django",
        "from django.test import Client",
        "found = Client().post('/reset', {'email': 'alice@example.com'})",
        "print(found.status_code, found.content.decode())",
        "print(Client().post('/reset', {'email': 'alice@example.com'}).status_code)",
        url=server.url,
    ) == [f"200 {server.outbox[0].message_id}", "200"]


def test_send_flask(server: "FakeSES", monkeypatch: pytest.MonkeyPatch) -> None:
    example = load("send_flask")
    with example.client:
        found = example.app.test_client().post("/reset", data={"email": "alice@example.com"})
    assert (found.status_code, found.text) == (200, server.outbox[0].message_id)


def test_send_script(
    server: "FakeSES", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    addresses = [f"user{number}@example.com" for number in range(20)]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(addresses)))
    load("send_script").main()
    assert capsys.readouterr().out == "20 accepted\n"
    assert {mail.recipients[0] for mail in server.outbox} == set(addresses)


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
    web: Callable[[str], "TestClient"], server: "FakeSES", caplog: pytest.LogCaptureFixture
) -> None:
    with web(server.url) as client:
        for order_id in (1, 2):
            response = client.post(f"/orders/{order_id}/receipt", json={"to": "Alice@EXAMPLE.com"})
            mail = server.outbox[-1]
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
    assert len(server.outbox) == 2
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


@pytest.mark.slow
def test_events_from_sqs(
    script: Run, moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.session import Session

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    client: Any = Session().create_client("sqs", "eu-west-1", endpoint_url=moto_server.url)
    url = client.create_queue(QueueName="mail-events")["QueueUrl"]
    for body in (ses_events.published("Bounce"), ses_events.stored_in_s3(), "text"):
        client.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    monkeypatch.setenv("QUEUE_URL", url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def stop() -> None:
        """Stops the program by a signal when only the unreadable message is left."""
        found: dict[str, str] = dict.fromkeys(names, "3")
        while [int(found[name]) for name in names] != [0, 1]:
            time.sleep(0.05)
            found = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        os.kill(os.getpid(), signal.SIGTERM)

    stopper = threading.Thread(target=stop)
    stopper.start()
    lines = script("events_from_sqs").splitlines()
    stopper.join()
    assert sum(line.startswith("suppress ") for line in lines) == 2
    assert any(line.startswith("received mail: ") for line in lines)
    assert any(line.startswith("left for the dead-letter queue: ") for line in lines)
    assert sum("receive count 1, lag " in line for line in lines) == 2
    assert lines[-1] == "stopped"


def test_local_ses(run: Run) -> None:
    assert run("local_ses") == (
        "sent: On its way, Alice: Dear Alice, it is on its way.\n"
        "bounced: alice@example.com, permanent: True\n"
    )
