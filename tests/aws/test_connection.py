"""One AWS configuration, and what it opens."""

import asyncio

import anyio
import pytest

from sesmail import ConfigurationError
from sesmail.aws import Aws
from sesmail.aws.direct import _Body
from support.answers import ok
from support.clients import ORDER, new_client
from support.faults import StartFaultServer

pytestmark = pytest.mark.anyio


async def test_one_configuration_opens_several_services(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    aws = Aws("eu-west-1", profile=None, config=None, user_agent="sesmail/0", params={"endpoint_url": server.url})
    for service, operation in (("ses", "GetSendQuota"), ("sesv2", "GetAccount"), ("sesv2", "GetAccount")):
        await aws.call(service, operation, {}, deadline=anyio.current_time() + 30)
        assert aws.region(service) == "eu-west-1"
    await aws.aclose()
    assert len(server.requests) == 3


def test_a_body_can_be_read_as_text() -> None:
    assert _Body("Grüße".encode()).decode() == "Grüße"


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
