"""Mail of events: enclosed in the notification, or fetched from S3 and deleted there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..arguments import check_instance, check_text
from ..aws import Aws
from ..concurrency import run_in_thread
from .events.received import Received, SnsAction
from .events.stored import MailStored
from .storage.enclosed import enclosed_mail
from .storage.inbound_storage import InboundStorage
from .storage.location import StoredObject, locate, require_allowed
from .storage.s3 import MailStore

if TYPE_CHECKING:
    from .inbound.mail import InboundMail

__all__ = ["MailFetcher"]


class MailFetcher:
    """The mail of events, for ``Receiver`` and ``EventQueue``, whose methods describe the errors.

    Args:
        aws: AWS clients.
        storage: Location and restrictions of stored mail; None for those of an InboundStorage.
        timeout: Maximum duration of a fetch or delete in seconds.
    """

    def __init__(self, aws: Aws, storage: InboundStorage | None, *, timeout: float) -> None:
        self._storage = InboundStorage() if storage is None else storage
        self._store = MailStore(aws, self._storage, timeout=timeout)

    async def fetch(self, event: Received | MailStored) -> InboundMail:
        """Fetches the mail of an event."""
        check_instance("event", event, (Received, MailStored), "a Received or MailStored event")
        if isinstance(event, MailStored):
            return await self.fetch_object(event.bucket, event.key)
        if isinstance(event.action, SnsAction) and (
            event.content is not None or self._storage.bucket is None
        ):
            raw = enclosed_mail(event, event.action)
        else:
            raw = await self._store.fetch(locate(event, self._storage))
        load = partial(
            _load,
            raw,
            envelope_sender=event.source,
            envelope_recipients=event.recipients,
            verdicts=event.verdicts,
        )
        return await run_in_thread(load, abandon=True)

    async def fetch_object(self, bucket: str, key: str) -> InboundMail:
        """Fetches a mail that SES stored in S3."""
        stored = self._allowed_object(bucket, key)
        raw = await self._store.fetch(stored)
        return await run_in_thread(partial(_load, raw), abandon=True)

    async def delete_object(self, event: Received | MailStored) -> None:
        """Deletes the mail of an event from S3."""
        check_instance("event", event, (Received, MailStored), "a Received or MailStored event")
        stored = (
            self._allowed_object(event.bucket, event.key)
            if isinstance(event, MailStored)
            else locate(event, self._storage)
        )
        await self._store.delete(stored)

    def _allowed_object(self, bucket: str, key: str) -> StoredObject:
        check_text("bucket", bucket)
        check_text("key", key)
        return require_allowed(StoredObject(bucket, key), self._storage)


def _load(raw: bytes, **envelope: Any) -> InboundMail:
    from .inbound.mail import read_mail  # lazily: a receiver of tracking events doesn't need it

    return read_mail(raw, **envelope).load()
