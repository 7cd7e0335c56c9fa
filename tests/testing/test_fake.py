"""Life and settings of a fake."""

import re
import sys
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

import sesmail
import sesmail.testing
from sesmail import ConfigurationError, Message
from sesmail.testing import FakeSES, sns

pytestmark = pytest.mark.anyio

ORDER = Message(from_email="a@example.com", to="b@example.org", subject="x", text="x")


async def test_context_managers_start_and_stop(anyio_backend: str) -> None:
    async with FakeSES("us-east-1", account_id="111122223333") as fake:
        assert fake.url.startswith("http://127.0.0.1:")
        assert fake.topic_arn == "arn:aws:sns:us-east-1:111122223333:ses-events"
        fake.verify("example.com")
        async with fake.client(rate_limit=None) as client:
            result = await client.send(ORDER)
        expected = f"<{fake.outbox[0].message_id}@email.amazonses.com>"
        assert result.rfc5322_message_id == expected
        async with sesmail.Receiver(**fake.trust()) as receiver:
            events = await receiver.receive(*fake.deliver(fake.outbox[0]).request())
        assert [each.kind for each in events] == ["Delivered"]
        port = int(fake.url.rpartition(":")[2])
    with FakeSES(port=port) as again:
        assert again.url == fake.url
        assert again.start() is again
    again.stop()


def test_several_fakes_are_independent() -> None:
    with FakeSES() as one, FakeSES(lenient=True) as other:
        one.verify("example.com")
        assert one.url != other.url
        assert other.state.identities == {}


@pytest.mark.parametrize("arguments", [{"region": "nowhere"}, {"account_id": "1"}])
def test_invalid_settings(arguments: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="region must be one of AWS"):
        FakeSES(**arguments)


async def test_reset_returns_to_the_settings_of_the_constructor(ses: FakeSES) -> None:
    ses.verify("example.com")
    ses.account(rate=1, lenient=True)
    ses.subscribe(post=lambda *_: 200, confirm=False)
    ses.faults.throttle()
    async with ses.client(rate_limit=None, retry=sesmail.RetryPolicy(attempts=1)) as client:
        with pytest.raises(sesmail.ThrottledError):
            await client.send(ORDER)
        await client.send(ORDER)
        ses.reset()
        assert (len(ses.outbox), ses.events, ses.state.account.rate) == (0, (), 14)
        with pytest.raises(sesmail.NotVerifiedError):
            await client.send(ORDER)
    assert ses.state.configuration_sets.keys() == {"events"}


async def test_lenient_fake(anyio_backend: str) -> None:
    async with FakeSES(lenient=True) as fake, fake.client(rate_limit=None) as client:
        await client.send(ORDER)
        assert fake.outbox[0].configuration_set == "events"
        fake.reset()
        await client.send(ORDER)


async def test_rate_of_the_account_is_read(ses: FakeSES) -> None:
    ses.verify("example.com")
    ses.account(rate=1000)
    async with ses.client() as client, client.send_many([ORDER, ORDER]) as results:
        assert [each.result is not None async for each in results] == [True, True]


async def test_old_sends_leave_the_quota(ses: FakeSES, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime

    from sesmail.testing import state

    ses.state.count_sent(3)
    later = state.now() + datetime.timedelta(hours=25)
    monkeypatch.setattr(state, "now", lambda: later)
    assert ses.state.sent_last_24_hours == 0


async def test_client_with_a_session_of_its_own(ses: FakeSES) -> None:
    from aiobotocore.session import AioSession

    ses.verify("example.com")
    async with ses.client(session=AioSession(), rate_limit=None) as client:
        await client.send(ORDER)


async def test_program_without_settings_uses_the_environment(ses: FakeSES) -> None:
    ses.verify("example.com")
    async with sesmail.Client(rate_limit=None) as client:
        await client.send(ORDER)
    assert len(ses.outbox) == 1


def test_names_are_imported_at_first_use() -> None:
    assert {"FakeSES", "sns"} <= set(dir(sesmail.testing))
    assert sorted(sesmail.testing.__all__) == sesmail.testing.__all__
    for name in sesmail.testing.__all__:
        assert getattr(sesmail.testing, name) is not None
    with pytest.raises(AttributeError, match=r"'sesmail.testing' has no attribute 'None_'"):
        sesmail.testing.None_  # noqa: B018
    assert sesmail.testing.sns is sns


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sesmail.testing.fake", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'sesmail\[testing\]'"):
        sesmail.testing.FakeSES  # noqa: B018


async def test_server_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from sesmail.testing import server

    monkeypatch.setattr(server, "_START_TIMEOUT", 0.01)
    monkeypatch.setattr(server._Server, "serve", lambda *_, **__: anyio.lowlevel.checkpoint())
    with pytest.raises(RuntimeError, match="the fake SES didn't start"):
        FakeSES().start()


async def test_typed_arguments_of_clients_and_receivers(ses: FakeSES) -> None:
    settings: dict[str, Any] = {**ses.client_settings()}
    assert settings == {
        "region": "eu-west-1",
        "endpoint_url": ses.url,
        "aws_access_key_id": "testing",
        "aws_secret_access_key": "testing",
        "config": {"proxies": {}},
    }
    assert ses.trust()["topics"] == [ses.topic_arn]
    assert ses.region == "eu-west-1"


async def test_settings_of_the_machine_are_not_used(
    ses: FakeSES, monkeypatch: pytest.MonkeyPatch
) -> None:
    ses.verify("example.com")
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with ses.client(rate_limit=None, config={"connect_timeout": 5}) as client:
        await client.send(ORDER)
    monkeypatch.delenv("AWS_PROFILE")
    async with sesmail.Client(**ses.client_settings(), rate_limit=None) as client:
        await client.send(ORDER)
    subscription = ses.subscribe(post=lambda *_: 200, confirm=False)
    async with sesmail.Receiver(**ses.trust()) as receiver:
        delivered = ses.deliver(ses.outbox[0])
        await receiver.receive(*delivered.request())
    assert subscription.is_confirmed
    monkeypatch.setenv("NO_PROXY", "internal.example")
    assert ses.environment()["no_proxy"] == "internal.example,127.0.0.1"


async def test_config_instance_replaces_that_of_the_fake(ses: FakeSES) -> None:
    from aiobotocore.config import AioConfig

    ses.verify("example.com")
    async with ses.client(rate_limit=None, config=AioConfig(connect_timeout=5)) as client:
        await client.send(ORDER)


INVALID: dict[str, tuple[Callable[[FakeSES], object], str]] = {
    "display name": (lambda fake: fake.verify("Shop <shop@example.com>"), "bare address"),
    "wildcard": (lambda fake: fake.verify("*.example.com"), "a domain such as example.com"),
    "no text": (lambda fake: fake.verify(5), "not 5"),  # type: ignore[arg-type]
    "negative rate": (lambda fake: fake.account(rate=-1), "rate must be a number of at least 0"),
    "flag": (lambda fake: fake.account(quota=True), "quota must be a number of at least -1"),
    "word": (lambda fake: fake.account(suppress="BOUNCE"), "in a list"),
    "reason": (lambda fake: fake.account(suppress=["Bounce"]), "isn't one of BOUNCE, COMPLAINT"),
    "suppression": (lambda fake: fake.suppress("a@example.org", reason="x"), "reason: 'x'"),
    "unknown identity": (lambda fake: fake.notifications("example.org"), "verify it before"),
    "kind": (lambda fake: fake.notifications("example.com", "bounce"), "kinds: 'bounce'"),
    "preference": (lambda fake: fake.contact_list("a", topics={"b": "IN"}), "topics: 'IN'"),
    "topics": (lambda fake: fake.contact_list("a", topics=["b"]), 'pass {"News": "OPT_IN"}'),  # type: ignore[arg-type]
    "text of a mail": (lambda fake: fake.receive("To: a@b.cd\n\nx"), "encode the text"),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_arguments_are_named(ses: FakeSES, name: str) -> None:
    call, error = INVALID[name]
    ses.verify("example.com")
    with pytest.raises(ValueError, match=re.escape(error)):
        call(ses)


def test_identity_is_normalised(ses: FakeSES) -> None:
    ses.verify("MÜNCHEN.example", "Shop@Example.com")
    assert list(ses.state.identities) == ["xn--mnchen-3ya.example", "shop@example.com"]
    ses.notifications("münchen.example", "Bounce")
    assert ses.state.identities["xn--mnchen-3ya.example"].topics == {"Bounce": ses.topic_arn}


def test_client_of_a_fake_that_is_not_running() -> None:
    with pytest.raises(ConfigurationError, match=r"isn't running: use it in a with block"):
        FakeSES().client()
    assert FakeSES().trust()["endpoint_url"] == ""


async def test_fake_stops_during_a_request(
    anyio_backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeSES(lenient=True) as fake, fake.client(rate_limit=None) as client:
        fake.faults.hang()
        async with anyio.create_task_group() as tasks:

            async def send() -> None:
                with pytest.raises(sesmail.UnknownOutcomeError):
                    await client.send(ORDER)

            tasks.start_soon(send)
            await fake.outbox.wait()
            fake.stop()
    assert [record.name for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_forked_process_stops_only_its_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSES().start()
    server = fake._server
    assert server is not None
    with monkeypatch.context() as patch:
        patch.setattr("sesmail.testing.server.os.getpid", lambda: 0)
        fake.stop()
    assert server._thread.is_alive()
    server.stop()
    assert not server._thread.is_alive()
