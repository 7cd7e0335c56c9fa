"""Field-by-field reader of JSON objects, which records the fields that it can't parse."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from ...errors import MalformedBodyError
from ...values import FrozenDict
from ..transports.json_body import Document, excerpt, is_list, is_object, read_time

__all__ = ["MAX_ITEMS", "JsonReader"]

_MAX_DEFECTS = 20
MAX_ITEMS = 1000
"""Maximum number of items that are read of a list or object."""
_BOOLEANS = {"true": True, "false": False}


class JsonReader:
    """Reads the fields of a JSON object of an event.

    null is treated as absent. The ``required`` methods raise a MalformedBodyError for a missing or
    invalid value. The other methods return None, or an empty value, and record a defect if an
    invalid value is present; only ``items`` raises then.

    Args:
        document: The object.
        path: Path to it in the event.
        defects: List to which defects are added.
    """

    __slots__ = ("_path", "defects", "document")

    def __init__(self, document: Document, path: str, defects: list[str]) -> None:
        self.document: Document = document
        self._path = path
        self.defects: list[str] = defects

    def path(self, key: str) -> str:
        """Returns the path to a field."""
        return f"{self._path}.{key}" if self._path else key

    def add_defect(self, key: str, reason: str) -> None:
        """Records a defect of a field, up to 20 in one event."""
        if len(self.defects) < _MAX_DEFECTS:
            self.defects.append(f"{self.path(key)}: {reason}")

    def malformed(self, key: str, reason: str) -> MalformedBodyError:
        """Returns the error for a required field that is missing or invalid."""
        value = self.document.get(key)
        return MalformedBodyError(
            "it is missing" if value is None else reason, path=self.path(key), input=excerpt(value)
        )

    def required_text(self, key: str) -> str:
        """Returns a non-empty string."""
        value = self.document.get(key)
        if type(value) is str and value:
            return value
        raise self.malformed(key, "it is empty" if value == "" else "it isn't a string")

    def required_object(self, key: str) -> JsonReader:
        """Returns the reader of an object."""
        value = self.document.get(key)
        if is_object(value):
            return JsonReader(value, self.path(key), self.defects)
        raise self.malformed(key, "it isn't an object")

    def items(self, key: str) -> list[Any]:
        """Returns the items of a list, which may be absent but not invalid."""
        value = self.document.get(key)
        if value is None:
            return []
        if is_list(value):
            return value
        raise self.malformed(key, "it isn't an array")

    def text(self, key: str) -> str | None:
        """Returns a string, which may be empty."""
        value = self.document.get(key)
        if value is None or type(value) is str:
            return value
        self.add_defect(key, "it isn't a string")
        return None

    def texts(self, keys: Mapping[str, str]) -> dict[str, Any]:
        """Returns several strings by name, given their keys by name."""
        return {name: self.text(key) for name, key in keys.items()}

    def text_or(self, key: str, substitute: str) -> str:
        """Returns a non-empty string; the substitute, and a defect, without one."""
        value = self.document.get(key)
        if type(value) is str and value:
            return value
        reason = "is missing" if value is None else "is empty" if value == "" else "isn't a string"
        self.add_defect(key, f"it {reason}; replaced by {substitute or 'an empty text'}")
        return substitute

    def integer(self, key: str) -> int | None:
        """Returns an integer."""
        value = self.document.get(key)
        if type(value) is int:
            return value
        if value is not None:
            self.add_defect(key, "it isn't an integer")
        return None

    def boolean(self, key: str) -> bool | None:
        """Returns a boolean, which SES also writes as a string."""
        value = self.document.get(key)
        if value is None or type(value) is bool:
            return value
        found = _BOOLEANS.get(value.lower()) if type(value) is str else None
        if found is None:
            self.add_defect(key, "it is neither true nor false")
        return found

    def time(self, key: str) -> datetime | None:
        """Returns a time in UTC."""
        value = self.document.get(key)
        time = read_time(value) if type(value) is str else None
        if time is None and value is not None:
            self.add_defect(key, "it isn't a time")
        return time

    def object(self, key: str) -> JsonReader:
        """Returns the reader of an object, which is empty if the value is absent or invalid."""
        return JsonReader(self._object(key), self.path(key), self.defects)

    def objects(self, key: str) -> list[JsonReader]:
        """Returns the readers of the objects in a list; other items are omitted."""
        items = self._list(key)
        found = [
            JsonReader(item, self.path(f"{key}[{number}]"), self.defects)
            for number, item in enumerate(items[:MAX_ITEMS])
            if is_object(item)
        ]
        if len(found) < len(items):
            self.add_defect(key, f"some items aren't objects, or there are more than {MAX_ITEMS:,}")
        return found

    def headers(self, key: str, names: Collection[str]) -> list[tuple[str, str]]:
        """Returns the headers with one of some names, given in lower case, as name and value."""
        headers = self._list(key)
        try:  # without a check for each header, since most events have many and all are valid
            found: list[tuple[str, str]] = []
            for header in headers:
                name = header["name"].lower()
                if name in names:
                    if type(header["value"]) is not str:
                        break
                    found.append((name, header["value"]))
            else:
                return found
        except (AttributeError, KeyError, TypeError):
            pass
        self.add_defect(key, "some items aren't a name and a value")
        pairs = [
            (header.get("name"), header.get("value")) for header in headers if is_object(header)
        ]
        texts = [
            (name.lower(), value)
            for name, value in pairs
            if type(name) is str and type(value) is str
        ]
        return [(name, value) for name, value in texts if name in names]

    def list_of_texts(self, key: str) -> tuple[str, ...]:
        """Returns the strings in a list; other items are omitted."""
        items = self._list(key)
        found = tuple([item for item in items[:MAX_ITEMS] if type(item) is str])
        if len(found) < len(items):
            self.add_defect(key, f"some items aren't strings, or there are more than {MAX_ITEMS:,}")
        return found

    def lists_of_texts(self, key: str) -> FrozenDict[str, tuple[str, ...]]:
        """Returns an object of lists of strings, such as tags; other values are omitted."""
        found: dict[str, tuple[str, ...]] = {}
        document = self._object(key)
        for name, values in islice(document.items(), MAX_ITEMS):
            if is_list(values):
                for value in values:
                    if type(value) is not str:
                        break
                else:
                    found[name] = tuple(values)
        if len(found) < len(document):
            self.add_defect(
                key, f"some values aren't lists of strings, or there are more than {MAX_ITEMS:,}"
            )
        return FrozenDict(found)

    def _object(self, key: str) -> Document:
        value = self.document.get(key)
        if is_object(value):
            return value
        if value is not None:
            self.add_defect(key, "it isn't an object")
        return {}

    def _list(self, key: str) -> list[Any]:
        value = self.document.get(key)
        if is_list(value):
            return value
        if value is not None:
            self.add_defect(key, "it isn't an array")
        return []
