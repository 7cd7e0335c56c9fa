"""Base classes of the message models, and the rules by which client-wide defaults are merged."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from ...arguments import similar

__all__ = [
    "Merge",
    "Model",
    "check_misplaced",
    "explained",
    "is_validated",
    "merge_rules",
    "own_class",
    "unvalidated_fields",
    "validated",
]

M = TypeVar("M", bound=BaseModel)


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


class _UnvalidatedFields(set[str]):
    """Names of the given fields of an instance that no validator has made, or has made elsewhere.

    As ``__pydantic_fields_set__`` it survives copies and pickles of the instance.
    """


if TYPE_CHECKING:
    _Base = BaseModel
else:

    class _ModelMeta(type(BaseModel)):
        """Turns positional arguments into keyword arguments, and adds types to the errors.

        An ``__init__`` can't do it: pydantic would call it for JSON, too.
        """

        def __call__(cls, *values, **fields):
            if values:
                cls._add_positional(values, fields)
            try:
                return type.__call__(cls, **fields)  # faster than by super()
            except ValidationError as err:
                raise explained(cls, err) from None

        def _add_positional(cls, values, fields):
            if len(values) > len(cls.positional):
                raise TypeError(
                    f"{cls.__name__} takes at most {len(cls.positional)} positional arguments"
                )
            for name, value in zip(cls.positional, values, strict=False):
                if name in fields:
                    raise TypeError(f"{cls.__name__} got multiple values for {name}")
                fields[name] = value

    class _Base(BaseModel, frozen=True, defer_build=True, metaclass=_ModelMeta):
        """Base of the base."""


class Model(_Base, frozen=True):
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

    positional: ClassVar[tuple[str, ...]] = ()

    # pydantic validates nothing in the methods below that make an instance, so it is marked:
    # https://docs.pydantic.dev/latest/concepts/models/#model-copy

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """Makes an instance without validation, which takes place when it is sent."""
        return _marked(super().model_construct(_fields_set, **values))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Makes a copy; one with ``update`` is validated when it is sent. See ``replace``."""
        copied = super().model_copy(update=update, deep=deep)
        return _marked(copied) if update else copied

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        _marked(self)  # the pickle may be of another version of sesmail

    if TYPE_CHECKING:
        pass  # each model has types of its own
    else:

        def copy(self, **options):  # noqa: D102 (deprecated by pydantic)
            return _marked(super().copy(**options))

        def __replace__(self, /, **changes):  # copy.replace of Python 3.13
            return self.replace(**changes)

        def replace(self, **changes):
            """Returns a copy with other values of some fields, validated like a new instance.

            Args:
                **changes: Fields as for the constructor.

            Raises:
                pydantic.ValidationError: A field is invalid or unknown.
            """
            return type(self)(**{**_given(self, type(self)), **changes})


def _marked(model: M) -> M:
    names = _UnvalidatedFields(model.__pydantic_fields_set__)
    object.__setattr__(model, "__pydantic_fields_set__", names)
    return model


def _given(model: BaseModel, kind: type[BaseModel]) -> dict[str, Any]:
    """Returns the fields of ``kind`` that were given to a model, or differ from the default."""
    given = model.__pydantic_fields_set__
    fields: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        value = getattr(model, name, field)
        default = not value if field.default_factory else value is field.default
        if value is not field and (name in given or not default):
            fields[name] = value
    # Names that `model_copy` took unseen; the validator refuses them.
    unknown = given - type(model).model_fields.keys()
    return fields | {name: vars(model).get(name) for name in unknown}


def is_validated(model: BaseModel) -> bool:
    """Reports whether a model is as its validator made it, and of one of sesmail's own classes."""
    return (
        type(model.__pydantic_fields_set__) is set  # not of the subclass, which is a mark
        and type(model).__module__.startswith("sesmail.")
    )


def validated(model: M, kind: type[M]) -> M:
    """Returns a model that is valid: itself, or what the validator of its class makes of it.

    Args:
        model: An instance of ``kind``, or of a subclass.
        kind: The class of the result.

    Raises:
        pydantic.ValidationError: A field is invalid.
    """
    return model if is_validated(model) else kind(**_given(model, kind))


def unvalidated_fields(value: Any) -> Any:
    """Returns the fields of a model that isn't validated; any other value unchanged.

    A validator of pydantic accepts every instance of its class as valid. As a ``BeforeValidator``,
    this makes it validate the fields.
    """
    if not isinstance(value, Model) or is_validated(value):
        return value
    return _given(value, own_class(value))


def own_class(model: M) -> type[M]:
    """Returns the class of a model; for an instance of a user's subclass, that of sesmail."""
    own = (each for each in type(model).__mro__ if each.__module__.startswith("sesmail."))
    return cast("type[M]", next(own))


def explained(model: type[BaseModel], error: ValidationError) -> ValidationError:
    """Returns an error whose texts have the types of the values, and names similar to unknown ones.

    pydantic shows either the values or nothing.
    """
    found = error.errors(include_url=False)
    texts = [_explanation(model, each) for each in found]
    details: list[InitErrorDetails] = [
        {
            "type": PydanticCustomError(
                cast("Any", each["type"]),
                "{explanation}",
                {**each.get("ctx", {}), "explanation": text},
            ),
            "loc": each["loc"],
            "input": each["input"],
        }
        for each, text in zip(found, texts, strict=True)
    ]
    return ValidationError.from_exception_data(error.title, details, hide_input=True)


def _explanation(model: type[BaseModel], error: ErrorDetails) -> str:
    text = error["msg"]
    value: object = error["input"]
    addition = f", not {_type_of(value)}"
    if error["type"] == "extra_forbidden":
        close = similar(str(error["loc"][-1]), model.model_fields)
        addition = f"; did you mean {close}?" if close else ""
    elif not error["type"].endswith("_type") and (
        error["type"] in ("missing", "misplaced")
        or isinstance(value, (str, bytes, Mapping, list, tuple))
    ):
        return text
    # The error of a validator that raised an explained one has the addition.
    return text if text.endswith(addition) else f"{text}{addition}"


def _type_of(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


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
