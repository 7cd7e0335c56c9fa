"""Validates calls against botocore's service models, without network."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


def violations(service: str, operation: str, params: dict[str, Any]) -> list[str]:
    """Return the violations of a call: names, types, patterns, lengths, enums, empty values."""
    shape = _service(service).operation_model(operation).input_shape
    report = ParamValidator().validate(params, shape).generate_report()
    return [*report.splitlines(), *_details(shape, params, operation), *_empty(params, operation)]


def _details(shape: Any, value: Any, path: str) -> Iterator[str]:
    """Yield violations that botocore leaves to the service: lengths, patterns and enums."""
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from _details(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name == "list":
        for number, inner in enumerate(value):
            yield from _details(shape.member, inner, f"{path}[{number}]")
    rules = shape.metadata
    if not rules.get("min", 0) <= len(value) <= rules.get("max", len(value)):
        yield f"{path} has {len(value)}"
    if "pattern" in rules and not re.search(rf"\A(?:{rules['pattern']})\Z", value):
        yield f"{path} isn't like {rules['pattern']}"
    if "enum" in rules and value not in rules["enum"]:
        yield f"{path} is none of {rules['enum']}"


def _empty(value: Any, path: str) -> Iterator[str]:
    if value is None or (isinstance(value, (str, list, dict)) and not value):  # a file may be empty
        yield f"{path} is {value!r}"
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _empty(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _empty(inner, f"{path}[{number}]")
