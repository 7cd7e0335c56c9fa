"""Outbox and send log in the application's own database, by SQLAlchemy.

It needs ``pip install 'sesmail[sql]'``, and no other part of sesmail imports it.

```python
outbox = sesmail.sql.Outbox()
session.execute(outbox.insert(message, send_id="invoice-12345"))  # in the application's transaction
await outbox.work(client, engine)  # in a worker
```
"""

from .compiling import Statement
from .outbox import Outbox
from .progress import WorkListener, WorkProgress
from .send_log import SqlSendLog
from .tables import Priority, State
from .worker import Worker

__all__ = [
    "Outbox",
    "Priority",
    "SqlSendLog",
    "State",
    "Statement",
    "WorkListener",
    "WorkProgress",
    "Worker",
]
