"""Client: requests that SES receives, and results of its responses."""

import email.policy
import threading
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

import anyio
import pytest

import sesmail
from sesmail import (
    BulkMessage,
    ConfigurationError,
    InvalidMessageError,
    Message,
    RawMessage,
    Recipient,
)
from sesmail import TemplateMessage as Template
from sesmail.aws.opening import ClientOpener
from sesmail.sending.mime import mail
from support.clients import NEWS, ORDER, new_client
from support.faults import StartFaultServer
from support.moto import MotoServer
from support.responses import bulk, empty_200, error, json_200, ok, slow

if TYPE_CHECKING:
    from sesmail.testing import FakeSES

pytestmark = pytest.mark.anyio
APIS = pytest.mark.parametrize("api", ["v1", "v2"])


@APIS
async def test_sends_message_that_parses_back_unchanged(moto_server: MotoServer, api: Any) -> None:
    moto_server.verify("example.com")
    message = Message(
        from_email="Shöp <shop@example.com>",
        to=["Alice <alice@example.com>"],
        cc="bob@example.com",
        bcc="archive@example.com",
        subject="Ihre Bestellung ✓",
        text="Schöne Grüße\n",
        html='<p>Schöne Grüße <img src="cid:logo"></p>',
        attachments=[
            sesmail.Attachment("logo.png", b"\x89PNG", content_id="logo"),
            sesmail.Attachment("Rechnung Ö.pdf", b"%PDF"),
        ],
        tags=["order"],
        metadata={"order_id": 12345},
    )
    async with new_client(moto_server.url, api=api) as client:
        result = await client.send(message)
    (held,) = moto_server.sent()
    assert held.message_id == result.message_id
    assert result.rfc5322_message_id == f"<{result.message_id}@eu-west-1.amazonses.com>"
    assert [(each.recipient, each.outcome) for each in result.recipients] == [
        ("alice@example.com", "accepted"),
        ("bob@example.com", "accepted"),
        ("archive@example.com", "accepted"),
    ]
    assert set(held.recipients) == {"alice@example.com", "bob@example.com", "archive@example.com"}
    assert held.mime is not None
    assert b"archive" not in held.mime
    read = BytesParser(policy=email.policy.default).parsebytes(held.mime)
    assert (read["Subject"], read["From"], read["X-Tag"]) == (
        message.subject,
        str(message.from_email[0]),
        "order",
    )
    plain, html = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content() == "Schöne Grüße\r\n"
    assert html.get_content() == message.html
    assert [part.get_filename() for part in read.iter_attachments()] == ["Rechnung Ö.pdf"]


async def test_sends_templates_on_v1(moto_server: MotoServer) -> None:
    moto_server.verify("example.com")
    moto_server.create_template("News", "{{month}}", "Hello {{name}}")
    async with new_client(moto_server.url, api="v1") as client:
        single = await client.send(
            Template(from_email="shop@example.com", to="alice@example.com", template="News")
        )
        result = await client.send_bulk(NEWS)
        with pytest.raises(sesmail.NotFoundError) as missing:
            await client.send(
                Template(from_email="shop@example.com", to="alice@example.com", template="Olds")
            )
        quota = await client.call("GetSendQuota")
    assert single.message_id == moto_server.sent()[0].message_id
    assert [(each.recipient, each.outcome) for each in result.recipients] == [
        ("alice@example.com", "accepted"),
        ("bob@example.com", "accepted"),
    ]
    assert result.failed == ()
    result.raise_for_failed()
    assert (missing.value.code, missing.value.outcome, missing.value.retryable) == (
        "TemplateDoesNotExist",
        "rejected",
        False,
    )
    assert quota["SentLast24Hours"] == 3


@APIS
async def test_templates_are_rendered_with_the_data_of_each_recipient(
    request: pytest.FixtureRequest, api: Any
) -> None:
    """On the fake, as moto has no templates on v2, and renders none when it sends."""
    pytest.importorskip("uvicorn", reason="pip install sesmail[testing]")
    fake: FakeSES = request.getfixturevalue("ses")
    fake.verify("example.com")
    fake.template("News", "News of {{month}}", "Dear {{name}}")
    news = BulkMessage(
        from_email="shop@example.com",
        template="News",
        data={"month": "May", "name": "reader"},
        recipients=[
            Recipient("alice@example.com", data={"name": "Alice"}),
            Recipient("bob@example.com", cc="bob@work.example"),
            Recipient("carol@example.com", data={"name": "Carol", "month": "June"}),
        ],
    )
    single = Template(from_email="shop@example.com", to="alice@example.com", template="News")
    async with new_client(fake.url, api=api) as client:
        result = await client.send_bulk(news)
        await client.send(single.replace(data={"month": "June", "name": "Zoë"}))
        incomplete = await client.send(single.replace(data={"month": "June"}))
    assert [(mail.to, mail.subject, mail.text) for mail in fake.outbox[:-1]] == [
        (("alice@example.com",), "News of May", "Dear Alice"),
        (("bob@example.com",), "News of May", "Dear reader"),
        (("carol@example.com",), "News of June", "Dear Carol"),
        (("alice@example.com",), "News of June", "Dear Zoë"),
    ]
    assert [mail.message_id for mail in fake.outbox[:3]] == list(
        dict.fromkeys(each.message_id for each in result.recipients)
    )
    assert fake.outbox[-1].message_id == incomplete.message_id  # accepted, and not rendered later
    (failed,) = sesmail.parse(fake.events[-1].document)
    assert isinstance(failed, sesmail.RenderingFailed)


@APIS
async def test_unverified_identity_is_rejected(moto_server: MotoServer, api: Any) -> None:
    async with new_client(moto_server.url, api=api) as client:
        with pytest.raises(sesmail.MessageRejectedError) as refused:
            await client.send(ORDER)
    assert refused.value.request_id
    assert refused.value.operation in {"SendEmail", "SendRawEmail"}
    assert type(refused.value.__cause__).__name__ == "MessageRejected"


@APIS
async def test_sends_standard_library_message_without_bcc_header(
    moto_server: MotoServer, api: Any
) -> None:
    moto_server.verify("example.com")
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Bcc"] = (
        "shop@example.com",
        "alice@example.com",
        "secret@example.com",
    )
    mail["Subject"] = "Größe"
    mail.set_content("Grüße\n")
    async with new_client(moto_server.url, api=api) as client:
        await client.send(RawMessage(content=mail, to="alice@example.com"))
    (held,) = moto_server.sent()
    assert held.recipients == ("alice@example.com",)
    assert held.mime is not None
    assert b"Bcc" not in held.mime


@APIS
async def test_sends_defaults_and_message_tag_name(
    fault_server: StartFaultServer, api: Any
) -> None:
    server = fault_server(ok())
    defaults = Message(from_email="shop@example.com", bcc="archive@example.com", tags=["mail"])
    async with new_client(
        server.url,
        api=api,
        configuration_set="tracking",
        message_tag_name="kind",
        defaults=defaults,
    ) as client:
        await client.send(Message(to="alice@example.com", text="Hello"))
        await client.send(
            Message(to="alice@example.com", text="Hello", configuration_set="other", bcc=[])
        )
    first, second = server.requests
    if api == "v2":
        assert first.json["Destination"]["BccAddresses"] == ["archive@example.com"]
        assert first.json["EmailTags"] == [{"Name": "kind", "Value": "mail"}]
        assert [each.json["ConfigurationSetName"] for each in (first, second)] == [
            "tracking",
            "other",
        ]
        assert "BccAddresses" not in second.json["Destination"]
    else:
        assert first.form["Destinations.member.2"] == "archive@example.com"
        assert first.form["Tags.member.1.Value"] == "mail"
        assert [each.form["ConfigurationSetName"] for each in (first, second)] == [
            "tracking",
            "other",
        ]


async def test_configuration_set_argument_overrides_defaults(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(ok())
    defaults = Message(from_email="shop@example.com", configuration_set="other")
    async with new_client(server.url, configuration_set="tracking", defaults=defaults) as client:
        await client.send(Message(to="alice@example.com", text="Hello"))
    assert server.requests[0].json["ConfigurationSetName"] == "tracking"


@APIS
async def test_user_agent_contains_versions(fault_server: StartFaultServer, api: Any) -> None:
    server = fault_server(ok())
    async with new_client(server.url, api=api, config={"user_agent_extra": "shop/7"}) as client:
        await client.send(ORDER)
    agent = server.requests[0].headers["user-agent"]
    assert f"sesmail/{sesmail.__version__}" in agent
    assert "shop/7" in agent
    assert "otocore/" in agent


async def test_credentials_and_region_come_from_the_credentials_chain(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIACHAIN")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = fault_server(ok("id-1"))
    async with new_client(server.url) as client:
        result = await client.send(ORDER)
    assert "Credential=AKIACHAIN/" in server.requests[0].headers["authorization"]
    assert "/us-east-1/ses/" in server.requests[0].headers["authorization"]
    assert result.rfc5322_message_id == "<id-1@email.amazonses.com>"


async def test_region_and_credentials_arguments_override_the_chain(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(ok())
    async with new_client(
        server.url, region="eu-central-1", aws_access_key_id="AKIAOWN", aws_secret_access_key="x"
    ) as client:
        await client.send(ORDER)
    assert "Credential=AKIAOWN/" in server.requests[0].headers["authorization"]
    assert "/eu-central-1/ses/" in server.requests[0].headers["authorization"]


async def test_profile_selects_credentials(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "config").write_text(
        "[profile shop]\naws_access_key_id=AKIAPROFILE\naws_secret_access_key=x\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    server = fault_server(ok())
    async with new_client(server.url, profile="shop") as client:
        await client.send(ORDER)
    assert "Credential=AKIAPROFILE/" in server.requests[0].headers["authorization"]


async def test_bulk_response_has_a_result_for_each_recipient(
    fault_server: StartFaultServer,
) -> None:
    statuses = [
        ("SUCCESS", "id-1"),
        ("MAIL_FROM_DOMAIN_NOT_VERIFIED", "no"),
        ("ACCOUNT_THROTTLED", "slowly"),
        ("TRANSIENT_FAILURE", "later"),
        ("UNDOCUMENTED_STATUS", "?"),
    ]
    server = fault_server(bulk(*statuses))
    message = BulkMessage(
        from_email="shop@example.com",
        template="News",
        recipients=[Recipient(f"user{number}@example.com") for number in range(5)],
    )
    async with new_client(server.url) as client:
        result = await client.send_bulk(message)
    assert [each.recipient for each in result.recipients] == [
        f"user{number}@example.com" for number in range(5)
    ]
    assert [each.status for each in result.recipients] == [status for status, _ in statuses]
    assert [each.outcome for each in result.recipients] == [
        "accepted",
        "rejected",
        "rejected",
        "rejected",
        "unknown",
    ]
    assert [each.error.retryable for each in result.failed if each.error] == [
        False,
        True,
        True,
        False,
    ]
    assert [type(each.error) for each in result.failed] == [
        sesmail.NotVerifiedError,
        sesmail.ThrottledError,
        sesmail.RejectedError,
        sesmail.UnknownOutcomeError,
    ]
    assert result.accepted[0].message_id == "id-1"
    with pytest.raises(sesmail.BulkSendError) as failed:
        result.raise_for_failed()
    assert len(failed.value.exceptions) == 4


@APIS
async def test_bulk_response_with_wrong_number_of_entries_is_unknown(
    fault_server: StartFaultServer, api: Any
) -> None:
    server = fault_server(bulk(("Success", "id-1")))
    async with new_client(server.url, api=api) as client:
        result = await client.send_bulk(NEWS)
    assert [each.outcome for each in result.recipients] == ["unknown", "unknown"]
    assert isinstance(result.recipients[0].error, sesmail.UnknownOutcomeError)
    assert result.recipients[0].error.answer["ResponseMetadata"]["HTTPStatusCode"] == 200


async def test_rejected_bulk_call_is_an_error_for_each_recipient(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(error(404, "NotFoundException", "no template"))
    async with new_client(server.url) as client:
        result = await client.send_bulk(NEWS)
    assert [type(each.error) for each in result.failed] == [sesmail.NotFoundError] * 2


async def test_bulk_call_with_server_error_is_unknown_for_each_recipient(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(error(503, "ServiceUnavailable"))
    async with new_client(server.url) as client:
        result = await client.send_bulk(NEWS)
    assert [each.outcome for each in result.recipients] == ["unknown", "unknown"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"MessageId": None},
        {"MessageId": ""},
        {"MessageId": "two words"},
        {"MessageId": "<id>"},
        {"Message": "hi"},
    ],
)
async def test_response_without_message_id_is_unknown(
    fault_server: StartFaultServer, answer: Any
) -> None:
    server = fault_server(json_200(answer))
    async with new_client(server.url) as client:
        with pytest.raises(sesmail.UnknownOutcomeError) as unknown:
            await client.send(ORDER)
    assert unknown.value.answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert unknown.value.request_id


async def test_invalid_messages_are_refused_before_any_request(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(ok())
    addresses = [f"user{number}@example.com" for number in range(51)]
    async with new_client(server.url) as client:
        with pytest.raises(InvalidMessageError, match="at least one recipient"):
            await client.send(Message(from_email="shop@example.com", text="Hello"))
        with pytest.raises(InvalidMessageError, match="from_email"):
            await client.send(Message(to="alice@example.com", text="Hello"))
        with pytest.raises(InvalidMessageError) as too_many:
            await client.send(ORDER.model_copy(update={"to": Message(to=addresses).to}))
        with pytest.raises(InvalidMessageError, match="recipients\\[1\\]"):
            await client.send_bulk(
                BulkMessage(
                    from_email="a@example.com",
                    template="T",
                    recipients=["a@example.com", Recipient("b@example.com", cc=addresses)],
                )
            )
        with pytest.raises(InvalidMessageError, match="send_bulk"):
            await client.send(NEWS)  # type: ignore[arg-type]
        with pytest.raises(InvalidMessageError, match="must be a BulkMessage"):
            await client.send_bulk(ORDER)  # type: ignore[arg-type]
        with pytest.raises(InvalidMessageError, match="not a str"):
            await client.send("Hello")  # type: ignore[arg-type]
        with pytest.raises(InvalidMessageError, match="own fields"):
            await client.send(Message(**ORDER.model_dump(), extra={"Destination": {}}))
        with pytest.raises(InvalidMessageError, match="Surprise"):
            await client.send(Message(**ORDER.model_dump(), extra={"Surprise": 1}))
        with pytest.raises(InvalidMessageError, match="operation"):
            await client.call("SendPigeon")
    assert (too_many.value.field, too_many.value.limit, too_many.value.actual) == ("to", 50, 51)
    assert server.requests == []


async def test_many_tasks_share_a_client_and_its_connections(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(slow(0.05, ok()))
    ids: set[str] = set()

    async def send(client: sesmail.Client) -> None:
        ids.add((await client.send(ORDER)).message_id)

    async with (
        new_client(server.url, config={"max_pool_connections": 10}) as client,
        anyio.create_task_group() as group,
    ):
        for _ in range(40):
            group.start_soon(send, client)
    assert len(ids) == 40
    assert server.connections_opened <= 10
    assert await anyio.to_thread.run_sync(server.wait_until_closed)


async def test_constructor_opens_no_connection(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    client = new_client(server.url)
    assert server.connections_opened == 0
    await client.send(ORDER)
    await client.aclose()
    await client.aclose()
    assert await anyio.to_thread.run_sync(server.wait_until_closed)


async def test_closed_client_raises_configuration_error() -> None:
    client = new_client("http://127.0.0.1:1")
    await client.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await client.send(ORDER)
    with pytest.raises(ConfigurationError, match="closed"):
        async with client:
            pass


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"api": "v3"}, "v3"),
        ({"message_tag_name": "two words"}, "message_tag_name"),
        ({"timeout": 0}, "timeout"),
        ({"defaults": Message(send_id="id-1")}, "send_id"),
    ],
    ids=["api", "message_tag_name", "timeout", "send_id"],
)
async def test_refuses_invalid_settings(settings: Any, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        sesmail.Client(**settings)


async def test_open_connects_nothing_and_is_used_by_the_first_send(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fault_server(ok())
    client = new_client(server.url)
    await client.open()
    await client.open()
    assert server.connections_opened == 0
    monkeypatch.setattr(ClientOpener, "_open", lambda *_: 1 / 0)
    await client.send(ORDER)
    async with client:
        await client.send(ORDER)
    assert len(server.requests) == 2
    assert await anyio.to_thread.run_sync(server.wait_until_closed)


async def test_concurrent_opens_create_one_aws_client(monkeypatch: pytest.MonkeyPatch) -> None:
    connect, count = ClientOpener._open, 0

    async def count_connects(*args: Any) -> Any:
        nonlocal count
        count += 1
        return await connect(*args)

    monkeypatch.setattr(ClientOpener, "_open", count_connects)
    client = new_client("http://127.0.0.1:1")
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(client.open)
    await client.aclose()
    assert count == 1


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"region": None}, "region"),
        ({"region": "no region"}, "region"),
        ({"profile": "missing"}, "missing"),
        ({"config": {"max_pool_connections": 0}}, "max_pool_connections"),
    ],
    ids=str,
)
async def test_open_raises_configuration_error_for_wrong_settings(
    monkeypatch: pytest.MonkeyPatch, settings: Any, text: str
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match=text):
        await sesmail.Client(**{"region": "eu-west-1", **settings}).open()


async def test_open_raises_configuration_error_after_closing() -> None:
    client = new_client("http://127.0.0.1:1")
    await client.open()
    await client.aclose()
    with pytest.raises(ConfigurationError, match="closed"):
        await client.open()


async def test_opening_has_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    from sesmail.sending import client as module

    async def open_slowly(*_: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(module, "_OPEN_TIMEOUT", 0.01)
    monkeypatch.setattr(module.Aws, "open", open_slowly)
    with pytest.raises(sesmail.NotSentError, match="credentials"):
        await sesmail.Client().open()
    with pytest.raises(sesmail.NotSentError, match="credentials"):
        async with sesmail.Client():
            pass


async def test_call_returns_empty_response(
    fault_server: StartFaultServer,
) -> None:
    server = fault_server(empty_200())
    async with new_client(server.url) as client:
        answer = await client.call(
            "DeleteSuppressedDestination", {"EmailAddress": "alice@example.com"}
        )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert server.requests[0].method == "DELETE"


async def test_large_message_is_built_in_a_thread(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def written(message: Message) -> bytes:
        threads.append(threading.get_ident())
        return b"From: shop@example.com\r\n\r\n"

    monkeypatch.setattr(mail, "write_mime", written)
    server = fault_server(ok())
    async with new_client(server.url) as client:
        for size in (1, 1_000_000):
            await client.send(ORDER.model_copy(update={"text": "a" * size}))
    assert threads[0] == threading.get_ident() != threads[1]


@pytest.mark.parametrize("endpoint", [None, "abc.123"])
async def test_message_id_header_names_no_region_of_a_multi_region_endpoint(
    monkeypatch: pytest.MonkeyPatch, fault_server: StartFaultServer, endpoint: str | None
) -> None:
    async def call(*_: Any, **__: Any) -> dict[str, Any]:
        entry = {"Status": "SUCCESS", "MessageId": "m-1"}
        meta = {"HTTPStatusCode": 200}
        return {"MessageId": "m-1", "BulkEmailEntryResults": [entry], "ResponseMetadata": meta}

    monkeypatch.setattr("sesmail.aws.Aws.call", call)
    header = None if endpoint else "<m-1@eu-west-1.amazonses.com>"
    fields = {} if endpoint is None else {"endpoint_id": endpoint}
    async with new_client(fault_server(ok()).url) as client:
        result = await client.send(ORDER.model_copy(update=fields))
        recipient = NEWS.recipients[0]
        bulk = await client.send_bulk(
            NEWS.model_copy(update={**fields, "recipients": (recipient,)})
        )
    assert [each.rfc5322_message_id for each in (result, *result.recipients)] == [header] * 2
    assert bulk.recipients[0].rfc5322_message_id == header
