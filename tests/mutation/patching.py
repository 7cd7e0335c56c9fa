"""Mutants as patches of functions, methods and attributes, applied while sesmail runs.

Targets are given as objects, so that a rename is an error when the mutants are imported.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest

Change = Callable[[Any], Any]
MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}


def mutant(rule: str, target: Any, change: Change) -> None:
    """Adds a mutant that replaces a method, or a function in all modules that have imported it."""
    assert rule not in MUTANTS, rule
    path = (target.fget if isinstance(target, property) else target).__qualname__.split(".")

    def apply(patch: pytest.MonkeyPatch) -> None:
        changed = change(target)
        for module in [each for name, each in sys.modules.items() if name.startswith("sesmail")]:
            for name, value in [*vars(module).items()]:
                if value is target:
                    patch.setattr(module, name, changed)
                elif len(path) == 2 and name == path[0] and value.__dict__.get(path[1]) is target:
                    patch.setattr(value, path[1], changed)

    MUTANTS[rule] = apply


def constant(rule: str, owner: Any, name: str, value: object) -> None:
    """Adds a mutant that sets an attribute."""
    assert rule not in MUTANTS, rule
    MUTANTS[rule] = lambda patch: patch.setattr(owner, name, value)


def instead(function: Callable[..., Any]) -> Change:
    return lambda _: function


def before(change: Callable[..., Any]) -> Change:
    """Calls the function with what ``change`` makes of its positional arguments."""
    return lambda original: lambda *args, **kw: original(*change(*args), **kw)


def after(change: Callable[..., Any]) -> Change:
    """Returns what ``change`` makes of the function's result, awaited if necessary."""

    def wrap(original: Any) -> Any:
        async def wait(result: Any, args: Any, kw: Any) -> Any:
            return change(await result, *args, **kw)

        def call(*args: Any, **kw: Any) -> Any:
            result = original(*args, **kw)
            awaited = inspect.isawaitable(result)
            return wait(result, args, kw) if awaited else change(result, *args, **kw)

        return call

    return wrap


def rescue(kind: type[BaseException], change: Callable[[Any], Any]) -> Change:
    """Returns, or raises, what ``change`` makes of an exception of a coroutine function."""

    def wrap(original: Any) -> Any:
        async def call(*args: Any, **kw: Any) -> Any:
            try:
                return await original(*args, **kw)
            except kind as err:
                if isinstance(result := change(err), BaseException):
                    raise result from None
                return result

        return call

    return wrap
