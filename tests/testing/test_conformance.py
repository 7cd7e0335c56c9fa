"""The fake beside independent programs: the AWS CLI, verifiers of SNS, moto, aws-ses-v2-local.

Those that aren't Python packages of the tests are installed by `nox -s conformance`.
"""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name

from sesmail.testing import FakeSES, signing, sns
from sesmail.testing.operations import OPERATIONS
from support.peers import run_node, run_python

if TYPE_CHECKING:
    from support.moto import MotoServer

pytestmark = pytest.mark.once

SHOP = "shop@example.com"
ALICE = "alice@example.org"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:other"
RAW = b"From: shop@example.com\r\nTo: alice@example.org\r\nSubject: Raw\r\n\r\nHi\r\n"

# Parameters of a call of each operation, in an order in which each succeeds.
V2: list[tuple[str, dict[str, Any]]] = [
    ("CreateEmailIdentity", {"EmailIdentity": "example.com"}),
    ("GetEmailIdentity", {"EmailIdentity": "example.com"}),
    ("ListEmailIdentities", {}),
    (
        "PutEmailIdentityFeedbackAttributes",
        {"EmailIdentity": "example.com", "EmailForwardingEnabled": True},
    ),
    (
        "PutEmailIdentityConfigurationSetAttributes",
        {"EmailIdentity": "example.com", "ConfigurationSetName": "events"},
    ),
    (
        "CreateEmailTemplate",
        {"TemplateName": "T", "TemplateContent": {"Subject": "Hi {{name}}", "Text": "{{name}}"}},
    ),
    (
        "UpdateEmailTemplate",
        {"TemplateName": "T", "TemplateContent": {"Subject": "Hi {{name}}", "Text": "x"}},
    ),
    ("GetEmailTemplate", {"TemplateName": "T"}),
    ("ListEmailTemplates", {}),
    ("TestRenderEmailTemplate", {"TemplateName": "T", "TemplateData": '{"name": "A"}'}),
    (
        "SendEmail",
        {
            "FromEmailAddress": SHOP,
            "Destination": {"ToAddresses": [ALICE]},
            "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "x"}}}},
        },
    ),
    (
        "SendBulkEmail",
        {
            "FromEmailAddress": SHOP,
            "DefaultContent": {"Template": {"TemplateName": "T", "TemplateData": '{"name":"A"}'}},
            "BulkEmailEntries": [{"Destination": {"ToAddresses": [ALICE]}}],
        },
    ),
    ("DeleteEmailTemplate", {"TemplateName": "T"}),
    ("CreateConfigurationSet", {"ConfigurationSetName": "C"}),
    ("GetConfigurationSet", {"ConfigurationSetName": "C"}),
    ("ListConfigurationSets", {}),
    (
        "PutConfigurationSetSendingOptions",
        {"ConfigurationSetName": "C", "SendingEnabled": False},
    ),
    (
        "PutConfigurationSetSuppressionOptions",
        {"ConfigurationSetName": "C", "SuppressedReasons": ["BOUNCE"]},
    ),
    (
        "PutConfigurationSetTrackingOptions",
        {"ConfigurationSetName": "C", "CustomRedirectDomain": "go.example.com"},
    ),
    *(
        (
            f"{verb}ConfigurationSetEventDestination",
            {
                "ConfigurationSetName": "C",
                "EventDestinationName": "D",
                "EventDestination": {
                    "Enabled": True,
                    "MatchingEventTypes": ["BOUNCE"],
                    "SnsDestination": {"TopicArn": TOPIC},
                },
            },
        )
        for verb in ("Create", "Update")
    ),
    ("GetConfigurationSetEventDestinations", {"ConfigurationSetName": "C"}),
    (
        "DeleteConfigurationSetEventDestination",
        {"ConfigurationSetName": "C", "EventDestinationName": "D"},
    ),
    ("DeleteConfigurationSet", {"ConfigurationSetName": "C"}),
    ("PutSuppressedDestination", {"EmailAddress": "a@example.org", "Reason": "BOUNCE"}),
    ("GetSuppressedDestination", {"EmailAddress": "a@example.org"}),
    ("ListSuppressedDestinations", {}),
    ("DeleteSuppressedDestination", {"EmailAddress": "a@example.org"}),
    ("CreateContactList", {"ContactListName": "L"}),
    ("GetContactList", {"ContactListName": "L"}),
    ("UpdateContactList", {"ContactListName": "L", "Description": "all"}),
    ("ListContactLists", {}),
    ("CreateContact", {"ContactListName": "L", "EmailAddress": ALICE}),
    ("GetContact", {"ContactListName": "L", "EmailAddress": ALICE}),
    ("UpdateContact", {"ContactListName": "L", "EmailAddress": ALICE, "UnsubscribeAll": True}),
    ("ListContacts", {"ContactListName": "L"}),
    ("DeleteContact", {"ContactListName": "L", "EmailAddress": ALICE}),
    ("DeleteContactList", {"ContactListName": "L"}),
    ("CreateTenant", {"TenantName": "acme"}),
    ("GetTenant", {"TenantName": "acme"}),
    ("ListTenants", {}),
    ("DeleteTenant", {"TenantName": "acme"}),
    ("PutAccountSuppressionAttributes", {"SuppressedReasons": ["BOUNCE"]}),
    ("PutAccountSendingAttributes", {"SendingEnabled": True}),
    ("GetAccount", {}),
    ("DeleteEmailIdentity", {"EmailIdentity": "example.com"}),
]
DESTINATION_V1 = {
    "Name": "D",
    "MatchingEventTypes": ["bounce"],
    "SNSDestination": {"TopicARN": TOPIC},
}
NOTIFICATION = {"Identity": "example.com", "NotificationType": "Bounce"}
TO = {"ToAddresses": [ALICE]}
V1: list[tuple[str, dict[str, Any]]] = [
    ("VerifyDomainIdentity", {"Domain": "example.com"}),
    ("VerifyEmailIdentity", {"EmailAddress": "a@example.org"}),
    ("VerifyEmailAddress", {"EmailAddress": "b@example.org"}),
    ("ListIdentities", {}),
    ("GetIdentityVerificationAttributes", {"Identities": ["example.com"]}),
    ("SetIdentityNotificationTopic", {**NOTIFICATION, "SnsTopic": TOPIC}),
    ("SetIdentityHeadersInNotificationsEnabled", {**NOTIFICATION, "Enabled": True}),
    (
        "SetIdentityFeedbackForwardingEnabled",
        {"Identity": "example.com", "ForwardingEnabled": False},
    ),
    ("GetIdentityNotificationAttributes", {"Identities": ["example.com"]}),
    (
        "SendEmail",
        {
            "Source": SHOP,
            "Destination": TO,
            "Message": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "x"}}},
        },
    ),
    ("SendRawEmail", {"RawMessage": {"Data": RAW}, "Destinations": [ALICE]}),
    (
        "CreateTemplate",
        {"Template": {"TemplateName": "T", "SubjectPart": "Hi {{name}}", "TextPart": "x"}},
    ),
    (
        "UpdateTemplate",
        {"Template": {"TemplateName": "T", "SubjectPart": "Hi {{name}}", "TextPart": "y"}},
    ),
    ("GetTemplate", {"TemplateName": "T"}),
    ("ListTemplates", {}),
    ("TestRenderTemplate", {"TemplateName": "T", "TemplateData": '{"name": "A"}'}),
    (
        "SendTemplatedEmail",
        {"Source": SHOP, "Destination": TO, "Template": "T", "TemplateData": '{"name": "A"}'},
    ),
    (
        "SendBulkTemplatedEmail",
        {
            "Source": SHOP,
            "Template": "T",
            "DefaultTemplateData": '{"name": "A"}',
            "Destinations": [{"Destination": TO}],
        },
    ),
    ("DeleteTemplate", {"TemplateName": "T"}),
    ("CreateConfigurationSet", {"ConfigurationSet": {"Name": "C"}}),
    (
        "CreateConfigurationSetEventDestination",
        {"ConfigurationSetName": "C", "EventDestination": DESTINATION_V1},
    ),
    (
        "UpdateConfigurationSetEventDestination",
        {"ConfigurationSetName": "C", "EventDestination": DESTINATION_V1},
    ),
    ("DescribeConfigurationSet", {"ConfigurationSetName": "C"}),
    (
        "DeleteConfigurationSetEventDestination",
        {"ConfigurationSetName": "C", "EventDestinationName": "D"},
    ),
    ("UpdateConfigurationSetSendingEnabled", {"ConfigurationSetName": "C", "Enabled": False}),
    ("ListConfigurationSets", {}),
    ("DeleteConfigurationSet", {"ConfigurationSetName": "C"}),
    ("UpdateAccountSendingEnabled", {"Enabled": True}),
    ("GetAccountSendingEnabled", {}),
    ("GetSendQuota", {}),
    ("DeleteIdentity", {"Identity": "example.com"}),
]
SNS: list[tuple[str, dict[str, Any]]] = [("CreateTopic", {"Name": "mine"})]
CALLS = {"sesv2": V2, "ses": V1, "sns": SNS}


def test_calls_cover_every_operation() -> None:
    covered = {(service, name) for service, calls in CALLS.items() for name, _ in calls}
    others = {("sns", name) for name in ("Subscribe", "ConfirmSubscription", "Unsubscribe")}
    assert covered | others == set(OPERATIONS)


@pytest.mark.parametrize("service", CALLS)
def test_boto3_calls_every_operation(
    ses: FakeSES, boto_clients: Callable[[str], Any], service: str
) -> None:
    client = boto_clients(service)
    for name, params in CALLS[service]:
        response = getattr(client, xform_name(name))(**params)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 200


CLI = """
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
outputs = []
for command in json.load(sys.stdin):
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = create_clidriver().main(command)
        except SystemExit as error:
            status = error.code
    out.flush()
    outputs.append([status, out.buffer.getvalue().decode(), err.getvalue()])
print(json.dumps(outputs))
"""


def test_aws_cli_calls_every_operation(ses: FakeSES, peers: Path) -> None:
    calls = [
        (service, name, params)
        for service, each in CALLS.items()
        for name, params in each
        if name != "VerifyEmailAddress"  # which the CLI doesn't have
    ]
    commands: list[list[str]] = []
    for service, name, params in calls:
        if name == "SendRawEmail":
            params = {**params, "RawMessage": {"Data": RAW.decode()}}
        document = json.dumps(params)
        command = xform_name(name, "-")
        commands.append([service, command, "--cli-input-json", document, "--output", "json"])
    outputs = run_python(CLI, commands, peers, **ses.environment())
    for (service, name, _), (status, out, err) in zip(calls, outputs, strict=True):
        assert status == 0, f"{service} {name}: {err}"
        if "Send" in name and "MessageId" in out:
            assert any(each.message_id in out for each in ses.outbox)
    assert len(ses.outbox) == 6


NODE_VERIFIERS = """
const https = require('https'), {EventEmitter} = require('events'), {Readable} = require('stream');
const {messages, certificates} = JSON.parse(require('fs').readFileSync(0));
const answer = url => Object.assign(Readable.from([Buffer.from(certificates[url])]),
                                    {statusCode: 200, headers: {}});
https.get = (url, ...rest) => {
  const request = new EventEmitter();
  request.end = request.setTimeout = () => request;
  setImmediate(() => rest[rest.length - 1](answer(`${url.href || url}`)));
  return request;
};
const Validator = require('sns-validator');
const validate = each => new Promise(done => new Validator().validate({...each},
  error => done(error ? `${error}` : 'valid')));
Promise.all(messages.map(validate)).then(all => console.log(JSON.stringify(all)));
"""
PYTHON_VERIFIERS = """
import json, sys
import requests
from django.conf import settings
document = json.load(sys.stdin)

class Response:
    def __init__(self, url):
        self.content = document["certificates"][url].encode()
    def raise_for_status(self):
        pass

requests.get = lambda url, **_: Response(url)
settings.configure(AWS_SNS_EVENT_CERT_TRUSTED_DOMAINS=["sns.eu-west-1.amazonaws.com"])
from django_ses.utils import EventMessageVerifier
from sns_message_validator import SNSMessageValidator

def verdicts(message):
    try:
        SNSMessageValidator().validate_message(message)
        validator = "valid"
    except Exception as error:
        validator = repr(error)
    return [validator, "valid" if EventMessageVerifier(message).is_verified() else "invalid"]

print(json.dumps([verdicts(message) for message in document["messages"]]))
"""


def signed_messages(fake: FakeSES, version: signing.SignatureVersion) -> list[dict[str, str]]:
    """A notification with and without a subject, and both confirmations."""
    received = fake.receive(b"From: a@example.net\r\nTo: b@example.com\r\n\r\nZo\xc3\xab\r\n")
    bounced = {"eventType": "Bounce", "mail": {"messageId": "1"}, "note": "Zoë \u2028"}
    bodies = [
        received.request(version=version)[0],
        sns.post(bounced, topic=fake.topic_arn, version=version)[0],
        sns.confirm(topic=fake.topic_arn, version=version)[0],
        sns.confirm(topic=fake.topic_arn, version=version, kind="UnsubscribeConfirmation")[0],
    ]
    return [json.loads(body) for body in bodies]


def with_certificates(messages: list[dict[str, str]]) -> dict[str, Any]:
    certificates = {
        each["SigningCertURL"]: signing.certificate(each["TopicArn"]).decode() for each in messages
    }
    return {"messages": messages, "certificates": certificates}


@pytest.mark.parametrize("version", ["1", "2"])
def test_verifier_of_node_accepts_signatures(
    ses: FakeSES, peers: Path, version: signing.SignatureVersion
) -> None:
    messages = signed_messages(ses, version)
    forged = {**messages[0], "Message": "{}"}
    # sns-validator knows no Token in an UnsubscribeConfirmation.
    checked = [*messages[:3], forged]
    verdicts = run_node(NODE_VERIFIERS, with_certificates(checked), peers)
    assert verdicts == ["valid"] * 3 + ["Error: The message signature is invalid."]


def test_verifiers_of_python_accept_signatures(ses: FakeSES, peers: Path) -> None:
    """Both know version 1 only."""
    messages = signed_messages(ses, "1")
    forged = {**messages[0], "Message": "{}"}
    verdicts = run_python(PYTHON_VERIFIERS, with_certificates([*messages, forged]), peers)
    assert verdicts[:4] == [["valid", "valid"]] * 4
    assert verdicts[4][1] == "invalid"
    assert "SignatureVerificationFailure" in verdicts[4][0]


@pytest.fixture
def ses_v2_local(peers: Path) -> Iterator[str]:
    """Start aws-ses-v2-local, and return its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = f"require('aws-ses-v2-local').default({{port: {port}}}).then(() => console.log('up'))"
    process = subprocess.Popen(
        ["node", "-e", program],
        env={"NODE_PATH": str(peers / "node_modules"), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while "up" not in process.stdout.readline():
        assert process.poll() is None
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.wait()
    process.stdout.close()


def test_mails_are_those_of_aws_ses_v2_local(ses: FakeSES, v2: Any, ses_v2_local: str) -> None:
    import urllib.request

    import boto3

    ses.verify("example.com")
    other = boto3.client("sesv2", "eu-west-1", None, True, None, ses_v2_local, "testing", "testing")
    template = {"Subject": "Hi {{name}}", "Text": "{{#each items}}[{{this}}]{{/each}} {{shop.a}}"}
    template["Html"] = "<p>{{name}}{{#if vip}}!{{else}}?{{/if}}</p>"
    data = {"name": "<Zoë>", "items": [1, 2.5, "x"], "shop": {"a": 1, "b": 2}, "vip": False}
    chosen = {"TemplateName": "T", "TemplateData": json.dumps(data)}
    replacement = {"ReplacementTemplateData": json.dumps({"shop": {"a": 9}, "vip": True})}
    entry = {
        "Destination": {"ToAddresses": ["a@example.org"], "CcAddresses": ["c@example.org"]},
        "ReplacementEmailContent": {"ReplacementTemplate": replacement},
    }
    for client in (v2, other):
        client.create_email_template(TemplateName="T", TemplateContent=template)
        client.send_email(**dict(V2)["SendEmail"])
        client.send_email(FromEmailAddress=SHOP, Destination=TO, Content={"Template": chosen})
        client.send_bulk_email(
            FromEmailAddress=SHOP,
            DefaultContent={"Template": chosen},
            BulkEmailEntries=[entry],
        )
    other.close()
    with urllib.request.urlopen(f"{ses_v2_local}/store") as response:
        stored = json.load(response)["emails"]
    expected = [
        (each["subject"], each["body"].get("text"), each["body"].get("html"), each["destination"])
        for each in sorted(stored, key=lambda each: each["at"])
    ]
    found = [
        (
            mail.subject,
            mail.text,
            mail.html,
            {"to": list(mail.to), "cc": list(mail.cc), "bcc": list(mail.bcc)},
        )
        for mail in ses.outbox
    ]
    assert found == expected


def error_of(call: Callable[..., Any], **params: Any) -> str | None:
    from botocore.exceptions import ClientError

    try:
        call(**params)
    except ClientError as err:
        code: str = err.response["Error"]["Code"]
        return code.removesuffix("Exception")
    return None


def test_answers_are_those_of_moto(ses: FakeSES, v1: Any, moto_server: "MotoServer") -> None:
    import boto3

    moto = boto3.client("ses", "eu-west-1", None, True, None, moto_server.url, "testing", "testing")
    template = {"TemplateName": "T", "SubjectPart": "Hi {{name}}", "TextPart": "{{name}}"}
    unverified = {**dict(V1)["SendEmail"], "Source": "a@example.edu"}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("verify_domain_identity", {"Domain": "example.com"}),
        ("send_email", unverified),
        ("send_email", dict(V1)["SendEmail"]),
        ("get_template", {"TemplateName": "T"}),
        ("create_template", {"Template": template}),
        ("create_template", {"Template": template}),
        ("test_render_template", {"TemplateName": "T", "TemplateData": "{}"}),
        ("test_render_template", {"TemplateName": "T", "TemplateData": "x"}),
        ("send_templated_email", dict(V1)["SendTemplatedEmail"]),
        ("send_templated_email", {**dict(V1)["SendTemplatedEmail"], "Template": "None"}),
        ("describe_configuration_set", {"ConfigurationSetName": "None"}),
        ("create_configuration_set", {"ConfigurationSet": {"Name": "C"}}),
        ("create_configuration_set", {"ConfigurationSet": {"Name": "C"}}),
    ]
    for name, params in calls:
        expected = error_of(getattr(moto, name), **params)
        assert error_of(getattr(v1, name), **params) == expected, name
    rendered = [
        client.test_render_template(TemplateName="T", TemplateData='{"name": "A"}')
        for client in (v1, moto)
    ]
    subjects = [
        line
        for each in rendered
        for line in each["RenderedTemplate"].splitlines()
        if line.startswith("Subject")
    ]
    assert subjects == ["Subject: Hi A"] * 2
    quotas = [client.get_send_quota()["MaxSendRate"] > 0 for client in (v1, moto)]
    assert quotas == [True, True]
    moto.close()
