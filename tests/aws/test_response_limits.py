"""Responses are limited in size, and leave no cookies."""

import pytest

from sesmail import UnknownOutcomeError
from sesmail.aws.bounded_read import OversizedResponseError, check_bounded
from sesmail.aws.departure import CallScope, Departure, Lifetime, call_scope
from support import responses
from support.clients import NEWS, ORDER, new_client
from support.faults import FaultServer, Request, Response, StartFaultServer
from support.responses import ok

pytestmark = pytest.mark.anyio

SEND_LIMIT = 256 * 1024
V1_LIMIT = 2 * 1024 * 1024


def padded(size: int) -> Response:
    """Return a response that a parser accepts, of a size in bytes."""

    def act(connection: object, request: Request) -> None:
        headers, body = responses.accepted(request)
        connection.respond(200, headers, body + b" " * (size - len(body)))  # type: ignore[attr-defined]

    return Response(act)


async def test_response_that_arrived_whole_has_the_limit_of_its_call() -> None:
    token = call_scope.set(CallScope(Departure(), Lifetime(), 10))
    try:
        assert check_bounded(b"x" * 10) == b"x" * 10
        with pytest.raises(OversizedResponseError):
            check_bounded(b"x" * 11)
    finally:
        call_scope.reset(token)


@pytest.mark.parametrize("api", ["v1", "v2"])
async def test_response_to_a_send_has_256_kb_at_most(
    fault_server: StartFaultServer, session: str, api: str
) -> None:
    server = fault_server(padded(SEND_LIMIT), padded(SEND_LIMIT + 1), padded(SEND_LIMIT + 1))
    async with new_client(server.url, session, api=api) as client:
        await client.send(ORDER)
        with pytest.raises(UnknownOutcomeError):
            await client.send(ORDER)
        result = await client.send_bulk(NEWS)
    assert {each.outcome for each in result.recipients} == {"unknown"}


@pytest.mark.parametrize(
    ("api", "operation", "size", "is_read"),
    [
        ("v2", "GetAccount", SEND_LIMIT + 1, True),
        ("v2", "GetAccount", V1_LIMIT + 1, True),
        ("v1", "GetSendQuota", SEND_LIMIT + 1, True),
        ("v1", "GetSendQuota", V1_LIMIT + 1, False),
    ],
)
async def test_responses_to_other_operations_may_be_larger(
    fault_server: StartFaultServer,
    session: str,
    api: str,
    operation: str,
    size: int,
    is_read: bool,
) -> None:
    server = fault_server(padded(size))
    async with new_client(server.url, session, api=api) as client:
        if is_read:
            assert "ResponseMetadata" in await client.call(operation)
        else:
            with pytest.raises(UnknownOutcomeError):
                await client.call(operation)


def cookies(server: FaultServer) -> list[str | None]:
    return [request.headers.get("cookie") for request in server.requests]


async def test_no_cookie_is_kept(fault_server: StartFaultServer, session: str) -> None:
    set_cookie = responses.raw(
        200,
        {
            **responses.JSON,
            "Set-Cookie": "AWSALB=abc; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        },
        b'{"MessageId": "0102-1"}',
    )
    server = fault_server(set_cookie, set_cookie, ok())
    url = server.url.replace("127.0.0.1", "localhost")
    async with new_client(url, session) as client:
        for _ in range(3):
            await client.send(ORDER)
    assert cookies(server) == [None, None, None]
