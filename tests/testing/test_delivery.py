"""Deliveries of SNS: to URLs, applications in the process, and functions."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, ClassVar

import anyio
import pytest

import sesmail
from sesmail import Receiver, WebhookError, parse
from sesmail.testing import DeliveryError, Emitted, FakeSES, sns
from sesmail.testing.endpoints import Reply

ALICE = "alice@example.org"


def emit(fake: FakeSES, kind: str = "Open") -> Emitted:
    """Receive a mail, which needs no sent one."""
    return fake.receive(b"From: a@example.net\r\nTo: help@example.com\r\n\r\nHi\r\n")


class Webhook(BaseHTTPRequestHandler):
    """An endpoint that asks for credentials, and responds by a script."""

    statuses: ClassVar[list[int]] = []
    requests: ClassVar[list[tuple[str, dict[str, str], dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append((self.path, dict(self.headers.items()), body))
        status = 401 if "Authorization" not in self.headers else 200
        if status == 200 and self.statuses:
            status = self.statuses.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"done")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[str]:
    Webhook.statuses, Webhook.requests = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        threading.Thread(target=server.serve_forever, args=[0.01]).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_url_gets_signed_requests_first_without_credentials(ses: FakeSES, webhook: str) -> None:
    subscription = ses.subscribe(f"http://us%20er:pa%3Ass@{webhook}/hook?a=b", confirm=False)
    (delivery,) = emit(ses).wait_blocking()
    assert delivery.endpoint == f"http://{webhook}/hook?a=b"
    assert [(each.authorised, each.status) for each in delivery.attempts] == [
        (False, 401),
        (True, 200),
    ]
    assert (delivery.state, delivery.status) == ("delivered", 200)
    assert delivery.attempts[1].response == "done"
    (path, headers, _), (_, authorised, body) = Webhook.requests
    assert path == "/hook?a=b"
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-subscription-arn"] == subscription.arn
    assert headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert authorised["Authorization"] == "Basic dXMgZXI6cGE6c3M="
    assert parse(body)[0].kind == "Received"
    assert f"{webhook}/hook?a=b to arn:aws:sns" in repr(subscription)


@pytest.mark.parametrize(
    ("statuses", "attempts", "state"),
    [
        ([500, 503], 3, "delivered"),
        ([500] * 9, 4, "failed"),
        ([400], 1, "failed"),
        ([302], 1, "failed"),
    ],
)
def test_5xx_is_retried_and_4xx_is_not(
    ses: FakeSES, webhook: str, statuses: list[int], attempts: int, state: str
) -> None:
    Webhook.statuses.extend(statuses)
    ses.subscribe(f"http://{webhook}", confirm=False, retry_delay=0.001)
    emitted = emit(ses)
    if state == "failed":
        with pytest.raises(DeliveryError, match=f"Received to http://{webhook} failed: "):
            emitted.wait_blocking()
    else:
        emitted.wait_blocking()
    (delivery,) = emitted.deliveries
    assert sum(each.authorised for each in delivery.attempts) == attempts
    assert delivery.state == state


def test_endpoint_that_does_not_listen(ses: FakeSES) -> None:
    ses.subscribe("http://127.0.0.1:1/", confirm=False, retries=1)
    with pytest.raises(DeliveryError, match="failed: ConnectionRefusedError"):
        emit(ses).wait_blocking()
    (delivery,) = ses.state.deliveries
    assert (delivery.status, len(delivery.attempts)) == (None, 2)


@pytest.mark.parametrize("arguments", [{}, {"url": "http://x", "post": len}, {"url": "ftp://x"}])
def test_exactly_one_valid_endpoint_is_required(ses: FakeSES, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give exactly one of url|must be an http or https URL"):
        ses.subscribe(**arguments)


def record(calls: list[Any], statuses: list[int] | None = None) -> Callable[..., int]:
    def post(body: bytes, headers: dict[str, str]) -> int:
        calls.append((body, headers))
        return statuses.pop(0) if statuses else 200

    return post


def test_unconfirmed_subscription_gets_no_events(ses: FakeSES) -> None:
    calls: list[Any] = []
    subscription = ses.subscribe(post=record(calls))
    emitted = emit(ses)
    with pytest.raises(DeliveryError, match="Delivery of Received to function:post unconfirmed>"):
        emitted.wait_blocking()
    assert "not confirmed" in repr(subscription)
    ((body, headers),) = calls
    assert json.loads(body)["Type"] == headers["x-amz-sns-message-type"]
    assert json.loads(body)["Token"] == subscription.token
    assert "confirmation to function:post delivered: 200" in repr(ses.state.deliveries[0])


def test_pending_delivery_is_reported_in_time(ses: FakeSES) -> None:
    release = threading.Event()
    ses.subscribe(post=lambda *_: 200 if release.wait(10) else 500, confirm=False)
    emitted = emit(ses)
    with pytest.raises(DeliveryError, match="pending"):
        emitted.wait_blocking(0.01)
    release.set()
    emitted.wait_blocking()


def test_subscription_ends_after_its_current_request(ses: FakeSES) -> None:
    started, release, calls = threading.Event(), threading.Event(), list[str]()

    def post(*_: object) -> int:
        started.set()
        assert release.wait(10)
        calls.append("responded")
        return 200

    with ses.subscribe(post=post, confirm=False) as subscription:
        emit(ses)
        assert started.wait(10)
        threading.Timer(0.05, release.set).start()
        assert not subscription.is_closed
    assert calls == ["responded"]
    assert subscription.is_closed
    assert emit(ses).deliveries == ()


@pytest.mark.anyio
async def test_subscription_ends_on_an_event_loop(ses: FakeSES) -> None:
    async def post(*_: object) -> int:
        await anyio.lowlevel.checkpoint()
        return 200

    async with ses.subscribe(post=post, confirm=False) as first:
        await emit(ses).wait()
    with ses.subscribe(post=post, confirm=False) as second:  # doesn't block the loop
        emit(ses)
    assert (first.is_closed, second.is_closed) == (True, True)


def test_duplicates_delay_and_disorder(ses: FakeSES) -> None:
    calls: list[Any] = []
    held = ses.subscribe(post=record(calls), confirm=False, duplicates=1, delay=0.001)
    with held.held():
        first, second = emit(ses), emit(ses)
    first.wait_blocking()
    second.wait_blocking()
    ids = [json.loads(json.loads(body)["Message"])["mail"]["messageId"] for body, _ in calls]
    names = [each.document["mail"]["messageId"] for each in (second, second, first, first)]
    assert ids == names
    assert calls[0] == calls[1]  # a duplicate has the same SNS message id
    with held.held(reverse=False):
        third, fourth = emit(ses), emit(ses)
    fourth.wait_blocking()
    ids = [json.loads(json.loads(body)["Message"])["mail"]["messageId"] for body, _ in calls[4:]]
    assert ids[0] == third.document["mail"]["messageId"]


def test_raw_delivery(ses: FakeSES) -> None:
    calls: list[Any] = []
    ses.subscribe(post=record(calls), confirm=False, raw=True)
    emitted = emit(ses)
    emitted.wait_blocking()
    ((body, headers),) = calls
    assert json.loads(body) == emitted.document
    assert "x-amz-sns-message-type" not in headers


def test_other_topic(ses: FakeSES) -> None:
    calls: list[Any] = []
    topic = "arn:aws:sns:eu-west-1:123456789012:other"
    ses.subscribe(post=record(calls), confirm=False, topic=topic, version="2")
    emit(ses).wait_blocking()
    ses.receive(b"To: a@example.com\r\n\r\n", topic=topic).wait_blocking()
    ((body, _),) = calls
    assert json.loads(body)["SignatureVersion"] == "2"


def test_function_may_return_a_response_or_raise(ses: FakeSES) -> None:
    response = SimpleNamespace(status_code=202, content=b"ok")
    ses.subscribe(post=lambda *_: response, confirm=False)
    ses.subscribe(post=lambda *_: SimpleNamespace(status_code=204, content="x"), confirm=False)
    ses.subscribe(post=lambda *_: 1 / 0, confirm=False)
    emitted = emit(ses)
    with pytest.raises(DeliveryError, match="failed: ZeroDivisionError: division by zero"):
        emitted.wait_blocking()
    assert emitted.deliveries[0].attempts[0].response == "ok"
    assert emitted.deliveries[1].state == "delivered"


def wsgi(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    assert environ["HTTP_X_AMZ_SNS_MESSAGE_TYPE"] == json.loads(body)["Type"]
    assert environ["CONTENT_TYPE"].startswith("text/plain")
    if environ["PATH_INFO"] == "/fail":
        raise RuntimeError("broken")
    start("200 OK", [])(b"written ")
    return [environ["QUERY_STRING"].encode()]


def test_wsgi_application(ses: FakeSES) -> None:
    ses.subscribe(wsgi=wsgi, path="/hook%20x?a=b", confirm=False)
    (delivery,) = emit(ses).wait_blocking()
    assert delivery.attempts[0].response == "written a=b"
    assert delivery.endpoint == "wsgi:/hook%20x?a=b"
    ses.subscribe(wsgi=wsgi, path="/fail", confirm=False)
    with pytest.raises(DeliveryError, match="RuntimeError: broken"):
        emit(ses).wait_blocking()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that fails on some paths."""
    assert scope["path"] != "/fail"
    request = await receive()
    assert (await receive())["type"] == "http.disconnect"
    headers = dict(scope["headers"])
    assert json.loads(request["body"])["Type"] == headers[b"x-amz-sns-message-type"].decode()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"done"})


def test_asgi_application_without_an_event_loop(ses: FakeSES) -> None:
    ses.subscribe(asgi=app, path="/hook", confirm=False)
    (delivery,) = emit(ses).wait_blocking()
    assert (delivery.endpoint, delivery.attempts[0].response) == ("asgi:/hook", "done")
    ses.subscribe(asgi=app, path="/fail", confirm=False)
    with pytest.raises(DeliveryError, match="asgi:/fail failed: AssertionError"):
        emit(ses).wait_blocking()


@pytest.mark.anyio
async def test_asgi_application_of_a_receiver_on_the_test_loop(
    ses: FakeSES, ses_client: sesmail.Client, ses_receiver: Receiver
) -> None:
    """The whole way: subscribe, confirm, send, bounce, receive."""
    received: list[sesmail.Event] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        try:
            received.extend(await ses_receiver.receive(body, scope["headers"]))
            status = 200
        except WebhookError as err:
            status = err.status
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    ses.verify("example.com")
    subscription = ses.subscribe(asgi=application, path="/ses")
    await ses_client.send(
        sesmail.Message(from_email="a@example.com", to=ALICE, subject="x", text="x")
    )
    mail = await ses.outbox.wait(to=ALICE)
    (delivery,) = await ses.bounce(mail).wait()
    assert subscription.is_confirmed
    assert [each.status for each in delivery.attempts] == [401, 200]
    assert [each.kind for each in received] == ["SubscriptionConfirmation", "Sent", "Bounced"]


@pytest.mark.anyio
async def test_coroutine_function(ses: FakeSES) -> None:
    calls: list[int] = []

    async def post(body: bytes, headers: dict[str, str]) -> int:
        await anyio.lowlevel.checkpoint()
        calls.append(len(body))
        return 200

    ses.subscribe(post=post, confirm=False)
    await emit(ses).wait()
    assert len(calls) == 1


@pytest.mark.anyio
async def test_event_loop_is_not_blocked(ses: FakeSES) -> None:
    for wait in (emit(ses).wait_blocking, ses.outbox.wait_blocking):
        with pytest.raises(RuntimeError, match=r"is running in this thread: await wait\(\)"):
            wait()


@pytest.mark.anyio
async def test_wait_reports_a_refusal(ses: FakeSES) -> None:
    ses.subscribe(post=lambda *_: 403, confirm=False)
    with pytest.raises(DeliveryError, match="failed: 403"):
        await emit(ses).wait()


def test_set_up_by_the_api_of_sns(
    ses: FakeSES, boto_clients: Callable[[str], Any], webhook: str
) -> None:
    client = boto_clients("sns")
    topic = client.create_topic(Name="mine")["TopicArn"]
    made = client.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=f"http://a:b@{webhook}/",
        Attributes={"RawMessageDelivery": "true"},
    )
    assert made["SubscriptionArn"] == "pending confirmation"
    ses.state.feed.wait_blocking(lambda: Webhook.requests[1:] or None, 5)
    message = Webhook.requests[1][2]
    with pytest.raises(client.exceptions.ClientError, match="Invalid token"):
        client.confirm_subscription(TopicArn=topic, Token="x")
    arn = client.confirm_subscription(TopicArn=topic, Token=message["Token"])["SubscriptionArn"]
    ses.receive(b"To: a@example.com\r\n\r\n", topic=topic).wait_blocking()
    client.unsubscribe(SubscriptionArn=arn)
    ses.state.feed.wait_blocking(lambda: len(Webhook.requests) == 6 or None, 5)
    assert Webhook.requests[-1][2]["Type"] == "UnsubscribeConfirmation"
    with pytest.raises(client.exceptions.ClientError, match="Subscription does not exist"):
        client.unsubscribe(SubscriptionArn="arn:aws:sns:eu-west-1:123456789012:mine:x")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:123456789012:x"}, "Topic does not exist"),
        ({"Protocol": "sms"}, "Does not support this protocol"),
        ({"Endpoint": "nowhere"}, "must be an http or https URL"),
    ],
)
def test_invalid_subscriptions(
    ses: FakeSES, boto_clients: Callable[[str], Any], change: dict[str, str], text: str
) -> None:
    client = boto_clients("sns")
    params = {"TopicArn": ses.topic_arn, "Protocol": "http", "Endpoint": "http://x.example/"}
    with pytest.raises(client.exceptions.ClientError, match=text):
        client.subscribe(**{**params, **change})


def test_subscription_arn_on_request(ses: FakeSES, boto_clients: Callable[[str], Any]) -> None:
    made = boto_clients("sns").subscribe(
        TopicArn=ses.topic_arn,
        Protocol="http",
        Endpoint="http://127.0.0.1:1/",
        ReturnSubscriptionArn=True,
    )
    assert made["SubscriptionArn"].startswith(ses.topic_arn)


def test_reply_has_an_empty_body_by_default() -> None:
    assert Reply(204) == (204, b"")
    assert sns.TOPIC.endswith(":ses-events")
