"""Tests of the AWS layer run on every transport."""

from support.transports import anyio_backend, session, transport

__all__ = ["anyio_backend", "session", "transport"]
