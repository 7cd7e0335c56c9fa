"""Checks of a mail before the fake accepts it, with the error texts of SES.

https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..address import Address
from ..errors import InvalidMessageError
from ..sending.limits import MAX_BYTES, MAX_RECIPIENTS
from .api_errors import (
    PAUSED,
    QUOTA,
    REJECTED,
    SET_MISSING,
    SET_PAUSED,
    SUSPENDED,
    ApiError,
    bad_request,
    missing,
)
from .draft import Draft
from .state import ConfigurationSet, Identity, State

__all__ = [
    "bare",
    "check_account",
    "check_quota",
    "check_recipients",
    "check_size",
    "check_tags",
    "check_verified",
    "configuration_set_of",
    "find_identity",
    "is_simulator",
]

SIMULATOR = "simulator.amazonses.com"

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_FEEDBACK_TAGS = ("ses:feedback-id-a", "ses:feedback-id-b")
_MAX_TAGS = 50


def bare(mailbox: str) -> str:
    """Returns the bare address of a mailbox.

    Raises:
        ApiError: It isn't a mailbox that SES takes.
    """
    try:
        return Address.parse(mailbox).email
    except InvalidMessageError as err:
        local, at, _ = mailbox.strip(" >").rpartition("@")
        if not at:
            raise bad_request("Missing final '@domain'") from err
        # https://github.com/egulias/EmailValidator/issues/414
        if not local.isascii() or re.search(r"[\x00-\x20]", local.rpartition("<")[2]):
            raise bad_request("Local address contains control or whitespace") from err
        raise bad_request(f"Illegal address: {mailbox!r}") from err


def is_simulator(address: str) -> bool:
    """Returns whether an address belongs to the mailbox simulator."""
    return address.lower().endswith(f"@{SIMULATOR}")


def check_account(state: State) -> None:
    """Refuses all sends while the account is paused or suspended."""
    if state.account.suspended:
        raise ApiError(SUSPENDED, "Account has been suspended.")
    if not state.account.sending_enabled:
        raise ApiError(PAUSED, f"Email sending is disabled for account {state.account_id}.")


def check_quota(state: State, recipients: int) -> None:
    """Refuses a mail that would exceed the daily quota; -1 is unlimited."""
    quota = state.account.quota
    if quota >= 0 and state.sent_last_24_hours + recipients > quota:
        raise ApiError(QUOTA, "Daily message quota exceeded.")


def configuration_set_of(
    state: State, draft: Draft, identity: Identity | None
) -> ConfigurationSet | None:
    """Returns the configuration set of a call, or the default one of its identity.

    Raises:
        ApiError: It doesn't exist, or sending is disabled for it.
    """
    name = draft.configuration_set or (identity and identity.configuration_set)
    if not name:
        return None
    found = state.configuration_sets.get(name)
    if found is None:
        raise missing("Configuration set", name, SET_MISSING)
    if not found.sending_enabled:
        raise ApiError(SET_PAUSED, f"Email sending is disabled for configuration set <{name}>.")
    return found


def check_recipients(addresses: Sequence[str]) -> None:
    """Refuses a mail without recipients, or with too many."""
    if not addresses:
        raise bad_request("At least one destination address is required.")
    if len(addresses) > MAX_RECIPIENTS:
        raise bad_request(f"Recipient count exceeds {MAX_RECIPIENTS}.")


def check_size(raw: bytes, api: str) -> None:
    """Refuses a mail that is too large for the API."""
    limit = MAX_BYTES[api]
    if len(raw) > limit:
        raise bad_request(f"Message length is more than {limit} bytes long: '{len(raw)}'.")


def check_tags(tags: Sequence[tuple[str, str]]) -> None:
    """Refuses tags with other characters, and tags of one name."""
    for name, value in tags:
        # https://github.com/localstack/localstack/issues/8588 and 11243
        if _TAG.fullmatch(name) is None and name not in _FEEDBACK_TAGS:
            raise bad_request(_invalid_tag("name", name))
        if _TAG.fullmatch(value) is None:
            raise bad_request(_invalid_tag("value", value))
    if len({name for name, _ in tags}) < len(tags):
        raise bad_request("Duplicate tag names are not allowed.")
    if len(tags) > _MAX_TAGS:
        raise bad_request(f"More than {_MAX_TAGS} tags.")


def _invalid_tag(part: str, text: str) -> str:
    return (
        f"Invalid tag {part} <{text}>: only alphanumeric ASCII characters, '_', and '-' "
        "are allowed."
    )


def find_identity(state: State, address: str) -> Identity | None:
    """Returns the identity of an address: the address itself, its domain, or a parent domain.

    https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
    """
    name = address
    while name:
        identity = state.identities.get(name.lower())
        if identity is not None:
            return identity
        _, _, name = name.partition("@" if "@" in name else ".")
    return None


def check_verified(
    state: State, senders: Iterable[str], recipients: Iterable[str], *, is_strict: bool
) -> None:
    """Refuses unverified senders, and in the sandbox unverified recipients."""
    checked = list(senders) if is_strict else []
    if state.account.sandbox:
        checked += [each for each in recipients if not is_simulator(each)]
    failed = [each for each in checked if not _is_verified(state, each)]
    if failed:
        names = ", ".join(dict.fromkeys(failed))
        raise ApiError(
            REJECTED,
            "Email address is not verified. The following identities failed the check in region "
            f"{state.region.upper()}: {names}",
        )


def _is_verified(state: State, address: str) -> bool:
    identity = find_identity(state, address)
    return identity is not None and identity.verified
