"""One AWS configuration, and what it opens."""

import asyncio

import anyio
import pytest

from sesmail import ConfigurationError, UnknownOutcomeError
from sesmail.aws import Aws, Departure
from sesmail.aws.aiohttp_session import _Payload
from support.answers import no_answer, ok
from support.clients import ORDER, new_client
from support.faults import StartFaultServer

pytestmark = pytest.mark.anyio


async def test_one_configuration_opens_several_services(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    aws = Aws(
        "eu-west-1",
        profile=None,
        config=None,
        user_agent="sesmail/0",
        params={"endpoint_url": server.url},
    )
    for service, operation in (
        ("ses", "GetSendQuota"),
        ("sesv2", "GetAccount"),
        ("sesv2", "GetAccount"),
    ):
        await aws.call(service, operation, {}, deadline=anyio.current_time() + 30)
        assert aws.region(service) == "eu-west-1"
    await aws.aclose()
    assert len(server.requests) == 3


async def test_nobody_but_sesmail_slows_calls_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's adaptive mode would hold them back, those alone that aren't lean."""
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    aws = Aws(
        "eu-west-1",
        profile=None,
        config={"retries": {"mode": "adaptive"}},
        user_agent="",
        params={},
    )
    opened = await aws.open("sesv2")
    await aws.aclose()
    assert opened.client.meta.config.retries == {"mode": "standard", "total_max_attempts": 1}


async def test_silence_has_an_end(fault_server: StartFaultServer) -> None:
    with anyio.fail_after(10):
        async with new_client(fault_server(no_answer()).url, timeout=0.3) as client:
            with pytest.raises(UnknownOutcomeError):
                await client.send(ORDER)


def test_a_call_that_may_not_be_repeated_has_one_request() -> None:
    departure = Departure()
    departure.count()
    assert departure.may_have_left
    with pytest.raises(RuntimeError, match="more than 1"):
        departure.count()


def test_a_body_can_be_read_as_text() -> None:
    assert _Payload("Grüße".encode()).decode() == "Grüße"


def test_another_event_loop_is_told_to_make_its_own(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    client = new_client(server.url)

    async def send() -> None:
        await client.send(ORDER)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(send())
    with pytest.raises(ConfigurationError, match="event loop"):
        anyio.run(send)
    loop.run_until_complete(client.aclose())
    loop.close()
    assert len(server.requests) == 1
