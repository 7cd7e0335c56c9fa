"""The mutants of the rules of sending, which `nox -s mutants` runs, can still be made."""

import importlib.util
from pathlib import Path

import pytest

from mutation.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_it_breaks_is_there_once(mutant: Mutant) -> None:
    spec = importlib.util.find_spec("sesmail")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).parent.joinpath(mutant.file).read_text("utf-8")
    compile(mutant.applied(source), mutant.file, "exec")
