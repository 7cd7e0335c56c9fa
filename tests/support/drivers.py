"""Event loops and drivers of databases that the tests of the outbox run on."""

from typing import NamedTuple

import pytest


class Setting(NamedTuple):
    """An event loop, and a driver: those of an AsyncEngine work on asyncio only."""

    backend: str
    driver: str

    def __str__(self) -> str:
        return f"{self.backend}-{self.driver}"


SETTINGS = [
    Setting("asyncio", "aiosqlite"),
    Setting("asyncio", "asyncpg"),
    Setting("asyncio", "psycopg_async"),
    Setting("asyncio", "psycopg"),
    Setting("trio", "sqlite"),
    Setting("trio", "psycopg"),
]
# These differ from others in parts that do not depend on the Python.
ON_ONE_PYTHON = {SETTINGS[0], SETTINGS[2], SETTINGS[3]}
# For the many tests that are about the worker rather than the driver.
WORKER_SETTINGS = [pytest.param(SETTINGS[1], marks=pytest.mark.first), SETTINGS[4]]
