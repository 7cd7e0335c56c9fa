"""Requests and responses of the query protocol, which SES API v1 and SNS speak.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.sax import saxutils

from botocore.model import OperationModel

__all__ = ["decode_request", "encode_response", "error_document"]

_NAMESPACES = {
    "ses": "http://ses.amazonaws.com/doc/2010-12-01/",
    "sns": "http://sns.amazonaws.com/doc/2010-03-31/",
}
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MAX_ITEMS = 1_000  # of one list or map


def decode_request(model: OperationModel, form: Mapping[str, str]) -> dict[str, Any]:
    """Returns the parameters of a form, such as ``Destinations.member.1=a@example.com``.

    Raises:
        ValueError: A value isn't of its type.
    """
    shape: Any = model.input_shape
    if shape is None:
        return {}
    prefixes = {name[:end] for name in form for end in _ends(name)}
    params: dict[str, Any] = _decode(shape, "", form, prefixes)
    return params


def _ends(name: str) -> list[int]:
    return [*(index for index, char in enumerate(name) if char == "."), len(name)]


def _decode(shape: Any, path: str, form: Mapping[str, str], prefixes: set[str]) -> Any:
    match shape.type_name:
        case "structure":
            members = {name: f"{path}.{name}".lstrip(".") for name in shape.members}
            return {
                name: _decode(shape.members[name], place, form, prefixes)
                for name, place in members.items()
                if place in prefixes
            }
        case "list":
            places = [f"{path}.member.{number}" for number in range(1, _MAX_ITEMS)]
            return [
                _decode(shape.member, place, form, prefixes)
                for place in places
                if place in prefixes
            ]
        case "map":
            entries = [f"{path}.entry.{number}" for number in range(1, _MAX_ITEMS)]
            return {
                form[f"{place}.key"]: form.get(f"{place}.value", "")
                for place in entries
                if f"{place}.key" in form
            }
        case _:
            return _scalar(shape.type_name, path, form.get(path, ""))


def _scalar(kind: str, path: str, text: str) -> Any:
    try:
        match kind:
            case "blob":
                return base64.b64decode(text, validate=True)
            case "boolean":
                return {"true": True, "false": False}[text]
            case "integer":
                return int(text)
            case "timestamp":
                return datetime.fromisoformat(text)
            case _:
                return text
    except (KeyError, ValueError, binascii.Error) as err:
        raise ValueError(f"{path} isn't a valid {kind}") from err


def encode_response(
    service: str, model: OperationModel, output: Mapping[str, Any], request_id: str
) -> bytes:
    """Returns the XML document of a response."""
    name = model.name
    shape: Any = model.output_shape
    content = "" if shape is None else _members(shape, output)
    return (
        f'<{name}Response xmlns="{_NAMESPACES[service]}"><{name}Result>{content}</{name}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def error_document(service: str, code: str, text: str, request_id: str) -> bytes:
    """Returns the XML document of an error."""
    return (
        f'<ErrorResponse xmlns="{_NAMESPACES[service]}"><Error><Type>Sender</Type>'
        f"<Code>{escape(code)}</Code><Message>{escape(text)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def escape(text: str) -> str:
    """Returns text for an XML document; what XML 1.0 can't have becomes U+FFFD."""
    return saxutils.escape(_NOT_XML.sub("\ufffd", text))


def _members(shape: Any, value: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_encode(member, value[name])}</{name}>"
        for name, member in shape.members.items()
        if value.get(name) is not None
    )


def _encode(shape: Any, value: Any) -> str:
    match shape.type_name:
        case "structure":
            return _members(shape, value)
        case "list":
            return "".join(f"<member>{_encode(shape.member, item)}</member>" for item in value)
        case "map":
            return "".join(
                f"<entry><key>{escape(key)}</key><value>{_encode(shape.value, item)}</value>"
                "</entry>"
                for key, item in value.items()
            )
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            time: datetime = value
            return time.strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            return escape(str(value))
