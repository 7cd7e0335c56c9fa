"""Celery task that sends a message: one client for each worker process, retries by Celery.

Run: pip install celery; celery --workdir examples -A send_celery worker

The URL of the broker is CELERY_BROKER_URL. Any program sends with:

    message = sesmail.Message(..., send_id="invoice-12345")
    send_message.delay(message.model_dump_json())
"""

from contextlib import ExitStack
from functools import cache, partial
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from celery import Celery, Task
from celery.signals import worker_process_shutdown, worker_shutdown

import sesmail

app = Celery("shop")
# The broker delivers the task of a worker that died again. With a send log that is safe: a send_id
# that SES has accepted, or may have accepted, isn't sent again.
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True)


def close(stack: ExitStack, **_: Any) -> None:
    stack.close()


@cache
def open_client() -> tuple[BlockingPortal, sesmail.Client]:
    """Returns the client of this process, and an event loop in a thread that runs its calls.

    Both are created by the first task, so after the fork of the worker process.
    """
    stack = ExitStack()
    portal = stack.enter_context(start_blocking_portal())
    log = sesmail.SqliteSendLog("sends.sqlite")
    stack.enter_context(portal.wrap_async_context_manager(log))
    client = sesmail.Client(send_log=log)
    stack.enter_context(portal.wrap_async_context_manager(client))
    for signal in (worker_process_shutdown, worker_shutdown):  # prefork, and the other pools
        signal.connect(partial(close, stack), weak=False)
    return portal, client


@app.task(bind=True, max_retries=10)
def send_message(self: Task[Any, Any], text: str) -> str | None:
    """Sends a message, given as JSON, once; returns its message id, None if that is unknown."""
    message = sesmail.Message.model_validate_json(text)
    portal, client = open_client()
    try:
        return portal.call(client.send, message).message_id
    except sesmail.DuplicateSendError as error:  # sent by an earlier delivery of this task
        return error.message_id
    except sesmail.SendError as error:
        if error.retryable:  # SES doesn't have the message: throttled, or not sent
            raise self.retry(exc=error, countdown=30 * 2**self.request.retries) from error
        raise
