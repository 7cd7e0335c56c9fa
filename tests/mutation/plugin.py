"""Pytest plugin that applies a mutant for the whole run: ``-p mutation.plugin --mutant=RULE``.

Workers of pytest-xdist apply it, too; processes that tests start don't.
"""

import pytest

from mutation.mutants import MUTANTS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mutant", choices=[*MUTANTS], help="rule to break")


def pytest_configure(config: pytest.Config) -> None:
    """Apply the mutant before any test module imports what it replaces."""
    if (rule := config.getoption("--mutant")) is not None:
        patch = pytest.MonkeyPatch()
        config.add_cleanup(patch.undo)
        MUTANTS[rule](patch)
