"""Code that hooks into aiobotocore sees every call: the fast path is off while there is any."""

import functools
import logging
from collections.abc import Callable
from typing import Any
from unittest import mock

import anyio
import anyio.lowlevel
import pytest
import wrapt
from aiobotocore.client import AioBaseClient
from aiobotocore.endpoint import AioEndpoint
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from aiobotocore.signers import AioRequestSigner
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.endpoint import Endpoint
from botocore.exceptions import HTTPClientError
from botocore.hooks import HierarchicalEmitter
from botocore.stub import Stubber

from sesmail import BulkMessage, Client, NotSentError, SesmailError, UnknownOutcomeError
from support.clients import NEWS, ORDER, new_client
from support.faults import FaultServer, Request, StartFaultServer
from support.responses import close_after_request, ok

FAST = ["asyncio-aiohttp-fast", "trio-httpx-fast"]
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("transport", FAST, indirect=True)]

EVENTS = [
    *(f"before-send{level}" for level in (".sesv2", ".sesv2.SendEmail", ".*.SendEmail", ".*")),
    "provide-client-params",
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
    "after-call",
]


class RefusedError(Exception):
    """Raised by a handler that lets no request through."""


def refuse(**_: Any) -> None:
    raise RefusedError


def is_fast(request: Request) -> bool:
    return "amz-sdk-request" not in request.headers


def opened(client: Client) -> Any:
    """Return aiobotocore's client."""
    (service_client,) = client._aws._clients.values()
    return service_client.client


async def fast_sends(server: FaultServer, client: Client, times: int = 2) -> list[bool]:
    """Send a message, and return for each request whether it took the fast path."""
    async with client:
        for _ in range(times):
            await client.send(ORDER)
    return [is_fast(request) for request in server.requests]


async def test_fast_path_can_be_turned_off(fault_server: StartFaultServer, session: str) -> None:
    server = fault_server(ok())
    assert await fast_sends(server, new_client(server.url, session)) == [True, True]
    server = fault_server(ok())
    client = new_client(server.url, session, fast_path=False)
    assert await fast_sends(server, client) == [False, False]


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("kind", ["send", "send_bulk", "call"])
async def test_builtin_handler_that_refuses_requests_lets_none_through(
    fault_server: StartFaultServer,
    session: str,
    api: Any,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As moto's, which is among botocore's built-in handlers."""
    builtin = [*handlers.BUILTIN_HANDLERS, ("before-send", refuse)]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", builtin)
    server = fault_server(ok())
    quota = "GetAccount" if api == "v2" else "GetSendQuota"
    calls: dict[str, Callable[[Client], Any]] = {
        "send": lambda client: client.send(ORDER),
        "send_bulk": lambda client: send_bulk(client, NEWS),
        "call": lambda client: client.call(quota),
    }
    async with new_client(server.url, session, api=api) as client:
        with pytest.raises(SesmailError):
            await calls[kind](client)
    assert server.requests == []


async def send_bulk(client: Client, message: BulkMessage) -> None:
    (await client.send_bulk(message)).raise_for_failed()


async def test_moto_lets_no_request_through(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto = pytest.importorskip("support.moto")
    from moto import mock_aws

    builtin = [*handlers.BUILTIN_HANDLERS, moto.MOCK_HANDLER]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", builtin)
    proxy = fault_server(ok())
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    settings = {"http_session_cls": http_session(session)}
    with mock_aws():
        async with Client("us-east-1", rate_limit=None, timeout=5, config=settings) as client:
            with pytest.raises(SesmailError):
                await client.send(ORDER)
    assert proxy.requests == []


def http_session(session: str) -> type[Any]:
    """Return aiobotocore's class for a session of the tests."""
    if session.startswith("aiohttp"):
        return AIOHTTPSession
    from aiobotocore.httpxsession import HttpxSession

    return HttpxSession


async def test_handler_that_responds_itself_replaces_the_request(
    fault_server: StartFaultServer, session: str
) -> None:
    class Response(AWSResponse):
        @property
        async def content(self) -> bytes:
            return b'{"MessageId": "0101-mock"}'

    async def respond(**_: Any) -> AWSResponse:
        return Response("http://mock", 200, {}, None)

    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        opened(client).meta.events.register("before-send.sesv2.SendEmail", respond)
        result = await client.send(ORDER)
    assert result.message_id == "0101-mock"
    assert len(server.requests) == 1


@pytest.mark.parametrize("event", EVENTS)
async def test_handler_registered_after_the_first_send_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str, event: str
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        events = opened(client).meta.events
        events.register(event, lambda **_: None, unique_id="tracer")
        await client.send(ORDER)
        events.unregister(event, unique_id="tracer")
        await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [True, False, True]


@pytest.mark.parametrize("name", ["before-send.s3", "before-send.sesv2.GetAccount", "my-event"])
async def test_handler_of_another_event_leaves_the_fast_path_on(
    fault_server: StartFaultServer, session: str, name: str
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        opened(client).meta.events.register(name, refuse)
        await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [True]


async def test_removed_handler_of_botocore_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        opened(client).meta.events.unregister(
            "before-call", handlers.inject_api_version_header_if_needed
        )
        await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [False]


async def test_stubber_of_botocore_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str
) -> None:
    """Its handlers are botocore's own functions."""
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        with Stubber(opened(client)) as stubber:
            stubber.add_response("send_email", {"MessageId": "0101-stub"})
            with pytest.raises(SesmailError):  # which expects a response of its own type
                await client.send(ORDER)
    assert server.requests == []


async def test_handler_of_the_session_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tracer hooks into the events of each new session, before there is a client."""
    seen: list[str] = []
    register = AioSession._register_builtin_handlers

    def register_more(self: Any, events: Any) -> None:
        register(self, events)
        self.register("before-send", lambda event_name, **_: seen.append(event_name))

    monkeypatch.setattr(AioSession, "_register_builtin_handlers", register_more)
    server = fault_server(ok())
    assert await fast_sends(server, new_client(server.url, session)) == [False, False]
    assert seen == ["before-send.sesv2.SendEmail"] * 2


MAKE_API_CALL: tuple[type[Any], str] = (AioBaseClient, "_make_api_call")
OTHERS: list[tuple[type[Any], str]] = [
    (AioBaseClient, "_convert_to_request_dict"),
    (AioBaseClient, "_emit_api_params"),
    (AioBaseClient, "_make_request"),
    (AioBaseClient, "_resolve_endpoint_ruleset"),
    (AioEndpoint, "_do_get_response"),
    (AioEndpoint, "_get_response"),
    (AioEndpoint, "_needs_retry"),
    (AioEndpoint, "_send"),
    (AioEndpoint, "_send_request"),
    (AioEndpoint, "create_request"),
    (AioRequestSigner, "handler"),
    (AioRequestSigner, "sign"),
    (Endpoint, "make_request"),
    (Endpoint, "prepare_request"),
    (HierarchicalEmitter, "emit"),
]
WRAPPERS: dict[str, Callable[[Any, Any], Any]] = {
    "function": lambda _, wrapper: wrapper,
    "functools": lambda function, wrapper: functools.wraps(function)(wrapper),
    "partialmethod": lambda _, wrapper: functools.partialmethod(wrapper),
    "wrapt": lambda function, _: wrapt.FunctionWrapper(
        function, lambda wrapped, _, args, options: wrapped(*args, **options)
    ),
    "mock": lambda _, wrapper: mock.create_autospec(wrapper, side_effect=wrapper),
}


WRAPPED = [
    *((*MAKE_API_CALL, kind) for kind in WRAPPERS),
    *(pytest.param(*each, "wrapt", marks=pytest.mark.first) for each in OTHERS),
]


def wrap(function: Any, kind: str) -> Any:
    def call(self: Any, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    return WRAPPERS[kind](function, call)


@pytest.mark.parametrize(
    ("owner", "name", "kind"), WRAPPED, ids=lambda value: getattr(value, "__name__", value)
)
async def test_method_wrapped_before_opening_turns_the_fast_path_off(
    fault_server: StartFaultServer,
    session: str,
    owner: type[Any],
    name: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, name, wrap(getattr(owner, name), kind))
    server = fault_server(ok())
    assert await fast_sends(server, new_client(server.url, session)) == [False, False]


@pytest.mark.parametrize(
    ("owner", "name", "kind"), WRAPPED, ids=lambda value: getattr(value, "__name__", value)
)
async def test_method_wrapped_after_the_first_send_turns_the_fast_path_off(
    fault_server: StartFaultServer,
    session: str,
    owner: type[Any],
    name: str,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, wrap(getattr(owner, name), kind))
            await client.send(ORDER)
        await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [True, False, True]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("", "_make_api_call"),
        ("", "send_email"),
        ("_endpoint", "_send"),
        ("_endpoint.http_session", "send"),
    ],
)
async def test_wrapped_method_of_an_instance_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str, path: str, name: str
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        owner = functools.reduce(getattr, path.split(".") if path else [], opened(client))
        setattr(owner, name, getattr(owner, name))
        await client.send(ORDER)
        delattr(owner, name)
        await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [True, False, True]


async def test_wrapped_send_of_the_http_session_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = http_session(session)
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        with monkeypatch.context() as patch:
            patch.setattr(owner, "send", functools.partialmethod(owner.send))
            await client.send(ORDER)
        await client.send(ORDER)
        monkeypatch.setattr(owner, "send", functools.partialmethod(owner.send))
        await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [True, False, True, False]
    assert await fast_sends(server, new_client(server.url, session)) == [
        *(True, False, True, False, False, False),
    ]


async def test_wrapped_method_of_botocore_that_is_overridden_leaves_the_fast_path_on(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a tracer of synchronous code wraps it, and aiobotocore doesn't call it."""
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *_: None)
    server = fault_server(ok())
    assert await fast_sends(server, new_client(server.url, session)) == [True, True]


@pytest.mark.parametrize("path", ["_endpoint", "_request_signer"])
async def test_replaced_part_of_the_client_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str, path: str
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        setattr(opened(client), path, wrapt.ObjectProxy(getattr(opened(client), path)))
        await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [True, False]


async def test_request_of_another_http_session_may_have_been_sent(
    fault_server: StartFaultServer, session: str
) -> None:
    """An HTTP client that shows nothing of its connections."""

    class Failing(wrapt.ObjectProxy):  # type: ignore[misc]
        async def send(self, request: Any) -> Any:
            raise ConnectionError

    async with new_client(fault_server(ok()).url, session) as client:
        await client.open()
        endpoint = opened(client)._endpoint
        endpoint.http_session = Failing(endpoint.http_session)
        with pytest.raises(UnknownOutcomeError):
            await client.send(ORDER)


@pytest.mark.parametrize("how", ["nothing", "later", "first", "last"])
async def test_handler_without_a_response_leaves_the_outcome_as_it_is(
    fault_server: StartFaultServer, session: str, how: str
) -> None:
    """A proxy that breaks off the tunnel means not sent, whatever handles the event before it."""

    async def later(**_: Any) -> None:
        await anyio.lowlevel.checkpoint()

    proxy = fault_server(close_after_request())
    config = {"proxies": {"https": proxy.url}}
    async with new_client("https://ses.invalid", session, config=config) as client:
        await client.open()
        events = opened(client).meta.events
        register = {"first": events.register_first, "last": events.register_last}
        handler = later if how == "later" else ignore
        register.get(how, events.register)("before-send.sesv2.SendEmail", handler)
        with pytest.raises(NotSentError) as caught:
            await client.send(ORDER)
    assert caught.value.retryable
    assert [request.method for request in proxy.requests] == ["CONNECT"]


class Malformed(AWSResponse):
    """A response of a mock, that can't be read."""

    @property
    async def content(self) -> bytes:
        raise ValueError("no content")


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (Malformed("http://mock", 200, {}, None), UnknownOutcomeError),
        (object(), UnknownOutcomeError),
    ],
    ids=["malformed", "object"],
)
async def test_malformed_response_of_a_handler_is_unknown(
    fault_server: StartFaultServer, session: str, response: Any, kind: type[SesmailError]
) -> None:
    """The handler may have sent the request."""
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.open()
        opened(client).meta.events.register("before-send", lambda **_: response)
        with pytest.raises(kind):
            await client.send(ORDER)
    assert server.requests == []


async def test_handler_that_raises_lets_no_request_leave(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        await client.open()
        opened(client).meta.events.register("before-send", refuse)
        with pytest.raises(NotSentError):
            await client.send(ORDER)
    assert server.requests == []


async def test_other_code_that_sends_twice_makes_one_request(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its second attempt doesn't hide that the first may have left."""
    send = AioEndpoint._send

    async def send_twice(self: Any, request: Any) -> Any:
        try:
            await send(self, request)
        except HTTPClientError:
            return await send(self, request)

    monkeypatch.setattr(AioEndpoint, "_send", send_twice)
    server = fault_server(close_after_request())
    async with new_client(server.url, session) as client:
        with pytest.raises(UnknownOutcomeError):
            await client.send(ORDER)
    assert len(server.requests) == 1


async def test_proxy_around_the_client_turns_the_fast_path_off(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter: Any = AioBaseClient.__aenter__

    async def enter_proxy(self: Any) -> Any:
        return wrapt.ObjectProxy(await enter(self))

    monkeypatch.setattr(AioBaseClient, "__aenter__", enter_proxy)
    server = fault_server(ok())
    assert await fast_sends(server, new_client(server.url, session)) == [False, False]


async def test_reason_is_logged_once_per_client(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "sesmail.aws")
    server = fault_server(ok())
    await fast_sends(server, new_client(server.url, session))
    assert caplog.messages == []
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, HANDLER])
    for _ in range(2):
        await fast_sends(server, new_client(server.url, session), times=3)
    expected = (
        "the fast path of sesv2 is off: "
        f"{__name__}.ignore is a handler of before-send.sesv2.SendBulkEmail"
    )
    assert caplog.messages == [expected] * 2
    assert {record.levelno for record in caplog.records} == {logging.INFO}


def ignore(**_: Any) -> None:
    """Handle an event without effect."""


HANDLER = ("before-send", ignore)
