"""Fixtures: boto3 clients of the fake."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.peers import peers_folder

if TYPE_CHECKING:  # pytest loads this file also where the extra isn't installed
    from sesmail.testing import FakeSES


@pytest.fixture(scope="session")
def boto_clients(_sesmail_server: "FakeSES") -> Iterator[Callable[[str], Any]]:
    """Return a boto3 client of a service, which makes no retries; each is opened once."""
    import boto3
    from botocore.config import Config

    session = boto3.Session("testing", "testing", region_name="eu-west-1")
    opened: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in opened:
            config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
            opened[service] = session.client(
                service, endpoint_url=_sesmail_server.url, config=config
            )
        return opened[service]

    yield client
    for each in opened.values():
        each.close()


@pytest.fixture
def v2(ses: "FakeSES", boto_clients: Callable[[str], Any]) -> Any:
    """Return a client of API v2; the domain example.com is verified."""
    ses.verify("example.com")
    return boto_clients("sesv2")


@pytest.fixture
def v1(ses: "FakeSES", boto_clients: Callable[[str], Any]) -> Any:
    """Return a client of API v1; the domain example.com is verified."""
    ses.verify("example.com")
    return boto_clients("ses")


@pytest.fixture(scope="session")
def peers() -> Path:
    """The folder of foreign programs that `nox -s conformance` installs."""
    folder = peers_folder()
    if folder is None:
        pytest.skip("needs Node and the programs that `nox -s conformance` installs")
    return folder
