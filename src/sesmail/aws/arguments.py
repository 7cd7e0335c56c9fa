"""Checks of the settings of AWS clients, before aiobotocore is imported."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast, get_args

from ..arguments import (
    check_bool,
    check_integer,
    check_mapping,
    check_seconds,
    check_text,
    described,
    refuse,
    similar,
)
from ..errors import ConfigurationError, InvalidMessageError
from ..patterns import lazy_pattern
from .endpoints import check_endpoint
from .header_values import check_user_agent, key_fault
from .proxies import check_certificate, check_proxies, check_proxies_config

if TYPE_CHECKING:
    from .roles import Role

__all__ = ["check_operation", "check_settings", "role_of"]

_REGION = lazy_pattern(r"[A-Za-z0-9-]{1,63}")  # part of a host name
_OPERATION = lazy_pattern(r"[A-Z][A-Za-z0-9]*")

# Options of botocore's Config with the check of their values; each may be None.
_OPTIONS: dict[str, Callable[[str, Any], None]] = {
    **dict.fromkeys(("connect_timeout", "read_timeout"), check_seconds),
    "max_pool_connections": partial(check_integer, minimum=1),
    "region_name": check_text,
    **dict.fromkeys(("user_agent", "user_agent_extra"), check_user_agent),
    **dict.fromkeys(("connector_args", "retries"), check_mapping),
    "client_cert": check_certificate,
    "proxies": check_proxies,
    "proxies_config": check_proxies_config,
    "tcp_keepalive": check_bool,
}

# Credentials that have no effect without the keys, which botocore ignores silently.
_KEYS = ("aws_access_key_id", "aws_secret_access_key")
_WITH_KEYS = ("aws_session_token", "aws_account_id")

# Names in boto3 and other SDKs, with the argument here.
_OTHER_NAMES = {
    "configuration_set_name": "configuration_set",
    "from_email": "defaults=Message(from_email=...)",
    "max_attempts": "retry=RetryPolicy(attempts=...)",
    "profile_name": "profile",
    "rate": "rate_limit",
    "region_name": "region",
    "retries": "retry=RetryPolicy(...)",
}


def check_settings(
    region: object,
    profile: object,
    config: object,
    params: Mapping[str, Any],
    types: Mapping[str, Any],
) -> None:
    """Check the settings of AWS clients.

    Args:
        region: The AWS region, or None.
        profile: The name of a profile, or None.
        config: The settings for botocore's ``Config``, or None.
        params: The arguments for ``create_client``; None stands for one that isn't given.
        types: The type of each of these arguments.

    Raises:
        ConfigurationError: A setting has a wrong type, or a name that doesn't exist.
    """
    if region is not None:
        check_text("region", region, "the code of an AWS region")
        if _REGION.fullmatch(str(region)) is None:
            raise ConfigurationError(
                f"region must be the code of an AWS region, such as eu-west-1, not {region!r:.100}"
            )
    if profile is not None:
        check_text("profile", profile, "the name of a profile in the AWS configuration files")
    if config is not None:
        _check_config(config)
    for name, value in params.items():
        if name not in types:
            raise ConfigurationError(f"{name} isn't an argument{_hint(name, types)}")
        if value is not None:
            _check_param(name, value, types[name])
    _check_keys({name for name, value in params.items() if value is not None})


def _check_keys(given: set[str]) -> None:
    for name in (*_KEYS, *_WITH_KEYS):
        missing = [each for each in _KEYS if each not in given]
        if name in given and missing:
            raise ConfigurationError(
                f"{name} is given without {' and '.join(missing)}; give both keys, or none of them"
            )


def _hint(name: str, types: Mapping[str, Any]) -> str:
    close = _OTHER_NAMES.get(name) or similar(name, types)
    return f"; use {close}" if close else "; options of botocore's Config are given in config"


def _check_param(name: str, value: object, kind: Any) -> None:
    if name.startswith("aws_"):
        fault = key_fault(value)
        if fault is not None:
            raise ConfigurationError(f"{name} {fault}")
        return
    kinds = [each for each in get_args(kind) if each is not type(None)]
    if not isinstance(value, tuple(kinds)) or (
        isinstance(value, int) and not isinstance(value, bool)
    ):
        names = " or ".join("text" if each is str else "True or False" for each in kinds)
        refuse(name, names, value)
    if isinstance(value, str):
        check_text(name, value)
    if name == "endpoint_url":
        check_endpoint(str(value), name)


def _check_config(config: Any) -> None:
    """Check the options whose wrong values aiobotocore would find late, or not at all."""
    options: Mapping[str, Any]
    if isinstance(config, Mapping):
        options = cast("Mapping[str, Any]", config)
        check_mapping("config", options)
    elif _is_config(config):
        options = {name: getattr(config, name, None) for name in _OPTIONS}
    else:
        refuse("config", "a mapping, or an instance of botocore's Config", config)
    for name, check in _OPTIONS.items():
        if options.get(name) is not None:
            check(f"config: {name}", options[name])


def _is_config(config: object) -> bool:
    """Reports whether this is a Config of botocore, without importing botocore."""
    return not isinstance(config, type) and any(
        each.__name__ == "Config" and each.__module__ == "botocore.config"
        for each in type(config).__mro__
    )


def check_operation(operation: object) -> None:
    """Check that text may be the name of an API operation.

    Raises:
        InvalidMessageError: It isn't text, or is written as in boto3.
    """
    if not isinstance(operation, str):
        raise InvalidMessageError(
            f"give the name of an operation, such as 'GetAccount', not {described(operation)}",
            field="operation",
        )
    if _OPERATION.fullmatch(operation) is None:
        words = re.split(r"[^A-Za-z0-9]+", operation[:100])
        camel = "".join(word[:1].upper() + word[1:] for word in words)
        hint = f"; write {camel!r}" if _OPERATION.fullmatch(camel) else ""
        raise InvalidMessageError(
            f"{operation[:100]!r} isn't the name of an operation{hint}, as in Amazon's "
            "documentation",
            field="operation",
        )


def role_of(arn: str | None, external_id: str | None) -> Role | None:
    """Returns a role; None without an ARN.

    Raises:
        ConfigurationError: The ARN or the external id is invalid, or there is only the latter.
    """
    if arn is None:
        if external_id is not None:
            raise ConfigurationError(
                f"external_id, here {described(external_id)}, is used with role_arn only"
            )
        return None
    from .roles import Role  # loaded with roles only

    return Role(arn, external_id)
