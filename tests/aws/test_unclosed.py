"""Clients that are never closed, and clients that are closed while they connect."""

import gc
from typing import Any

import anyio
import pytest

from sesmail import Client, ConfigurationError, NotSentError, Receiver, SesmailError
from sesmail.aws import failure
from sesmail.aws.service_client import ServiceClient
from support.clients import ORDER, new_client
from support.faults import StartFaultServer
from support.responses import ok

pytestmark = pytest.mark.anyio


async def test_unclosed_client_warns_in_its_own_name(
    fault_server: StartFaultServer, session: str
) -> None:
    """And nothing else warns."""
    server = fault_server(ok())
    client = new_client(server.url, session)
    await client.send(ORDER)
    clients = [client]
    del client
    with pytest.warns(ResourceWarning) as caught:
        clients.clear()
    gc.collect()
    await anyio.lowlevel.checkpoint()
    assert ["unclosed sesmail.Client" in str(each.message) for each in caught] == [True]
    assert await anyio.to_thread.run_sync(server.wait_until_closed)


async def test_unclosed_receiver_warns_in_its_own_name() -> None:
    receiver = Receiver(secret="user:password", region="eu-west-1")
    await receiver._aws.open("s3")
    receivers = [receiver]
    del receiver
    with pytest.warns(ResourceWarning, match=r"unclosed sesmail\.Receiver"):
        receivers.clear()


async def test_client_that_never_opened_does_not_warn() -> None:
    Client("eu-west-1")
    gc.collect()


async def test_client_closed_before_the_first_byte_sends_nothing(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fault_server(ok())
    client = new_client(server.url, session)
    await client.open()
    http_session: Any = client._aws._clients["sesv2", None].client._endpoint.http_session
    count = http_session.departing

    def close_and_count() -> None:
        client._aws._lifetime.is_closed = True
        count()

    http_session.departing = close_and_count
    with pytest.raises(NotSentError, match="closed"):
        await client.send(ORDER)
    client._aws._lifetime.is_closed = False
    await client.aclose()
    assert server.requests == []


async def test_closed_session_connects_no_more(
    fault_server: StartFaultServer, session: str
) -> None:
    """Whatever still sends on it, such as a repeated call."""
    server = fault_server(ok())
    client = new_client(server.url, session)
    await client.open()
    http_session: Any = client._aws._clients["sesv2", None].client._endpoint.http_session
    await http_session.__aexit__(None, None, None)
    with pytest.raises(NotSentError):
        await client.send(ORDER)
    await client.aclose()
    assert server.requests == []


async def test_unsigned_client_has_no_credentials_to_refresh() -> None:
    from botocore import UNSIGNED

    async with Client("eu-west-1", config={"signature_version": UNSIGNED}) as client:
        opened: ServiceClient = client._aws._clients["sesv2", None]
        await opened.refresh_credentials()


def test_errors_of_the_http_session_are_raised_unchanged() -> None:
    from botocore.exceptions import HTTPClientError

    original = ConfigurationError("the client is closed")
    found: SesmailError = failure.translate_error(
        HTTPClientError(error=original), "SendEmail", may_have_left=False
    )
    assert found is original
