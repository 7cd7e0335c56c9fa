"""SendEmail and SendBulkEmail of API v2, called by boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sesmail.testing import FakeSES

SHOP = "Shop <shop@example.com>"
ALICE = "alice@example.org"
PNG = b"\x89PNG\r\n\x1a\nimage"


def simple(**more: Any) -> dict[str, Any]:
    body = {"Text": {"Data": "Your code: 123456, https://example.com/a."}}
    return {"Simple": {"Subject": {"Data": "Hello Zoë"}, "Body": body, **more}}


def send(client: Any, content: dict[str, Any], **more: Any) -> str:
    arguments: dict[str, Any] = {
        "FromEmailAddress": SHOP,
        "Destination": {"ToAddresses": [f"Alice <{ALICE}>"]},
        "Content": content,
        **more,
    }
    message_id: str = client.send_email(**arguments)["MessageId"]
    return message_id


def code(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_simple_content_is_composed(ses: FakeSES, v2: Any) -> None:
    html = {"Data": '<a href="https://example.com/b?x=1&amp;y=2">b</a> <img src="cid:logo">'}
    message_id = send(
        v2,
        {
            "Simple": {
                "Subject": {"Data": "Hello Zoë"},
                "Body": {"Text": {"Data": "Code 123456: https://example.com/a."}, "Html": html},
                "Headers": [{"Name": "X-Kind", "Value": "welcome"}],
                "Attachments": [
                    {
                        "FileName": "logo.png",
                        "RawContent": PNG,
                        "ContentType": "image/png",
                        "ContentId": "logo",
                        "ContentDisposition": "INLINE",
                        "ContentDescription": "our logo",
                    },
                    {"FileName": "terms.txt", "RawContent": b"terms"},
                ],
            }
        },
        Destination={
            "ToAddresses": [ALICE],
            "CcAddresses": ["Bob <bob@example.org>"],
            "BccAddresses": ["carol@example.org"],
        },
        ReplyToAddresses=["help@example.com"],
        EmailTags=[{"Name": "kind", "Value": "welcome"}],
        FeedbackForwardingEmailAddress="bounces@example.com",
    )
    mail = ses.outbox.latest(to="BOB@example.org")
    assert mail.message_id == message_id
    assert (mail.subject, mail.from_email) == ("Hello Zoë", SHOP)
    assert (mail.to, mail.cc, mail.bcc) == (
        (ALICE,),
        ("bob@example.org",),
        ("carol@example.org",),
    )
    assert mail.recipients == (ALICE, "bob@example.org", "carol@example.org")
    assert mail.envelope_sender == "bounces@example.com"
    assert (mail.api, mail.operation) == ("v2", "SendEmail")
    assert mail.headers.get("Reply-To") == "help@example.com"
    assert mail.headers.get("X-Kind") == "welcome"
    assert "Bcc" not in mail.headers
    assert mail.message_tags == {"kind": "welcome"}
    assert [item.file_name for item in mail.attachments] == ["terms.txt"]
    assert mail.html_with_images is not None
    assert 'src="data:image/png;base64,' in mail.html_with_images
    assert mail.links == ("https://example.com/b?x=1&y=2", "https://example.com/a")
    assert mail.code() == "123456"


def test_display_names_are_encoded(ses: FakeSES, v2: Any) -> None:
    to = {"ToAddresses": ["Zoë <zoe@example.org>", '"A, B" <a@example.org>']}
    send(v2, simple(), Destination=to, FromEmailAddress="Shöp <shop@example.com>")
    mail = ses.outbox[0]
    assert mail.raw.isascii()
    assert mail.headers.get("To") == 'Zoë <zoe@example.org>, "A, B" <a@example.org>'
    assert mail.recipients == ("zoe@example.org", "a@example.org")
    with pytest.raises(ClientError, match="Missing final '@domain'"):
        send(v2, simple(), ReplyToAddresses=["nobody"])


def test_html_alone_is_composed(ses: FakeSES, v2: Any) -> None:
    body = {"Html": {"Data": "<p>Hi"}}
    send(v2, {"Simple": {"Subject": {"Data": ""}, "Body": body}})
    assert (ses.outbox[0].text, ses.outbox[0].html) == (None, "<p>Hi")
    assert ses.outbox[0].subject is None


def test_inline_image_alone_is_related_to_the_body(ses: FakeSES, v2: Any) -> None:
    image = {"FileName": "a.png", "RawContent": PNG, "ContentId": "a", "ContentType": "image/png"}
    send(v2, simple(Attachments=[image]))
    assert "multipart/related" in (ses.outbox[0].headers.get("Content-Type") or "")


def test_template_is_rendered(ses: FakeSES, v2: Any) -> None:
    ses.template("Shipped", "Hi {{name}}", "Dear {{name}}", "<p>{{name}} & co</p>")
    data = json.dumps({"name": "Zoë <b>"})
    arn = "arn:aws:ses:eu-west-1:123456789012:template/Shipped"
    for chosen in ({"TemplateName": "Shipped"}, {"TemplateArn": arn}):
        send(v2, {"Template": {**chosen, "TemplateData": data}})
        mail = ses.outbox.latest(template="Shipped")
        assert (mail.subject, mail.text) == ("Hi Zoë <b>", "Dear Zoë <b>")
        assert mail.html == "<p>Zoë <b> & co</p>"  # SES escapes nothing
        assert mail.template_data == {"name": "Zoë <b>"}
    assert "template='Shipped'" in repr(mail)


def test_missing_data_is_a_rendering_failure_after_acceptance(ses: FakeSES, v2: Any) -> None:
    ses.template("Shipped", "Hi {{name}}", "x")
    send(v2, {"Template": {"TemplateName": "Shipped"}})
    mail = ses.outbox.latest()
    assert mail.rendering_error == "Attribute 'name' is not present in the rendering data."
    assert "not rendered: Attribute 'name'" in repr(mail)
    (event,) = mail.events
    assert event.document["failure"] == {
        "templateName": "Shipped",
        "errorMessage": "Attribute 'name' is not present in the rendering data.",
    }


def test_control_characters_of_data_do_not_reach_the_subject(ses: FakeSES, v2: Any) -> None:
    ses.template("T", "Hi {{name}}", "x")
    data = json.dumps({"name": "a\r\nBcc: x@example.org"})
    send(v2, {"Template": {"TemplateName": "T", "TemplateData": data}})
    assert ses.outbox[0].subject == "Hi a Bcc: x@example.org"


def test_inline_template(ses: FakeSES, v2: Any) -> None:
    content = {"Subject": "Hi {{name}}", "Text": "Dear {{name}}"}
    template = {"TemplateContent": content, "TemplateData": '{"name": "Zoe"}'}
    send(v2, {"Template": template})
    assert (ses.outbox[0].subject, ses.outbox[0].template) == ("Hi Zoe", None)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ({"TemplateContent": {"Subject": "{{#if a}}x{{/if}}", "Text": "x"}}, "unsupported oper"),
        ({"TemplateContent": {"Subject": "{{#if", "Text": "x"}}, "isn't closed"),
        ({"TemplateContent": {"Subject": "x"}, "TemplateData": "[1]"}, "data is invalid"),
        ({"TemplateContent": {"Subject": "x"}, "TemplateData": "{"}, "data is invalid"),
        ({"TemplateContent": {"Subject": "x"}, "Headers": [{"Name": "a b", "Value": "x"}]}, "name"),
        ({"TemplateContent": {"Subject": "x"}, "Headers": [{"Name": "a", "Value": "é"}]}, "value"),
        (
            {"TemplateContent": {"Subject": "x"}, "Headers": [{"Name": "a", "Value": "b"}] * 16},
            "number of headers exceeds 15",
        ),
        ({"TemplateContent": {"Subject": "x"}, "TemplateData": " " * 262_145}, "262144"),
        ({}, "is required"),
    ],
)
def test_invalid_template_is_a_bad_request(v2: Any, template: dict[str, Any], text: str) -> None:
    with pytest.raises(ClientError) as caught:
        send(v2, {"Template": template})
    assert code(caught)[0] == "BadRequestException"
    assert text in code(caught)[1]


def test_missing_template(v2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        send(v2, {"Template": {"TemplateName": "None"}})
    assert code(caught) == ("NotFoundException", "Template <None> does not exist.")


def test_raw_content(ses: FakeSES, v2: Any) -> None:
    raw = (
        b"From: Shop <shop@example.com>\r\nTo: alice@example.org\r\nCc: bob@example.org\r\n"
        b"Bcc: carol@example.org, dan@example.org\r\nSubject: =?utf-8?q?Zo=C3=AB?=\r\n"
        b"X-SES-MESSAGE-TAGS: a=b, c=d\r\nX-SES-CONFIGURATION-SET: events\r\n\r\nHi\r\n"
    )
    v2.send_email(Content={"Raw": {"Data": raw}})
    mail = ses.outbox.latest(subject="Zoë")
    assert mail.raw == raw
    assert mail.recipients == (ALICE, "bob@example.org", "carol@example.org", "dan@example.org")
    assert mail.message_tags == {"a": "b", "c": "d"}
    assert mail.from_email == SHOP
    send(v2, {"Raw": {"Data": raw}})
    assert ses.outbox.latest().recipients == (ALICE,)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("From: b@other.test", "failed the check in region EU-WEST-1: b@other.test"),
        ("From: shop@example.com, b@other.test", "EU-WEST-1: b@other.test"),
        ("From: shop@example.com\r\nSender: B <b@other.test>", "EU-WEST-1: b@other.test"),
        ("From: shop@example.com\r\nfrom: shop@example.com", "Duplicate header 'from'."),
        ("From: shop@example.com\r\nList-Id: <a>\r\nLIST-ID: <a>", "Duplicate header 'LIST-ID'."),
    ],
)
def test_headers_of_raw_content_are_checked(ses: FakeSES, v2: Any, fields: str, error: str) -> None:
    with pytest.raises(ClientError) as caught:
        send(v2, {"Raw": {"Data": f"{fields}\r\nX-Tag: a\r\nX-Tag: b\r\n\r\nx\r\n".encode()}})
    assert code(caught)[1].endswith(error)
    assert len(ses.outbox) == 0


@pytest.mark.parametrize("subject", ["a\r\nBcc: b@other.test", "a\nb", "a\0", "a\x7f"])
def test_control_characters_in_a_subject(ses: FakeSES, v2: Any, v1: Any, subject: str) -> None:
    content = simple()
    content["Simple"]["Subject"] = {"Data": subject}
    for call in (
        lambda: send(v2, content),
        lambda: v1.send_email(
            Source=SHOP, Destination={"ToAddresses": [ALICE]}, Message=content["Simple"]
        ),
    ):
        with pytest.raises(ClientError, match="Subject contains control characters"):
            call()
    assert len(ses.outbox) == 0


def test_raw_content_without_an_author(v2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        v2.send_email(Content={"Raw": {"Data": b"To: a@example.org\r\n\r\n"}})
    assert code(caught) == ("BadRequestException", "Missing required header 'From'.")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Destination": {}}, "At least one destination address is required."),
        ({"Destination": {"ToAddresses": ["a@example.org"] * 51}}, "Recipient count exceeds 50."),
        ({"Destination": {"ToAddresses": ["nobody"]}}, "Missing final '@domain'"),
        (
            {"Destination": {"ToAddresses": ["zoë@example.org"]}},
            "Local address contains control or whitespace",
        ),
        ({"Destination": {"ToAddresses": ["a@b..c"]}}, "Illegal address: 'a@b..c'"),
        (
            {"EmailTags": [{"Name": "a b", "Value": "x"}]},
            "Invalid tag name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
        ),
        (
            {"EmailTags": [{"Name": "a", "Value": "é"}]},
            "Invalid tag value <é>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
        ),
        ({"EmailTags": [{"Name": "a", "Value": "b"}] * 2}, "Duplicate tag names are not allowed."),
        (
            {"EmailTags": [{"Name": f"a{n}", "Value": "b"} for n in range(51)]},
            "More than 50 tags.",
        ),
        ({"FromEmailAddress": ""}, "FromEmailAddress is required."),
        ({"Content": {}}, "Content must have exactly one of Simple, Raw and Template."),
        (
            {"Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {}}}},
            "The body must have a Text or an Html part.",
        ),
    ],
)
def test_invalid_parameters_are_bad_requests(
    v2: Any, change: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ClientError) as caught:
        send(v2, **{"content": change.pop("Content", simple()), **change})
    assert code(caught) == ("BadRequestException", expected)


def test_feedback_id_tags_are_allowed(ses: FakeSES, v2: Any) -> None:
    send(v2, simple(), EmailTags=[{"Name": "ses:feedback-id-a", "Value": "x"}])
    assert ses.outbox[0].message_tags == {"ses:feedback-id-a": "x"}


def test_attachment_that_no_mail_can_have(v2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        send(v2, simple(Attachments=[{"FileName": "a\nb", "RawContent": b"x"}]))
    assert code(caught)[1].startswith("Invalid attachment a\nb")


def test_attachment_of_a_type_that_ses_refuses(ses: FakeSES, v2: Any) -> None:
    content = simple(Attachments=[{"FileName": "Setup.EXE", "RawContent": b"MZ"}])
    with pytest.raises(ClientError) as caught:
        send(v2, content)
    assert code(caught) == ("BadRequestException", "Illegal filename 'Setup.EXE'.")
    ses.account(lenient=True)
    send(v2, content)
    assert [item.claimed_file_name for item in ses.outbox[0].attachments] == ["Setup.EXE"]


def test_author_is_decoded(ses: FakeSES, v2: Any) -> None:
    send(v2, simple(), FromEmailAddress="=?utf-8?q?Zo=C3=AB=2C_B?= <shop@example.com>")
    assert ses.outbox[0].from_email == '"Zoë, B" <shop@example.com>'


def test_unverified_sender(ses: FakeSES, v2: Any) -> None:
    expected = (
        "Email address is not verified. The following identities failed the check in region "
        "EU-WEST-1: shop@example.net, bounces@example.net"
    )
    change = {
        "FromEmailAddress": "shop@example.net",
        "FeedbackForwardingEmailAddress": "bounces@example.net",
    }
    with pytest.raises(ClientError) as caught:
        send(v2, simple(), **change)
    assert code(caught) == ("MessageRejected", expected)
    send(v2, simple(), FromEmailAddress="shop@mail.example.com")  # a subdomain
    ses.verify("shop@example.net")
    send(v2, simple(), FromEmailAddress="Shop@Example.NET")
    arn = "arn:aws:ses:eu-west-1:999999999999:identity/example.edu"
    send(v2, simple(), FromEmailAddress="a@example.edu", FromEmailAddressIdentityArn=arn)
    ses.account(lenient=True)
    send(v2, simple(), **{**change, "FromEmailAddress": "a@example.info"})


def test_sandbox_checks_recipients(ses: FakeSES, v2: Any) -> None:
    ses.account(sandbox=True)
    with pytest.raises(ClientError, match=r"EU-WEST-1: alice@example\.org"):
        send(v2, simple())
    to = {"ToAddresses": ["success@simulator.amazonses.com", "b@example.com"]}
    send(v2, simple(), Destination=to)


def test_pending_identity_does_not_count(ses: FakeSES, v2: Any) -> None:
    ses.state.identities["example.com"].verified = False
    with pytest.raises(ClientError, match="is not verified"):
        send(v2, simple())


def test_configuration_sets(ses: FakeSES, v2: Any) -> None:
    send(v2, simple())
    assert ses.outbox[0].configuration_set == "events"  # of the identity
    ses.configuration_set("other")
    send(v2, simple(), ConfigurationSetName="other")
    assert ses.outbox[1].configuration_set == "other"
    with pytest.raises(ClientError) as caught:
        send(v2, simple(), ConfigurationSetName="none")
    assert code(caught) == ("NotFoundException", "Configuration set <none> does not exist.")
    ses.state.configuration_sets["other"].sending_enabled = False
    with pytest.raises(ClientError) as caught:
        send(v2, simple(), ConfigurationSetName="other")
    assert code(caught)[0] == "SendingPausedException"


def test_account_states(ses: FakeSES, v2: Any) -> None:
    ses.account(paused=True)
    with pytest.raises(ClientError) as caught:
        send(v2, simple())
    assert code(caught)[0] == "SendingPausedException"
    ses.account(paused=False, suspended=True)
    with pytest.raises(ClientError) as caught:
        send(v2, simple())
    assert code(caught)[0] == "AccountSuspendedException"
    ses.account(suspended=False, quota=1)
    send(v2, simple())
    with pytest.raises(ClientError) as caught:
        send(v2, simple())
    assert code(caught) == ("LimitExceededException", "Daily message quota exceeded.")
    ses.account(quota=-1)
    send(v2, simple())


def test_tracking_overrides_tenant_and_list(ses: FakeSES, v2: Any) -> None:
    tracking = {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "ENABLED"}
    with pytest.raises(ClientError, match="Tenant <acme> does not exist"):
        send(v2, simple(), TenantName="acme")
    v2.create_tenant(TenantName="acme")
    send(v2, simple(), ConfigurationOverrides={"Tracking": tracking}, TenantName="acme")
    mail = ses.outbox[0]
    assert (mail.track_opens, mail.track_clicks, mail.tenant) == (False, True, "acme")


def test_mail_that_is_too_large(v1: Any) -> None:
    raw = b"From: a@example.com\r\n\r\n" + b"x" * 10 * 1024 * 1024
    with pytest.raises(ClientError) as caught:
        v1.send_raw_email(RawMessage={"Data": raw}, Destinations=[ALICE])
    expected = f"Message length is more than 10485760 bytes long: '{len(raw)}'."
    assert code(caught) == ("InvalidParameterValue", expected)


def bulk(client: Any, *entries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    template = {"TemplateName": "News", "TemplateData": '{"name": "you", "shop": {"a": 1, "b": 2}}'}
    response = client.send_bulk_email(
        FromEmailAddress=SHOP,
        DefaultContent={"Template": {**template, **more.pop("template", {})}},
        BulkEmailEntries=list(entries),
        **more,
    )
    results: list[dict[str, Any]] = response["BulkEmailEntryResults"]
    return results


def entry(address: str, data: Any = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"Destination": {"ToAddresses": [address]}, **more}
    if data is not None:
        replacement = {"ReplacementTemplateData": json.dumps(data)}
        made["ReplacementEmailContent"] = {"ReplacementTemplate": replacement}
    return made


def test_bulk_merges_data_tags_and_headers(ses: FakeSES, v2: Any) -> None:
    ses.template("News", "Hi {{name}}", "{{shop.a}} {{shop.b}}")
    results = bulk(
        v2,
        entry(
            "a@example.org",
            {"name": "A", "shop": {"b": 3}},
            ReplacementTags=[{"Name": "kind", "Value": "vip"}],
            ReplacementHeaders=[{"Name": "x-kind", "Value": "vip"}],
        ),
        entry("b@example.org"),
        entry("nobody", {}),
        template={"Headers": [{"Name": "X-Kind", "Value": "news"}, {"Name": "X-B", "Value": "b"}]},
        DefaultEmailTags=[{"Name": "kind", "Value": "news"}, {"Name": "b", "Value": "b"}],
        ReplyToAddresses=["help@example.com"],
    )
    assert [each["Status"] for each in results] == ["SUCCESS", "SUCCESS", "INVALID_PARAMETER"]
    assert results[2]["Error"] == "Missing final '@domain'"
    first, second = ses.outbox
    assert [first.message_id, second.message_id] == [each["MessageId"] for each in results[:2]]
    assert (first.subject, first.text) == ("Hi A", "1 3")
    assert (second.subject, second.text) == ("Hi you", "1 2")
    assert first.message_tags == {"kind": "vip", "b": "b"}
    assert first.headers.get_all("X-Kind") == ("vip",)
    assert second.headers.get_all("X-Kind") == ("news",)
    assert second.headers.get("Reply-To") == "help@example.com"


def test_bulk_limits(ses: FakeSES, v2: Any) -> None:
    ses.template("News", "Hi {{name}}", "x")
    with pytest.raises(ClientError, match="Recipient count must be 1 to 50"):
        bulk(v2, *(entry(f"a{n}@example.org") for n in range(51)))
    with pytest.raises(ClientError) as caught:
        bulk(v2, entry(ALICE), template={"TemplateName": "None"})
    assert code(caught)[0] == "NotFoundException"
    ses.account(quota=1)
    results = bulk(v2, entry("a@example.org"), entry("b@example.org"))
    assert [each["Status"] for each in results] == ["SUCCESS", "ACCOUNT_DAILY_QUOTA_EXCEEDED"]
    ses.account(paused=True)
    with pytest.raises(ClientError, match="SendingPausedException"):
        bulk(v2, entry(ALICE))
