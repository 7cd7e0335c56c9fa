"""Outcomes of sends by settings, credentials, deadlines, closing and cancellation."""

import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import sesmail
from sesmail import ConfigurationError, Message, NotSentError, UnknownOutcomeError
from sesmail.aws import Aws
from sesmail.aws.opening import ClientOpener
from support import responses
from support.clients import NEWS, ORDER, new_client
from support.faults import FaultServer, StartFaultServer
from support.responses import error, ok

pytestmark = pytest.mark.anyio

LARGE = Message(
    from_email="a@example.com",
    to="b@example.com",
    attachments=[sesmail.Attachment("x.bin", bytes(6_000_000))],
)


async def failure_of(client: sesmail.Client, message: Message = ORDER) -> sesmail.SendError:
    """Return the error of a send."""
    with pytest.raises(sesmail.SendError) as failure:
        await client.send(message)
    return failure.value


async def failure_after_close(server: FaultServer, **settings: Any) -> sesmail.SendError:
    """Return the error of a send, after all connections are closed."""
    async with new_client(server.url, **settings) as client:
        failure = await failure_of(client)
    assert await anyio.to_thread.run_sync(server.wait_until_closed)
    return failure


async def test_redirects_are_not_followed(fault_server: StartFaultServer, session: str) -> None:
    elsewhere = fault_server(ok())
    server = fault_server(responses.redirect(307, elsewhere.url))
    assert (await failure_after_close(server, session=session)).outcome == "unknown"
    assert elsewhere.connections_opened == 0


async def test_deadline_is_proportional_to_the_size_of_the_mail(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, call = fault_server(ok()), Aws.call
    seconds: list[float] = []

    async def recording(*args: Any, deadline: float, **options: Any) -> Any:
        seconds.append(deadline - anyio.current_time())
        return await call(*args, deadline=deadline, **options)

    monkeypatch.setattr(Aws, "call", recording)
    async with new_client(server.url, session, timeout=1000) as client:
        await client.send(ORDER)
        await client.send(LARGE)
    assert seconds == [pytest.approx(1000, abs=100), pytest.approx(7830, abs=100)]


async def test_call_that_waits_for_a_connection_is_not_sent(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(responses.no_response())
    settings: dict[str, Any] = {"config": {"max_pool_connections": 1}}
    async with (
        new_client(server.url, session, **settings, timeout=0.2) as client,
        client._aws._opener.slots,
    ):
        failure = await failure_of(client)
        assert (failure.outcome, failure.retryable) == ("not_sent", True)
    assert server.requests == []


async def test_outcome_is_independent_of_the_exception_being_handled(
    fault_server: StartFaultServer, session: str
) -> None:
    """The handled exception becomes `__context__` of the error, and must not decide the outcome."""
    server = fault_server(responses.reset_after_request())
    async with (
        new_client("http://127.0.0.1:1", session) as refused,
        new_client(server.url, session) as client,
    ):
        try:
            await refused.send(ORDER)
        except NotSentError:
            with pytest.raises(UnknownOutcomeError):
                await client.send(ORDER)


@pytest.mark.parametrize(
    "retries", [{"max_attempts": 5}, {"total_max_attempts": 4, "mode": "standard"}]
)
async def test_no_setting_makes_a_second_request(
    fault_server: StartFaultServer, session: str, retries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    server = fault_server(error(503, "ServiceUnavailable"), ok())
    await failure_after_close(server, session=session, config={"retries": retries})
    assert len(server.requests) == 1


async def test_cancelled_send_leaves_no_connection_open(
    fault_server: StartFaultServer, session: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = fault_server(responses.no_response())
    async with new_client(server.url, session) as client, anyio.create_task_group() as group:
        group.start_soon(client.send, ORDER)
        assert await anyio.to_thread.run_sync(server.wait_for_requests, 1)
        group.cancel_scope.cancel()
    assert await anyio.to_thread.run_sync(server.wait_until_closed)
    assert "unknown outcome" in caplog.text
    assert "alice" not in caplog.text


async def test_cancellation_before_the_request_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with new_client("http://127.0.0.1:1") as client:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await client.send(ORDER)
    assert "unknown" not in caplog.text


async def test_missing_credentials_are_a_configuration_error(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        with pytest.raises(ConfigurationError, match="credentials"):
            await client.send(ORDER)
    assert server.requests == []


async def test_missing_region_is_a_configuration_error(
    session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match="region"):
        async with new_client("http://127.0.0.1:1", session):
            pass


@pytest.mark.parametrize(
    "settings",
    [
        {"profile": "nobody"},
        {"config": {"no_such_setting": 1}},
        {"endpoint_url": "not a url"},
        {"aws_access_key_id": "half"},
        {"config": {"max_pool_connections": 0}},
        {"config": 5},
        {"configuration_set": "two words"},
        {"defaults": {}},
    ],
)
async def test_settings_refused_by_botocore_are_configuration_errors(settings: Any) -> None:
    with pytest.raises(ConfigurationError):
        async with sesmail.Client(**settings):
            pass


def test_unknown_settings_are_refused_by_the_constructor() -> None:
    with pytest.raises(ConfigurationError, match="foo"):
        sesmail.Client(foo=1)  # type: ignore[call-arg]


async def test_config_argument_is_not_modified(
    fault_server: StartFaultServer, session: str
) -> None:
    from aiobotocore.config import AioConfig
    from botocore.config import Config

    server = fault_server(ok())
    for config in (Config(connect_timeout=3), AioConfig(connect_timeout=3), {"connect_timeout": 3}):
        before = dict(config) if isinstance(config, dict) else dict(vars(config))
        async with sesmail.Client(endpoint_url=server.url, config=config) as client:
            await client.send(ORDER)
        assert before == (dict(config) if isinstance(config, dict) else dict(vars(config)))


async def test_other_http_sessions_are_refused(session: str) -> None:
    from aiobotocore.httpsession import AIOHTTPSession

    class Mine(AIOHTTPSession):
        pass

    async def connect(chosen: object) -> None:
        async with sesmail.Client(
            endpoint_url="http://127.0.0.1:1", config={"http_session_cls": chosen}
        ):
            pass

    for chosen in (Mine, "aiohttp"):
        with pytest.raises(ConfigurationError, match="http_session_cls"):
            await connect(chosen)
    await connect(AIOHTTPSession)


async def test_outcome_of_an_accepted_mail_is_kept_when_the_client_closes(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(responses.slow(0.3, ok()))
    found: list[object] = []

    async def send(client: sesmail.Client) -> None:
        try:
            found.append((await client.send(ORDER)).message_id)
        except sesmail.SesmailError as failure:
            found.append(failure)

    client = new_client(server.url, session, config={"max_pool_connections": 1})
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(send, client)
        assert await anyio.to_thread.run_sync(server.wait_for_requests, 1)
        await client.aclose()
    assert len(server.requests) == 1
    assert sorted(getattr(each, "outcome", "accepted") for each in found) in (
        ["accepted", "not_sent", "not_sent"],
        ["not_sent", "not_sent", "unknown"],
    )
    assert await anyio.to_thread.run_sync(server.wait_until_closed)


@pytest.mark.parametrize("how", ["send", "open"])
async def test_client_closed_while_it_opens_leaves_nothing_open(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    server = fault_server(ok())
    resume = anyio.Event()
    new_session = ClientOpener._new_session

    class Waiting:
        """An AWS session that creates no client before the event is set."""

        def __init__(self, *args: Any) -> None:
            self.session = new_session(*args)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.session, name)

        @contextlib.asynccontextmanager
        async def create_client(self, *args: Any, **options: Any) -> AsyncIterator[Any]:
            await resume.wait()
            async with self.session.create_client(*args, **options) as client:
                yield client

    monkeypatch.setattr(ClientOpener, "_new_session", lambda *args: Waiting(*args))
    client = new_client(server.url, session)

    async def call() -> None:
        with pytest.raises(NotSentError if how == "send" else ConfigurationError, match="closed"):
            await (client.send(ORDER) if how == "send" else client.open())

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        await client.aclose()
        resume.set()
    assert server.requests == []


async def test_connections_can_be_closed_after_each_call(
    fault_server: StartFaultServer, session: str
) -> None:
    if session.startswith("httpx"):
        return  # has no such setting
    server = fault_server(ok())
    async with new_client(server.url, config={"connector_args": {"force_close": True}}) as client:
        await client.send(ORDER)
        await client.send(ORDER)
        assert server.connections_opened == 2


async def test_parameters_are_always_validated(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session, config={"parameter_validation": False}) as client:
        with pytest.raises(sesmail.InvalidMessageError):
            await client.call("GetEmailTemplate", {"TemplateName": 5})


async def test_trio_without_httpx_names_the_extra(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sesmail.aws import sessions

    monkeypatch.setattr(sessions.importlib.util, "find_spec", lambda name: None)
    expected = (
        pytest.raises(ConfigurationError, match=r"sesmail\[trio\]")
        if anyio_backend == "trio"
        else None
    )
    with expected or contextlib.nullcontext():
        async with new_client("http://127.0.0.1:1"):
            pass


async def test_bulk_send_is_unknown_for_each_recipient_after_a_reset(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(responses.reset_after_request())
    async with new_client(server.url, session) as client:
        result = await client.send_bulk(NEWS)
    assert [each.outcome for each in result.recipients] == ["unknown", "unknown"]
    assert len(server.requests) == 1


async def test_sends_over_tls(session: str, tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    from support.signing import authority
    from support.tls import TlsServer, respond

    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority().root)
    accepted = respond(b'{"MessageId": "0102-1"}', "200 OK", "Content-Type: application/json")

    def act(sock: socket.socket, stopping: threading.Event) -> None:
        sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            sock.recv(65536)  # the body, if it didn't come with the head
        accepted(sock, stopping)

    with TlsServer(act) as server:
        async with new_client(
            f"https://localhost:{server.port}", session, verify=str(trusted)
        ) as client:
            assert (await client.send(ORDER)).message_id == "0102-1"
    assert len(server.requests) == 1
