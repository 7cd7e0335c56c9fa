"""Settings and names of operations that are refused before a client opens."""

from typing import Any

import pytest

from sesmail import ConfigurationError, InvalidMessageError
from sesmail.aws import AwsSettings, check_operation

PARAMS: Any = {"user_agent": "", "profile": None, "config": None, "params": {}}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"region": "Frankfurt!"}, "region must be the code of an AWS region"),
        ({"params": {"verify": 5}}, "verify must be True or False or text"),
        ({"params": {"endpoint_url": b"http://localhost"}}, "endpoint_url must be text"),
        ({"params": {"region_name": "eu-west-1"}}, "region_name isn't an argument"),
        ({"config": {"max_pool_connections": 0}}, "max_pool_connections"),
        ({"session": "default"}, "session must be an aiobotocore"),
    ],
    ids=str,
)
def test_setting_of_a_wrong_type_is_refused(settings: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        AwsSettings(**{"region": "eu-west-1", **PARAMS, **settings})


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("get_account", "write 'GetAccount'"),
        ("get account", "write 'GetAccount'"),
        ("1", "'1' isn't the name of an operation,"),
        (5, "not"),
    ],
)
def test_operation_in_another_spelling_is_refused(operation: Any, expected: str) -> None:
    with pytest.raises(InvalidMessageError, match=expected):
        check_operation(operation)
