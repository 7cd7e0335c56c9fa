"""Fixtures: databases with the tables of an outbox, and a fake SES."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import TRIO_IS_MISSING
from support.drivers import ON_ONE_PYTHON, SETTINGS, Setting
from support.postgres import Postgres

if TYPE_CHECKING:  # pytest loads this file also where the extra isn't installed
    from support.databases import Database


numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start PostgreSQL once for all tests, also for all processes of pytest-xdist."""
    with Postgres() as server:
        yield server


EACH = [
    pytest.param(each, marks=pytest.mark.first if each in ON_ONE_PYTHON else ())
    for each in SETTINGS
]


@pytest.fixture(scope="module", params=EACH, ids=str)
def setting(request: pytest.FixtureRequest) -> Setting:
    """Return the event loop and the driver of a test."""
    chosen: Setting = request.param
    if chosen.backend == "trio" and TRIO_IS_MISSING:
        pytest.skip("pip install sesmail[trio]")
    return chosen


@pytest.fixture(scope="module")
def anyio_backend(setting: Setting) -> str:
    """Run a test on the event loop of its setting."""
    return setting.backend


@pytest.fixture
async def database(
    setting: Setting, request: pytest.FixtureRequest, tmp_path: Path
) -> "AsyncIterator[Database]":
    """Return a database with new tables of an outbox."""
    from support.databases import Database

    if "sqlite" in setting.driver:
        url = f"sqlite+{setting.driver.replace('sqlite', 'pysqlite', setting.driver == 'sqlite')}"
        url = f"{url}:///{tmp_path}/outbox.db"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.url(setting.driver)
    made = Database(url, f"outbox_{next(numbers)}")
    await made.create()
    yield made
    await made.drop()
