"""Mutants of `nox -s mutants`: each changes the code, and is undone afterwards."""

import pytest

pytest.importorskip("httpcore2", reason="pip install sesmail[trio]")

from mutation.mutants import MUTANTS


@pytest.mark.parametrize("rule", MUTANTS)
def test_mutant_is_applied_and_undone(rule: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        MUTANTS[rule](patch)
        changed = [(owner, name, getattr(owner, name), old) for owner, name, old in patch._setattr]
    assert changed
    for owner, name, new, _ in changed:
        assert getattr(owner, name) is not new
