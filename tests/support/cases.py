"""Cases of a test that are too many and too short to be tests of their own."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def case(*values: object) -> Iterator[None]:
    """Name the case in the report of a failure."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case {', '.join(f'{value!r:.200}' for value in values)}")
        raise
