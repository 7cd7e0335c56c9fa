"""Texts for exceptions of other packages, without values that may be secret."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Any

__all__ = ["causes", "describe_error", "frames_of", "hide_password"]

_MAX_LENGTH = 400
_USER_INFO = re.compile(r"//[^/@\s]*@")

# Packages whose own texts contain settings and positions in a text, but no keys and no tokens. The
# text of another package, such as a credential provider's, may contain any value.
_SAFE_PACKAGES = frozenset({"aiobotocore", "botocore", "dateutil", "json", "shlex"})


def describe_error(error: BaseException) -> str:
    """Returns a text for an exception: its own if that shows no secret, otherwise its type."""
    from botocore import exceptions as boto

    original = getattr(error, "kwargs", {}).get("error")
    if isinstance(error, (boto.HTTPClientError, boto.ConnectionError)) and "{error" in error.fmt:
        return f"the HTTP request failed ({type(original or error).__name__})"
    foreign_texts = (
        boto.CredentialRetrievalError,
        boto.MetadataRetrievalError,
        boto.ParamValidationError,
        boto.TokenRetrievalError,
    )
    if isinstance(error, socket.gaierror):
        return "the host name can't be resolved"
    if isinstance(error, OSError) and error.errno:
        file = f": {error.filename!r}" if isinstance(error.filename, str) else ""
        return f"{os.strerror(error.errno)}{file}"
    if isinstance(error, foreign_texts) or not str(error) or not _is_safe(error):
        return type(error).__name__
    return hide_password(" ".join(str(error).split()))[:_MAX_LENGTH]


def hide_password(text: str) -> str:
    """Returns a text whose URLs have no user and no password."""
    return _USER_INFO.sub("//", text)


def _is_safe(error: BaseException) -> bool:
    """Returns whether botocore, or a parser that it calls, raised an exception."""
    *_, module = ["", *(frame.f_globals.get("__name__", "") for frame in frames_of(error))]
    return (module or type(error).__module__).partition(".")[0] in _SAFE_PACKAGES


def frames_of(error: BaseException) -> Iterator[Any]:
    """Yields the frames of the traceback of an exception, the innermost last."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def causes(error: Any) -> Iterator[BaseException]:
    """Yields an exception and its causes."""
    while isinstance(error, BaseException):
        yield error
        # httpcore deletes the cause of its exceptions, which is their context, too:
        # https://github.com/encode/httpcore/blob/1.0.9/httpcore/_async/connection_pool.py#L256
        from_httpcore = type(error).__module__.startswith("httpcore2")
        error = error.__cause__ or (error.__context__ if from_httpcore else None)
