"""AccountRate: read the account's sending rate."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from sesmail import (
    AccessDeniedError,
    Client,
    ConfigurationError,
    NotSentError,
    RateLimiter,
    SesmailError,
)
from sesmail.sending.rate import account
from sesmail.sending.rate.account import AccountRate
from support.clients import NEWS, ORDER, new_client
from support.faults import Request, Response, StartFaultServer
from support.responses import XML, element, error, json_200, ok, raw, result

pytestmark = pytest.mark.anyio


class Read:
    """Read function that returns scripted rates, the last one repeatedly."""

    def __init__(self, *script: object) -> None:
        self.script = script
        self.count = 0

    async def __call__(self) -> object:
        step = self.script[min(self.count, len(self.script) - 1)]
        self.count += 1
        await anyio.lowlevel.checkpoint()
        if isinstance(step, SesmailError):
            raise step
        return step


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Current time, which a test may change."""
    now = [1000.0]
    monkeypatch.setattr(account.anyio, "current_time", lambda: now[0])
    return now


async def test_concurrent_refreshes_share_one_read() -> None:
    limiter, read = RateLimiter(), Read(100.0)
    rate = AccountRate(limiter, read)
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(rate.refresh)
    assert (read.count, limiter.account_rate) == (1, 100.0)


async def test_rate_is_read_again_after_5_minutes(time: list[float]) -> None:
    limiter, read = RateLimiter(clock=lambda: time[0]), Read(100.0, 200.0)
    rate = AccountRate(limiter, read)
    for at, expected in [(1000.0, 100.0), (1299.0, 100.0), (1301.0, 200.0)]:
        time[0] = at
        await rate.refresh()
        assert limiter.account_rate == expected


@pytest.mark.parametrize(
    "response",
    [
        AccessDeniedError("no"),
        NotSentError("no"),
        ConfigurationError("no"),
        None,
        "14",
        0,
        -1,
        float("nan"),
        {},
    ],
    ids=repr,
)
async def test_failed_read_is_repeated_after_a_minute(time: list[float], response: object) -> None:
    limiter, read = RateLimiter(clock=lambda: time[0]), Read(response, 50)
    rate = AccountRate(limiter, read)
    await rate.refresh()
    await rate.refresh()
    assert (limiter.account_rate, read.count) == (None, 1)
    time[0] += 61
    await rate.refresh()
    assert limiter.account_rate == 50


async def test_keep_fresh_reads_periodically(
    time: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps: list[float] = []

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        time[0] += seconds
        if len(sleeps) > 3:
            scope.cancel()
        await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(account.anyio, "sleep", sleep)
    limiter, read = RateLimiter(clock=lambda: time[0]), Read(1, 2, NotSentError("no"), 3)
    rate = AccountRate(limiter, read)
    await rate.refresh()
    with anyio.CancelScope() as scope:
        await rate.keep_fresh()
    assert sleeps == [300, 300, 60, 300]
    assert limiter.account_rate == 3


def account_with_rate(rate: object) -> Callable[[Request], Response]:
    """Returns a step that responds to GetAccount with a rate, and accepts all mail."""

    def step(request: Request) -> Response:
        if request.target.endswith("/v2/email/account"):
            return json_200(
                {
                    "SendQuota": {
                        "Max24HourSend": 50_000.0,
                        "MaxSendRate": rate,
                        "SentLast24Hours": 1.0,
                    }
                }
            )
        return ok()

    return step


def operations(requests: list[Request]) -> list[str]:
    return [request.form.get("Action") or request.target.rpartition("/")[2] for request in requests]


async def test_send_many_and_send_bulk_read_the_rate_but_send_does_not(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(account_with_rate(1000.0))
    async with new_client(server.url, rate_limit="account") as client:
        await client.send(ORDER)
        assert operations(server.requests) == ["outbound-emails"]
        await client.send_bulk(NEWS)
        assert operations(server.requests)[1:] == ["account", "outbound-bulk-emails"]
        async with client.send_many([ORDER]) as outcomes:
            assert [outcome.outcome async for outcome in outcomes] == ["accepted"]
        assert operations(server.requests)[3:] == ["outbound-emails"]


async def test_v1_reads_get_send_quota(fault_server: StartFaultServer) -> None:
    def step(request: Request) -> Response:
        if request.form["Action"] != "GetSendQuota":
            return ok()
        return raw(200, XML, result(request, element("MaxSendRate", "25.0")))

    server = fault_server(step)
    limiter = RateLimiter()
    async with (
        new_client(server.url, api="v1", rate_limit=limiter) as client,
        client.send_many([ORDER]) as outcomes,
    ):
        assert [outcome.outcome async for outcome in outcomes] == ["accepted"]
    assert operations(server.requests) == ["GetSendQuota", "SendRawEmail"]
    assert limiter.account_rate == 25


async def test_sends_without_permission_to_read_the_rate(fault_server: StartFaultServer) -> None:
    def step(request: Request) -> Response:
        return error(403, "AccessDeniedException") if request.target.endswith("/account") else ok()

    server = fault_server(step)
    async with new_client(server.url, rate_limit="account") as client:
        result = await client.send_bulk(NEWS)
    assert len(result.accepted) == 2


@pytest.mark.parametrize("fixed", [float, RateLimiter, None], ids=["number", "limiter", "none"])
async def test_given_rate_is_not_read(fault_server: StartFaultServer, fixed: Any) -> None:
    server = fault_server(ok())
    async with new_client(server.url, rate_limit=fixed and fixed(50)) as client:
        await client.send_bulk(NEWS)
    assert len(server.requests) == 1


@pytest.mark.parametrize("rate", [0, -1, "fast", float("inf")], ids=str)
def test_client_refuses_invalid_rate_limit(rate: object) -> None:
    with pytest.raises(ConfigurationError, match="rate"):
        Client(rate_limit=rate)  # type: ignore[arg-type]
