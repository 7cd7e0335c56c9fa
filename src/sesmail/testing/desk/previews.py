"""Previews of an application's own messages, from the functions of a module."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio

from ...sending.message.bulk_message import BulkMessage
from ...sending.message.inline_template import InlineTemplate
from ...sending.message.message import Message
from ...sending.message.raw_message import RawMessage
from ...sending.message.template_message import TemplateMessage
from ..preview_page import previewed_mail
from ..state import State
from .item import Item, item_of_mail

__all__ = ["PreviewError", "Previews"]

_PREFIX = "preview:"
_MESSAGES = (Message, RawMessage, TemplateMessage, BulkMessage)
_MAX_FILES = 5000  # that are watched


class PreviewError(Exception):
    """A module can't be imported, or a function returns no message."""


class Previews:
    """The functions of a module that return a message.

    A preview is a public function of the module, or a coroutine function, without required
    parameters, whose return annotation is a class of messages or missing.

    Args:
        name: Name of the module, such as ``shop.mails``.
        state: Has the templates that messages name.
    """

    def __init__(self, name: str, state: State) -> None:
        self.name = name
        self._state = state
        self._lock = threading.Lock()
        self._module: ModuleType | None = None
        self._modified: Mapping[str, int] = {}
        self._files: Mapping[str, int] = {}

    def names(self) -> list[str]:
        """Returns the names of the functions, in the order of the module.

        Raises:
            PreviewError: The module can't be imported.
        """
        return [name for name, _ in self._functions(self._load())]

    def item(self, item_id: str) -> Item | None:
        """Returns the preview with an id such as ``preview:welcome``; None if there is none.

        ``preview:news:2`` is the mail to the third recipient of a ``BulkMessage``.

        Raises:
            PreviewError: The message can't be made or previewed.
        """
        if not item_id.startswith(_PREFIX):
            return None
        name, _, number = item_id.removeprefix(_PREFIX).partition(":")
        function = dict(self._functions(self._load())).get(name)
        if function is None:
            return None
        message = _called(function)
        if not isinstance(message, _MESSAGES):
            raise PreviewError(f"{name} returned {type(message).__name__} instead of a message")
        recipient = int(number) if number.isdecimal() and number.isascii() else 0
        template = self._template(getattr(message, "template", None))
        try:
            mail = previewed_mail(message, template=template, recipient=recipient)
        except ValueError as err:  # ConfigurationError, InvalidMessageError
            raise PreviewError(f"{name}: {err}") from err
        choices: list[str] = []
        if isinstance(message, BulkMessage):
            choices = [each.to.email for each in message.recipients]
        return item_of_mail(mail, "preview", item_id, choices)

    def changed(self) -> bool:
        """Returns whether a file beside the module has changed since the last call."""
        found = dict(_files(self._folder()))
        with self._lock:
            changed = found != self._files
            self._files = found
        return changed

    def _template(self, name: object) -> InlineTemplate | None:
        """Returns a stored template of the fake."""
        found = self._state.templates.get(name) if isinstance(name, str) else None
        if found is None:
            return None
        return InlineTemplate(
            subject=found.subject, text=found.text or None, html=found.html or None
        )

    def _folder(self) -> Path | None:
        file = None if self._module is None else self._module.__file__
        return None if file is None else Path(file).parent

    def _load(self) -> ModuleType:
        """Imports the module, again if one of its package has changed.

        Raises:
            PreviewError: It can't be imported.
        """
        with self._lock:
            try:
                if self._module is None:
                    self._module = importlib.import_module(self.name)
                    self._modified = _modified(self.name)
                elif (modified := _modified(self.name)) != self._modified:
                    self._module = _reloaded(self.name, self._modified, modified)
                    self._modified = modified
            except Exception as err:
                raise PreviewError(f"{self.name}: {_described(err)}") from err
            return self._module

    def _functions(self, module: ModuleType) -> Iterator[tuple[str, Callable[[], Any]]]:
        for name, value in list(vars(module).items()):
            is_own = inspect.isfunction(value) and value.__module__ == module.__name__
            if is_own and not name.startswith("_") and _returns_message(value):
                yield name, value


def _called(function: Callable[[], Any]) -> Any:
    """Returns the result of a function, or of a coroutine function on an event loop of its own."""
    try:
        return anyio.run(function) if inspect.iscoroutinefunction(function) else function()
    except Exception as err:
        raise PreviewError(f"{function.__name__}: {_described(err)}") from err


def _described(error: Exception) -> str:
    """Returns class, text and place of an error."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}, line {last.lineno}"
    return f"{type(error).__name__}: {error} ({place})"


def _returns_message(function: Callable[..., Any]) -> bool:
    signature = inspect.signature(function)
    required = [
        each
        for each in signature.parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    annotation = signature.return_annotation
    if required or annotation is signature.empty:
        return not required
    return any(each.__name__ in str(annotation) for each in _MESSAGES)


def _package_modules(name: str) -> Iterator[tuple[str, str]]:
    """Yields names and files of the imported modules of the package that has a module."""
    package = name.rpartition(".")[0]
    for each, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and (each == name or (package and each.startswith(f"{package}."))):
            yield each, file


def _modified(name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for each, file in _package_modules(name):
        try:
            found[each] = os.stat(file).st_mtime_ns
        except OSError:  # deleted
            found[each] = 0
    return found


def _reloaded(name: str, before: Mapping[str, int], after: Mapping[str, int]) -> ModuleType:
    """Imports the changed modules of a package again, and the module itself last."""
    importlib.invalidate_caches()
    for each in [each for each in after if each != name and before.get(each) != after[each]]:
        importlib.reload(sys.modules[each])
    module = sys.modules[name]
    for each, value in list(vars(module).items()):
        if inspect.isfunction(value):
            delattr(module, each)  # may be gone from the source
    return importlib.reload(module)


def _files(folder: Path | None) -> Iterator[tuple[str, int]]:
    """Yields the files in a folder, with templates, and their times of modification."""
    count = 0
    for base, folders, names in os.walk(folder or os.devnull):
        folders[:] = [each for each in folders if each != "__pycache__" and each[0] != "."]
        for name in names:
            count += 1
            if count > _MAX_FILES:
                return
            path = os.path.join(base, name)
            try:
                yield path, os.stat(path).st_mtime_ns
            except OSError:  # deleted meanwhile
                continue
