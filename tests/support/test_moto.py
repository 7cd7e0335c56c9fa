"""moto's server stores the mails of both APIs, and is empty at the start of each test."""

import os
from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from support.moto import MotoServer

pytestmark = pytest.mark.anyio

MIME = b"From: Shop <shop@example.com>\r\nTo: Al <al@example.com>\r\nSubject: Hi\r\n\r\nHello\r\n"


def connect(server: "MotoServer", service: str, anyio_backend: str) -> Any:
    """Return a client of aiobotocore on either event loop."""
    options: dict[str, Any] = {"retries": {"total_max_attempts": 1}}
    if anyio_backend == "trio":
        from aiobotocore.httpxsession import HttpxSession

        options["http_session_cls"] = HttpxSession
    return get_session().create_client(
        service, endpoint_url=server.url, config=AioConfig(**options)
    )


async def test_both_apis_store_mails_in_one_place(
    moto_server: "MotoServer", anyio_backend: str
) -> None:
    moto_server.verify("shop@example.com")
    async with (
        connect(moto_server, "sesv2", anyio_backend) as v2,
        connect(moto_server, "ses", anyio_backend) as v1,
    ):
        second = await v2.send_email(
            Content={"Raw": {"Data": MIME}},
            Destination={
                "ToAddresses": ["Al <al@example.com>"],
                "BccAddresses": ["bcc@example.com"],
            },
        )
        first = await v1.send_raw_email(
            Source="shop@example.com",
            RawMessage={"Data": MIME},
            Destinations=["al@example.com", "bcc@example.com"],
        )
    sent = moto_server.sent()
    assert [mail.message_id for mail in sent] == [second["MessageId"], first["MessageId"]]
    for mail in sent:
        assert (mail.source, mail.recipients, mail.mime) == (
            "shop@example.com",
            ("al@example.com", "bcc@example.com"),
            MIME,
        )


async def test_templates_are_sent_through_v1(moto_server: "MotoServer", anyio_backend: str) -> None:
    moto_server.verify("example.com")
    moto_server.create_template("Shipped", "Shipped", text="Hello {{name}}")
    to = {
        "Destination": {"ToAddresses": ["al@example.com"]},
        "ReplacementTemplateData": '{"name": "Al"}',
    }
    async with connect(moto_server, "ses", anyio_backend) as v1:
        await v1.send_templated_email(
            Source="shop@example.com",
            Template="Shipped",
            TemplateData="{}",
            Destination=to["Destination"],
        )
        await v1.send_bulk_templated_email(
            Source="shop@example.com",
            Template="Shipped",
            DefaultTemplateData="{}",
            Destinations=[to],
        )
    single, bulk = moto_server.sent()
    assert (single.template, single.data, single.recipients) == (
        "Shipped",
        "{}",
        ("al@example.com",),
    )
    assert (bulk.template, bulk.data, bulk.recipients) == ("Shipped", "{}", ("al@example.com",))
    assert bulk.destinations == [to]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ses", "send_raw_email", {"RawMessage": {"Data": MIME}}),
        ("sesv2", "send_email", {"Content": {"Raw": {"Data": MIME}}}),
    ],
)
async def test_server_is_empty_at_the_start(
    moto_server: "MotoServer",
    anyio_backend: str,
    service: str,
    operation: str,
    parameters: dict[str, Any],
) -> None:
    assert moto_server.sent() == []
    async with connect(moto_server, service, anyio_backend) as client:
        with pytest.raises(ClientError, match="Did not have authority"):
            await getattr(client, operation)(**parameters)


async def test_regions_are_separate(moto_server: "MotoServer") -> None:
    moto_server.verify("shop@example.com", region="us-east-1")
    assert moto_server.sent("us-east-1") == []


async def test_environment_has_only_the_aws_settings_of_the_tests() -> None:
    names = {name for name in os.environ if name.startswith("AWS_")}
    assert names == {
        "AWS_ACCESS_KEY_ID",
        "AWS_CA_BUNDLE",
        "AWS_CONFIG_FILE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SHARED_CREDENTIALS_FILE",
    }
    assert not any(name.lower().endswith("_proxy") for name in os.environ)
