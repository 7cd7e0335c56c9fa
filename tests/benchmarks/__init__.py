"""Benchmarks of sesmail beside its alternatives: `nox -s bench`."""
