"""Calls AWS through aiobotocore, which no other package imports; each call has a known outcome."""

from .arguments import check_operation, role_of
from .connection import Aws
from .departure import Departure
from .objects import IncompleteObjectError, get_object
from .opening import AwsSettings, ClientParams

__all__ = [
    "Aws",
    "AwsSettings",
    "ClientParams",
    "Departure",
    "IncompleteObjectError",
    "check_operation",
    "get_object",
    "role_of",
]
