"""One AWS configuration, and what it opens."""

import anyio
import pytest

from sesmail.aws import Aws
from sesmail.aws.direct import _Body
from support.answers import ok
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
