"""Describes invalid parameters by field and type, as their values may be personal data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..arguments import similar
from ..patterns import lazy_pattern

__all__ = ["describe_parameters"]

_MAX_FAULTS = 5
_NAME = lazy_pattern(r"[A-Za-z][A-Za-z0-9]{0,63}")
_TYPE = lazy_pattern(r"'(?:\w+\.)*(\w+)'")  # in the text of a class
_TYPES = {"str": "text", "dict": "a mapping", "list": "a list", "int": "a whole number"}


def describe_parameters(shape: Any, params: Mapping[str, Any]) -> str:
    """Returns the faults that botocore finds in parameters, without any value.

    Args:
        shape: botocore's shape of the input.
        params: The parameters.
    """
    from botocore.validate import ParamValidator

    found: Any = ParamValidator().validate(params, shape)
    texts = [_describe(shape, *fault) for fault in found._errors]
    more = f"; and {len(texts) - _MAX_FAULTS} more" if len(texts) > _MAX_FAULTS else ""
    return "; ".join(texts[:_MAX_FAULTS]) + more


def _describe(shape: Any, fault: str, name: str, details: Mapping[str, Any]) -> str:
    path = ".".join(_path(shape, name))
    subject = path or "a parameter"
    if fault == "missing required field":
        return f"{'.'.join(filter(None, [path, details['required_name']]))} is missing"
    if fault == "unknown field":
        return _unknown(path or "the call", details["unknown_param"], details["valid_names"])
    if "type" in fault and "param" in details:
        names: list[str] = _TYPE.findall(str(details["valid_types"]))
        expected = " or ".join(_TYPES.get(each, each) for each in names)
        return f"{subject} must be {expected}, not {type(details['param']).__name__}"
    if fault == "invalid length":
        return f"{subject} must have a length of at least {details['min_allowed']}"
    if fault == "invalid range":
        return f"{subject} must be at least {details['min_allowed']}"
    return f"{subject} is invalid"


def _unknown(owner: str, name: object, valid: list[str]) -> str:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        return f"{owner} has an unknown field; there are {', '.join(valid)}"
    close = similar(name, valid)
    hint = f"did you mean {close}?" if close else f"there are {', '.join(valid)}"
    return f"{owner} has the unknown field {name}; {hint}"


def _path(shape: Any, name: str) -> Iterator[str]:
    """Yields the parts of botocore's name of a field, up to the first key of the caller."""
    for part in name.split(".")[1:]:
        while shape.type_name == "list":
            shape = shape.member
        member = part.partition("[")[0].partition(" ")[0]
        if shape.type_name != "structure" or member not in shape.members:
            return
        yield part.partition(" ")[0]
        shape = shape.members[member]
