"""Responses that are read without botocore's parser are read as it reads them."""

import json
from typing import Any

import botocore.session
import pytest
from aiobotocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from sesmail.aws.response_texts import read_texts, text_members

HEADERS = {"x-amzn-requestid": "5a1e7c3d", "content-type": "application/json"}
MODELS = botocore.session.get_session()


def model_of(service: str, operation: str) -> Any:
    return MODELS.get_service_model(service).operation_model(operation)


SEND_EMAIL = model_of("sesv2", "SendEmail")


async def parsed(content: bytes, headers: dict[str, str]) -> Any:
    response = {
        "headers": headers,
        "status_code": 200,
        "body": content,
        "context": {"operation_name": "SendEmail"},
    }
    return await create_parser("rest-json").parse(response, SEND_EMAIL.output_shape)


def by_botocore(content: bytes, headers: dict[str, str]) -> Any:
    """Runs the parser, which awaits nothing for a response in memory."""
    with pytest.raises(StopIteration) as ended:
        parsed(content, headers).send(None)
    return ended.value.value


READ = {
    "one member": b'{"MessageId": "m-1"}',
    "another order and blanks": b' {"Other" : 1 ,\r\n"MessageId":"m-1" } ',
    "escapes": rb'{"MessageId": "\u006d-\n\ud83d\ude00\ud800"}',
    "UTF-8": '{"MessageId": "m-é😀"}'.encode(),
    "empty text": b'{"MessageId": ""}',
    "member given twice": b'{"MessageId": "m-1", "MessageId": "m-2"}',
    "members in other members": b'{"MessageId": "m-1", "A": {"MessageId": [NaN, 1e999]}}',
}
LEFT = {
    "nothing": b"",
    "no JSON": b"<html>",
    "byte order mark": b'\xef\xbb\xbf{"MessageId": "m-1"}',
    "UTF-16": '{"MessageId": "m-1"}'.encode("utf-16"),
    "UTF-16 without a mark": '{"MessageId": "m-1"}'.encode("utf-16-le"),
    "UTF-32": '{"MessageId": "m-1"}'.encode("utf-32"),
    "no UTF-8": b'{"MessageId": "m-\xff"}',
    "surrogates in UTF-8": b'{"MessageId": "m-\xed\xa0\x80"}',
    "incomplete": b'{"MessageId": "m-1"',
    "text after it": b'{"MessageId": "m-1"} {}',
    "no member": b"{}",
    "a member in another case": b'{"messageId": "m-1"}',
    "null": b'{"MessageId": null}',
    "number": b'{"MessageId": 1}',
    "Boolean": b'{"MessageId": true}',
    "list": b'{"MessageId": ["m-1"]}',
    "object": b'{"MessageId": {"MessageId": "m-1"}}',
    "text": b'"MessageId"',
    "list of objects": b'[{"MessageId": "m-1"}]',
}


@pytest.mark.parametrize("name", READ)
def test_response_of_texts_is_that_of_botocores_parser(name: str) -> None:
    found = read_texts(("MessageId",), HEADERS, READ[name])
    assert found is not None
    assert found == by_botocore(READ[name], HEADERS)


@pytest.mark.parametrize("name", LEFT)
def test_other_responses_are_left_to_botocores_parser(name: str) -> None:
    assert read_texts(("MessageId",), HEADERS, LEFT[name]) is None


def test_response_without_a_request_id_is_left_to_botocores_parser() -> None:
    assert read_texts(("MessageId",), {"x-amz-request-id": "1"}, READ["one member"]) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=5,
)


@pytest.mark.first
@given(
    st.dictionaries(st.sampled_from(["MessageId", "messageId", "Other"]) | st.text(), VALUES),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32-le", "cp037"]),
)
def test_any_object_is_read_as_botocores_parser_reads_it(document: Any, charset: str) -> None:
    content = json.dumps(document, ensure_ascii=charset != "utf-8").encode(charset, "replace")
    found = read_texts(("MessageId",), HEADERS, content)
    if found is not None:
        assert found == by_botocore(content, HEADERS)


@pytest.mark.parametrize(
    ("service", "operation", "names"),
    [
        ("sesv2", "SendEmail", ("MessageId",)),
        ("sesv2", "SendBulkEmail", ()),  # a list
        ("sesv2", "GetAccount", ()),  # structures
        ("sesv2", "DeleteContact", ()),  # nothing
        ("ses", "SendRawEmail", ()),  # XML
        ("s3", "GetObject", ()),  # a payload
        ("apigateway", "GetSdk", ()),  # members in the header
        ("sns", "TagResource", ()),  # no response
        ("iot-data", "Publish", ()),  # neither
    ],
)
def test_only_json_of_texts_has_text_members(
    service: str, operation: str, names: tuple[str, ...]
) -> None:
    assert text_members(model_of(service, operation)) == names
