"""A mail or a part of one, without a copy of its bytes."""

from __future__ import annotations

from dataclasses import dataclass

from .header import Defects, MailHeaders
from .limits import MAX_BYTES, Budget
from .transfer_encoding import decode_transfer

__all__ = ["Part"]


@dataclass(slots=True, eq=False, repr=False)
class Part:
    """A mail or a part of one: its position and what its header declares.

    Attributes:
        raw: The bytes that contain it, among others.
        start: Position of its header in them.
        body: Position of its content.
        end: Position after its content.
        headers: Its header fields.
        defects: Defects of the mail that it is or belongs to.
        budget: Remaining budget of the mail and all mails attached to it.
        media_type: Media type in lower case; ``text/plain`` for a multipart without parts.
        parameters: Parameters of its Content-Type.
        encoding: Transfer encoding in lower case; empty if there is none.
        parts: Parts of a multipart.
        mail: The mail in it, if it is an attached mail.
    """

    raw: bytes
    start: int
    body: int
    end: int
    headers: MailHeaders
    defects: Defects
    budget: Budget
    media_type: str
    parameters: dict[str, str]
    encoding: str
    parts: list[Part]
    mail: Part | None = None

    def content(self, limit: int = MAX_BYTES) -> bytes:
        """Decodes the content, or so many bytes of it, counted before decoding."""
        if self.mail is not None and self.mail.raw is not self.raw:
            return self.mail.raw
        end = self.end if limit == MAX_BYTES else min(self.end, self.body + limit)
        content, defect = decode_transfer(self.raw, self.body, end, self.encoding, self.budget)
        if defect:
            self.defects[defect] = None
        return content
