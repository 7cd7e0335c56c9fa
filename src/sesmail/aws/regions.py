"""Recognises regions that don't exist, whose endpoints have no address."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..patterns import lazy_pattern

__all__ = ["check_region", "check_spelling", "unknown_region_error"]

_ALIKE = 0.7
_CODE = lazy_pattern(r"[A-Za-z0-9-]{1,63}")  # part of a host name
_SOURCES = "argument region, AWS_DEFAULT_REGION, AWS_REGION or the AWS profile"


def check_spelling(region: str) -> str:
    """Returns a region if it may be the code of one; botocore lets a line break after it pass.

    Raises:
        ConfigurationError: It may not.
    """
    if _CODE.fullmatch(region) is None:
        raise ConfigurationError(
            f"the region {region!r:.100} isn't the code of an AWS region such as eu-west-1 "
            f"({_SOURCES})"
        )
    return region


def check_region(session: Any, client: Any) -> None:
    """Check that the region of a client is spelled like one, unless another host is called.

    Args:
        session: aiobotocore's session.
        client: aiobotocore's client.

    Raises:
        ConfigurationError: It isn't.
    """
    region: str | None = client.meta.region_name
    if region is None or not _is_in_host(region, client):
        return
    partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
    if not any(re.match(f"(?:{each['regionRegex']})", region) for each in partitions):
        raise _error(session, client, region)


def unknown_region_error(session: Any, client: Any) -> ConfigurationError | None:
    """Returns the error for a host that doesn't exist, if the region isn't one that botocore knows.

    Args:
        session: aiobotocore's session.
        client: aiobotocore's client.
    """
    region: str = client.meta.region_name
    if not _is_in_host(region, client) or region in _known_regions(session, client):
        return None
    return _error(session, client, region)


def _error(session: Any, client: Any, region: str) -> ConfigurationError:
    from difflib import SequenceMatcher

    known = sorted(_known_regions(session, client))
    likeness = {each: SequenceMatcher(None, each, region.lower()).ratio() for each in known}
    closest = max(known, key=likeness.__getitem__)  # the first of several
    hint = f"; did you mean {closest!r}?" if likeness[closest] >= _ALIKE else ""
    return ConfigurationError(
        f"the region {region!r} doesn't exist or doesn't have this service{hint} ({_SOURCES})"
    )


def _is_in_host(region: str, client: Any) -> bool:
    url: str = client.meta.endpoint_url
    return region.lower() in (urlsplit(url).hostname or "").split(".")


def _known_regions(session: Any, client: Any) -> list[str]:
    """Returns the regions of all partitions in which botocore knows the service."""
    prefix = client.meta.service_model.endpoint_prefix
    partitions = session.get_component("data_loader").load_data("endpoints")["partitions"]
    return [
        region
        for partition in partitions
        for region in partition["services"].get(prefix, {}).get("endpoints", {})
    ]
