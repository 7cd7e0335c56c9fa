"""The HTTP application: protocols, limits, hosts, links, and mounting."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import sesmail.testing
from sesmail import ListManagement, Message, parse
from sesmail.testing import FakeSES, signing
from sesmail.testing.app import create_app
from sesmail.testing.connections import Connections
from sesmail.testing.dispatch import service_of

SES = "AWS4-HMAC-SHA256 Credential=AKID/20260306/eu-west-1/ses/aws4_request, Signature=x"


def request(
    fake: FakeSES,
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(fake.url).port, timeout=10)
    try:
        connection.request(method, target, body, {"Authorization": SES, **(headers or {})})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_target_in_absolute_form(ses: FakeSES) -> None:
    status, headers, body = request(ses, "GET", f"{ses.url}/v2/email/account")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body)["SendingEnabled"] is True
    assert len(headers["x-amzn-requestid"]) == 36


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
def test_only_hosts_of_this_machine(ses: FakeSES, host: str) -> None:
    assert request(ses, "GET", "/v2/email/account", headers={"Host": host})[0] == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "[::1]", "[::1]:80", "127.0.0.1"])
def test_hosts_of_this_machine(ses: FakeSES, host: str) -> None:
    assert request(ses, "GET", "/v2/email/account", headers={"Host": host})[0] == 200


def scope(service: str) -> dict[str, str]:
    return {"Authorization": SES.replace("/ses/", f"/{service}/")}


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "status", "text"),
    [
        ("GET", "/v2/email/account", b"", {"Authorization": ""}, 403, "Missing Authentication"),
        ("GET", "/", b"", scope("sqs"), 501, "has no service sqs"),
        ("GET", "/v2/email/none", b"", {}, 404, "no operation GET /v2/email/none"),
        ("GET", "/v2/email/export-jobs/x", b"", {}, 404, "has no operation GetExportJob"),
        ("POST", "/v2/email/templates", b"[]", {}, 400, "isn't a JSON object"),
        ("POST", "/v2/email/templates", b"{", {}, 400, "BadRequestException"),
        ("POST", "/v2/email/templates", b'{"TemplateName": 1}', {}, 400, "Invalid type"),
        (
            "POST",
            "/v2/email/outbound-emails",
            b'{"Content": {"Raw": {"Data": "*"}}}',
            {},
            400,
            "a blob isn't base64",
        ),
        ("GET", "/v2/email/templates?PageSize=x", b"", {}, 400, "Invalid type"),
        (
            "PUT",
            "/v2/email/suppression/addresses",
            b'{"EmailAddress": "a@example.org", "Reason": "SPAM"}',
            {},
            400,
            "input.Reason must be one of BOUNCE, COMPLAINT",
        ),
        (
            "POST",
            "/v2/email/templates",
            b'{"TemplateName": "%s", "TemplateContent": {}}' % (b"x" * 65),
            {},
            400,
            "BadRequestException",
        ),
        ("POST", "/", b"Action=CreateTopic&Name=%00", scope("sns"), 400, "Topic Name"),
        ("POST", "/", b"Action=%00", {}, 400, "Could not find operation \ufffd"),
        ("POST", "/", b"Action=None", {}, 400, "InvalidAction"),
        ("POST", "/", b"Action=GetExport", scope("sns"), 404, "InvalidAction"),
        ("POST", "/", b"\xff", {}, 400, "InvalidAction"),
        ("POST", "/", b"Action=SendRawEmail&RawMessage.Data=*", {}, 400, "valid blob"),
        ("POST", "/", b"Action=UpdateAccountSendingEnabled&Enabled=x", {}, 400, "valid boolean"),
        ("POST", "/", b"Action=ListTemplates&MaxItems=x", {}, 400, "valid integer"),
        ("POST", "/", b"{", scope("kms"), 400, "no operation"),
        (
            "POST",
            "/",
            b"{",
            {**scope("kms"), "X-Amz-Target": "TrentService.Decrypt"},
            400,
            "ValidationException",
        ),
    ],
)
def test_invalid_requests(
    ses: FakeSES,
    method: str,
    target: str,
    body: bytes,
    headers: dict[str, str],
    status: int,
    text: str,
) -> None:
    found, _, response = request(ses, method, target, body, headers)
    assert (found, text in response.decode()) == (status, True), response


def test_timestamps_of_forms(ses: FakeSES) -> None:
    """No operation of API v1 that the fake has takes one; the protocol does."""
    from sesmail.testing.wire import models, query

    model = models.operation("cloudwatch", "GetMetricStatistics")
    assert model is not None
    params = query.decode_request(model, {"StartTime": "2026-03-06T00:00:00Z"})
    assert params["StartTime"].year == 2026
    nothing = models.operation("sts", "GetCallerIdentity")
    assert nothing is not None
    assert query.decode_request(nothing, {}) == {}
    assert models.check_params({}, nothing) is None


def test_paths_of_older_models(ses: FakeSES) -> None:
    ses.verify("example.com", "example.net")
    status, _, body = request(ses, "GET", "/v2/email/identities?PageSize=1")
    assert (status, len(json.loads(body)["EmailIdentities"])) == (200, 1)
    status, _, body = request(ses, "GET", "/v2/email/configuration-sets")
    assert json.loads(body)["ConfigurationSets"] == ["events"]


def test_types_of_json() -> None:
    """The same for values that only requests of other operations have."""
    from sesmail.testing.wire import models, rest_json

    export = models.operation("sesv2", "CreateExportJob")
    assert export is not None
    metrics = {"StartDate": 1772755200.5}
    source = {"MetricsDataSource": metrics}
    body = json.dumps({"ExportDataSource": source}).encode()
    params = rest_json.decode_request(export, {}, {}, body)
    assert params["ExportDataSource"]["MetricsDataSource"]["StartDate"].microsecond == 500_000


def test_body_is_limited(ses: FakeSES, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sesmail.testing.app.MAX_BODY", 10)
    assert request(ses, "POST", "/v2/email/templates", b"x" * 11)[0] == 413


def test_client_that_disconnects(ses: FakeSES) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(ses.url).port)
    connection.putrequest("POST", "/v2/email/templates")
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"x")
    connection.close()
    assert request(ses, "GET", "/v2/email/account")[0] == 200


def test_certificate_is_served(ses: FakeSES) -> None:
    status, _, body = request(ses, "GET", f"/{signing.CERTIFICATE_FILE}")
    assert (status, body) == (200, signing.certificate(ses.topic_arn))


@pytest.mark.parametrize(
    ("method", "source"), [("POST", "UnsubscribeHeader"), ("GET", "UnsubscribeLink")]
)
@pytest.mark.anyio
async def test_unsubscribe_link(
    ses: FakeSES, ses_client: sesmail.Client, method: str, source: str
) -> None:
    ses.verify("example.com")
    ses.contact_list("Customers")
    for to in ("a@example.org", "b@example.org"):
        await ses_client.send(
            Message(
                from_email="shop@example.com",
                to=to,
                subject="News",
                text="leave: {{amazonSESUnsubscribeUrl}}",
                list_management=ListManagement(contact_list="Customers"),
            )
        )
    link = urlsplit(ses.outbox[0].links[0])
    assert request(ses, method, link.path)[0] == 200
    (event,) = parse(ses.events[-1].document)
    assert isinstance(event, sesmail.SubscriptionChanged)
    assert (event.recipient, event.changed_by) == ("a@example.org", source)
    assert request(ses, method, "/unsubscribe/none")[0] == 404
    ses.state.forget([ses.outbox[0]], [])
    assert request(ses, method, link.path)[0] == 404
    ses.reset()
    assert request(ses, method, link.path)[0] == 404


def test_application_may_be_mounted() -> None:
    fake = FakeSES()
    mounted = Starlette(routes=[Mount("/debug/ses", create_app(fake.service))])
    with TestClient(mounted, "http://127.0.0.1") as client:
        response = client.get("/debug/ses/v2/email/account", headers={"Authorization": SES})
        assert response.json()["SendingEnabled"] is True
        form = {"Action": "GetSendQuota"}
        response = client.post("/debug/ses/", data=form, headers={"Authorization": SES})
        assert "<MaxSendRate>14.0</MaxSendRate>" in response.text


def test_unknown_connections_are_ignored() -> None:
    connections = Connections()
    connections.closed(object())
    for client in (None, ("127.0.0.1", 1)):
        connections.reset(client)
        connections.write_garbage(client)


def test_service_of_a_request() -> None:
    assert service_of(SES) == "ses"
    assert service_of("Basic x") is None


def test_host_is_checked_for_http_only() -> None:
    import anyio

    from sesmail.testing.app import LocalHostOnly

    called: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["type"])

    anyio.run(LocalHostOnly(app), {"type": "lifespan"}, None, None)
    assert called == ["lifespan"]
