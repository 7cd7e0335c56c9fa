"""Names of identities."""

from __future__ import annotations

from ..address import Address
from ..errors import InvalidMessageError

__all__ = ["identity_name"]


def identity_name(name: object) -> str:
    """Returns the name of an identity: an address or a domain, in lower case.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(name, str):
        try:
            email = Address(name if "@" in name else f"postmaster@{name}").email
        except InvalidMessageError:
            pass
        else:
            return (email if "@" in name else email.partition("@")[2]).lower()
    raise ValueError(
        "an identity is a bare address such as shop@example.com, or a domain such as example.com, "
        f"not {name!r}"
    )
