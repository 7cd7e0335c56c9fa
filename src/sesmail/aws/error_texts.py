"""Texts for exceptions of other packages, without values that may be secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from ..patterns import lazy_pattern

__all__ = ["causes", "describe_error", "frames_of", "hide_password"]

_MAX_LENGTH = 400
_USER_INFO = lazy_pattern(r"//[^/@\s]*@")

# Packages whose own texts contain settings and positions in a text, but no keys and no tokens. The
# text of another package, such as a credential provider's, may contain any value.
_SAFE_PACKAGES = frozenset({"aiobotocore", "botocore", "dateutil", "json", "sesmail", "shlex"})


def describe_error(error: BaseException) -> str:
    """Returns a text for an exception: its own if that shows no secret, otherwise its type."""
    import socket
    import ssl

    from botocore import exceptions as boto

    failed_requests = (boto.HTTPClientError, boto.ConnectionError)
    if isinstance(error, failed_requests) and "{error" in error.fmt:
        original = error.kwargs.get("error")
        return f"the HTTP request failed ({type(original or error).__name__})"
    if isinstance(error, socket.gaierror):
        return "the host name can't be resolved"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({type(error).__name__})"
    if isinstance(error, OSError) and (error.errno or 0) > 0:
        file = f": {error.filename!r}" if isinstance(error.filename, str) else ""
        return f"{os.strerror(error.errno or 0)}{file}"
    # These contain the text of another exception or program, or the values of parameters.
    retrieval_errors = (
        boto.CredentialRetrievalError,
        boto.MetadataRetrievalError,
        boto.TokenRetrievalError,
    )
    if isinstance(error, retrieval_errors):
        context = error.__context__
        is_known = isinstance(context, (*failed_requests, boto.MetadataRetrievalError))
        return describe_error(context) if context and is_known else type(error).__name__
    module = _raised_in(error)
    has_values = isinstance(error, boto.ParamValidationError) and module != "aiobotocore.config"
    if has_values or not str(error) or module.partition(".")[0] not in _SAFE_PACKAGES:
        return type(error).__name__
    return hide_password(" ".join(str(error).split()))[:_MAX_LENGTH]


def hide_password(text: str) -> str:
    """Returns a text whose URLs have no user and no password."""
    return _USER_INFO.sub("//", text)


def _raised_in(error: BaseException) -> str:
    """Returns the name of the module that raised an exception."""
    modules = [str(frame.f_globals.get("__name__")) for frame in frames_of(error)]
    return modules[-1] if modules else type(error).__module__


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
