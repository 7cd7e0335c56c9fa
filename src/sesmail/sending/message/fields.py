"""The habits that all message models share, and the field types that they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from ...address import Address, as_address, find_control
from ...tagging import TAG_WORD
from ...values import FrozenDict

__all__ = [
    "TAG_WORD",
    "Arn",
    "BodyText",
    "ConfigurationSet",
    "Content",
    "Extra",
    "HeaderText",
    "Headers",
    "JsonMapping",
    "Mailboxes",
    "MailboxesInput",
    "MessageTags",
    "Model",
    "Name",
    "PositionalModel",
    "SendId",
    "Tags",
    "check_misplaced",
    "header_text",
]

_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")
_CONFIGURATION_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ARN = re.compile(r"arn:[!-~]{1,2000}")
_FEEDBACK_TAGS = frozenset({"ses:feedback-id-a", "ses:feedback-id-b"})

_SCALARS = (str, int, float, type(None))  # far quicker to tell than a Mapping

# Header fields that have a field of their own on the models, or that are SES's to write.
_TAKEN_HEADERS = {
    "bcc": "use bcc",
    "cc": "use cc",
    "dkim-signature": "SES signs by itself",
    "from": "use from_email",
    "mime-version": "sesmail writes it",
    "received": "mail servers write it",
    "reply-to": "use reply_to",
    "return-path": "use envelope_sender",
    "sender": "use sender",
    "subject": "use subject",
    "x-metadata": "use metadata",
    "x-sesmail-id": "use send_id",
    "x-tag": "use tags",
}
_TAKEN_PREFIXES = {
    "content-": "sesmail writes it from text, html, alternatives and attachments",
    "resent-": "send a RawMessage",
    "x-ses-": "use configuration_set, message_tags, the _arn fields or list_management",
}


class Model(BaseModel, frozen=True):
    """A model that users fill in: frozen, closed, and silent about values in its errors."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        defer_build=True,  # who imports sesmail and uses only some of the models waits for only those
    )


if TYPE_CHECKING:

    class PositionalModel(Model, frozen=True):
        """A model whose first fields may be given without their names; each subclass types its own ``__init__``."""

        positional: ClassVar[tuple[str, ...]] = ()

else:

    class _Positional(type(BaseModel)):
        """Names the values that come without one; not in ``__init__``, which pydantic would call for JSON, too."""

        def __call__(cls, *values, **fields):
            if len(values) > len(cls.positional):
                raise TypeError(
                    f"{cls.__name__} takes at most {len(cls.positional)} values without a name"
                )
            for name, value in zip(cls.positional, values, strict=False):
                if name in fields:
                    raise TypeError(f"{cls.__name__} got {name} twice")
                fields[name] = value
            return super().__call__(**fields)

    class PositionalModel(Model, frozen=True, metaclass=_Positional):
        """A model whose first fields may be given without their names."""

        positional: ClassVar[tuple[str, ...]] = ()


def _mailboxes(value: object) -> tuple[Address, ...]:
    if isinstance(value, (str, Address)):
        return (as_address(value),)
    if not isinstance(value, Iterable) or isinstance(value, (bytes, bytearray, Mapping)):
        raise ValueError("give one address or a list of them")
    found: list[Address] = []
    for item in cast("Iterable[object]", value):
        try:
            found.append(as_address(item))
        except ValueError as err:
            raise ValueError(f"address {len(found) + 1} of the list: {err}") from err
    return tuple(found)


def header_text(text: str) -> str:
    """Refuse what can't stand in a header."""
    if control := find_control(text):
        raise ValueError(f"the text has {control}")
    return text


def _headers(headers: Mapping[str, str]) -> FrozenDict[str, str]:
    seen: set[str] = set()
    for name, text in headers.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise ValueError(
                "a header name is 1 to 76 printable ASCII characters without spaces and colons"
            )
        key = name.lower()
        if key in seen:
            raise ValueError(f"{name} is given twice, in different spelling")
        seen.add(key)
        taken = _TAKEN_HEADERS.get(key)
        if taken is None and (hyphen := key.find("-", 2)) > 0:
            taken = _TAKEN_PREFIXES.get(key[: hyphen + 1])
        if taken is not None:
            raise ValueError(f"{name} can't be given as a header: {taken}")
        if not text:
            raise ValueError(f"the value of {name} is empty; leave it out")
        if control := find_control(text):
            raise ValueError(f"the value of {name} has {control}")
    return FrozenDict(headers)


def _message_tags(tags: Mapping[str, str]) -> FrozenDict[str, str]:
    for name, value in tags.items():
        if TAG_WORD.fullmatch(name) is None and name not in _FEEDBACK_TAGS:
            raise ValueError(f"the name {name!r} has to be 1 to 256 of A-Z a-z 0-9 _ -")
        if TAG_WORD.fullmatch(value) is None:
            raise ValueError(f"the value of {name} has to be 1 to 256 of A-Z a-z 0-9 _ -")
    return FrozenDict(tags)


def _body_text(text: str) -> str:
    text.encode()  # lone surrogates have no UTF-8, and say so as a ValueError
    return text


def check_misplaced(fields: object, misplaced: Mapping[str, str]) -> None:
    """Refuse fields that other kinds of message have, and say what to do instead."""
    if isinstance(fields, dict) and (
        found := misplaced.keys() & cast("dict[str, Any]", fields).keys()
    ):
        errors: list[InitErrorDetails] = [
            {
                "type": PydanticCustomError("misplaced", "{way}", {"way": misplaced[name]}),
                "loc": (name,),
                "input": None,
            }
            for name in sorted(found)
        ]
        raise ValidationError.from_exception_data("message", errors, hide_input=True)


def _content(value: object, info: ValidationInfo) -> object:
    """Text given in Python is meant as UTF-8; in JSON it is base64, which pydantic reads."""
    return value.encode() if isinstance(value, str) and info.mode == "python" else value


def _listed(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("give a list, even for one")
    return value


def _configuration_set(name: str) -> str:
    if _CONFIGURATION_SET.fullmatch(name) is None:
        raise ValueError("the name of a configuration set is 1 to 64 of A-Z a-z 0-9 _ -")
    return name


def _send_id(text: str) -> str:
    if TAG_WORD.fullmatch(text) is None:
        raise ValueError("a send id is 1 to 256 of A-Z a-z 0-9 _ -")
    return text


def _arn(text: str) -> str:
    if _ARN.fullmatch(text) is None:
        raise ValueError(
            "give a whole ARN, such as arn:aws:ses:eu-west-1:111122223333:identity/example.com"
        )
    return text


def _name(name: str) -> str:
    if not name or find_control(name):
        raise ValueError("a name has one character at least, and no control characters")
    return name


def _frozen(mapping: Mapping[str, Any]) -> Any:
    try:
        return _freeze(mapping)
    except RecursionError as err:
        raise ValueError("it is nested too deeply, or holds itself") from err


def _freeze(value: Any) -> Any:
    """A copy in which no mapping can be changed, at whatever depth."""
    if isinstance(value, list):
        return [_freeze(item) for item in cast("Iterable[Any]", value)]
    if not isinstance(value, _SCALARS) and isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        return FrozenDict({key: _freeze(item) for key, item in mapping.items()})
    return value


MailboxesInput: TypeAlias = str | Address | Iterable[str | Address]

Mailboxes = Annotated[
    tuple[Address, ...],
    PlainValidator(_mailboxes),
    PlainSerializer(
        lambda addresses: [str(address) for address in addresses], return_type=list[str]
    ),
    WithJsonSchema({"type": "array", "items": {"type": "string"}}),
]
HeaderText = Annotated[str, AfterValidator(header_text)]
Content = Annotated[bytes, BeforeValidator(_content)]
BodyText = Annotated[str, AfterValidator(_body_text)]
Tags = Annotated[
    tuple[Annotated[str, Field(min_length=1), AfterValidator(header_text)], ...],
    BeforeValidator(_listed),
]
Headers = Annotated[Mapping[str, str], AfterValidator(_headers)]
MessageTags = Annotated[Mapping[str, str], AfterValidator(_message_tags)]
JsonMapping = Annotated[Mapping[str, JsonValue], AfterValidator(_frozen)]
Extra = Annotated[Mapping[str, Any], AfterValidator(_frozen)]
Name = Annotated[str, AfterValidator(_name)]
ConfigurationSet = Annotated[str, AfterValidator(_configuration_set)]
SendId = Annotated[str, AfterValidator(_send_id)]
Arn = Annotated[str, AfterValidator(_arn)]
