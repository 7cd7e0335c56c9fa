"""Client-wide defaults, applied to a message by the merge rules of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...address import Address
from ...errors import InvalidMessageError
from ...values import FrozenDict
from ..message.model import Merge, merge_rules

if TYPE_CHECKING:
    from ..message.bulk_message import BulkMessage
    from ..message.message import Message
    from ..message.raw_message import RawMessage
    from ..message.template_message import TemplateMessage

__all__ = ["apply_defaults"]

M = TypeVar("M", bound="Message | RawMessage | TemplateMessage | BulkMessage")


def apply_defaults(message: M, defaults: Message | None) -> M:
    """Returns a message with the client-wide defaults applied.

    Each field of the message declares how its default is merged, see ``Merge``. Defaults of fields
    that the kind of message doesn't have are ignored.

    Raises:
        InvalidMessageError: The default has several authors, and the message takes one.
    """
    if defaults is None:
        return message
    kind: Any = type(message)
    rules = merge_rules(kind)
    update: dict[str, Any] = {}
    for name in defaults.model_fields_set & rules.keys():
        rule = rules[name]
        default: Any = getattr(defaults, name)
        if rule in _COMBINE:
            update[name] = _COMBINE[rule](default, getattr(message, name))
        elif rule is not Merge.NEVER and name not in message.model_fields_set:
            update[name] = _only(default) if rule is Merge.REPLACE_WITH_ONE else default
    return cast("M", message.model_copy(update=update))


def _join(default: Sequence[Any], own: Sequence[Any]) -> tuple[Any, ...]:
    return (*default, *own)


def _merge_keys(default: Mapping[str, Any], own: Mapping[str, Any]) -> FrozenDict[str, Any]:
    return FrozenDict({**default, **own})


def _merge_headers(default: Mapping[str, Any], own: Mapping[str, Any]) -> FrozenDict[str, Any]:
    names = {name.lower() for name in own}
    kept = {name: text for name, text in default.items() if name.lower() not in names}
    return FrozenDict({**kept, **own})


_COMBINE: dict[Merge, Callable[[Any, Any], Any]] = {
    Merge.JOIN: _join,
    Merge.BY_KEY: _merge_keys,
    Merge.BY_HEADER_NAME: _merge_headers,
}


def _only(authors: Sequence[Address]) -> Address | None:
    if len(authors) > 1:
        raise InvalidMessageError(
            "the client's defaults have several authors, and a templated message takes one; "
            "give it on the message",
            field="from_email",
        )
    return authors[0] if authors else None
