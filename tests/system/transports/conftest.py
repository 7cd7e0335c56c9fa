"""Tests of faults and outcomes run on every transport."""

from support.transports import anyio_backend, session, transport

__all__ = ["anyio_backend", "session", "transport"]
