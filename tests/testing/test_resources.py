"""Operations on the account, identities, templates, configuration sets and lists, by boto3."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sesmail.testing import FakeSES

TOPIC = "arn:aws:sns:eu-west-1:123456789012:other"


def code_of(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_account(ses: FakeSES, v2: Any) -> None:
    account = v2.get_account()
    assert account["SendQuota"] == {
        "Max24HourSend": 50_000,
        "MaxSendRate": 14,
        "SentLast24Hours": 0,
    }
    assert (account["ProductionAccessEnabled"], account["EnforcementStatus"]) == (True, "HEALTHY")
    v2.put_account_sending_attributes(SendingEnabled=False)
    v2.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
    ses.account(rate=1, sandbox=True, suspended=True)
    account = v2.get_account()
    assert (account["SendingEnabled"], account["SendQuota"]["MaxSendRate"]) == (False, 1)
    assert account["EnforcementStatus"] == "SHUTDOWN"
    assert account["SuppressionAttributes"] == {"SuppressedReasons": ["COMPLAINT"]}
    ses.account(suppress=["BOUNCE"])
    assert ses.state.account.suppression_reasons == ("BOUNCE",)


def test_identities_of_v2(v2: Any) -> None:
    made = v2.create_email_identity(EmailIdentity="a@Example.org", ConfigurationSetName="events")
    assert (made["IdentityType"], made["VerifiedForSendingStatus"]) == ("EMAIL_ADDRESS", True)
    assert len(made["DkimAttributes"]["Tokens"]) == 3
    assert code_of(v2.create_email_identity, EmailIdentity="a@example.org") == (
        "AlreadyExistsException"
    )
    v2.put_email_identity_feedback_attributes(
        EmailIdentity="a@example.org", EmailForwardingEnabled=False
    )
    v2.put_email_identity_configuration_set_attributes(EmailIdentity="a@example.org")
    found = v2.get_email_identity(EmailIdentity="a@example.org")
    assert (found["VerificationStatus"], found["FeedbackForwardingStatus"]) == ("SUCCESS", False)
    assert "ConfigurationSetName" not in found
    names = [each["IdentityName"] for each in v2.list_email_identities()["EmailIdentities"]]
    assert names == ["example.com", "a@example.org"]
    v2.delete_email_identity(EmailIdentity="a@example.org")
    assert code_of(v2.get_email_identity, EmailIdentity="a@example.org") == "NotFoundException"


def test_identities_of_v1(ses: FakeSES, v1: Any) -> None:
    v1.verify_email_identity(EmailAddress="a@example.org")
    v1.verify_email_address(EmailAddress="b@example.org")
    assert v1.verify_domain_identity(Domain="example.net")["VerificationToken"]
    ses.state.identities["b@example.org"].verified = False
    assert v1.list_identities(IdentityType="Domain")["Identities"] == ["example.com", "example.net"]
    assert len(v1.list_identities()["Identities"]) == 4
    names = ["a@example.org", "b@example.org", "none.example"]
    found = v1.get_identity_verification_attributes(Identities=names)["VerificationAttributes"]
    assert {name: each["VerificationStatus"] for name, each in found.items()} == {
        "a@example.org": "Success",
        "b@example.org": "Pending",
    }
    v1.delete_identity(Identity="a@example.org")
    assert "a@example.org" not in ses.state.identities


def test_notification_settings_of_v1(v1: Any) -> None:
    identity = {"Identity": "example.com", "NotificationType": "Bounce"}
    v1.set_identity_notification_topic(**identity, SnsTopic=TOPIC)
    v1.set_identity_headers_in_notifications_enabled(**identity, Enabled=True)
    v1.set_identity_feedback_forwarding_enabled(Identity="example.com", ForwardingEnabled=False)
    names = ["example.com", "none.example"]
    attributes = v1.get_identity_notification_attributes(Identities=names)
    found = attributes["NotificationAttributes"]["example.com"]
    assert (found["BounceTopic"], found["ComplaintTopic"]) == (TOPIC, "")
    assert found["HeadersInBounceNotificationsEnabled"] is True
    assert found["ForwardingEnabled"] is False
    v1.set_identity_notification_topic(**identity)
    v1.set_identity_headers_in_notifications_enabled(**identity, Enabled=False)
    attributes = v1.get_identity_notification_attributes(Identities=names)
    assert attributes["NotificationAttributes"]["example.com"]["BounceTopic"] == ""
    unknown = {**identity, "Identity": "none.example"}
    assert code_of(v1.set_identity_notification_topic, **unknown) == "InvalidParameterValue"


def test_templates_of_v2(v2: Any) -> None:
    content = {"Subject": "Hi {{name}}", "Text": "text", "Html": "<p>{{name}}"}
    v2.create_email_template(TemplateName="A", TemplateContent=content)
    assert code_of(v2.create_email_template, TemplateName="A", TemplateContent=content) == (
        "AlreadyExistsException"
    )
    v2.update_email_template(TemplateName="A", TemplateContent={**content, "Text": "new"})
    found = v2.get_email_template(TemplateName="A")["TemplateContent"]
    assert found == {**content, "Text": "new"}
    rendered = v2.test_render_email_template(TemplateName="A", TemplateData='{"name": "Zoë"}')
    assert "Subject: =?utf-8?" in rendered["RenderedTemplate"]
    assert code_of(v2.test_render_email_template, TemplateName="A", TemplateData="{}") == (
        "BadRequestException"
    )
    v2.create_email_template(TemplateName="B", TemplateContent=content)
    first = v2.list_email_templates(PageSize=1)
    second = v2.list_email_templates(PageSize=1, NextToken=first["NextToken"])
    names = [each["TemplatesMetadata"][0]["TemplateName"] for each in (first, second)]
    assert (names, "NextToken" in second) == (["A", "B"], False)
    assert code_of(v2.list_email_templates, NextToken="x") == "BadRequestException"
    v2.delete_email_template(TemplateName="A")
    for call in (v2.delete_email_template, v2.get_email_template):
        assert code_of(call, TemplateName="A") == "NotFoundException"
    missing = {"TemplateName": "A", "TemplateContent": content}
    assert code_of(v2.update_email_template, **missing) == "NotFoundException"


def test_templates_of_v1(v1: Any) -> None:
    template = {"TemplateName": "A", "SubjectPart": "Hi {{name}}", "TextPart": "text"}
    v1.create_template(Template=template)
    assert code_of(v1.create_template, Template=template) == "AlreadyExists"
    v1.update_template(Template={**template, "HtmlPart": "<p>"})
    assert v1.get_template(TemplateName="A")["Template"] == {**template, "HtmlPart": "<p>"}
    assert v1.list_templates()["TemplatesMetadata"][0]["Name"] == "A"
    rendered = v1.test_render_template(TemplateName="A", TemplateData='{"name": "B"}')
    assert "Subject: Hi B\r\n" in rendered["RenderedTemplate"].replace("\n", "\r\n")
    assert code_of(v1.test_render_template, TemplateName="A", TemplateData="{}") == (
        "MissingRenderingAttribute"
    )
    assert code_of(v1.test_render_template, TemplateName="A", TemplateData="x") == (
        "InvalidRenderingParameter"
    )
    v1.delete_template(TemplateName="A")
    v1.delete_template(TemplateName="A")
    assert code_of(v1.get_template, TemplateName="A") == "TemplateDoesNotExist"
    assert code_of(v1.update_template, Template=template) == "TemplateDoesNotExist"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SubjectPart": ""}, "InvalidTemplate"),
        ({"TextPart": ""}, "InvalidTemplate"),
        ({"TextPart": "{{#if a}}"}, "InvalidTemplate"),
        ({"TextPart": "x" * 513_000}, "LimitExceeded"),
    ],
)
def test_invalid_templates(v1: Any, change: dict[str, str], code: str) -> None:
    template = {"TemplateName": "A", "SubjectPart": "x", "TextPart": "x", **change}
    assert code_of(v1.create_template, Template=template) == code


def test_number_of_templates_is_limited(
    ses: FakeSES, v1: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesmail.testing.operations.templates._MAX_TEMPLATES", 1)
    ses.template("A", "x", "x")
    template = {"TemplateName": "B", "SubjectPart": "x", "TextPart": "x"}
    assert code_of(v1.create_template, Template=template) == "LimitExceeded"


def test_configuration_sets_of_v2(ses: FakeSES, v2: Any) -> None:
    v2.create_configuration_set(
        ConfigurationSetName="A",
        TrackingOptions={"CustomRedirectDomain": "go.example.com"},
        SendingOptions={"SendingEnabled": False},
        SuppressionOptions={"SuppressedReasons": ["BOUNCE"]},
    )
    assert code_of(v2.create_configuration_set, ConfigurationSetName="A") == (
        "AlreadyExistsException"
    )
    v2.put_configuration_set_sending_options(ConfigurationSetName="A", SendingEnabled=True)
    v2.put_configuration_set_suppression_options(ConfigurationSetName="A")
    v2.put_configuration_set_tracking_options(
        ConfigurationSetName="A", CustomRedirectDomain="x.example.com"
    )
    found = v2.get_configuration_set(ConfigurationSetName="A")
    assert found["SendingOptions"] == {"SendingEnabled": True}
    assert found["SuppressionOptions"] == {"SuppressedReasons": []}
    assert found["TrackingOptions"]["CustomRedirectDomain"] == "x.example.com"
    assert v2.list_configuration_sets()["ConfigurationSets"] == ["events", "A"]
    assert "SuppressionOptions" not in v2.get_configuration_set(ConfigurationSetName="events")
    v2.delete_configuration_set(ConfigurationSetName="A")
    assert code_of(v2.get_configuration_set, ConfigurationSetName="A") == "NotFoundException"


def test_event_destinations_of_v2(ses: FakeSES, v2: Any) -> None:
    names = {"ConfigurationSetName": "events", "EventDestinationName": "mine"}
    sns = {
        "Enabled": True,
        "MatchingEventTypes": ["BOUNCE", "SEND"],
        "SnsDestination": {"TopicArn": TOPIC},
    }
    v2.create_configuration_set_event_destination(**names, EventDestination=sns)
    again = {**names, "EventDestination": sns}
    assert code_of(v2.create_configuration_set_event_destination, **again) == (
        "AlreadyExistsException"
    )
    bus = {
        "EventBridgeDestination": {"EventBusArn": "arn:aws:events:eu-west-1:1:event-bus/default"}
    }
    changed = {"MatchingEventTypes": ["OPEN"], **bus}
    v2.update_configuration_set_event_destination(**names, EventDestination=changed)
    found = v2.get_configuration_set_event_destinations(ConfigurationSetName="events")
    assert found["EventDestinations"][1] == {
        "Name": "mine",
        "Enabled": False,
        "MatchingEventTypes": ["OPEN"],
        **bus,
    }
    v2.delete_configuration_set_event_destination(**names)
    missing = {**names, "EventDestination": sns}
    for call, params in (
        (v2.delete_configuration_set_event_destination, names),
        (v2.update_configuration_set_event_destination, missing),
    ):
        assert code_of(call, **params) == "NotFoundException"
    nothing = {**names, "EventDestination": {"MatchingEventTypes": ["OPEN"]}}
    assert code_of(v2.create_configuration_set_event_destination, **nothing) == (
        "BadRequestException"
    )


def test_configuration_sets_of_v1(v1: Any) -> None:
    v1.create_configuration_set(ConfigurationSet={"Name": "A"})
    assert code_of(v1.create_configuration_set, ConfigurationSet={"Name": "A"}) == (
        "ConfigurationSetAlreadyExists"
    )
    destination = {
        "Name": "mine",
        "Enabled": True,
        "MatchingEventTypes": ["bounce", "renderingFailure"],
        "SNSDestination": {"TopicARN": TOPIC},
    }
    v1.create_configuration_set_event_destination(
        ConfigurationSetName="A", EventDestination=destination
    )
    plain = v1.describe_configuration_set(ConfigurationSetName="A")
    assert "EventDestinations" not in plain
    attributes = ["eventDestinations"]
    found = v1.describe_configuration_set(
        ConfigurationSetName="A", ConfigurationSetAttributeNames=attributes
    )
    assert found["EventDestinations"] == [destination]
    firehose = {"IAMRoleARN": "arn:aws:iam::1:role/x", "DeliveryStreamARN": "arn:aws:firehose:x"}
    changed = {
        "Name": "mine",
        "MatchingEventTypes": ["send"],
        "KinesisFirehoseDestination": firehose,
    }
    v1.update_configuration_set_event_destination(
        ConfigurationSetName="A", EventDestination=changed
    )
    found = v1.describe_configuration_set(
        ConfigurationSetName="A", ConfigurationSetAttributeNames=attributes
    )
    assert "SNSDestination" not in found["EventDestinations"][0]
    v1.update_configuration_set_sending_enabled(ConfigurationSetName="A", Enabled=False)
    assert [each["Name"] for each in v1.list_configuration_sets()["ConfigurationSets"]] == [
        "events",
        "A",
    ]
    names = {"ConfigurationSetName": "A", "EventDestinationName": "mine"}
    v1.delete_configuration_set_event_destination(**names)
    assert code_of(v1.delete_configuration_set_event_destination, **names) == (
        "EventDestinationDoesNotExist"
    )
    v1.delete_configuration_set(ConfigurationSetName="A")
    assert code_of(v1.describe_configuration_set, ConfigurationSetName="A") == (
        "ConfigurationSetDoesNotExist"
    )


@pytest.mark.parametrize("tenant", [{}, {"TenantName": "acme"}], ids=["account", "tenant"])
def test_suppression_lists(v2: Any, tenant: dict[str, str]) -> None:
    v2.create_tenant(TenantName="acme")
    v2.put_suppressed_destination(EmailAddress="A@example.org", Reason="BOUNCE", **tenant)
    v2.put_suppressed_destination(EmailAddress="b@example.org", Reason="COMPLAINT", **tenant)
    found = v2.get_suppressed_destination(EmailAddress="a@Example.org", **tenant)
    assert found["SuppressedDestination"]["Reason"] == "BOUNCE"
    time = found["SuppressedDestination"]["LastUpdateTime"]
    listed = v2.list_suppressed_destinations(
        Reasons=["COMPLAINT"], StartDate=time.replace(year=2000), PageSize=5, **tenant
    )
    summaries = listed["SuppressedDestinationSummaries"]
    assert [each["EmailAddress"] for each in summaries] == ["b@example.org"]
    old = v2.list_suppressed_destinations(EndDate=time.replace(year=2000), **tenant)
    assert old["SuppressedDestinationSummaries"] == []
    v2.delete_suppressed_destination(EmailAddress="a@example.org", **tenant)
    for call in (v2.get_suppressed_destination, v2.delete_suppressed_destination):
        assert code_of(call, EmailAddress="a@example.org", **tenant) == "NotFoundException"


def test_tenants(v2: Any) -> None:
    made = v2.create_tenant(TenantName="acme")
    assert made["TenantArn"].endswith(f"tenant/acme/{made['TenantId']}")
    assert code_of(v2.create_tenant, TenantName="acme") == "AlreadyExistsException"
    assert v2.get_tenant(TenantName="acme")["Tenant"]["SendingStatus"] == "ENABLED"
    assert [each["TenantName"] for each in v2.list_tenants()["Tenants"]] == ["acme"]
    v2.delete_tenant(TenantName="acme")
    assert code_of(v2.get_tenant, TenantName="acme") == "NotFoundException"
    params = {"EmailAddress": "a@example.org", "TenantName": "acme"}
    assert code_of(v2.get_suppressed_destination, **params) == "NotFoundException"


def test_contact_lists(v2: Any) -> None:
    topic = {"TopicName": "News", "DisplayName": "News", "DefaultSubscriptionStatus": "OPT_IN"}
    names = {"ContactListName": "Customers"}
    v2.create_contact_list(**names, Topics=[topic], Description="all")
    assert code_of(v2.create_contact_list, **names) == "AlreadyExistsException"
    assert v2.get_contact_list(**names)["Topics"] == [topic]
    v2.update_contact_list(**names, Topics=[topic, {**topic, "TopicName": "Tips"}])
    assert [each["ContactListName"] for each in v2.list_contact_lists()["ContactLists"]] == [
        "Customers"
    ]
    contact = {**names, "EmailAddress": "a@example.org"}
    preferences = [{"TopicName": "News", "SubscriptionStatus": "OPT_OUT"}]
    v2.create_contact(**contact, TopicPreferences=preferences, AttributesData='{"a": 1}')
    assert code_of(v2.create_contact, **contact) == "AlreadyExistsException"
    found = v2.get_contact(**contact)
    assert found["TopicPreferences"] == preferences
    assert found["TopicDefaultPreferences"] == [
        {"TopicName": "Tips", "SubscriptionStatus": "OPT_IN"}
    ]
    assert (found["AttributesData"], found["UnsubscribeAll"]) == ('{"a": 1}', False)
    v2.update_contact(**contact, UnsubscribeAll=True)
    assert [each["UnsubscribeAll"] for each in v2.list_contacts(**names)["Contacts"]] == [True]
    v2.delete_contact(**contact)
    assert code_of(v2.get_contact, **contact) == "NotFoundException"
    v2.delete_contact_list(**names)
    assert code_of(v2.get_contact_list, **names) == "NotFoundException"


@pytest.mark.parametrize("name", ["a/b", " ", "Shop <shop@example.com>", "shop@", "*.example.com"])
def test_invalid_identities(v2: Any, v1: Any, name: str) -> None:
    with pytest.raises(ClientError, match=r"BadRequestException.*: Invalid .* <"):
        v2.create_email_identity(EmailIdentity=name)
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*: Invalid .* <"):
        v1.verify_domain_identity(Domain=name)


def test_negative_page_size(v2: Any) -> None:
    with pytest.raises(ClientError, match="PageSize must be positive"):
        v2.list_email_identities(PageSize=-1)
