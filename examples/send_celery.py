"""Celery task that sends a message: one client for all worker processes, retries by Celery.

Run: pip install celery; celery --workdir examples -A send_celery worker

The URL of the broker is CELERY_BROKER_URL. Any program sends with:

    message = sesmail.Message(..., send_id="invoice-12345")
    send_message.delay(message.model_dump_json())
"""

from typing import Any

from celery import Celery, Task

import sesmail

app = Celery("shop")
# The broker delivers the task of a worker that died again. With a send log that is safe: a send_id
# that SES has accepted, or may have accepted, isn't sent again.
app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True)

# Each worker process opens connections and the file of its own at its first task, after the fork.
client = sesmail.BlockingClient(send_log=sesmail.SqliteSendLog("sends.sqlite"))


@app.task(bind=True, max_retries=10)
def send_message(self: Task[Any, Any], text: str) -> str | None:
    """Sends a message, given as JSON, once; returns its message id, None if that is unknown."""
    try:
        return client.send(sesmail.Message.model_validate_json(text)).message_id
    except sesmail.DuplicateSendError:  # an earlier delivery of this task may have sent it
        return None
    except sesmail.SendError as error:
        if error.retryable:  # SES doesn't have the message: throttled, or not sent
            raise self.retry(exc=error, countdown=30 * 2**self.request.retries) from error
        raise
