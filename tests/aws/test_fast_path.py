"""The fast path sends the same requests as aiobotocore."""

import copy
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.auth
import pytest
from botocore.errorfactory import ClientExceptionsFactory
from botocore.loaders import Loader

from sesmail import (
    Attachment,
    BulkMessage,
    Client,
    ConfigurationError,
    Message,
    NotSentError,
    SendError,
    TemplateMessage,
)
from sesmail.aws import fast_path, service_client
from support.clients import NEWS, ORDER, new_client
from support.commands import command_line
from support.faults import FaultServer, Request, StartFaultServer
from support.responses import error, ok

FAST = ["asyncio-aiohttp-fast", "asyncio-httpx-fast", "trio-httpx-fast"]
pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("transport", FAST, indirect=True)]

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TEMPLATED = TemplateMessage(
    from_email="shop@example.com", to="alice@example.com", template="Shipped", data={"n": 1}
)
# By which botocore numbers the attempts of a call.
ATTEMPT_HEADERS = {"amz-sdk-invocation-id", "amz-sdk-request"}
MESSAGES: list[tuple[Any, Message | BulkMessage | TemplateMessage]] = [
    ("v2", ORDER),
    ("v2", TEMPLATED),
    ("v2", TEMPLATED.model_copy(update={"attachments": [Attachment("a.bin", bytes(range(256)))]})),
    ("v2", NEWS),
    ("v1", ORDER),
]


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_path.time, "time", NOW.timestamp)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOW)


async def send(client: Client, message: Message | BulkMessage | TemplateMessage) -> Any:
    return await (
        client.send_bulk(message) if isinstance(message, BulkMessage) else client.send(message)
    )


def is_fast(request: Request) -> bool:
    return not ATTEMPT_HEADERS & request.headers.keys()


def common_headers(request: Request) -> Mapping[str, str]:
    return {name: value for name, value in request.headers.items() if name not in ATTEMPT_HEADERS}


def decoded_body(request: Request) -> Any:
    return request.form or json.loads(request.body)


@pytest.mark.parametrize(
    ("api", "message"),
    MESSAGES,
    ids=["SendEmail", "template", "attachment", "SendBulkEmail", "SendRawEmail"],
)
async def test_request_is_the_same_as_aiobotocores(
    fault_server: StartFaultServer,
    session: str,
    api: Any,
    message: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = fault_server(ok())
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    async with new_client(
        server.url, session, api=api, config={"user_agent_extra": "shop/1"}
    ) as client:
        await send(client, message)
    async with new_client(
        server.url, session, api=api, config={"user_agent_extra": "shop/1"}, fast_path=False
    ) as client:
        await send(client, message)
    ours, theirs = server.requests
    assert (is_fast(ours), is_fast(theirs)) == (True, False)
    assert (ours.method, ours.target, decoded_body(ours)) == (
        theirs.method,
        theirs.target.removeprefix(server.url),  # which aiobotocore's httpx session puts before it
        decoded_body(theirs),
    )
    # The JSON of aiobotocore has spaces, so that its length and its hash differ.
    changing = {"authorization", "content-length"}
    assert {
        name: value for name, value in common_headers(ours).items() if name not in changing
    } == {name: value for name, value in common_headers(theirs).items() if name not in changing}
    scopes = [
        request.headers["authorization"].partition("Signature=")[0] for request in (ours, theirs)
    ]
    assert scopes[0] == scopes[1]
    assert "x-amz-security-token" in scopes[0]


async def take_fast_path(
    server: FaultServer, client: Client, message: Any = ORDER, times: int = 1
) -> list[bool]:
    """Send a message, and return for each request whether it took the fast path."""
    async with client:
        for _ in range(times):
            await send(client, message)
    return [is_fast(request) for request in server.requests]


async def test_extra_parameters_pass_through_aiobotocore(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(ok())
    message = ORDER.model_copy(update={"extra": {"TenantName": "shop"}})
    assert await take_fast_path(server, new_client(server.url, session), message) == [False]


async def test_multi_region_endpoint_passes_through_aiobotocore(
    fault_server: StartFaultServer, session: str
) -> None:
    """Nothing is sent if the package for SigV4a, awscrt, is missing."""
    server = fault_server(ok())
    try:
        sent = await take_fast_path(
            server, new_client(server.url, session), ORDER.model_copy(update={"endpoint_id": "a.b"})
        )
    except ConfigurationError:
        sent = []
    assert sent in ([], [False])


async def test_v1_templates_pass_through_aiobotocore(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(ok())
    assert await take_fast_path(server, new_client(server.url, session, api="v1"), TEMPLATED) == [
        False
    ]


@pytest.mark.parametrize("path", ["/a%20path", "/a/../path"], ids=["encoded", "dots"])
async def test_unsupported_paths_pass_through_aiobotocore(
    fault_server: StartFaultServer, session: str, path: str
) -> None:
    server = fault_server(ok())
    assert await take_fast_path(server, new_client(server.url + path, session), times=2) == [
        False,
        False,
    ]


@pytest.mark.parametrize("signature_version", ["unsigned", "v4-query"])
async def test_other_signature_versions_pass_through_aiobotocore(
    fault_server: StartFaultServer, session: str, signature_version: str
) -> None:
    from botocore import UNSIGNED

    server = fault_server(ok())
    version = UNSIGNED if signature_version == "unsigned" else signature_version
    client = new_client(server.url, session, config={"signature_version": version})
    try:
        assert await take_fast_path(server, client) == [False]
    except ConfigurationError:
        assert server.requests == []


async def test_path_of_the_endpoint_url_is_kept(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(ok())
    assert await take_fast_path(server, new_client(f"{server.url}/proxy/", session)) == [True]
    assert server.requests[0].target == "/proxy/v2/email/outbound-emails"


async def test_expired_credentials_are_fetched_again(
    fault_server: StartFaultServer, session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential process returns different credentials each time, which expire at once."""
    process, count = tmp_path / "credentials.py", tmp_path / "count"
    process.write_text(
        "import json, pathlib, datetime\n"
        f"count = pathlib.Path({str(count)!r})\n"
        "number = int(count.read_text()) + 1 if count.exists() else 1\n"
        "count.write_text(str(number))\n"
        "soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=11)\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': f'KEY{number}', 'SecretAccessKey': 'x',"
        " 'SessionToken': 't', 'Expiration': soon.isoformat()}))\n"
    )
    config = tmp_path / "config"
    config.write_text(
        f"[profile shop]\ncredential_process = {command_line(sys.executable, process)}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    server = fault_server(ok())
    assert (
        await take_fast_path(server, new_client(server.url, session, profile="shop"), times=3)
        == [True] * 3
    )
    keys = [
        request.headers["authorization"].split("Credential=")[1].split("/")[0]
        for request in server.requests
    ]
    assert len(set(keys)) == 3


async def test_additional_headers_pass_through_aiobotocore(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast_path, "_HEADERS", {"Content-Type"})
    server = fault_server(ok())
    assert await take_fast_path(server, new_client(server.url, session)) == [False]


TRACE_IDS = {
    "": None,
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1": None,
    "a b\r\nX: {y}\"'é": "a%20b%0D%0AX:%20{y}\"'%C3%A9",
}


@pytest.mark.parametrize("first", ["none", *TRACE_IDS])
async def test_trace_header_is_that_of_aiobotocore(
    fault_server: StartFaultServer, session: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It changes with each invocation of the function, and is not signed."""
    server = fault_server(ok())
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "shop")
    if first != "none":
        monkeypatch.setenv("_X_AMZN_TRACE_ID", first)
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        for trace_id in TRACE_IDS:
            monkeypatch.setenv("_X_AMZN_TRACE_ID", trace_id)
            await client.send(ORDER)
    async with new_client(server.url, session, fast_path=False) as client:
        for trace_id in TRACE_IDS:
            monkeypatch.setenv("_X_AMZN_TRACE_ID", trace_id)
            await client.send(ORDER)
    assert [is_fast(request) for request in server.requests] == [True] * 4 + [False] * 3
    found = [request.headers.get("x-amzn-trace-id") for request in server.requests]
    expected = [sent or (trace_id or None) for trace_id, sent in TRACE_IDS.items()]
    assert found[1:4] == found[4:] == expected
    assert found[0] == (None if first in ("none", "") else TRACE_IDS[first] or first)
    assert all(
        "x-amzn-trace-id" not in request.headers["authorization"] for request in server.requests
    )


async def test_trace_header_is_sent_in_aws_lambda_only(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fault_server(ok())
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1")
    assert await take_fast_path(server, new_client(server.url, session)) == [True]
    assert "x-amzn-trace-id" not in server.requests[0].headers


@pytest.mark.parametrize("api", ["v1", "v2"])
async def test_opening_discovers_the_fast_path_of_a_send(
    fault_server: StartFaultServer, session: str, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    discovered: list[str] = []

    async def discover(client: Any, operation: str) -> Any:
        discovered.append(operation)
        return await fast_path.discover(client, operation)

    monkeypatch.setattr(service_client, "discover", discover)
    server = fault_server(ok())
    async with new_client(server.url, session, api=api) as client:
        await client.open()
        assert discovered == ["SendEmail" if api == "v2" else "SendRawEmail"]
        assert server.requests == []
        await client.send(ORDER)
    assert len(discovered) == len(server.requests) == 1
    assert is_fast(server.requests[0])


async def test_first_error_creates_the_exception_classes(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    created: list[str] = []
    create = ClientExceptionsFactory.create_client_exceptions

    def create_exceptions(factory: Any, service_model: Any) -> Any:
        created.append(service_model.service_name)
        return create(factory, service_model)

    monkeypatch.setattr(ClientExceptionsFactory, "create_client_exceptions", create_exceptions)
    server = fault_server(ok(), error(400, "BadRequestException"), error(400, "Other"))
    async with new_client(server.url, session) as client:
        await client.send(ORDER)
        assert created == []
        for _ in range(2):
            with pytest.raises(SendError):
                await client.send(ORDER)
    assert created == ["sesv2"]
    assert [is_fast(request) for request in server.requests] == [True] * 3


async def test_error_of_discovering_is_raised_by_the_send(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def discover(*_: object) -> Any:
        raise ConfigurationError("a header is invalid")

    monkeypatch.setattr(service_client, "discover", discover)
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        with pytest.raises(ConfigurationError, match="a header is invalid"):
            await client.send(ORDER)
    assert server.requests == []


async def test_client_without_fast_path_discovers_none(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def discover(*_: object) -> Any:
        raise AssertionError

    monkeypatch.setattr(service_client, "discover", discover)
    server = fault_server(ok())
    client = new_client(server.url, session, fast_path=False)
    assert await take_fast_path(server, client) == [False]


async def test_model_with_more_required_parameters_passes_through_aiobotocore(
    fault_server: StartFaultServer, session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = copy.deepcopy(Loader().load_service_model("sesv2", "service-2"))  # it is cached
    model["shapes"]["SendEmailRequest"]["required"] = ["Content", "Destination"]
    folder = tmp_path / "sesv2" / "2999-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(model))
    (folder / "endpoint-rule-set-1.json").write_text(
        json.dumps(Loader().load_service_model("sesv2", "endpoint-rule-set-1"))
    )
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    server = fault_server(ok())
    assert await take_fast_path(server, new_client(server.url, session)) == [False]


async def test_user_agent_is_sent_as_utf_8(fault_server: StartFaultServer, session: str) -> None:
    server = fault_server(ok())
    client = new_client(server.url, session, config={"user_agent_extra": "b\xfccher/1"})
    assert await take_fast_path(server, client) == [True]
    assert "b\xfccher/1" in server.requests[0].headers["user-agent"].encode("latin-1").decode()


async def test_client_closed_while_encoding_sends_nothing(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fault_server(ok())
    client = new_client(server.url, session)
    large = ORDER.model_copy(update={"text": "On its way. " * 40_000})

    async def closed(work: Any) -> Any:
        await client.aclose()
        return work()

    async with client:
        await client.send(ORDER)
        monkeypatch.setattr(fast_path, "run_in_thread", closed)
        with pytest.raises(NotSentError, match="closed"):
            await client.send(large)
    assert len(server.requests) == 1


async def test_sends_nothing_without_credentials(
    fault_server: StartFaultServer, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        with pytest.raises(ConfigurationError, match="credentials"):
            await client.send(ORDER)
    assert server.requests == []
