"""AWS clients of one configuration: retries, deadlines, event loops."""

import asyncio
from typing import Any

import anyio
import pytest

from sesmail import (
    ConfigurationError,
    ContentTooLargeError,
    InvalidMessageError,
    NotSentError,
    SendError,
    UnknownOutcomeError,
)
from sesmail.aws import Aws, AwsSettings, Departure
from sesmail.aws.aiohttp_payload import RequestPayload
from sesmail.aws.opening import ClientOpener
from support.clients import ORDER, TIMEOUTS, new_client
from support.faults import StartFaultServer
from support.responses import no_response, ok, raw
from support.wire import head, raw_response

pytestmark = pytest.mark.anyio


async def test_one_configuration_opens_several_services(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    aws = Aws(
        AwsSettings(
            "eu-west-1",
            profile=None,
            config=None,
            user_agent="sesmail/0",
            params={"endpoint_url": server.url},
        )
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


@pytest.mark.parametrize("mode", ["legacy", "adaptive"])
async def test_sends_are_never_retried_by_botocore(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    assert await retries({"retries": {"mode": mode, "total_max_attempts": 5}}) == {
        "mode": "standard",
        "total_max_attempts": 1,
    }


async def test_repeatable_calls_are_retried_in_standard_mode_with_3_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The defaults of botocore and of the environment have no effect."""
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    assert await retries(None, repeatable=True) == {"mode": "standard", "total_max_attempts": 3}


async def test_retries_of_repeatable_calls_can_be_configured() -> None:
    given = {"mode": "adaptive", "total_max_attempts": 5}
    assert await retries({"retries": given}, repeatable=True) == given


async def retries(config: Any, *, repeatable: bool = False) -> Any:
    """Return the setting of an open client."""
    aws = Aws(
        AwsSettings(
            "eu-west-1",
            profile=None,
            config=config,
            user_agent="",
            params={},
            repeatable=repeatable,
        )
    )
    opened = await aws.open("s3" if repeatable else "sesv2")
    await aws.aclose()
    return opened.client.meta.config.retries


async def get_object(url: str, limit: int) -> bytes:
    """Return the content of an object of S3."""
    params: Any = {"endpoint_url": url}
    settings: Any = {"profile": None, "config": None, "user_agent": "", "params": params}
    aws = Aws(AwsSettings("eu-west-1", **settings, repeatable=True))
    try:
        response = await aws.call(
            "s3",
            "GetObject",
            {"Bucket": "mails", "Key": "1"},
            deadline=anyio.current_time() + 30,
            body_limit=limit,
        )
    finally:
        await aws.aclose()
    content: bytes = response["Body"]
    return content


async def test_stored_object_is_read_up_to_a_limit(fault_server: StartFaultServer) -> None:
    """With and without a Content-Length."""
    content = bytes(600_000)
    told = raw(200, {}, content)
    chunked = raw_response(lambda _: head("Connection: close") + content, "close")
    for response in (told, chunked):
        server = fault_server(response)
        assert await get_object(server.url, len(content)) == content
        with pytest.raises(ContentTooLargeError, match="599,999"):
            await get_object(server.url, len(content) - 1)


async def test_operation_that_does_not_exist_is_refused() -> None:
    async with new_client("http://127.0.0.1:1") as client:
        with pytest.raises(InvalidMessageError, match="did you mean 'GetAccount'"):
            await client.call("GetAcount")
        with pytest.raises(InvalidMessageError, match="there is no operation 'Zzz'"):
            await client.call("Zzz")


async def test_call_without_response_ends_at_the_timeout(fault_server: StartFaultServer) -> None:
    server = fault_server(no_response())
    for timeout in TIMEOUTS:
        async with new_client(server.url, timeout=timeout) as client:
            with pytest.raises(UnknownOutcomeError if server.requests else SendError) as caught:
                await client.send(ORDER)
        assert caught.value.outcome == ("unknown" if server.requests else "not_sent")
        if server.requests:
            break
    assert server.requests


async def test_error_before_a_client_is_open_means_not_sent(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("TOPSECRET")

    server = fault_server(ok())
    monkeypatch.setattr(ClientOpener, "open", fail)
    async with anyio.create_task_group():
        client = new_client(server.url)
        with pytest.raises(NotSentError, match="nothing was sent: RuntimeError"):
            await client.send(ORDER)
    assert server.requests == []


def test_second_request_of_a_call_is_refused() -> None:
    departure = Departure()
    departure.count()
    assert departure.may_have_left
    with pytest.raises(RuntimeError, match="more than 1"):
        departure.count()


def test_request_body_decodes_to_text() -> None:
    assert RequestPayload("Grüße".encode(), print).decode() == "Grüße"


def test_client_is_refused_on_a_second_event_loop(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    client = new_client(server.url)

    async def send() -> None:
        await client.send(ORDER)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(send())
    with pytest.raises(ConfigurationError, match=r"this sesmail\.Client is bound"):
        anyio.run(send)
    loop.run_until_complete(client.aclose())
    loop.close()
    assert len(server.requests) == 1
