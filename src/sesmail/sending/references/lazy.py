"""Reader of attachments in S3 that is loaded with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...aws import AwsSettings
    from ..message.bulk_message import BulkMessage
    from ..message.kinds import AnyMessage
    from .reader import ReferenceReader
    from .reading import Reading

__all__ = ["References"]


class References:
    """Reads the attachments of messages that are references; see ``ReferenceReader``.

    Args:
        settings: AWS settings of the client that sends.
        api: API of that client, ``v1`` or ``v2``.
        timeout: Seconds for the operation, for the first MB; proportionally more above.
    """

    def __init__(self, settings: AwsSettings, api: str, timeout: float) -> None:
        self._settings = settings, api, timeout
        self._reader: ReferenceReader | None = None
        self._closed = False

    async def read(self, message: AnyMessage | BulkMessage, rest: int, started: float) -> Reading:
        """Reads the attachments of a message; see ``ReferenceReader.read``."""
        if self._reader is None:
            from .reader import ReferenceReader

            self._reader = ReferenceReader(*self._settings)
            if self._closed:
                await self._reader.aclose()
        return await self._reader.read(message, rest, started)

    async def aclose(self) -> None:
        """Closes the connections; no attachment is read afterwards."""
        self._closed = True
        if self._reader is not None:
            await self._reader.aclose()
