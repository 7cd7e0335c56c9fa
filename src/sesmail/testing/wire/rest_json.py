"""Requests and responses of the REST-JSON and JSON protocols, which SES API v2 and KMS speak.

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel

from ...receiving.transports.json_body import is_list, is_object
from ...strict import read_json

__all__ = ["decode", "decode_request", "encode", "encode_response"]


def decode_request(
    model: OperationModel,
    labels: Mapping[str, str],
    query: Mapping[str, list[str]],
    body: bytes,
) -> dict[str, Any]:
    """Returns the parameters of a request.

    Raises:
        ValueError: The body isn't a JSON object, or a value isn't of its type.
    """
    document: Any = read_json(body) if body.strip() else {}
    if not is_object(document):
        raise ValueError("the request body isn't a JSON object")
    shape: Any = model.input_shape
    params: dict[str, Any] = decode(shape, document)
    for name, member in shape.members.items():
        place, key = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri":
            params[name] = labels[key]
        elif key in query:  # of any location, for models that have it in the body
            params[name] = _from_query(member, query[key])
    return params


def decode(shape: Any, value: Any) -> Any:
    """Returns a value of JSON as the SDK would pass it: blobs as bytes, times as datetime.

    Unknown members are left out, as AWS does. Values of a wrong type are left for the validation.

    Raises:
        ValueError: A blob isn't base64.
    """
    match shape.type_name:
        case "structure" if is_object(value):
            return {
                name: decode(member, value[key])
                for name, member in shape.members.items()
                if value.get(key := member.serialization.get("name", name)) is not None
            }
        case "list" if is_list(value):
            return [decode(shape.member, item) for item in value]
        case "blob" if isinstance(value, str):
            try:
                return base64.b64decode(value, validate=True)
            except binascii.Error as err:
                raise ValueError(f"a blob isn't base64: {err}") from err
        case "timestamp" if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        case _:
            return value


def encode_response(model: OperationModel, output: Mapping[str, Any]) -> bytes:
    """Returns the body of a response."""
    shape = model.output_shape
    return json.dumps({} if shape is None else encode(shape, output)).encode()


def encode(shape: Any, value: Any) -> Any:
    """Returns a value as JSON has it: blobs in base64, times as seconds; None is left out."""
    match shape.type_name:
        case "structure":
            return {
                member.serialization.get("name", name): encode(member, value[name])
                for name, member in shape.members.items()
                if value.get(name) is not None
            }
        case "list":
            return [encode(shape.member, item) for item in value]
        case "map":
            return {key: encode(shape.value, item) for key, item in value.items()}
        case "blob":
            return base64.b64encode(value).decode()
        case "timestamp":
            return value.timestamp()
        case _:
            return value


def _from_query(member: Any, values: list[str]) -> Any:
    match member.type_name:
        case "list":
            return values
        case "integer":
            return int(values[0]) if values[0].isdecimal() else values[0]
        case "timestamp":
            return datetime.fromisoformat(values[0])
        case _:
            return values[0]
