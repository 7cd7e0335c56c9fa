"""Calls AWS through aiobotocore, which no other package imports; each call has a known outcome."""

from .connection import Aws, ClientParams
from .departure import Departure

__all__ = ["Aws", "ClientParams", "Departure"]
