"""The webhook of each framework verifies, handles and answers the requests of SNS.

The requests are made by the test client of the framework.
"""

import ast
import asyncio
import base64
import importlib.util
import io
import json
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import sesmail
from support import ses_events

pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")

from support import signing

if TYPE_CHECKING:
    from support.moto import MotoServer

Json = dict[str, Any]
Response = tuple[int, Mapping[str, str]]
Request = tuple[bytes, dict[str, str]]
Post = Callable[[bytes, Mapping[str, str]], Response]

EXAMPLES = Path(__file__).parent.parent / "examples"
SECRET = "sns:canary"
REGION = "eu-central-1"  # not that of the AWS chain: a subscription is confirmed where its topic is
TOPIC = f"arn:aws:sns:{REGION}:123456789012:mail"
URL = signing.URL.replace(signing.REGION, REGION)
S3_ACTION = {"type": "S3", "bucketName": "inbox", "objectKey": "mail/1"}
MAIL = b"From: zoe@example.com\r\nSubject: In the bucket\r\n\r\nHello.\r\n"


# Frameworks and their test clients


@contextmanager
def fastapi(example: Any) -> Iterator[Post]:
    pytest.importorskip("httpx2", reason="Starlette's test client needs it")
    from starlette.testclient import TestClient

    def post(body: bytes, headers: Mapping[str, str]) -> Response:
        response = client.post("/ses", content=body, headers=headers)
        return response.status_code, response.headers

    with TestClient(example.app, raise_server_exceptions=False) as client:
        yield post


@contextmanager
def quart(example: Any) -> Iterator[Post]:
    async def send(body: bytes, headers: Mapping[str, str]) -> Response:
        response = await app.test_client().post("/ses", data=body, headers=headers)
        return response.status_code, response.headers

    app = example.app.test_app()
    with asyncio.Runner() as runner:
        runner.run(app.startup())
        yield lambda body, headers: runner.run(send(body, headers))
        runner.run(app.shutdown())
        runner.run(is_closed(example.receiver))


@contextmanager
def aiohttp(example: Any) -> Iterator[Post]:
    from aiohttp.test_utils import TestClient, TestServer

    async def start() -> TestClient[Any, Any]:
        client = TestClient(TestServer(example.app))
        await client.start_server()
        return client

    async def send(body: bytes, headers: Mapping[str, str]) -> Response:
        response = await client.post("/ses", data=io.BytesIO(body), headers=headers)
        return response.status, response.headers

    with asyncio.Runner() as runner:
        client = runner.run(start())
        yield lambda body, headers: runner.run(send(body, headers))
        runner.run(client.close())


@contextmanager
def django(example: Any) -> Iterator[Post]:
    from django.test import AsyncClient, override_settings

    async def send(body: bytes, headers: Mapping[str, str]) -> Response:
        rest = dict(headers)
        client = AsyncClient(enforce_csrf_checks=True, raise_request_exception=False)
        response = await client.post(
            "/ses", data=body, content_type=rest.pop("Content-Type"), headers=rest
        )
        return response.status_code, response.headers

    async def start() -> asyncio.Task[None]:
        task = asyncio.create_task(
            example.application({"type": "lifespan"}, to_app.get, from_app.put)
        )
        to_app.put_nowait({"type": "lifespan.startup"})
        assert await from_app.get() == {"type": "lifespan.startup.complete"}
        return task

    async def stop() -> None:
        to_app.put_nowait({"type": "lifespan.shutdown"})
        assert await from_app.get() == {"type": "lifespan.shutdown.complete"}
        await task

    to_app, from_app = asyncio.Queue[Json](), asyncio.Queue[Json]()
    protection = override_settings(MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"])
    with asyncio.Runner() as runner, protection:
        task = runner.run(start())
        yield lambda body, headers: runner.run(send(body, headers))
        runner.run(stop())
        runner.run(is_closed(example.receiver))


@contextmanager
def flask(example: Any) -> Iterator[Post]:
    def post(body: bytes, headers: Mapping[str, str]) -> Response:
        response = example.app.test_client().post("/ses", data=body, headers=headers)
        return response.status_code, response.headers

    yield post


@contextmanager
def aws_lambda(example: Any) -> Iterator[Post]:
    """Calls the function as API Gateway does.

    Header names are in lower case, a binary body is base64, and an exception is a status 500.
    """

    def post(body: bytes, headers: Mapping[str, str]) -> Response:
        binary = b"Bounce" in body  # both forms occur in the tests
        call = {
            "version": "2.0",
            "headers": {name.lower(): value for name, value in headers.items()},
            "body": base64.b64encode(body).decode() if binary else body.decode(),
            "isBase64Encoded": binary,
        }
        try:
            response = example.handler(call, None)
        except Exception:
            return 500, {}
        return response["statusCode"], response.get("headers", {})

    yield post
    example.runner.run(example.receiver.aclose())
    example.runner.close()


async def is_closed(receiver: sesmail.Receiver) -> None:
    event = sesmail.SubscriptionConfirmation(topic_arn=TOPIC, token="0", message_id="0")
    with pytest.raises(sesmail.ConfigurationError, match="closed"):
        await receiver.confirm(event)


FRAMEWORKS: dict[str, Callable[[Any], AbstractContextManager[Post]]] = {
    "receive_aiohttp": aiohttp,
    "receive_django": django,
    "receive_fastapi": fastapi,
    "receive_flask": flask,
    "receive_lambda": aws_lambda,
    "receive_quart": quart,
    "receive_starlette": fastapi,
}


@dataclass(frozen=True)
class Running:
    """A running example: its module, and the function that posts to it."""

    example: Any
    post: Post


@pytest.fixture(scope="module", params=FRAMEWORKS)
def running(request: pytest.FixtureRequest, running_moto: "MotoServer") -> Iterator[Running]:
    """Loads and starts an example, with the AWS server and the certificate of the tests."""
    name: str = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNS_SECRET", SECRET)
        patch.setenv("SNS_TOPICS", f"{TOPIC}-2 {TOPIC}")
        patch.setenv("AWS_ENDPOINT_URL", running_moto.url)
        for module in ("certificates", "async_certificates"):
            patch.setattr(
                f"sesmail.receiving.verification.{module}.fetch_certificate", certificate_at
            )
        patch.setattr("sesmail.fetch_certificate", certificate_at)
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        example = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, name, example)  # where Django looks for its URLs
        spec.loader.exec_module(example)
        with FRAMEWORKS[name](example) as post:
            yield Running(example, post)


def certificate_at(url: str) -> bytes:
    assert url == URL
    now, day = datetime.now(UTC), timedelta(days=1)
    return signing.pem(signing.certificate(start=now - day, end=now + day))


# Requests of SNS and their expected results


def message(kind: str = "Notification", **changes: Any) -> Json:
    """Returns a message that has been signed now."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    common = {
        "TopicArn": TOPIC,
        "SigningCertURL": URL,
        "Timestamp": now,
        "MessageId": str(uuid.uuid4()),
    }
    return signing.message(kind, **{**common, **changes})


def notification(event: Json) -> Json:
    return message(Message=json.dumps(event))


def forged() -> Json:
    genuine = notification(ses_events.notified("Bounce"))
    return {**genuine, "Message": genuine["Message"].replace("alice@", "blice@")}


def with_unsigned_records() -> Json:
    """Returns a signed message with an additional key that the signature does not cover."""
    records = [{"eventSource": "aws:sqs", "body": json.dumps(ses_events.notified("Bounce"))}]
    return {**notification(ses_events.published("Open")), "Records": records}


@dataclass(frozen=True)
class Scenario:
    """A request and its expected results.

    Attributes:
        posted: Function that builds the body.
        status: Status of the response.
        suppressed: Addresses that the handler suppressed.
        mails: Subjects that the handler logged.
        confirmed: Regions in which a subscription was confirmed.
        secret: Secret of the request.
        stored: Whether the mail is in S3.
    """

    posted: Callable[[], Json]
    status: int = 204
    suppressed: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    secret: str | None = SECRET
    stored: bool = True


SCENARIOS = {
    "challenge": Scenario(lambda: notification(ses_events.notified("Bounce")), 401, secret=None),
    "wrong secret": Scenario(
        lambda: notification(ses_events.notified("Bounce")), 401, secret="sns:wrong"
    ),
    "subscription": Scenario(lambda: message("SubscriptionConfirmation"), confirmed=(REGION,)),
    "unsubscription": Scenario(lambda: message("UnsubscribeConfirmation")),
    "bounce": Scenario(
        lambda: notification(ses_events.notified("Bounce")),
        suppressed=(ses_events.ALICE, ses_events.BOB),
    ),
    "complaint": Scenario(
        lambda: notification(ses_events.published("Complaint")), suppressed=(ses_events.ALICE,)
    ),
    "open": Scenario(lambda: notification(ses_events.published("Open"))),
    "a new kind": Scenario(lambda: notification(ses_events.DOCUMENTS["Unknown"])),
    "mail": Scenario(lambda: notification(ses_events.received()), mails=("Help",)),
    "mail in S3": Scenario(
        lambda: notification(ses_events.received(S3_ACTION)), mails=("In the bucket",)
    ),
    "mail that was deleted": Scenario(
        lambda: notification(ses_events.received(S3_ACTION)), 410, stored=False
    ),
    "forged": Scenario(forged, 403),
    "unsigned records beside the message": Scenario(with_unsigned_records),
    "another topic": Scenario(lambda: message(TopicArn=TOPIC.replace("mail", "other")), 403),
    "subscription of another topic": Scenario(
        lambda: message("SubscriptionConfirmation", TopicArn=TOPIC.replace("mail", "other")), 403
    ),
    "no event": Scenario(lambda: message(Message="Hello!"), 400),
}


@pytest.fixture
def confirmed(
    moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, str, str, str]]:
    """Records the calls of ConfirmSubscription: region, topic, token, AuthenticateOnUnsubscribe."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.sns.models import sns_backends
    from moto.sns.responses import SNSResponse

    calls: list[tuple[str, str, str, str]] = []
    original = SNSResponse.confirm_subscription

    def record(self: SNSResponse) -> Any:
        names = ("TopicArn", "Token", "AuthenticateOnUnsubscribe")
        calls.append((self.region, *(self._get_param(name) for name in names)))
        return original(self)

    monkeypatch.setattr(SNSResponse, "confirm_subscription", record)
    sns_backends[DEFAULT_ACCOUNT_ID][REGION].create_topic("mail")
    return calls


def store(mail: bytes) -> None:
    """Stores a mail in the bucket and under the key of S3_ACTION."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket(S3_ACTION["bucketName"], "eu-west-1")
    backend.put_object(S3_ACTION["bucketName"], S3_ACTION["objectKey"], mail)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_response_and_handling(
    running: Running,
    scenario: Scenario,
    confirmed: list[tuple[str, str, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    suppressed: dict[str, str] = {}
    monkeypatch.setattr(running.example, "suppressed", suppressed)
    caplog.set_level("INFO", "shop.mail")
    if scenario.stored:
        store(MAIL)
    posted = scenario.posted()
    credentials = {} if scenario.secret is None else signing.basic(scenario.secret)

    status, headers = running.post(
        json.dumps(posted).encode(), {**signing.headers_of(posted), **credentials}
    )

    assert status == scenario.status
    challenge = [value for name, value in headers.items() if name.lower() == "www-authenticate"]
    assert challenge == (['Basic realm="sesmail"'] if status == 401 else [])
    assert tuple(suppressed) == scenario.suppressed
    logged = [record.getMessage() for record in caplog.records if record.name == "shop.mail"]
    assert [line.partition(": ")[2] for line in logged if line.startswith("mail from")] == list(
        scenario.mails
    )
    assert [call[0] for call in confirmed] == list(scenario.confirmed)
    assert {call[1:] for call in confirmed} <= {(TOPIC, signing.TOKEN, "true")}
    levels = {record.levelname for record in caplog.records if record.name == "shop.mail"}
    assert levels == (
        {"INFO"} if status == 401 or scenario.mails else {"WARNING"} if status > 299 else set()
    )
    assert not any(
        secret in caplog.text for secret in ("canary", signing.TOKEN, posted["Signature"])
    )


class UnavailableDatabase(dict[str, str]):
    """A database that is unavailable."""

    def __setitem__(self, key: str, value: str) -> None:
        raise RuntimeError("the database is down")


def test_exception_of_the_handler_is_a_500_so_that_sns_retries(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.example, "suppressed", UnavailableDatabase())
    posted = notification(ses_events.notified("Bounce"))
    status, _ = running.post(
        json.dumps(posted).encode(), {**signing.headers_of(posted), **signing.basic(SECRET)}
    )
    assert status == 500


def test_body_over_the_limit_is_refused(running: Running) -> None:
    posted = message(Message="x" * (2 << 20))
    status, _ = running.post(
        json.dumps(posted).encode(), {**signing.headers_of(posted), **signing.basic(SECRET)}
    )
    limited = running.example.__name__ in (
        "receive_aiohttp",
        "receive_flask",
        "receive_quart",
    )  # by the framework
    assert status == (413 if limited else 400)


@pytest.mark.parametrize("running", ["receive_fastapi"], indirect=True)
def test_body_is_not_read_before_the_secret_is_checked(running: Running) -> None:
    async def receive() -> NoReturn:
        raise AssertionError("the body was read")

    async def send(part: Json) -> None:
        sent.append(part)

    sent: list[Json] = []
    path = {"path": "/ses", "raw_path": b"/ses", "root_path": "", "query_string": b""}
    scope = {"type": "http", "method": "POST", **path, "headers": [], "state": {"receiver": None}}
    asyncio.run(running.example.app(scope, receive, send))
    assert [part.get("status") for part in sent] == [401, None]


@pytest.mark.parametrize("running", ["receive_lambda"], indirect=True)
def test_lambda_function_subscribed_to_the_topic(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppressed: dict[str, str] = {}
    monkeypatch.setattr(running.example, "suppressed", suppressed)
    running.example.subscribed(
        ses_events.WRAPPINGS["Lambda from SNS"](ses_events.notified("Bounce")), None
    )
    assert list(suppressed) == [ses_events.ALICE, ses_events.BOB]


def test_every_webhook_example_is_tested() -> None:
    assert set(FRAMEWORKS) == {path.stem for path in EXAMPLES.glob("receive_*.py")}


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_example_has_at_most_45_lines_of_code(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(text), clean=False)
    code = text.replace(f'"""{docstring}"""', "")
    assert len([line for line in code.splitlines() if line.strip()]) <= 45
