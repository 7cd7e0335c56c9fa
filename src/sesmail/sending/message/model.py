"""Base classes of the message models, and the rules by which client-wide defaults are merged."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

__all__ = ["Merge", "Model", "PositionalModel", "check_misplaced", "merge_rules"]


class Merge(Enum):
    """Rules for combining a field of a message with the same field of the client-wide defaults.

    A field declares its rule as ``Annotated[..., Merge.JOIN]``; without one it has ``REPLACE``.
    """

    REPLACE = "the message's value if it is given, otherwise the default"
    REPLACE_WITH_ONE = "as REPLACE, where the default is a list and the field holds one value"
    JOIN = "the items of the default, then those of the message"
    BY_KEY = "the keys of both; the message's value where both have a key"
    BY_HEADER_NAME = "as BY_KEY, and keys that differ only in case are the same"
    NEVER = "the message's value; a default is ignored"


class Model(BaseModel, frozen=True):
    """Base of the models that users fill in.

    Instances are frozen, unknown fields are refused, and errors contain no values: a message holds
    personal data, and errors end in logs.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        defer_build=True,  # importing sesmail doesn't build the validators of unused models
    )


if TYPE_CHECKING:

    class PositionalModel(Model, frozen=True):
        """Model whose first fields may be positional; each subclass types its own ``__init__``."""

        positional: ClassVar[tuple[str, ...]] = ()

else:

    class _PositionalMeta(type(BaseModel)):
        """Turns positional arguments into keyword arguments.

        An ``__init__`` can't do it: pydantic would call it for JSON, too.
        """

        def __call__(cls, *values, **fields):
            if len(values) > len(cls.positional):
                raise TypeError(
                    f"{cls.__name__} takes at most {len(cls.positional)} positional arguments"
                )
            for name, value in zip(cls.positional, values, strict=False):
                if name in fields:
                    raise TypeError(f"{cls.__name__} got multiple values for {name}")
                fields[name] = value
            return super().__call__(**fields)

    class PositionalModel(Model, frozen=True, metaclass=_PositionalMeta):
        """Model whose first fields may be positional."""

        positional: ClassVar[tuple[str, ...]] = ()


@cache
def merge_rules(model: type[BaseModel]) -> Mapping[str, Merge]:
    """Returns the merge rule of each field of a model, read from the field's annotation."""
    return {
        name: next((item for item in field.metadata if isinstance(item, Merge)), Merge.REPLACE)
        for name, field in model.model_fields.items()
    }


def check_misplaced(model: type[BaseModel], fields: object, misplaced: Mapping[str, str]) -> None:
    """Refuses fields that only other kinds of message have, with an error that names the right one.

    Raises:
        pydantic.ValidationError: ``fields`` has a key of ``misplaced``, whose value is the text.
    """
    if not isinstance(fields, dict):
        return
    found = misplaced.keys() & cast("dict[str, Any]", fields).keys()
    if not found:
        return
    errors: list[InitErrorDetails] = [
        {
            "type": PydanticCustomError("misplaced", "{reason}", {"reason": misplaced[name]}),
            "loc": (name,),
            "input": None,
        }
        for name in sorted(found)
    ]
    raise ValidationError.from_exception_data(model.__name__, errors, hide_input=True)
