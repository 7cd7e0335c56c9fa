"""How much of a mail is read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_PARTS", "Budget"]

MAX_BYTES = 40 << 20
MAX_DEPTH = 20
MAX_PARTS = 1000


@dataclass(slots=True, eq=False, repr=False)
class Budget:
    """What is left to be read of one mail and of all the mails that are attached to it, so that all of it has an end.

    Attributes:
        parts: Parts.
        header: Bytes of headers.
        fields: Fields of headers.
        addresses: Words and marks of address fields; most mailboxes have two to five.
        near_delimiters: Lines that begin like a delimiter and aren't one.
        searched: Bytes of multiparts, which are searched for delimiters; those of one in another one count twice.
    """

    parts: int = MAX_PARTS
    header: int = 2 << 20
    fields: int = 20_000
    addresses: int = 20_000
    near_delimiters: int = 20_000
    searched: int = 6 * MAX_BYTES
