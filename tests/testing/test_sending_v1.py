"""The send operations of API v1, called by boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sesmail.testing import FakeSES

SHOP = "Shop <shop@example.com>"
ALICE = "alice@example.org"
TO = {"ToAddresses": [ALICE], "CcAddresses": ["b@example.org"], "BccAddresses": ["c@example.org"]}


def test_send_email(ses: FakeSES, v1: Any) -> None:
    message = {
        "Subject": {"Data": "Hi"},
        "Body": {"Text": {"Data": "text"}, "Html": {"Data": "<p>html"}},
    }
    response = v1.send_email(
        Source=SHOP,
        Destination=TO,
        Message=message,
        ReplyToAddresses=["help@example.com"],
        ReturnPath="bounces@example.com",
        Tags=[{"Name": "a", "Value": "b"}],
        ConfigurationSetName="events",
    )
    (mail,) = ses.outbox
    assert mail.message_id == response["MessageId"]
    assert (mail.subject, mail.text, mail.html) == ("Hi", "text", "<p>html")
    assert mail.recipients == (ALICE, "b@example.org", "c@example.org")
    assert (mail.api, mail.operation) == ("v1", "SendEmail")
    assert (mail.envelope_sender, mail.message_tags) == ("bounces@example.com", {"a": "b"})
    assert mail.headers.get("Reply-To") == "help@example.com"


def test_body_is_required(v1: Any) -> None:
    with pytest.raises(
        ClientError, match=r'ValidationError.*: Missing required parameter in Message: "Body"'
    ):
        v1.send_email(Source=SHOP, Destination=TO, Message={"Subject": {"Data": "Hi"}, "Body": {}})


def test_send_raw_email(ses: FakeSES, v1: Any) -> None:
    raw = b"From: shop@example.com\r\nTo: Alice <alice@example.org>\r\nSubject: Hi\r\n\r\nHi\r\n"
    v1.send_raw_email(RawMessage={"Data": raw})
    v1.send_raw_email(
        RawMessage={"Data": raw},
        Destinations=["b@example.org"],
        Source="bounces@example.com",
        SourceArn="arn:aws:ses:eu-west-1:999999999999:identity/example.com",
    )
    first, second = ses.outbox
    assert (first.raw, first.recipients) == (raw, (ALICE,))
    assert (second.recipients, second.envelope_sender) == (
        ("b@example.org",),
        "bounces@example.com",
    )


def test_attachment_types_that_ses_refuses(ses: FakeSES, v1: Any) -> None:
    head = "From: shop@example.com\r\nTo: a@example.org\r\nContent-Type: application/x; "
    for name in ("filename=setup.exe", "name=SETUP.EXE", "filename*=utf-8''%C3%B6.exe"):
        parameter = (
            name if name.startswith("name") else f"name=x\r\nContent-Disposition: inline; {name}"
        )
        raw = f"{head}{parameter}\r\n\r\nx\r\n".encode()
        with pytest.raises(ClientError, match=r"InvalidParameterValue.*: Illegal filename"):
            v1.send_raw_email(RawMessage={"Data": raw})
    v1.send_raw_email(RawMessage={"Data": f"{head}name=exe.txt\r\n\r\nx\r\n".encode()})
    ses.account(lenient=True)
    v1.send_raw_email(RawMessage={"Data": raw})
    assert len(ses.outbox) == 2


def test_templates(ses: FakeSES, v1: Any) -> None:
    ses.template("News", "Hi {{name}}", "{{month}}")
    v1.send_templated_email(
        Source=SHOP, Destination=TO, Template="News", TemplateData='{"name": "A", "month": "May"}'
    )
    response = v1.send_bulk_templated_email(
        Source=SHOP,
        Template="News",
        DefaultTemplateData='{"name": "you", "month": "May"}',
        DefaultTags=[{"Name": "kind", "Value": "news"}],
        Destinations=[
            {
                "Destination": {"ToAddresses": ["a@example.org"]},
                "ReplacementTemplateData": json.dumps({"name": "A"}),
                "ReplacementTags": [{"Name": "n", "Value": "1"}],
            },
            {"Destination": {"ToAddresses": ["nobody"]}},
        ],
    )
    assert [each["Status"] for each in response["Status"]] == ["Success", "InvalidParameterValue"]
    single, one = ses.outbox
    assert (single.subject, single.text, single.template) == ("Hi A", "May", "News")
    assert (one.subject, one.text) == ("Hi A", "May")
    assert one.message_tags == {"kind": "news", "n": "1"}
    with pytest.raises(ClientError) as caught:
        v1.send_templated_email(Source=SHOP, Destination=TO, Template="None", TemplateData="{}")
    assert caught.value.response["Error"]["Code"] == "TemplateDoesNotExist"


@pytest.mark.parametrize(
    ("account", "code", "text"),
    [
        (
            {"paused": True},
            "AccountSendingPausedException",
            "Email sending is disabled for account 123456789012.",
        ),
        ({"quota": 0}, "Throttling", "Daily message quota exceeded."),
    ],
)
def test_errors_have_the_codes_of_v1(
    ses: FakeSES, v1: Any, account: dict[str, Any], code: str, text: str
) -> None:
    ses.account(**account)
    message = {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "text"}}}
    with pytest.raises(ClientError) as caught:
        v1.send_email(Source=SHOP, Destination=TO, Message=message)
    error = caught.value.response
    assert (error["Error"]["Code"], error["Error"]["Message"]) == (code, text)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_account(ses: FakeSES, v1: Any) -> None:
    ses.account(rate=5, quota=100)
    quota = v1.get_send_quota()
    assert (quota["MaxSendRate"], quota["Max24HourSend"], quota["SentLast24Hours"]) == (5, 100, 0)
    v1.update_account_sending_enabled(Enabled=False)
    assert v1.get_account_sending_enabled()["Enabled"] is False
