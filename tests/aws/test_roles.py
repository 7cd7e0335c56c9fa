"""Roles that are assumed for sends, sessions of the caller, and the region."""

import datetime
from typing import Any

import pytest
from aiobotocore.session import AioSession, get_session

import sesmail
from sesmail import Client, ConfigurationError
from sesmail.aws import role_of
from sesmail.aws.roles import Role
from support import responses
from support.clients import ORDER, new_client
from support.faults import FaultServer, Request, Response, StartFaultServer
from support.responses import ok

pytestmark = pytest.mark.anyio

ROLE = "arn:aws:iam::111122223333:role/mail"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def assume_role(seconds: float, number: int) -> Response:
    """Return the response of STS, with credentials that expire."""
    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    fields = {
        "AccessKeyId": f"ASIAEXAMPLE00000000{number}",
        "SecretAccessKey": "secret",
        "SessionToken": f"token-{number}",
        "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    text = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    body = (
        f'<AssumeRoleResponse xmlns="{NAMESPACE}"><AssumeRoleResult>'
        f"<Credentials>{text}</Credentials>"
        f"<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>{ROLE}</Arn></AssumedRoleUser>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )
    return responses.raw(200, responses.XML, body.encode())


@pytest.fixture
def sts(fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """Start an STS."""
    server = fault_server(assume_role(3600, 1))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    return server


def key_of(request: Request) -> str:
    """Return the access key that signed a request."""
    return request.headers["authorization"].partition("Credential=")[2].partition("/")[0]


async def test_role_is_assumed_once_while_its_credentials_are_valid(
    fault_server: StartFaultServer, session: str, sts: FaultServer
) -> None:
    server = fault_server(ok())
    client = new_client(
        server.url, session, role_arn=ROLE, external_id="shop-1", region="eu-central-1"
    )
    async with client:
        for _ in range(2):
            await client.send(ORDER)
        await client.call("GetAccount")
    assert len(sts.requests) == 1
    form = sts.requests[0].form
    assert (form["RoleArn"], form["ExternalId"]) == (ROLE, "shop-1")
    assert form["RoleSessionName"] == "sesmail"
    assert key_of(sts.requests[0]) == "testing"
    assert "/eu-central-1/sts/" in sts.requests[0].headers["authorization"]
    assert {key_of(request) for request in server.requests} == {"ASIAEXAMPLE000000001"}
    assert server.requests[0].headers["x-amz-security-token"] == "token-1"


async def test_credentials_of_a_role_are_renewed_before_they_expire(
    fault_server: StartFaultServer, session: str, sts: FaultServer
) -> None:
    sts.respond_with(assume_role(60, 1), assume_role(3600, 2))
    server = fault_server(ok())
    async with new_client(server.url, session, role_arn=ROLE) as client:
        for _ in range(3):
            await client.send(ORDER)
    assert len(sts.requests) == 2
    keys = [key_of(request)[-1] for request in server.requests]
    assert keys in (["1", "2", "2"], ["2", "2", "2"])


async def test_given_keys_assume_the_role(
    fault_server: StartFaultServer, session: str, sts: FaultServer
) -> None:
    server = fault_server(ok())
    keys: Any = {
        "aws_access_key_id": "AKIAGIVEN",
        "aws_secret_access_key": "s",
        "aws_session_token": "given",
    }
    async with new_client(server.url, session, role_arn=ROLE, verify=False, **keys) as client:
        await client.send(ORDER)
    assert key_of(sts.requests[0]) == "AKIAGIVEN"
    assert sts.requests[0].headers["x-amz-security-token"] == "given"
    assert key_of(server.requests[0]) == "ASIAEXAMPLE000000001"


async def test_role_without_keys_to_assume_it_is_a_configuration_error(
    fault_server: StartFaultServer,
    session: str,
    sts: FaultServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    server = fault_server(ok())
    async with new_client(server.url, session, role_arn=ROLE) as client:
        with pytest.raises(ConfigurationError, match="credentials"):
            await client.send(ORDER)
    assert server.requests == sts.requests == []


async def test_role_that_may_not_be_assumed_is_a_configuration_error(
    fault_server: StartFaultServer, session: str, sts: FaultServer
) -> None:
    sts.respond_with(responses.error(403, "AccessDenied"))
    server = fault_server(ok())
    async with new_client(server.url, session, role_arn=ROLE) as client:
        with pytest.raises(ConfigurationError, match="AccessDenied"):
            await client.send(ORDER)
    assert server.requests == []


async def test_receiver_assumes_a_role(sts: FaultServer, fault_server: StartFaultServer) -> None:
    server = fault_server(responses.raw(200))
    receiver = sesmail.Receiver(
        secret="user:password", role_arn=ROLE, endpoint_url=server.url, region="eu-west-1"
    )
    async with receiver:
        await receiver._aws.call("s3", "DeleteObject", {"Bucket": "b", "Key": "k"}, deadline=1e99)
    assert key_of(server.requests[0]) == "ASIAEXAMPLE000000001"


async def test_session_of_the_caller_is_used_and_not_modified(
    fault_server: StartFaultServer, session: str
) -> None:
    mine = get_session()
    mine.set_credentials("AKIAMINE", "secret")
    mine.set_config_variable("region", "ap-south-1")
    before = dict(mine.instance_variables()), mine.get_component("data_loader")
    server = fault_server(ok())
    config: dict[str, Any] = {}
    if session.startswith("httpx"):
        from aiobotocore.httpxsession import HttpxSession

        config["http_session_cls"] = HttpxSession
    async with Client(session=mine, endpoint_url=server.url, config=config) as client:
        await client.send(ORDER)
    assert key_of(server.requests[0]) == "AKIAMINE"
    assert "/ap-south-1/ses/" in server.requests[0].headers["authorization"]
    assert (dict(mine.instance_variables()), mine.get_component("data_loader")) == before
    assert mine.get_default_client_config() is None


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"session": "session"}, "AioSession, not a str"),
        ({"session": AioSession(), "profile": "shop"}, "profile"),
        ({"session": AioSession(), "role_arn": ROLE}, "role_arn"),
        ({"role_arn": "arn:aws:iam::1:role/x"}, "role_arn"),
        ({"role_arn": 5}, "role_arn"),
        ({"role_arn": ROLE, "external_id": "x"}, "external_id"),
        ({"external_id": "shop"}, "role_arn"),
    ],
    ids=[
        "session",
        "session_and_profile",
        "session_and_role",
        "account",
        "type",
        "external_id",
        "external_id_alone",
    ],
)
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_wrong_settings_of_credentials_are_refused(settings: Any, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        Client(**settings)


@pytest.mark.parametrize("arn", [ROLE, "arn:aws-us-gov:iam::111122223333:role/path/to/mail"])
def test_role_arns_of_every_partition_are_accepted(arn: str) -> None:
    assert role_of(arn, None) == Role(arn)


REGIONS = [
    ({"AWS_REGION": "eu-north-1"}, "eu-north-1"),
    ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
    ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": ""}, "eu-north-1"),
    ({"AWS_REGION": ""}, None),
]


@pytest.mark.parametrize(("environment", "region"), REGIONS, ids=str)
@pytest.mark.parametrize("has_session", [False, True])
async def test_aws_region_is_read_without_aws_default_region(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    region: str | None,
    has_session: bool,
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = Client(session=get_session() if has_session else None)
    if region is None:
        with pytest.raises(ConfigurationError, match="region"):
            await client.open()
    else:
        await client.open()
        assert client._aws.region("sesv2") == region
    await client.aclose()
