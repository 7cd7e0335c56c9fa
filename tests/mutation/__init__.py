"""Mutants: the rules of sending and retrying, broken one by one; the tests must fail for each."""
