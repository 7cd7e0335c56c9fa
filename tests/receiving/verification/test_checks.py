"""The sequence of checks that `verify` and `Receiver.receive` share."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sesmail import MalformedBodyError, SignatureError, TemporaryError, WebhookError, verify
from sesmail.receiving.verification.checks import Checks, check_request, resume
from sesmail.receiving.verification.policy import VerificationPolicy
from sesmail.receiving.verification.secret import Secrets
from support.frames import package_frames
from support.receivers import SECRET, new_receiver, post
from support.ses_events import published
from support.signing import (
    MESSAGE_ID,
    NOW,
    TOPIC,
    URL,
    basic,
    certificate,
    good_certificate,
    message,
    pem,
)

OTHER_TOPIC = TOPIC.replace("mail", "other")
BODY = message(Message=json.dumps(published("Open")))


def start(
    body: dict[str, Any], headers: dict[str, str] | None = None, *, clock: Any = lambda: NOW
) -> Checks:
    """Creates the checks of a request with all headers, against every requirement."""
    policy = VerificationPolicy(secrets=Secrets(SECRET), topics=[TOPIC], signatures=True)
    text, sent = post({**BODY, **body})
    return check_request(policy, text, {**sent, **(headers or {})}, clock=clock, max_age=3900)


def test_yields_certificate_url_and_returns_message() -> None:
    checks = start({})
    assert next(checks) == URL
    with pytest.raises(StopIteration) as stopped:
        checks.send(good_certificate())
    assert stopped.value.value.message_id == MESSAGE_ID


@pytest.mark.parametrize("file", [None, b"", pem(certificate(["evil.example"]))])
def test_refuses_message_without_its_certificate(file: bytes | None) -> None:
    checks = start({})
    next(checks)
    with pytest.raises(SignatureError, match="certificate"):
        checks.send(file)


def test_reads_clock_at_each_check() -> None:
    times = [NOW, NOW + timedelta(days=31)]
    checks = start({}, clock=lambda: times.pop(0))
    next(checks)
    with pytest.raises(SignatureError, match="isn't valid at this time"):
        checks.send(good_certificate())
    assert times == []


def test_returns_none_for_raw_delivery_that_is_allowed() -> None:
    raw = json.dumps(published("Open"))
    for allow_raw, expected in ((True, StopIteration), (False, MalformedBodyError)):
        policy = VerificationPolicy(
            secrets=Secrets(SECRET), topics=[TOPIC], signatures=True, allow_raw=allow_raw
        )
        checks = check_request(policy, raw, basic(SECRET), clock=lambda: NOW, max_age=3900)
        with pytest.raises(expected) as ended:
            next(checks)
        assert getattr(ended.value, "value", None) is None


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "wrong secret": ({}, basic("sns:other")),
    "malformed body": ({"MessageId": 5}, {}),
    "other header": ({}, {"x-amz-sns-message-id": "x"}),
    "other topic": ({"TopicArn": OTHER_TOPIC}, {"x-amz-sns-topic-arn": OTHER_TOPIC}),
    "old message": ({"Timestamp": "2026-03-06T10:00:00.000Z"}, {}),
    "other certificate": ({"SigningCertURL": URL.replace("eu-west-1", "us-east-1")}, {}),
    "no signature": ({"Signature": "?"}, {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_before_it_needs_a_certificate(name: str) -> None:
    changes, headers = REFUSED[name]
    with pytest.raises(WebhookError):
        next(start(changes, headers))


@pytest.mark.anyio
@pytest.mark.parametrize("name", [*REFUSED, "forged"])
async def test_verify_and_receive_raise_the_same_error(name: str) -> None:
    changes, headers = REFUSED.get(name, ({"Message": "{}"}, {}))
    body, sent = post({**BODY, **changes})
    with pytest.raises(WebhookError) as verifying:
        verify(
            body,
            {**sent, **headers},
            secret=SECRET,
            topics=[TOPIC],
            certificate=good_certificate(),
            now=NOW,
        )
    with pytest.raises(WebhookError) as receiving:
        await new_receiver().receive(body, {**sent, **headers})
    assert type(receiving.value) is type(verifying.value)
    assert str(receiving.value) == str(verifying.value)
    for error in (verifying.value, receiving.value):
        shown = "".join(repr(frame.f_locals) for frame in package_frames(error))
        assert basic(SECRET)["Authorization"] not in shown


def test_stop_iteration_while_fetching_is_not_a_verified_message() -> None:
    """`certificate=lambda url: next(files)` raises it when there is no file left."""
    body, headers = post(BODY)
    files: Any = iter(())
    with pytest.raises(TemporaryError):
        verify(body, headers, secret=SECRET, certificate=lambda _: next(files), now=NOW)


def test_wrong_certificate_is_temporary_if_fetched_and_refused_if_given() -> None:
    body, headers = post(BODY)
    file = pem(certificate(["evil.example"]))
    with pytest.raises(TemporaryError, match="not the signing certificate"):
        verify(body, headers, secret=SECRET, certificate=lambda _: file, now=NOW)
    with pytest.raises(SignatureError, match=r"isn't for sns\.amazonaws\.com"):
        verify(body, headers, secret=SECRET, certificate=file, now=NOW)


def test_checks_that_need_another_certificate_are_an_internal_error() -> None:
    def checks() -> Checks:
        yield "https://one.example/"
        yield "https://two.example/"
        return None

    started = checks()
    next(started)
    with pytest.raises(AssertionError):
        resume(started, b"")


@pytest.mark.anyio
async def test_stop_iteration_while_fetching_is_a_temporary_error_of_the_receiver() -> None:
    class Fetch:
        def __await__(self) -> Any:
            raise StopIteration(good_certificate())

    receiver = new_receiver(fetch_certificate=lambda _: Fetch())
    with pytest.raises(TemporaryError):
        await receiver.receive(*post(BODY))
