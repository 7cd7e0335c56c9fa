"""All kinds of message, and reading one from JSON."""

from __future__ import annotations

from typing import TypeAlias, cast

from pydantic import ValidationError
from pydantic_core import to_json

from ...arguments import described
from ...errors import InvalidMessageError
from ...strict import read_json
from .bulk_message import BulkMessage
from .message import Message
from .raw_message import RawMessage
from .template_message import TemplateMessage
from .validation import invalid_message

__all__ = ["AnyMessage", "message_from_json"]

AnyMessage: TypeAlias = Message | RawMessage | TemplateMessage
"""Union of the messages that ``Client.send`` takes."""

_KINDS: dict[str, type[AnyMessage | BulkMessage]] = {
    each.kind: each for each in (Message, RawMessage, TemplateMessage, BulkMessage)
}


def message_from_json(text: str | bytes) -> AnyMessage | BulkMessage:
    """Reads a message from the JSON of its ``to_json``, for instance behind a queue.

    Args:
        text: A JSON object in UTF-8, nested at most 200 deep: the message's fields, and its
            ``kind``, the name of its class.

    Returns:
        A message of the same class, equal to the original.

    Raises:
        InvalidMessageError: The text isn't the JSON of a message. The error shows no values.
    """
    if not isinstance(text, (str, bytes, bytearray)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidMessageError(f"it must be text or bytes, not {described(text)}", field="text")
    try:
        document = read_json(text)
    except ValueError as err:
        raise InvalidMessageError(f"it isn't valid JSON: {err}", field="text") from None
    del text  # a mail of 40 MB takes several times as much while it is read
    name: object = None
    if isinstance(document, dict):
        name = cast("dict[str, object]", document).pop("kind", None)
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidMessageError(
            f"it must be a JSON object whose kind is one of {', '.join(_KINDS)}", field="kind"
        )
    try:
        fields = to_json(document)
        del document
        message: AnyMessage | BulkMessage = kind.model_validate_json(fields)
    except ValidationError as err:
        raise invalid_message(kind, err) from None
    return message
