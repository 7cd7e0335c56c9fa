"""The waist: the only place that knows aiobotocore, for one call at a time with one known outcome."""

from .connection import Aws, ClientParams
from .departure import Departure

__all__ = ["Aws", "ClientParams", "Departure"]
