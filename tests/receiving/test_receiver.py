"""Receiver: settings, checks, raw deliveries, deduplication, subscriptions, secrets in errors."""

import base64
import inspect
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import anyio
import pytest

import sesmail
from sesmail import ConfigurationError, Receiver
from sesmail.aws import Aws
from support import responses, ses_events
from support.faults import StartFaultServer

pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")

from support import signing
from support.frames import is_in_package
from support.receivers import SECRET, new_receiver, notification, post
from support.signing import TOKEN, TOPIC

pytestmark = pytest.mark.anyio

BOUNCE = ses_events.published("Bounce")
RECEIVED = ses_events.received()
OTHER_TOPIC = TOPIC.replace("mail", "other")


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test if an AWS client is opened."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an AWS client was opened")

    monkeypatch.setattr(Aws, "open", refuse)


# Settings


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "needs a secret, or signatures and topics"),
        ({"signatures": True}, "needs a secret, or signatures and topics"),
        ({"topics": [TOPIC], "signatures": False}, "needs a secret, or signatures and topics"),
        ({"secret": ""}, "no colon"),
        ({"secret": []}, "no secret"),
        ({"secret": ["a:b", "a:"]}, "empty password"),
        ({"secret": "a:b", "topics": TOPIC}, "pass a list, even for one"),
        ({"secret": "a:b", "topics": ["mail"]}, "is not the ARN"),
        ({"secret": "a:b", "accept": "all"}, "accept must be"),
        ({"secret": "a:b", "timeout": 0}, "timeout"),
        ({"secret": "a:b", "max_age": 0}, "max_age"),
        ({"secret": "a:b", "max_age": float("nan")}, "max_age"),
        ({"topics": [TOPIC], "allow_raw": True}, "allow_raw needs a secret"),
        ({"allow_unproven": True, "allow_raw": True}, "allow_raw needs a secret"),
        ({"secret": "a:b", "storage": {"buckets": ["inbound"]}}, "storage must be"),
        ({"secret": "a:b", "storage": {}}, "storage must be"),
    ],
)
def test_refuses_invalid_settings(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        Receiver(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"secret": "a:b"},
        {"secret": "a:b", "signatures": False},
        {"topics": [TOPIC]},
        {"allow_unproven": True},
        {"allow_unproven": True, "signatures": False},
    ],
)
def test_accepts_sufficient_checks_and_allow_unproven(settings: dict[str, Any]) -> None:
    Receiver(**settings)


def test_refuses_unknown_argument() -> None:
    with pytest.raises(ConfigurationError, match="secrets"):
        Receiver(secret="a:b", secrets=["c:d"])  # type: ignore[call-arg]


# Checks


async def test_checks_run_in_order() -> None:
    """A request with all errors, which are corrected one by one."""
    body = signing.message(TopicArn=OTHER_TOPIC, Message=json.dumps(BOUNCE))
    forged, large = {**body, "Message": "{}"}, {**body, "Message": "x" * (1 << 20)}
    steps: list[tuple[bytes, dict[str, str], type[sesmail.WebhookError], int]] = [
        (post(large)[0], {}, sesmail.UnauthenticatedError, 401),
        (post(large)[0], signing.basic("a:b"), sesmail.UnauthenticatedError, 401),
        (post(large)[0], signing.basic(SECRET), sesmail.MalformedBodyError, 400),
        (b"{}", signing.basic(SECRET), sesmail.MalformedBodyError, 400),
        (post(forged)[0], signing.basic(SECRET), sesmail.MalformedBodyError, 400),
        (*post(forged), sesmail.ForbiddenTopicError, 403),
        (*post({**forged, "TopicArn": TOPIC}), sesmail.SignatureError, 403),
    ]
    async with new_receiver() as receiver:
        reasons = []
        for sent, headers, kind, status in steps:
            with pytest.raises(kind) as refused:
                await receiver.receive(sent, headers)
            assert type(refused.value) is kind
            assert refused.value.status == status
            reasons.append(str(refused.value))
        (bounced, other) = await receiver.receive(*notification(BOUNCE))
    assert "size" in reasons[2]
    assert "isn't an SNS message" in reasons[3]
    assert "x-amz-sns-message-type" in reasons[4]
    assert isinstance(bounced, sesmail.Bounced)
    assert (bounced.recipient, other.recipient) == (ses_events.ALICE, ses_events.BOB)  # type: ignore[union-attr]
    assert bounced.sns is not None
    assert bounced.sns.topic_arn == TOPIC


async def test_request_without_secret_is_challenged() -> None:
    async with new_receiver() as receiver:
        with pytest.raises(sesmail.UnauthenticatedError) as challenged:
            await receiver.receive(*post(signing.message(), secret=None))
    assert challenged.value.status == 401
    assert challenged.value.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("secret", ["old:one", "new:two"])
async def test_accepts_each_of_several_secrets(secret: str) -> None:
    receiver = new_receiver(secret=["old:one", "new:two"])
    assert await receiver.receive(*post(signing.message(Message=json.dumps(BOUNCE)), secret=secret))


async def test_receiving_events_opens_no_aws_client(no_aws: None) -> None:
    async with new_receiver() as receiver:
        for word in ses_events.DOCUMENTS:
            await receiver.receive(*notification(ses_events.DOCUMENTS[word]))


async def test_unknown_event_type_is_unknown_event() -> None:
    (event,) = await new_receiver().receive(*notification({"eventType": "Teleport", "mail": {}}))
    assert isinstance(event, sesmail.UnknownEvent)


@pytest.mark.parametrize(
    "message",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        json.dumps(
            {"notificationType": "Received", "mail": {"messageId": "AMAZON_SES_SETUP_NOTIFICATION"}}
        ),
    ],
)
async def test_setup_notice_has_no_events(message: str) -> None:
    assert await new_receiver().receive(*post(signing.message(Message=message))) == ()


async def test_secret_suffices_without_signatures() -> None:
    receiver = new_receiver(signatures=False, topics=None, fetch_certificate=None)
    assert await receiver.receive(
        *post({**signing.unsigned(Message=json.dumps(BOUNCE)), "Signature": "none"})
    )


async def test_signatures_and_topics_suffice_without_secret() -> None:
    receiver = new_receiver(secret=None)
    assert await receiver.receive(*post(signing.message(Message=json.dumps(BOUNCE)), secret=None))
    with pytest.raises(sesmail.ForbiddenTopicError) as refused:
        await receiver.receive(*post(signing.message(TopicArn=OTHER_TOPIC), secret=None))
    assert refused.value.topic_arn == OTHER_TOPIC


@pytest.mark.parametrize(
    ("age", "max_age", "fits"), [(3899, 3900, True), (3901, 3900, False), (3901, 86400, True)]
)
async def test_refuses_messages_older_than_max_age(age: int, max_age: int, fits: bool) -> None:
    sent = signing.datetime.fromisoformat(signing.SENT)
    receiver = new_receiver(clock=lambda: sent + timedelta(seconds=age), max_age=max_age)
    if fits:
        assert await receiver.receive(*notification(BOUNCE))
    else:
        with pytest.raises(sesmail.SignatureError, match="old"):
            await receiver.receive(*notification(BOUNCE))


async def test_concurrent_requests_fetch_the_certificate_once() -> None:
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        await anyio.sleep(0.01)
        return signing.good_certificate()

    receiver = new_receiver(fetch_certificate=fetch)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(receiver.receive, *notification(BOUNCE))
    assert asked == [signing.URL]


async def test_failed_certificate_fetch_is_temporary_error() -> None:
    failing = [True]

    async def fetch(url: str) -> bytes:
        if failing.pop():
            raise OSError("no route to Amazon")
        return signing.good_certificate()

    receiver = new_receiver(fetch_certificate=fetch)
    failing.insert(0, False)
    with pytest.raises(sesmail.TemporaryError, match="no route") as passing:
        await receiver.receive(*notification(BOUNCE))
    assert passing.value.status == 503
    assert await receiver.receive(*notification(BOUNCE))


# Raw delivery


async def test_raw_delivery_needs_allow_raw() -> None:
    body, headers = json.dumps(BOUNCE).encode(), signing.basic(SECRET)
    with pytest.raises(sesmail.MalformedBodyError, match="allow_raw"):
        await new_receiver().receive(body, headers)
    receiver = new_receiver(allow_raw=True)
    (bounced, _) = await receiver.receive(body, headers)
    assert isinstance(bounced, sesmail.Bounced)
    assert bounced.sns is None
    assert await receiver.receive(*notification(BOUNCE)) == await receiver.receive(body, headers)
    with pytest.raises(sesmail.UnauthenticatedError):
        await receiver.receive(body, {})


async def test_raw_delivery_of_a_wrapped_message_is_refused() -> None:
    receiver = new_receiver(allow_raw=True)
    wrapped = {"Records": [{"Sns": {**signing.unsigned("SubscriptionConfirmation")}}]}
    with pytest.raises(sesmail.MalformedBodyError):
        await receiver.receive(json.dumps(wrapped).encode(), signing.basic(SECRET))
    forged = {
        **signing.message(Message=json.dumps(BOUNCE)),
        "Signature": base64.b64encode(b"forged").decode(),
    }
    with pytest.raises(sesmail.SignatureError):
        await receiver.receive(*post(forged))


# Accepted events


@pytest.mark.parametrize(
    ("accept", "event", "named"),
    [("tracking", RECEIVED, "an event of received mail"), ("inbound", BOUNCE, "a tracking event")],
)
async def test_unexpected_event_error_names_the_topic(
    accept: Any, event: dict[str, Any], named: str
) -> None:
    receiver = new_receiver(accept=accept)
    with pytest.raises(sesmail.UnexpectedEventError, match=named) as refused:
        await receiver.receive(*notification(event))
    assert TOPIC in str(refused.value)
    assert (refused.value.topic_arn, refused.value.status) == (TOPIC, 403)


@pytest.mark.parametrize("accept", ["any", "tracking", "inbound"])
async def test_accept_decides_which_events_are_refused(accept: Any) -> None:
    receiver = new_receiver(accept=accept)
    assert await receiver.receive(*notification({"eventType": "Teleport"}))
    if accept in ("any", "tracking"):
        assert await receiver.receive(*notification(BOUNCE))
    if accept in ("any", "inbound"):
        assert await receiver.receive(*notification(RECEIVED))


async def test_unexpected_raw_delivery_has_no_topic() -> None:
    receiver = new_receiver(accept="inbound", allow_raw=True)
    with pytest.raises(sesmail.UnexpectedEventError) as refused:
        await receiver.receive(json.dumps(BOUNCE), signing.basic(SECRET))
    assert refused.value.topic_arn is None


# Deduplication


async def test_seen_is_called_for_verified_messages_only() -> None:
    asked: list[str] = []

    async def seen(message_id: str) -> bool:
        asked.append(message_id)
        return len(asked) > 1

    receiver = new_receiver(seen=seen)
    with pytest.raises(sesmail.SignatureError):
        await receiver.receive(*post({**signing.message(), "Message": "{}"}))
    assert asked == []
    assert await receiver.receive(*notification(BOUNCE))
    assert await receiver.receive(*notification(BOUNCE)) == ()
    assert asked == [signing.MESSAGE_ID] * 2


async def test_seen_messages_deduplicates_handled_messages() -> None:
    recent = sesmail.SeenMessages(size=2)
    receiver = new_receiver(seen=recent)
    events = await receiver.receive(*notification(BOUNCE))
    assert await receiver.receive(*notification(BOUNCE)) == events  # not handled yet
    recent.add(events)
    assert await receiver.receive(*notification(BOUNCE)) == ()
    for number in range(2):
        other = f"{number}" + signing.MESSAGE_ID[1:]
        recent.add(await receiver.receive(*notification(BOUNCE, MessageId=other)))
    assert await receiver.receive(*notification(BOUNCE)) == events  # forgotten
    recent.add(sesmail.parse(BOUNCE))  # events without SNS message
    assert await recent(signing.MESSAGE_ID) is False


# Subscriptions


@pytest.fixture
def confirmed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Records calls of ConfirmSubscription to moto's server, which has the topics."""
    from moto.sns.models import sns_backends
    from moto.sns.responses import SNSResponse

    calls: list[dict[str, Any]] = []
    original = SNSResponse.confirm_subscription

    def record(self: Any) -> Any:
        names = ("TopicArn", "Token", "AuthenticateOnUnsubscribe")
        agent = self.headers["User-Agent"]
        calls.append(
            {name: self._get_param(name) for name in names}
            | {"region": self.region, "agent": agent}
        )
        return original(self)

    monkeypatch.setattr(SNSResponse, "confirm_subscription", record)
    for region in ("eu-west-1", "us-east-1"):
        sns_backends["123456789012"][region].create_topic("mail")
    return iter([calls])


def expected(region: str) -> dict[str, str]:
    """Returns the expected call of ConfirmSubscription."""
    topic = TOPIC.replace("eu-west-1", region)
    return {
        "TopicArn": topic,
        "Token": TOKEN,
        "AuthenticateOnUnsubscribe": "true",
        "region": region,
    }


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
async def test_confirms_subscription_in_the_region_of_its_topic(
    moto_server: Any,
    confirmed: Iterator[list[dict[str, Any]]],
    region: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "sesmail")
    topic = TOPIC.replace("eu-west-1", region)
    url = signing.URL.replace("eu-west-1", region)
    body = signing.message("SubscriptionConfirmation", TopicArn=topic, SigningCertURL=url)
    async with new_receiver(moto_server.url, topics=[topic]) as receiver:
        (event,) = await receiver.receive(*post(body))
    assert isinstance(event, sesmail.SubscriptionConfirmation)
    [[call]] = confirmed
    assert f"sesmail/{sesmail.__version__}" in call.pop("agent")
    assert call == expected(region)
    assert [record.message for record in caplog.records if record.name == "sesmail.receiver"] == [
        f"confirmed the subscription to {topic}"
    ]
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "settings",
    [{"auto_confirm": False}, {"secret": None, "topics": None, "allow_unproven": True}],
    ids=["not automatically", "a signature alone"],
)
async def test_unexpected_subscription_can_be_confirmed_by_hand(
    moto_server: Any, confirmed: Iterator[list[dict[str, Any]]], settings: dict[str, Any]
) -> None:
    [calls] = confirmed
    async with new_receiver(moto_server.url, **settings) as receiver:
        with pytest.raises(sesmail.UnexpectedSubscriptionError) as refused:
            await receiver.receive(*post(signing.message("SubscriptionConfirmation")))
        error = refused.value
        assert calls == []
        assert (error.status, error.topic_arn, error.token) == (403, TOPIC, TOKEN)
        assert TOKEN not in f"{error} {error!r}"
        assert (await receiver.confirm(error)).startswith(f"{TOPIC}:")
        (event,) = sesmail.parse(signing.message("SubscriptionConfirmation"))
        assert isinstance(event, sesmail.SubscriptionConfirmation)
        await receiver.confirm(event)
    assert [{name: call[name] for name in expected("eu-west-1")} for call in calls] == [
        expected("eu-west-1")
    ] * 2


async def test_unsubscribe_confirmation_calls_no_aws(no_aws: None) -> None:
    (event,) = await new_receiver().receive(*post(signing.message("UnsubscribeConfirmation")))
    assert isinstance(event, sesmail.UnsubscribeConfirmation)


async def test_invalid_topic_arn_is_not_confirmed(no_aws: None) -> None:
    receiver = new_receiver(topics=None, signatures=False)
    body = signing.unsigned(
        "SubscriptionConfirmation", TopicArn="arn:aws:sns:evil.example:123456789012:x"
    )
    with pytest.raises(sesmail.MalformedBodyError, match="TopicArn"):
        await receiver.receive(*post(body))


async def test_rejected_confirmation_is_confirmation_error_with_token(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(
        responses.error(403, "AuthorizationError"),
        responses.error(400, "InvalidParameter", "token"),
    )
    async with new_receiver(server.url) as receiver:
        for _ in range(2):
            with pytest.raises(sesmail.ConfirmationError) as refused:
                await receiver.receive(*post(signing.message("SubscriptionConfirmation")))
            error = refused.value
            assert (error.status, error.topic_arn, error.token) == (500, TOPIC, TOKEN)
            assert TOKEN not in f"{error} {error!r}"
            assert isinstance(pickle.loads(pickle.dumps(error)), sesmail.ConfirmationError)
    assert len(server.requests) == 2
    assert server.requests[0].form["AuthenticateOnUnsubscribe"] == "true"


CONFIRMED = responses.Response(
    lambda connection, request: connection.respond(
        200,
        responses.XML,
        responses.result(request, responses.element("SubscriptionArn", f"{TOPIC}:1")),
    )
)


async def test_response_without_subscription_arn_is_temporary_error(
    fault_server: StartFaultServer,
) -> None:
    def act(connection: Any, request: Any) -> None:
        connection.respond(200, responses.XML, responses.result(request, ""))

    server = fault_server(responses.Response(act))
    async with new_receiver(server.url) as receiver:
        with pytest.raises(sesmail.TemporaryError, match="names no ARN"):
            await receiver.receive(*post(signing.message("SubscriptionConfirmation")))


async def test_headers_may_be_an_iterator() -> None:
    body, headers = notification(BOUNCE)
    assert await new_receiver().receive(body, iter(headers.items()))  # type: ignore[arg-type]


@pytest.mark.slow
async def test_confirmation_is_retried_after_server_errors(fault_server: StartFaultServer) -> None:
    server = fault_server(
        responses.error(500, "InternalError"), responses.error(503, "Unavailable"), CONFIRMED
    )
    async with new_receiver(server.url) as receiver:
        await receiver.receive(*post(signing.message("SubscriptionConfirmation")))
    assert len(server.requests) == 3


async def test_throttled_confirmation_is_temporary_error(fault_server: StartFaultServer) -> None:
    server = fault_server(responses.error(500, "InternalError"))
    async with new_receiver(server.url, config={"retries": {"total_max_attempts": 1}}) as receiver:
        with pytest.raises(sesmail.TemporaryError) as passing:
            await receiver.receive(*post(signing.message("SubscriptionConfirmation")))
        assert passing.value.status == 503
        server.respond_with(responses.error(400, "Throttling"))
        with pytest.raises(sesmail.TemporaryError):
            await receiver.receive(*post(signing.message("SubscriptionConfirmation")))
        server.respond_with(CONFIRMED)
        await receiver.receive(*post(signing.message("SubscriptionConfirmation")))


async def test_closed_receiver_is_configuration_error(fault_server: StartFaultServer) -> None:
    server = fault_server(CONFIRMED)
    async with new_receiver(server.url) as receiver:
        await receiver.receive(*post(signing.message("SubscriptionConfirmation")))
    await receiver.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await receiver.receive(*post(signing.message("SubscriptionConfirmation")))
    assert server.wait_until_closed()


async def test_missing_credentials_are_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    async with new_receiver() as receiver:
        assert await receiver.receive(*notification(BOUNCE))
        with pytest.raises(ConfigurationError):
            await receiver.receive(*post(signing.message("SubscriptionConfirmation")))


# Secrets in errors

CANARY = "canary-secret-5f1d6a3e0c8e"
CANARY_TOKEN = "canary0token0" + "5f1d6a3e" * 8


def shown(error: BaseException) -> str:
    """Returns all text of an error, with local variables of the package's frames."""
    chain = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in chain.stack if is_in_package(frame.filename)]
    texts = [str(frame.locals) for frame in frames] + [str(error), repr(error), repr(error.args)]
    return "".join(
        texts
        + [shown(cause) for cause in (error.__cause__, error.__context__) if cause is not None]
    )


CANARY_MESSAGE = signing.message(
    "SubscriptionConfirmation",
    Token=CANARY_TOKEN,
    SubscribeURL=f"https://sns.example/?Token={CANARY_TOKEN}",
)
CANARIES = {
    "no secret": post(CANARY_MESSAGE, secret=None),
    "another secret": post(CANARY_MESSAGE, secret=f"a:{CANARY}x"),
    "no basic": (post(CANARY_MESSAGE)[0], {"Authorization": f"Bearer {CANARY}"}),
    "no base64": (post(CANARY_MESSAGE)[0], {"Authorization": f"Basic {CANARY}"}),
    "malformed": (post(CANARY_MESSAGE)[0][:-1], signing.basic(f"a:{CANARY}")),
    "no text": post({**CANARY_MESSAGE, "Token": [CANARY_TOKEN]}, secret=f"a:{CANARY}"),
    "no type": (post({**CANARY_MESSAGE, "Type": "Token"})[0], signing.basic(f"a:{CANARY}")),
    "no headers": (post(CANARY_MESSAGE)[0], signing.basic(f"a:{CANARY}")),
    "forged": post({**CANARY_MESSAGE, "Message": "x"}, secret=f"a:{CANARY}"),
    "a line break": post({**CANARY_MESSAGE, "Token": f"{CANARY_TOKEN}\n"}, secret=f"a:{CANARY}"),
    "no base64 signature": post(
        {**CANARY_MESSAGE, "Signature": f"{CANARY}!"}, secret=f"a:{CANARY}"
    ),
    "not confirmed": post(CANARY_MESSAGE, secret=f"a:{CANARY}"),
}


@pytest.mark.parametrize("name", CANARIES)
async def test_errors_show_no_secret_and_no_token(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = new_receiver(secret=f"a:{CANARY}", auto_confirm=False)
    body, headers = CANARIES[name]
    with pytest.raises(sesmail.WebhookError) as refused:
        await receiver.receive(body, headers)
    error = refused.value
    texts = f"{error} {error!r} {error.args} {error.headers} {caplog.text}"
    texts += f"{receiver!r} {vars(receiver)}"
    texts += "".join(traceback.format_exception(error))
    assert CANARY not in texts
    assert CANARY_TOKEN not in texts


async def test_failed_confirmation_shows_no_token(
    fault_server: StartFaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = fault_server(responses.error(403, "AuthorizationError"))
    body = signing.message("SubscriptionConfirmation", Token=CANARY_TOKEN)
    async with new_receiver(server.url) as receiver:
        with pytest.raises(sesmail.ConfirmationError) as refused:
            await receiver.receive(*post(body))
    texts = f"{refused.value!r} {caplog.text}" + "".join(traceback.format_exception(refused.value))
    assert CANARY_TOKEN not in texts


@pytest.mark.parametrize("secret", [f"a{CANARY}", f"a:{CANARY}\n", f"a:{CANARY}\ud800"])
def test_constructor_errors_show_no_secret(secret: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Receiver(secret=secret)
    assert CANARY not in shown(refused.value)


def test_docstring_describes_every_argument() -> None:
    doc = inspect.getdoc(Receiver) or ""  # Python 3.13 removes the indentation
    for name in Receiver.__init__.__annotations__.keys() - {"return", "params"}:
        assert f"\n    {name}: " in doc, name


@pytest.mark.parametrize("signatures", [True, False])
def test_second_event_loop_is_refused(signatures: bool) -> None:
    receiver = new_receiver(signatures=signatures)
    body, headers = notification(ses_events.published("Open"))
    assert len(anyio.run(receiver.receive, body, headers)) == 2
    with pytest.raises(ConfigurationError, match=r"one per event loop.*sesmail\.verify"):
        anyio.run(receiver.receive, body, headers)
