"""Decisions of a worker on mails that were not accepted."""

import pytest

pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")

from sesmail import (
    AccessDeniedError,
    BadRequestError,
    ConfigurationError,
    InvalidMessageError,
    MessageRejectedError,
    NotFoundError,
    NotSentError,
    NotVerifiedError,
    QuotaExceededError,
    RejectedError,
    RetryPolicy,
    SendingPausedError,
    SesmailError,
    ThrottledError,
    UnknownOutcomeError,
    UnsupportedFeatureError,
)
from sesmail.sql.deciding import Decision, decide, described_error
from sesmail.sql.pausing import Pause
from sesmail.sql.work_settings import WorkSettings

RETRY = RetryPolicy(attempts=5, first_delay=10, longest_delay=30)
CASES: list[tuple[SesmailError, Decision]] = [
    (ThrottledError(), Decision("queued", 10)),
    (QuotaExceededError(), Decision("queued", 10, pauses=True)),
    (SendingPausedError(), Decision("queued", 10, pauses=True)),
    (AccessDeniedError(), Decision("queued", 10, counted=True, pauses=True)),
    (ConfigurationError(), Decision("queued", 10, counted=True, pauses=True)),
    (NotSentError(), Decision("queued", 10, counted=True)),
    (NotSentError(retryable=False), Decision("failed", counted=True)),
    (RejectedError(retryable=True), Decision("queued", 10, counted=True)),
    (RejectedError(), Decision("rejected", counted=True)),
    (MessageRejectedError(), Decision("rejected", counted=True)),
    (NotVerifiedError(), Decision("rejected", counted=True)),
    (NotFoundError(), Decision("rejected", counted=True)),
    (BadRequestError(), Decision("rejected", counted=True)),
    (UnknownOutcomeError(), Decision("unknown")),
    (InvalidMessageError(), Decision("failed")),
    (UnsupportedFeatureError(), Decision("failed")),
]


@pytest.mark.parametrize(("error", "decision"), CASES, ids=range(len(CASES)))
def test_first_failure(error: SesmailError, decision: Decision) -> None:
    assert decide(error, 0, RETRY) == decision


@pytest.mark.parametrize(("error", "decision"), CASES, ids=range(len(CASES)))
def test_last_failure(error: SesmailError, decision: Decision) -> None:
    """Attempts that count end; those of a busy account don't."""
    last = decide(error, 4, RETRY)
    if decision.state == "queued" and decision.counted:
        assert last == Decision("failed", counted=True, pauses=decision.pauses)
    else:
        assert last.state == decision.state


def test_delay_doubles_up_to_the_longest() -> None:
    delays = [decide(NotSentError(), attempts, RETRY).delay for attempts in range(4)]
    assert delays == [10, 20, 30, 30]


def test_described_error_has_class_and_code_only() -> None:
    error = MessageRejectedError("alice@example.com is bad", code="MessageRejected")
    assert described_error(error) == "MessageRejectedError MessageRejected"
    assert described_error(NotSentError("alice@example.com")) == "NotSentError"
    assert len(described_error(RejectedError(code="x" * 999))) == 255


def test_pauses_grow_until_a_mail_is_accepted() -> None:
    pause = Pause()
    assert not pause.probing
    assert pause.failed(0.0) == 2.0
    assert pause.failed(1.0) == 0.0, "another call that was in flight"
    assert (pause.seconds(1.5), pause.probing) == (0.5, True)
    assert pause.failed(2.0) == 4.0
    pause.succeeded()
    assert (pause.seconds(3.0), pause.probing) == (0.0, False)
    for _ in range(30):
        pause.failed(1e9 * _)
    assert pause.failed(1e12) == 300.0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("concurrency", 0),
        ("max_attempts", 0),
        ("first_delay", 0),
        ("longest_delay", 1),
        ("lease", 1),
        ("poll_interval", 0),
        ("grace", -1),
        ("until_empty", 1),
    ],
)
def test_wrong_setting_is_refused(setting: str, value: float) -> None:
    settings = {
        "concurrency": 50,
        "max_attempts": 20,
        "first_delay": 5.0,
        "longest_delay": 60.0,
        "lease": 60.0,
        "poll_interval": 1.0,
        "grace": 30.0,
        "until_empty": False,
    }
    WorkSettings(**settings)
    with pytest.raises(ConfigurationError, match=setting):
        WorkSettings(**{**settings, setting: value})
