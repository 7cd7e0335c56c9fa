"""Faults of the fake, and the outcome that each has for a client of sesmail."""

from collections.abc import Callable
from typing import Any

import pytest

import sesmail
from sesmail import BulkMessage, Message, RetryPolicy
from sesmail.testing import FakeSES, Faults

pytestmark = pytest.mark.anyio

ORDER = Message(from_email="a@example.com", to="b@example.org", subject="x", text="x")
ONCE = RetryPolicy(attempts=1)

Inject = Callable[[Faults], None]
# Each fault with the error of the client, and the number of mails that the fake accepted.
FAULTS: dict[str, tuple[Inject, type[sesmail.SendError], int]] = {
    "throttle": (lambda faults: faults.throttle(), sesmail.ThrottledError, 0),
    "daily quota": (lambda faults: faults.daily_quota(), sesmail.QuotaExceededError, 0),
    "transient": (lambda faults: faults.transient(), sesmail.UnknownOutcomeError, 0),
    "status": (lambda faults: faults.status(503), sesmail.UnknownOutcomeError, 0),
    "hang": (lambda faults: faults.hang(), sesmail.UnknownOutcomeError, 1),
    "garbage": (lambda faults: faults.garbage(), sesmail.UnknownOutcomeError, 1),
    "reset before": (lambda faults: faults.reset_before(), sesmail.UnknownOutcomeError, 0),
    "reset after": (lambda faults: faults.reset_after(), sesmail.UnknownOutcomeError, 0),
    "lost response": (lambda faults: faults.lost_response(), sesmail.UnknownOutcomeError, 1),
}


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("name", FAULTS)
async def test_fault_has_one_outcome(ses: FakeSES, name: str, api: Any) -> None:
    inject, error, accepted = FAULTS[name]
    ses.verify("example.com")
    settings: dict[str, Any] = {"api": api, "retry": ONCE, "rate_limit": None}
    timeout = 0.3 if name == "hang" else 10
    async with ses.client(**settings, timeout=timeout) as client:
        inject(ses.faults)
        with pytest.raises(error):
            await client.send(ORDER)
        assert len(ses.outbox) == accepted
        await client.send(ORDER)
        assert len(ses.outbox) == accepted + 1


async def test_throttled_sends_are_retried(ses: FakeSES) -> None:
    ses.verify("example.com")
    ses.faults.throttle(times=2)
    retry = RetryPolicy(attempts=3, first_delay=0.001)
    async with ses.client(rate_limit=None, retry=retry) as client:
        result = await client.send(ORDER)
    assert [each.outcome for each in result.attempts] == ["rejected", "rejected", "accepted"]


async def test_fault_applies_to_sends_only_until_cleared(ses: FakeSES) -> None:
    ses.verify("example.com")
    ses.faults.throttle(times=None)
    async with ses.client(rate_limit=None, retry=ONCE) as client:
        assert await client.call("GetAccount")
        for _ in range(3):
            with pytest.raises(sesmail.ThrottledError):
                await client.send(ORDER)
        ses.faults.clear()
        await client.send(ORDER)


async def test_rate_above_a_limit_is_throttled(ses: FakeSES) -> None:
    ses.verify("example.com")
    ses.template("T", "x", "x")
    ses.faults.throttle_above(3)
    bulk = BulkMessage(
        from_email="a@example.com",
        template="T",
        recipients=[f"b{number}@example.org" for number in range(5)],
    )
    async with ses.client(rate_limit=None, retry=ONCE) as client:
        result = await client.send_bulk(bulk)
    outcomes = [each.outcome for each in result.recipients]
    assert outcomes == ["accepted"] * 3 + ["rejected"] * 2


async def test_latency_applies_beside_other_faults(
    ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("sesmail.testing.app.anyio.sleep", sleep)
    ses.verify("example.com")
    ses.faults.latency(7.5)
    ses.faults.throttle()
    async with ses.client(rate_limit=None, retry=ONCE) as client:
        with pytest.raises(sesmail.ThrottledError):
            await client.send(ORDER)
        await client.send(ORDER)
    assert [each for each in slept if each == 7.5] == [7.5, 7.5]


def test_error_of_any_kind(ses: FakeSES, v1: Any) -> None:
    from sesmail.testing.api_errors import MAIL_FROM

    ses.faults.error(MAIL_FROM, "The domain isn't verified.")
    with pytest.raises(v1.exceptions.MailFromDomainNotVerifiedException):
        v1.send_raw_email(RawMessage={"Data": b"From: a@example.com\r\n\r\n"})


async def test_operations_are_limited_to_their_documented_rates(ses: FakeSES) -> None:
    ses.account(limit_calls=True)
    async with ses.client(rate_limit=None, retry=ONCE) as client:
        await client.call("ListEmailTemplates")
        with pytest.raises(sesmail.ThrottledError, match="Rate exceeded"):
            await client.call("ListEmailTemplates")
        for _ in range(3):  # no rate is documented
            await client.call("ListEmailIdentities")
        ses.account(lenient=True)
        await client.call("ListEmailTemplates")
        ses.reset()
        for _ in range(2):
            await client.call("ListEmailTemplates")
    async with ses.client(api="v1", rate_limit=None, retry=ONCE) as client:
        ses.account(limit_calls=True)
        await client.call("GetSendQuota")
        with pytest.raises(sesmail.ThrottledError, match="Rate exceeded"):
            await client.call("GetSendQuota")


@pytest.mark.parametrize(
    ("service", "operation", "rate"),
    [
        ("ses", "GetSendQuota", 1),
        ("ses", "GetIdentityDkimAttributes", 1),
        ("sesv2", "SendCustomVerificationEmail", 1),
        ("sesv2", "SendBulkEmail", None),
    ],
)
def test_documented_rate_is_read_from_the_model(
    service: str, operation: str, rate: int | None
) -> None:
    from sesmail.testing.wire import models

    found = models.operation(service, operation)
    assert found is not None
    assert models.documented_rate(found) == rate
