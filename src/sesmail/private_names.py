"""Names of other packages that sesmail depends on although their documentation doesn't cover them.

Another release may rename them. They are checked before their first use, so that a renamed one is a
ConfigurationError instead of a protection that has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import unwrap
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from .errors import ConfigurationError

__all__ = [
    "EMAIL_GENERATOR",
    "HTTP_CLIENT",
    "PrivateName",
    "check_private_names",
]


@dataclass(slots=True, eq=False, repr=False)
class PrivateName:
    """A name that another package may rename in any release.

    Attributes:
        package: The package on PyPI, or ``python`` for the standard library.
        path: The path to it from one of the objects that ``check_private_names`` is given.
        url: The line of the source that defines it.
        kind: The type of its value.
        assigned: The attribute that the function at ``path`` assigns; empty if there is none.
    """

    package: str
    path: str
    url: str
    kind: Any = Callable
    assigned: str = ""


_CPYTHON = "https://github.com/python/cpython/blob/v3.11.7/Lib"

# Of the standard library's HTTP client: to end the fetch of a certificate at a deadline.
HTTP_CLIENT = (
    PrivateName(
        "python", "HTTPSConnection.response_class", f"{_CPYTHON}/http/client.py#L802", type
    ),
    PrivateName("python", "connection._create_connection", f"{_CPYTHON}/http/client.py#L865"),
    PrivateName("python", "response.fp", f"{_CPYTHON}/http/client.py#L263", object),
)

# Of the standard library's generator of MIME: to write text that is only valid as 8-bit.
EMAIL_GENERATOR = (
    PrivateName(
        "python", "Generator.__init__", f"{_CPYTHON}/email/generator.py#L62", assigned="_fp"
    ),
)

_checked: set[tuple[PrivateName, ...]] = set()


def check_private_names(
    names: tuple[PrivateName, ...], objects: Callable[[], Mapping[str, Any]]
) -> None:
    """Check that names exist and have values of the expected kind, once per process.

    Args:
        names: A table of names.
        objects: Returns the objects at which the paths of the names begin.

    Raises:
        ConfigurationError: A name is missing or has another kind.
    """
    if names in _checked:
        return
    scope = SimpleNamespace(**objects())
    for name in names:
        if not _is_as_expected(name, scope):
            attribute = name.assigned or name.path
            raise ConfigurationError(
                f"{name.package} {_version(name.package)} isn't supported: {attribute} is missing "
                f"or has changed; upgrade sesmail, or install an earlier {name.package}"
            )
    _checked.add(names)


def _is_as_expected(name: PrivateName, scope: object) -> bool:
    try:
        value: Any = attrgetter(name.path)(scope)
    except AttributeError:
        return False
    if name.assigned:
        return name.assigned in unwrap(value).__code__.co_names
    return isinstance(value, name.kind)


def _version(package: str) -> str:
    import platform
    from importlib.metadata import version

    return platform.python_version() if package == "python" else version(package)
