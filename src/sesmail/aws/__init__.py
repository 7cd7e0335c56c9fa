"""Calls AWS through aiobotocore, which no other package imports; each call has a known outcome."""

from .arguments import check_operation
from .connection import Aws
from .departure import Departure
from .objects import IncompleteObjectError, get_object
from .opening import AwsSettings, ClientParams
from .roles import Role

__all__ = [
    "Aws",
    "AwsSettings",
    "ClientParams",
    "Departure",
    "IncompleteObjectError",
    "Role",
    "check_operation",
    "get_object",
]
