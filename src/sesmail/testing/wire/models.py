"""Service models of AWS, which the fake validates requests against and encodes responses by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

__all__ = ["check_params", "documented_rate", "operation", "route", "service_model"]

# "You can execute this operation no more than once per second", and two other wordings.
_RATE = re.compile(
    r"(?:no more than|throttled at) (once|one|[0-9]{1,4})(?: times?| requests?)? per second"
)

# Operations that newer and older models of botocore have by other methods and paths.
_OTHER_ROUTES = {
    ("sesv2", "GET", "/v2/email/configuration-sets"): "ListConfigurationSets",
    ("sesv2", "POST", "/v2/email/list-configuration-sets"): "ListConfigurationSets",
    ("sesv2", "GET", "/v2/email/identities"): "ListEmailIdentities",
    ("sesv2", "POST", "/v2/email/list-identities"): "ListEmailIdentities",
}


@cache
def service_model(service: str) -> ServiceModel:
    """Returns the model of a service, such as ``sesv2``."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def operation(service: str, name: str) -> OperationModel | None:
    """Returns the model of an operation; None if the service has no such operation."""
    model = service_model(service)
    return model.operation_model(name) if name in model.operation_names else None


def documented_rate(model: OperationModel) -> int | None:
    """Returns how often SES runs an operation in a second; None if its model doesn't say."""
    match = _RATE.search(model.documentation)
    if match is None:
        return None
    return int(match[1]) if match[1].isdecimal() else 1


def route(service: str, method: str, path: str) -> tuple[OperationModel, dict[str, str]] | None:
    """Finds the operation of a REST request.

    Args:
        service: The service.
        method: The HTTP method.
        path: The path as sent, percent-encoded.

    Returns:
        The operation, and the values in the path; None if no operation has this path.
    """
    for segments, name in _routes(service, method):
        labels = _labels(segments, path.split("/"))
        if labels is not None:
            return service_model(service).operation_model(name), labels
    other = _OTHER_ROUTES.get((service, method, path))
    return None if other is None else (service_model(service).operation_model(other), {})


def check_params(params: dict[str, Any], model: OperationModel) -> str | None:
    """Returns what is wrong with parameters by the model: types, lengths, missing members."""
    shape = model.input_shape
    if shape is None:
        return None
    report = ParamValidator().validate(params, shape)
    text: str = report.generate_report()
    return text.replace("\n", "; ") or next(_out_of_range(params, shape, "input"), None)


def _out_of_range(value: Any, shape: Any, place: str) -> Iterator[str]:
    """Yields what botocore leaves to the service: words of enumerations and maximum lengths."""
    match shape.type_name:
        case "structure":
            for name, item in value.items():
                yield from _out_of_range(item, shape.members[name], f"{place}.{name}")
        case "list":
            for item in value:
                yield from _out_of_range(item, shape.member, place)
        case "string":
            if shape.enum and value not in shape.enum:
                yield f"{place} must be one of {', '.join(shape.enum)}"
            if len(value) > shape.metadata.get("max", len(value)):
                yield f"{place} must have at most {shape.metadata['max']} characters"
        case _:
            return


@cache
def _routes(service: str, method: str) -> list[tuple[list[str], str]]:
    """Returns segments and name of each operation; paths with fewer labels come first."""
    model = service_model(service)
    https = {name: model.operation_model(name).http for name in model.operation_names}
    found = [
        (http["requestUri"].split("/"), name)
        for name, http in https.items()
        if http["method"] == method
    ]
    return sorted(found, key=lambda each: sum(map(_is_label, each[0])))


def _is_label(segment: str) -> bool:
    return segment.startswith("{")


def _labels(segments: list[str], path: list[str]) -> dict[str, str] | None:
    """Returns the values of labels in a path; None if it is another path."""
    if len(segments) != len(path):
        return None
    labels: dict[str, str] = {}
    for segment, value in zip(segments, path, strict=True):
        if _is_label(segment) and value:
            labels[segment.strip("{}+")] = unquote(value)
        elif segment != value:
            return None
    return labels
