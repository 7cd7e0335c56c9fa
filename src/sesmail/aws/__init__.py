"""Calls AWS through aiobotocore, which no other package imports; each call has a known outcome."""

from .arguments import check_operation
from .connection import Aws, ClientParams
from .departure import Departure

__all__ = ["Aws", "ClientParams", "Departure", "check_operation"]
