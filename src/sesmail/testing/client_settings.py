"""Settings with which AWS clients use a fake: as arguments, and as environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, TypedDict

from .signing import ca_bundle
from .sns import Trust

__all__ = ["ClientSettings", "FakeTrust", "client_settings", "environment", "with_further"]

_KEY = "testing"  # both parts of the credentials
_HOST = "127.0.0.1"


class ClientSettings(TypedDict):
    """Arguments of a ``Client`` that sends to the fake."""

    region: str
    endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str
    config: Mapping[str, Any]


class FakeTrust(Trust):
    """Arguments of a ``Receiver`` for the fake."""

    region: str
    endpoint_url: str
    aws_access_key_id: str
    aws_secret_access_key: str
    config: Mapping[str, Any]


def client_settings(region: str, url: str) -> ClientSettings:
    """Returns arguments of a client of the fake at a URL.

    A proxy in the environment isn't used: it couldn't connect to this machine.
    """
    return {
        "region": region,
        "endpoint_url": url,
        "aws_access_key_id": _KEY,
        "aws_secret_access_key": _KEY,
        "config": {"proxies": {}},
    }


def with_further(settings: ClientSettings, further: Mapping[str, Any]) -> dict[str, Any]:
    """Returns arguments of a client with further ones, which win; clients share a session.

    A mapping as ``config`` is merged by key.
    """
    arguments: dict[str, Any] = {**settings, "verify": ca_bundle(), **further}
    if isinstance(arguments["config"], Mapping):
        arguments["config"] = {**settings["config"], **arguments["config"]}
    if not {"session", "profile", "role_arn"} & further.keys():
        arguments["session"] = _shared_session()
    return arguments


def environment(region: str, url: str) -> dict[str, str]:
    """Returns environment variables that direct AWS clients to the fake at a URL."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    hosts = f"{given},{_HOST}" if given else _HOST
    return {
        "AWS_ACCESS_KEY_ID": _KEY,
        "AWS_SECRET_ACCESS_KEY": _KEY,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL": url,
        "AWS_CA_BUNDLE": ca_bundle(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": hosts,
        "no_proxy": hosts,  # which urllib prefers
    }


@cache
def _shared_session() -> object:
    """Returns a session that caches the service models, which belongs to no event loop.

    It reads no configuration of the machine: neither ``AWS_PROFILE`` nor a file.
    """
    from aiobotocore.session import AioSession

    # https://github.com/boto/botocore/blob/1.43.46/botocore/configprovider.py#L36-L48
    variables: dict[str, Any] = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return AioSession(session_vars=variables)
