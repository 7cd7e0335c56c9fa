"""Checks of `verify`, their order and their settings."""

import json
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sesmail.errors import (
    ConfigurationError,
    ForbiddenTopicError,
    MalformedBodyError,
    SignatureError,
    TemporaryError,
    UnauthenticatedError,
    WebhookError,
)
from sesmail.receiving.parsing.parser import parse
from sesmail.receiving.transports.sns import require_sns_message
from sesmail.receiving.verification import signing_certificate
from sesmail.receiving.verification.certificates import CertificateCache
from sesmail.receiving.verification.checks import RequestHeaders
from sesmail.receiving.verification.policy import VerificationPolicy
from sesmail.receiving.verification.secret import Secrets
from sesmail.receiving.verification.verify import verify
from support.frames import package_frames
from support.ses_events import published
from support.signing import (
    MESSAGE_ID,
    NOW,
    TOKEN,
    TOPIC,
    URL,
    basic,
    certificate,
    good_certificate,
    headers_of,
    message,
    pem,
    unsigned,
)

SECRET = "sns:canary-7Qx!"
OTHER_TOPIC = TOPIC.replace("mail", "other")


def run(body: Any = None, headers: Mapping[str, str] | None = None, **options: Any) -> Any:
    body = message() if body is None else body
    headers = {**headers_of({**message(), **body}), **basic(SECRET)} if headers is None else headers
    everything = {
        "secret": SECRET,
        "topics": [TOPIC],
        "certificate": good_certificate(),
        "now": NOW,
    }
    return verify(json.dumps(body).encode(), headers, **{**everything, **options})


@pytest.mark.parametrize(
    "kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
)
def test_returns_the_verified_message(kind: str) -> None:
    body = message(kind)
    sns_message = run(body)
    assert (sns_message.type, sns_message.message_id, sns_message.message) == (
        kind,
        MESSAGE_ID,
        body["Message"],
    )


def test_parses_only_verified_parts_of_the_body() -> None:
    """Fields beside the signed ones may be forged."""
    body = message(Message=json.dumps(published("Open")))
    forged = {**body, "Records": [{"body": json.dumps(published("Bounce"))}]}
    for posted in (body, forged):
        assert [event.kind for event in parse(run(posted))] == ["Opened", "Opened"]
        assert parse(run(posted)) == parse(posted)
    for more in (published("Bounce"), {"notificationType": "Bounce"}):
        with pytest.raises(MalformedBodyError, match="isn't an SNS message"):
            run({**body, **more})


@pytest.mark.parametrize(
    "options",
    [
        {"topics": None, "certificate": None},
        {"topics": None},
        {"certificate": None},
        {"secret": None},
        {"secret": None, "topics": None, "allow_unproven": True},
        {"secret": None, "certificate": None, "allow_unproven": True},
        {"secret": None, "topics": None, "certificate": None, "allow_unproven": True},
        {"secret": ["x:y", SECRET], "topics": {TOPIC, OTHER_TOPIC}},
        {"topics": (TOPIC,)},
    ],
)
def test_accepts_sufficient_checks(options: dict[str, Any]) -> None:
    assert run(**options).topic_arn == TOPIC


@pytest.mark.parametrize(
    "options",
    [
        {"secret": None, "topics": None, "certificate": None},
        {"secret": None, "topics": None},
        {"secret": None, "certificate": None},
        {"secret": ""},
        {"secret": []},
        {"secret": "canary"},
        {"topics": []},
        {"topics": ()},
        {"topics": TOPIC},
        {"topics": ["mail"]},
        {"topics": [TOPIC, TOPIC + " "]},
        {"topics": ["*"]},
        {"topics": [], "secret": None, "allow_unproven": True},
    ],
)
def test_refuses_insufficient_checks(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(**options)
    assert "canary" not in "".join(
        traceback.TracebackException.from_exception(caught.value).format()
    )


def test_refuses_topics_as_one_string() -> None:
    with pytest.raises(ConfigurationError, match="pass a list, even for one"):
        run(topics=TOPIC)


def test_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_certificate, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="signatures"):
        VerificationPolicy(secrets=Secrets(SECRET), topics=None, signatures=True)
    assert not VerificationPolicy(secrets=Secrets(SECRET), topics=None, signatures=False).signatures


def test_checks_run_in_order() -> None:
    """Each error is raised before all those that follow it."""
    faults: list[tuple[type[WebhookError], str, dict[str, Any], dict[str, str]]] = [
        (UnauthenticatedError, "no Authorization header", {}, {"Authorization": ""}),
        (MalformedBodyError, "MessageId", {"MessageId": 5}, {}),
        (MalformedBodyError, "header", {}, {"x-amz-sns-message-id": "x"}),
        (
            ForbiddenTopicError,
            "may not post",
            {"TopicArn": OTHER_TOPIC},
            {"x-amz-sns-topic-arn": OTHER_TOPIC},
        ),
        (SignatureError, "Timestamp", {"Timestamp": "yesterday"}, {}),
        (SignatureError, "doesn't match", {"Message": "forged"}, {}),
    ]
    for first in range(len(faults)):
        body = message()
        headers = {**headers_of(body), **basic(SECRET)}
        for _, _, changes, replaced in faults[first:][::-1]:
            body |= changes
            headers |= replaced
        if first == 0:
            headers.pop("Authorization")
        expected, words = faults[first][:2]
        with pytest.raises(expected, match=words):
            run(body, headers)


def test_fetched_file_that_is_no_certificate_is_temporary_error() -> None:
    body = message()
    for fetched in (b"<html>Please log in.</html>", b"x" * 20_000):
        with pytest.raises(TemporaryError, match="no certificate"):
            run(body, certificate=lambda _, file=fetched: file)


def test_certificate_is_fetched_after_all_other_checks() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return good_certificate()

    bad: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {"headers": headers_of(message())}),
        ({"Type": "x"}, {}),
        ({"MessageId": "x"}, {}),
        ({"SigningCertURL": "https://sns.s3-us-west-2.amazonaws.com/x.pem"}, {}),
        ({}, {"now": NOW + timedelta(days=1)}),
        ({"SignatureVersion": "9"}, {}),
        ({"Signature": "?"}, {}),
    ]
    for changes, options in bad:
        with pytest.raises(WebhookError):
            run({**message(), **changes}, certificate=fetch, **options)
    assert asked == []
    run(certificate=fetch)
    assert asked == [URL]


def test_certificate_cache_fetches_once() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        if len(asked) == 1:
            raise TemporaryError("no network")
        return good_certificate()

    kept = CertificateCache(fetch, lambda: NOW)
    with pytest.raises(TemporaryError):
        run(certificate=kept)
    run(certificate=kept)
    run(certificate=kept)
    assert asked == [URL, URL]


@pytest.mark.parametrize("age", [float("nan"), -1.0])
def test_nan_and_negative_age_are_refused(age: float) -> None:
    with pytest.raises(ConfigurationError, match="max_age"):
        run(max_age=age)
    with pytest.raises(ConfigurationError, match="max_ahead"):
        run(max_ahead=age)


def test_topics_may_be_a_generator() -> None:
    assert run(topics=(arn for arn in [TOPIC])).topic_arn == TOPIC


def test_certificate_may_be_a_bytearray() -> None:
    assert run(certificate=bytearray(good_certificate())).topic_arn == TOPIC


@pytest.mark.parametrize(
    "changes", [{"Message": "forged"}, {"MessageId": "x"}, {"TopicArn": OTHER_TOPIC}, {"Type": "x"}]
)
def test_no_frame_holds_the_right_secret(changes: dict[str, Any]) -> None:
    with pytest.raises(WebhookError) as refused:
        run({**message(), **changes}, {**headers_of(message()), **basic(SECRET)})
    shown = [repr(frame.f_locals) for frame in package_frames(refused.value)]
    assert shown
    assert basic(SECRET)["Authorization"] not in "".join(shown)


def test_uses_the_current_time_by_default() -> None:
    now = datetime.now(UTC)
    file = pem(certificate(start=now - timedelta(days=1), end=now + timedelta(days=1)))
    sent, old = (
        message(Timestamp=time.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        for time in (now, now - timedelta(hours=2))
    )
    run(sent, certificate=file, now=None)
    with pytest.raises(SignatureError, match="s old"):
        run(old, certificate=file, now=None)


def test_max_age_and_max_ahead_are_adjustable() -> None:
    with pytest.raises(SignatureError, match="old"):
        run(max_age=1)
    with pytest.raises(SignatureError, match="ahead"):
        run(now=NOW - timedelta(minutes=1), max_ahead=1)


@pytest.mark.parametrize(
    "body", [b"", b"x", b"[]", b'{"eventType": "Send"}', b"\xff", b"{" * 10_000, b" " * (1 << 21)]
)
def test_refuses_malformed_bodies(body: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        verify(body, basic(SECRET), secret=SECRET)


def test_refuses_raw_delivery() -> None:
    raw = {"eventType": "Send", "mail": {"messageId": "x"}}
    with pytest.raises(MalformedBodyError, match="raw message delivery"):
        run(raw, secret=SECRET)


def check_headers(headers: Any, message: Any) -> None:
    RequestHeaders.read(headers, None).check_repeated(message)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"x-amz-sns-message-type": None}, "x-amz-sns-message-type is missing"),
        ({"x-amz-sns-message-id": None}, "x-amz-sns-message-id is missing"),
        ({"x-amz-sns-message-type": ""}, "differs from the body"),
        ({"x-amz-sns-message-type": "notification"}, "differs from the body"),
        ({"x-amz-sns-message-type": "SubscriptionConfirmation"}, "differs from the body"),
        (
            {"x-amz-sns-message-type": ["Notification", "SubscriptionConfirmation"]},
            "differs from the body",
        ),
        ({"x-amz-sns-message-id": MESSAGE_ID[::-1]}, "differs from the body"),
        ({"x-amz-sns-message-id": MESSAGE_ID + " "}, "differs from the body"),
        ({"x-amz-sns-topic-arn": OTHER_TOPIC}, "differs from the body"),
        ({"X-Amz-Sns-Topic-Arn": OTHER_TOPIC}, "differs from the body"),
    ],
)
def test_refuses_headers_that_differ_from_the_body(changes: dict[str, Any], word: str) -> None:
    headers = {**headers_of(unsigned()), **changes}
    with pytest.raises(MalformedBodyError, match=word) as caught:
        check_headers(headers, require_sns_message(unsigned()))
    assert caught.value.status == 400
    assert caught.value.path in ("Type", "MessageId", "TopicArn")


def test_accepts_headers_in_any_form() -> None:
    sns_message = require_sns_message(unsigned())
    headers = headers_of(unsigned())
    check_headers({name.upper(): value for name, value in headers.items()}, sns_message)
    check_headers([(name.encode(), value.encode()) for name, value in headers.items()], sns_message)
    del headers["x-amz-sns-topic-arn"]
    check_headers(headers, sns_message)


def test_refuses_other_topics() -> None:
    with pytest.raises(ForbiddenTopicError, match="other") as caught:
        run(message(TopicArn=OTHER_TOPIC))
    assert (caught.value.status, caught.value.topic_arn) == (403, OTHER_TOPIC)
    evil = "x\nlog line" + "x" * 5000
    with pytest.raises(ForbiddenTopicError) as caught:
        run(
            message(TopicArn=evil),
            basic(SECRET) | headers_of(message(TopicArn=evil)),
            certificate=None,
        )
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({"MessageId": 1}, {}),
        ({"Timestamp": "x"}, {}),
        ({"Message": "forged"}, {}),
        ({"TopicArn": OTHER_TOPIC}, {"certificate": None}),
        ({"Token": [TOKEN]}, {}),
        ({"Type": TOKEN}, {}),
        ({}, {"secret": "sns:canary-other"}),
    ],
)
def test_errors_show_no_secret_and_no_token(
    changes: dict[str, Any], options: dict[str, Any]
) -> None:
    body = {**message("SubscriptionConfirmation"), **changes}
    with pytest.raises(WebhookError) as caught:
        run(body, **options)
    error = caught.value
    told = "".join(traceback.TracebackException.from_exception(error).format(chain=True)) + repr(
        error
    )
    told += repr(vars(error))
    held = [
        (name, repr(value))
        for frame in package_frames(error)
        for name, value in frame.f_locals.items()
        if name
        not in (
            "body",
            "headers",
        )  # the request, which frames of the caller hold too
    ]
    assert "canary" not in told + repr(held)
    told += "".join(value for name, value in held if name == "message")
    assert TOKEN not in told
    assert body["Signature"] not in told


@pytest.mark.parametrize("region", ["xx-word-1", "eu-nowhere-9", "us-east-99"])
def test_invented_region_is_refused_before_a_download(region: str) -> None:
    invented = TOPIC.replace("eu-west-1", region)
    sent = message(TopicArn=invented, SigningCertURL=URL.replace("eu-west-1", region))
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return good_certificate()

    with pytest.raises(ForbiddenTopicError, match=f"botocore has no region '{region}'"):
        run(sent, secret=None, topics=None, allow_unproven=True, certificate=fetch)
    assert asked == []
    with pytest.raises(WebhookError):
        run(sent, topics=[invented], certificate=fetch)
    assert asked == [URL.replace("eu-west-1", region)]
    assert run(secret=None, topics=None, allow_unproven=True).topic_arn == TOPIC
