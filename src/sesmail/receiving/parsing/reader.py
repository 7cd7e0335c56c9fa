"""A JSON object read field by field, with a note of what can't be read."""

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
_FLAGS = {"true": True, "false": False}


class JsonReader:
    """A JSON object of an event.

    What is null is taken for absent. The ``need`` methods raise a MalformedBodyError where there is nothing fit; the
    others give None or nothing, and note it if something else stands there, for which ``items`` raises the error, too.

    Args:
        document: The object.
        path: Where it is.
        notes: Where to note what can't be read.
    """

    __slots__ = ("_path", "defects", "document")

    def __init__(self, document: Document, path: str, defects: list[str]) -> None:
        self.document: Document = document
        self._path = path
        self.defects: list[str] = defects

    def path(self, key: str) -> str:
        """Where a field is."""
        return f"{self._path}.{key}" if self._path else key

    def note_defect(self, key: str, reason: str) -> None:
        """Note what is wrong with a field, as long as there are few such notes."""
        if len(self.defects) < _MAX_DEFECTS:
            self.defects.append(f"{self.path(key)}: {reason}")

    def malformed(self, key: str, reason: str) -> MalformedBodyError:
        """The error for a field that the event can't do without."""
        value = self.document.get(key)
        return MalformedBodyError(
            "it is missing" if value is None else reason, path=self.path(key), input=excerpt(value)
        )

    def need_text(self, key: str) -> str:
        """A text that isn't empty."""
        value = self.document.get(key)
        if type(value) is str and value:
            return value
        raise self.malformed(key, "it is empty" if value == "" else "it isn't a text")

    def need_fields(self, key: str) -> JsonReader:
        """An object."""
        value = self.document.get(key)
        if is_object(value):
            return JsonReader(value, self.path(key), self.defects)
        raise self.malformed(key, "it isn't an object")

    def items(self, key: str) -> list[Any]:
        """The items of a list, which may be absent and nothing else."""
        value = self.document.get(key)
        if value is None:
            return []
        if is_list(value):
            return value
        raise self.malformed(key, "it isn't a list")

    def text(self, key: str) -> str | None:
        """A text, which may be empty."""
        value = self.document.get(key)
        if value is None or type(value) is str:
            return value
        self.note_defect(key, "it isn't a text")
        return None

    def texts(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Several texts at once, by the names that they get and their keys."""
        return {name: self.text(key) for name, key in names.items()}

    def number(self, key: str) -> int | None:
        """A whole number."""
        value = self.document.get(key)
        if type(value) is int:
            return value
        if value is not None:
            self.note_defect(key, "it isn't a whole number")
        return None

    def flag(self, key: str) -> bool | None:
        """True or false, which SES also writes as texts."""
        value = self.document.get(key)
        if value is None or type(value) is bool:
            return value
        flag = _FLAGS.get(value.lower()) if type(value) is str else None
        if flag is None:
            self.note_defect(key, "it is neither true nor false")
        return flag

    def time(self, key: str) -> datetime | None:
        """A time, in UTC."""
        value = self.document.get(key)
        time = read_time(value) if type(value) is str else None
        if time is None and value is not None:
            self.note_defect(key, "it isn't a time")
        return time

    def fields(self, key: str) -> JsonReader:
        """An object; one without fields where there is nothing fit."""
        return JsonReader(self._object(key), self.path(key), self.defects)

    def objects(self, key: str) -> list[JsonReader]:
        """A list of objects; an item that is something else is left out."""
        items = self._list(key)
        found = [
            JsonReader(item, self.path(f"{key}[{number}]"), self.defects)
            for number, item in enumerate(items[:MAX_ITEMS])
            if is_object(item)
        ]
        if len(found) < len(items):
            self.note_defect(
                key, f"not every item is an object, or there are more than {MAX_ITEMS:,}"
            )
        return found

    def headers(self, key: str, names: Collection[str]) -> list[tuple[str, str]]:
        """The headers that have one of these names, which are in lower case."""
        headers = self._list(key)
        try:
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
        self.note_defect(key, "not every item is a name and a value")
        pairs = [
            (header.get("name"), header.get("value")) for header in headers if is_object(header)
        ]
        texts = [
            (name.lower(), value)
            for name, value in pairs
            if type(name) is str and type(value) is str
        ]
        return [(name, value) for name, value in texts if name in names]

    def lists_of_texts(self, key: str) -> FrozenDict[str, tuple[str, ...]]:
        """An object of lists of texts, such as tags; a value that is something else is left out."""
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
            self.note_defect(
                key, f"not every value is a list of texts, or there are more than {MAX_ITEMS:,}"
            )
        return FrozenDict(found)

    def _object(self, key: str) -> Document:
        value = self.document.get(key)
        if is_object(value):
            return value
        if value is not None:
            self.note_defect(key, "it isn't an object")
        return {}

    def _list(self, key: str) -> list[Any]:
        value = self.document.get(key)
        if is_list(value):
            return value
        if value is not None:
            self.note_defect(key, "it isn't a list")
        return []
