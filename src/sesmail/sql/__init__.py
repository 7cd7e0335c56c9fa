"""Outbox and send log in the application's own database, by SQLAlchemy."""

from .outbox import Outbox
from .send_log import SqlSendLog

__all__ = ["Outbox", "SqlSendLog"]
