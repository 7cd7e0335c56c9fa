"""Bodies against those that botocore writes, and what they cost in memory."""

import json
import tracemalloc
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import botocore.session
import pytest
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from sesmail.aws.request_body import _CHUNK, Body, json_body, query_body

pytestmark = pytest.mark.once

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
WORDS = st.lists(TEXT, min_size=1, max_size=3)
TAGS = st.lists(st.fixed_dictionaries({"Name": TEXT, "Value": TEXT}), min_size=1, max_size=3)
MAIL = st.one_of(st.binary(max_size=100), st.just(bytes(range(256)) * 3 * 1024 + b"!"))
DESTINATION = st.fixed_dictionaries({}, optional={"ToAddresses": WORDS, "BccAddresses": WORDS})
TEMPLATE = st.fixed_dictionaries(
    {"TemplateData": TEXT},
    optional={
        "TemplateName": TEXT,
        "Headers": TAGS,
        "Attachments": st.lists(
            st.fixed_dictionaries({"RawContent": MAIL, "FileName": TEXT}), min_size=1, max_size=2
        ),
    },
)
CONTENT = st.one_of(
    st.fixed_dictionaries({"Raw": st.fixed_dictionaries({"Data": MAIL})}),
    st.fixed_dictionaries({"Template": TEMPLATE}),
)
COMMON = {
    "ConfigurationSetName": TEXT,
    "ListManagementOptions": st.fixed_dictionaries({"ContactListName": TEXT}),
}


def written(service: str, operation: str, params: Mapping[str, Any]) -> Any:
    """The body that botocore writes."""
    model = botocore.session.get_session().get_service_model(service)
    serializer = create_serializer(model.resolved_protocol, include_validation=False)
    return serializer.serialize_to_request(dict(params), model.operation_model(operation))["body"]


def parameters(write: object, mail: bytes) -> dict[str, Any]:
    return (
        {"Content": {"Raw": {"Data": mail}}}
        if write is json_body
        else {"RawMessage": {"Data": mail}}
    )


def joined(body: Body) -> bytes:
    return b"".join(body)


@given(
    st.fixed_dictionaries(
        {"Content": CONTENT}, optional={"Destination": DESTINATION, "EmailTags": TAGS, **COMMON}
    ),
)
def test_json_body_equals_botocores(params: dict[str, Any]) -> None:
    theirs = written("sesv2", "SendEmail", params)
    assert json.loads(joined(json_body("SendEmail", params))) == json.loads(theirs)


@given(
    st.fixed_dictionaries(
        {"RawMessage": st.fixed_dictionaries({"Data": MAIL})},
        optional={
            "Destinations": WORDS,
            "Source": TEXT,
            "Tags": TAGS,
            "ConfigurationSetName": TEXT,
        },
    ),
)
def test_form_body_equals_botocores(params: dict[str, Any]) -> None:
    ours = parse_qsl(
        joined(query_body("SendRawEmail", params)).decode(),
        keep_blank_values=True,
        strict_parsing=True,
    )
    assert dict(ours) == written("ses", "SendRawEmail", params)
    assert len(ours) == len(dict(ours))


def test_parameter_that_looks_like_the_empty_data_field_is_escaped() -> None:
    params = {
        "ConfigurationSetName": '"Data":""',
        "Content": {"Raw": {"Data": b"mail"}},
        "TenantName": '"Data":""',
    }
    assert json.loads(joined(json_body("SendEmail", params))) == json.loads(
        written("sesv2", "SendEmail", params)
    )


@pytest.mark.parametrize("write", [json_body, query_body], ids=["json", "form"])
@pytest.mark.parametrize("more", [-1, 0, 1, _CHUNK, _CHUNK + 1])
def test_size_and_hash_are_those_of_the_chunks(
    write: Callable[[str, Any], Body], more: int
) -> None:
    mail = b"\xfb\xef\xbe" * (_CHUNK // 3) + bytes(max(0, more))
    mail = mail[: _CHUNK + more]
    body = write("Send", parameters(write, mail))
    assert body.size == len(joined(body))
    assert body.sha256 == sha256(joined(body)).hexdigest()


@pytest.mark.parametrize("write", [json_body, query_body], ids=["json", "form"])
def test_large_mail_is_not_copied(write: Callable[[str, Any], Body]) -> None:
    mail = bytes(10_000_000)
    params = parameters(write, mail)
    tracemalloc.start()
    body = write("SendEmail", params)
    for _ in body:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_500_000
