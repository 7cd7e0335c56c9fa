"""Checks of the settings of a client, and objects made from them."""

from __future__ import annotations

from pathlib import PurePath

from pydantic import ValidationError

from ..arguments import check_function, check_instance, check_methods, check_seconds, refuse
from ..errors import ConfigurationError
from .attempts.listener import Listener
from .attempts.retry import RetryPolicy
from .message.message import Message
from .message.model import validated
from .payload.defaults import apply_defaults
from .rate.limiter import RateLimiter

__all__ = [
    "check_listener",
    "check_retry",
    "check_send_log",
    "merged_defaults",
    "new_limiter",
]

_LISTENER_METHODS = ("before_attempt", "after_attempt", "throttled", "waiting")


def check_retry(retry: object) -> None:
    """Refuses anything but a RetryPolicy."""
    fix = "RetryPolicy() is the default, RetryPolicy(attempts=1) disables retries"
    if isinstance(retry, int) and not isinstance(retry, bool):
        fix = f"write RetryPolicy(attempts={max(retry, 1) if retry < 1000 else 3})"
    check_instance("retry", retry, RetryPolicy, "a RetryPolicy", fix)


def check_listener(listener: object) -> None:
    """Refuses anything but a Listener whose methods are plain functions."""
    check_instance(
        "listener",
        listener,
        Listener,
        "an instance of a subclass of Listener",
        "override the methods that you need",
    )
    for name in _LISTENER_METHODS:
        check_function(f"listener.{name}", getattr(listener, name))


def check_send_log(log: object) -> None:
    """Refuses anything but an object with the coroutine methods of a send log."""
    fix = "write MemorySendLog(), SqliteSendLog(path), or an object with the methods of SendLog"
    if isinstance(log, (str, PurePath)):
        fix = "write SqliteSendLog(path)"  # not its text, which may be a URL with a password
    elif isinstance(log, type):
        fix = "create an instance of it"
    check_methods("send_log", log, ("begin", "finish"), "a send log", fix)


def new_limiter(rate_limit: object) -> RateLimiter | None:
    """Returns the rate limiter of a client; None for no rate limit."""
    if rate_limit is None or isinstance(rate_limit, RateLimiter):
        return rate_limit
    if isinstance(rate_limit, str) and rate_limit == "account":
        return RateLimiter()
    if isinstance(rate_limit, str):
        raise ConfigurationError(
            "rate_limit must be 'account', a number, a RateLimiter or None, not another text"
        )
    if not isinstance(rate_limit, (int, float)) or isinstance(rate_limit, bool):
        refuse(
            "rate_limit",
            "'account', a number of recipients per second, a RateLimiter or None",
            rate_limit,
        )
    check_seconds("rate_limit", rate_limit, unit="recipients per second")
    return RateLimiter(rate_limit)


def merged_defaults(defaults: Message | None, configuration_set: str | None) -> Message | None:
    """Returns the defaults with the configuration set of the client, which overrides theirs."""
    if defaults is not None:
        fix = "write Message(...) with the fields that apply to every message"
        check_instance("defaults", defaults, Message, "a Message", fix)
        try:
            defaults = validated(defaults, Message)
        except ValidationError as err:
            raise ConfigurationError(f"defaults: {err}") from err
        if defaults.send_id is not None:
            raise ConfigurationError(
                "defaults must not have a send_id, which identifies a single mail; "
                "set it on messages"
            )
    if configuration_set is None:
        return defaults
    if not isinstance(configuration_set, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        refuse("configuration_set", "the name of a configuration set", configuration_set)
    try:
        own = Message(configuration_set=configuration_set)
    except ValidationError as err:
        raise ConfigurationError(f"configuration_set: {err.errors()[0]['msg']}") from err
    return own if defaults is None else apply_defaults(own, defaults)
