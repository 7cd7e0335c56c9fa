"""Invalid parameters are described by field and type, without their values."""

from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, ShapeResolver

from sesmail import InvalidMessageError
from sesmail.aws.parameters import describe_parameters
from support.clients import ORDER, new_client
from support.faults import StartFaultServer
from support.responses import ok

ALICE = "alice@example.com"
TAG = {"Name": "n", "Value": "v"}
TEMPLATE = {"Template": {"TemplateName": "t", "TemplateData": "{}"}}
CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "DeleteSuppressedDestination",
        {"EmailAddress": [ALICE]},
        "EmailAddress must be text, not list",
    ),
    (
        "DeleteSuppressedDestination",
        {"EmailAddress": None},
        "EmailAddress must be text, not NoneType",
    ),
    ("DeleteSuppressedDestination", {}, "EmailAddress is missing"),
    (
        "DeleteSuppressedDestination",
        {"EmailAddress": ALICE, "EmailAdress": ALICE},
        "the call has the unknown field EmailAdress; did you mean EmailAddress?",
    ),
    (
        "DeleteSuppressedDestination",
        {"EmailAddress": ALICE, ALICE: 1},
        "the call has an unknown field; there are EmailAddress",
    ),
    (
        "DeleteSuppressedDestination",
        {"EmailAddress": ALICE, "Zzz": 1},
        "the call has the unknown field Zzz; there are EmailAddress",
    ),
    (
        "SendEmail",
        {"Destination": {"ToAddresses": ALICE}, "Content": {}},
        "Destination.ToAddresses must be a list or tuple, not str",
    ),
    (
        "SendEmail",
        {"Destination": {"ToAddresses": [ALICE, 5]}, "Content": {}},
        "Destination.ToAddresses[1] must be text, not int",
    ),
    (
        "SendEmail",
        {"Destination": {ALICE: 1}, "Content": {}},
        "Destination has an unknown field; there are ToAddresses, CcAddresses, BccAddresses",
    ),
    (
        "SendEmail",
        {"Content": {"Raw": {"Data": 5}}},
        "Content.Raw.Data must be bytes or bytearray, not int",
    ),
    (
        "SendBulkEmail",
        {
            "DefaultContent": TEMPLATE,
            "BulkEmailEntries": [{"Destination": {}, "ReplacementTags": [{"Name": "n"}]}],
        },
        "BulkEmailEntries[0].ReplacementTags[0].Value is missing",
    ),
    (
        "ListContacts",
        {"ContactListName": ALICE, "PageSize": "5"},
        "PageSize must be a whole number, not str",
    ),
    (
        "CreateConfigurationSet",
        {"ConfigurationSetName": "c", "DeliveryOptions": {"MaxDeliverySeconds": 5}},
        "DeliveryOptions.MaxDeliverySeconds must be at least 300",
    ),
    ("GetEmailTemplate", {"TemplateName": ""}, "TemplateName must have a length of at least 1"),
    (
        "SendEmail",
        {"Content": [], "EmailTags": 5, "ReplyToAddresses": 5, "TenantName": 5, "A": 1, "B": 1},
        "; and 1 more",
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize("transport", ["asyncio-aiohttp-fast", "trio-httpx-generic"], indirect=True)
@pytest.mark.parametrize(
    ("operation", "params", "expected"), CASES, ids=[each[2] for each in CASES]
)
async def test_parameter_is_described_without_its_value(
    fault_server: StartFaultServer,
    session: str,
    operation: str,
    params: dict[str, Any],
    expected: str,
) -> None:
    server = fault_server(ok())
    async with new_client(server.url, session) as client:
        with pytest.raises(InvalidMessageError) as caught:
            await client.call(operation, params)
    text = str(caught.value)
    assert expected in text
    assert f"invalid parameters of {operation}: " in text
    assert "alice" not in text
    assert server.requests == []


@pytest.mark.anyio
async def test_extra_of_a_message_is_described_without_its_value(
    fault_server: StartFaultServer, session: str
) -> None:
    server = fault_server(ok())
    message = ORDER.model_copy(update={"extra": {"FeedbackForwardingEmailAddress": [ALICE]}})
    async with new_client(server.url, session) as client:
        with pytest.raises(InvalidMessageError) as caught:
            await client.send(message)
    assert "FeedbackForwardingEmailAddress must be text, not list" in str(caught.value)
    assert "alice" not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize("metadata", [{ALICE: 5}, {"a.b": 5}, {5: "a"}], ids=str)
def test_keys_of_the_caller_are_not_shown(metadata: dict[Any, Any]) -> None:
    """As those of the metadata of an object in S3."""
    loader: Any = Loader()
    model: Any = ServiceModel(loader.load_service_model("s3", "service-2"), "s3")
    shape = model.operation_model("PutObject").input_shape
    text = describe_parameters(shape, {"Bucket": "b", "Key": "k", "Metadata": metadata})
    assert text.startswith("Metadata must be text, not int")


def test_fault_of_another_kind_is_described_without_values() -> None:
    members = {"A": {"shape": "Text"}, "B": {"shape": "Text"}}
    shapes: Any = {
        "Choice": {"type": "structure", "members": members, "union": True},
        "Text": {"type": "string"},
    }
    shape = ShapeResolver(shapes).get_shape_by_name("Choice")
    assert describe_parameters(shape, {"A": ALICE, "B": ALICE}) == "a parameter is invalid"
