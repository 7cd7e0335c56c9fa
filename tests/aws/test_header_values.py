"""Values that can't be sent in a header are errors of a setting, and nothing is sent."""

from typing import Any

import pytest
from aiobotocore.credentials import AioCredentialResolver, AioCredentials
from aiobotocore.session import AioSession
from botocore.credentials import CredentialProvider, ReadOnlyCredentials

from sesmail import Client, ConfigurationError, MemorySendLog, SesmailError
from sesmail.aws.header_values import check_headers, check_user_agent, key_fault
from support.clients import ORDER, new_client
from support.faults import FaultServer, StartFaultServer
from support.responses import ok

pytestmark = pytest.mark.anyio

MAIL = ORDER.model_copy(update={"send_id": "invoice-1"})
SECRET = "TOPSECRET"
INVALID = [f"{SECRET}{end}" for end in ("\n", "\r", "\r\nX: y", "\0", "\ud800", "\x7f", " ")]


async def refused(server: FaultServer, client: Client, log: MemorySendLog) -> str:
    """Return the text of the ConfigurationError of a send of which no byte left."""
    with pytest.raises(ConfigurationError) as caught:
        async with client:
            await client.send(MAIL)
    record = await log.get("invoice-1")
    assert record is None or record.outcome == "not_sent"
    assert server.requests == []
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(
    "name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
)
async def test_key_in_the_environment_with_an_invalid_character_is_named(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    api: Any,
    name: str,
) -> None:
    monkeypatch.setenv(name, f"{SECRET}\n")
    server, log = fault_server(ok()), MemorySendLog()
    text = await refused(server, new_client(server.url, session, send_log=log, api=api), log)
    assert text == f"{name} has a line break; remove it"


@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("region", ["us-east-1\n", " us-east-1", "us-east-1\r", "us east"])
async def test_region_with_an_invalid_character_is_named(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    region: str,
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv(name, region)
    server, log = fault_server(ok()), MemorySendLog()
    text = await refused(server, new_client(server.url, session, send_log=log), log)
    assert f"the region {region!r} isn't the code" in text


async def test_region_of_a_profile_with_a_line_break_is_named(
    fault_server: StartFaultServer, session: str
) -> None:
    mine = AioSession()
    mine.set_config_variable("region", "eu-west-1\n")
    server, log = fault_server(ok()), MemorySendLog()
    client = new_client(server.url, session, send_log=log, aws_session=mine)
    assert "the region 'eu-west-1\\n' isn't the code" in await refused(server, client, log)


@pytest.mark.parametrize("name", ["user_agent", "user_agent_extra"])
@pytest.mark.parametrize("value", INVALID)
def test_user_agent_with_an_invalid_character_is_refused_by_the_constructor(
    name: str, value: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"config: {name} ") as caught:
        Client("eu-west-1", config={name: value})
    assert SECRET not in str(caught.value)


async def test_user_agent_of_a_session_with_a_line_break_is_named(
    fault_server: StartFaultServer, session: str
) -> None:
    """The session is the caller's, which is checked when its header is sent."""
    mine = AioSession()
    mine.user_agent_extra = f"{SECRET}\n"
    server, log = fault_server(ok()), MemorySendLog()
    client = new_client(server.url, session, send_log=log, aws_session=mine)
    assert "the user agent" in await refused(server, client, log)


class Fetched(AioCredentials):
    """Credentials whose values are known when they are fetched."""

    async def get_frozen_credentials(self) -> Any:
        return ReadOnlyCredentials(self.access_key, self.secret_key, self.token)


def with_provider(credentials: Any) -> AioSession:
    """Return a session whose only credential provider returns these credentials."""

    class Vault(CredentialProvider):
        METHOD = CANONICAL_NAME = "vault"

        async def load(self) -> Any:
            return credentials

    session = AioSession()
    session.register_component("credential_provider", AioCredentialResolver([Vault()]))
    return session


VALUES: dict[str, tuple[Any, str]] = {
    "line_break": (f"{SECRET}\n", "has a line break; remove it"),
    "blank": (f"{SECRET} B", "has a blank; remove it"),
    "tab": (f"{SECRET}\tB", "has a blank; remove it"),
    "surrogate": (f"{SECRET}\ud800", "has a lone surrogate; remove it"),
    "umlaut": (f"{SECRET}\xfc", "has a character that isn't ASCII; remove it"),
    "number": (5, "must be text, not int"),
    "bytes": (SECRET.encode(), "must be text, not bytes"),
    "control": (f"{SECRET}\x01", "has a control character; remove it"),
}
EMPTY = {"empty": ("", "is empty"), "none": (None, "must be text, not None")}


@pytest.mark.first
@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "part", "case"),
    [
        *((AioCredentials, "access_key", case) for case in EMPTY),
        *((AioCredentials, "secret_key", case) for case in VALUES),
        *((Fetched, "access_key", case) for case in VALUES),
        *((Fetched, "secret_key", case) for case in EMPTY),
        *((Fetched, "token", case) for case in VALUES),
    ],
)
async def test_part_of_credentials_that_can_not_be_right_is_named(
    fault_server: StartFaultServer, session: str, kind: Any, part: str, case: str
) -> None:
    """Some are checked when the client opens, all before a request is signed."""
    value, expected = {**VALUES, **EMPTY}[case]
    parts: Any = {"access_key": "A", "secret_key": "s", "token": "t", part: value}
    server, log = fault_server(ok()), MemorySendLog()
    mine = with_provider(kind(**parts, method="vault"))
    client = new_client(server.url, session, send_log=log, aws_session=mine)
    name = {"access_key": "access key id", "secret_key": "secret access key"}.get(
        part, "session token"
    )
    assert await refused(server, client, log) == f"the {name} from vault {expected}"


@pytest.mark.parametrize("token", [None, ""])
async def test_credentials_without_a_token_are_used(
    fault_server: StartFaultServer, session: str, token: str | None
) -> None:
    server = fault_server(ok())
    mine = with_provider(AioCredentials("A", "s", token))
    async with new_client(server.url, session, aws_session=mine) as client:
        await client.send(ORDER)
    assert "x-amz-security-token" not in server.requests[0].headers


@pytest.mark.parametrize("found", [("A", "s"), SECRET, 5], ids=["tuple", "text", "int"])
async def test_provider_that_returns_another_type_is_an_error_of_the_configuration(
    fault_server: StartFaultServer, session: str, found: Any
) -> None:
    server, log = fault_server(ok()), MemorySendLog()
    client = new_client(server.url, session, send_log=log, aws_session=with_provider(found))
    assert type(found).__name__ in await refused(server, client, log)


@pytest.mark.parametrize("name", ["aws_access_key_id", "aws_session_token"])
async def test_keys_of_a_profile_that_assume_a_role_are_named(
    fault_server: StartFaultServer,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
    name: str,
) -> None:
    """A value of two lines, as configparser reads an indented line."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    keys = {"aws_access_key_id": "A", "aws_secret_access_key": "s", "aws_session_token": "t"}
    keys[name] = f"{SECRET}\n more"
    lines = "\n".join(f"{key} = {value}" for key, value in keys.items())
    role = "role_arn = arn:aws:iam::111122223333:role/mail\nsource_profile = base"
    (tmp_path / "config").write_text(f"[default]\n{role}\n[profile base]\n{lines}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    sts, server, log = fault_server(ok()), fault_server(ok()), MemorySendLog()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    text = await refused(server, new_client(server.url, session, send_log=log), log)
    assert ("session token" if "token" in name else "access key id") in text
    assert sts.requests == []


async def test_header_of_a_handler_with_a_line_break_is_named(
    fault_server: StartFaultServer, session: str
) -> None:
    server, log = fault_server(ok()), MemorySendLog()
    mine = AioSession()

    def add_header(request: Any, **_: Any) -> None:
        request.headers["X-Trace"] = f"{SECRET}\n"

    mine.get_component("event_emitter").register("before-send", add_header)
    client = new_client(server.url, session, send_log=log, aws_session=mine)
    assert "the header X-Trace has a line break" in await refused(server, client, log)


async def test_header_of_a_handler_is_sent_as_utf_8(
    fault_server: StartFaultServer, session: str
) -> None:
    server, mine = fault_server(ok()), AioSession()

    def add_header(request: Any, **_: Any) -> None:
        request.headers["X-Shop"] = "B\xfccher"

    mine.get_component("event_emitter").register("before-send", add_header)
    async with new_client(server.url, session, aws_session=mine) as client:
        await client.send(ORDER)
    assert server.requests[0].headers["x-shop"].encode("latin-1").decode() == "B\xfccher"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a",
        "a b",
        "a\tb",
        "B\xfccher",
        "\U0001f600",
        "a\x80",
        b"bytes",
        "AWS4 a=b/c, d=e",
        "a" * 9999,
    ],
)
def test_valid_header_is_accepted(value: Any) -> None:
    check_headers({"X": value})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\n", "a line break"),
        ("\ra", "a line break"),
        ("a\r\n b", "a line break"),
        ("a\0", "a control character"),
        ("a\x7f", "a control character"),
        ("\x1ba", "a control character"),
        (" a", "a blank at an end"),
        ("a\t", "a blank at an end"),
        (" ", "a blank at an end"),
        ("a\udfff", "a lone surrogate"),
        (b"bytes\n", "a line break"),
    ],
)
def test_invalid_header_is_named_without_its_value(value: Any, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_headers({"Other": "a", "X": value})
    assert str(caught.value) == (
        f"the header X has {expected}, which can't be sent in a header; remove it"
    )


@pytest.mark.parametrize("value", [5, "", b"a", "a\n"])
def test_invalid_user_agent_is_refused(value: Any) -> None:
    with pytest.raises(SesmailError, match="config: user_agent"):
        check_user_agent("config: user_agent", value)


@pytest.mark.parametrize("value", ["AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=", "a" * 5000])
def test_key_that_can_be_right_has_no_fault(value: str) -> None:
    assert key_fault(value) is None
