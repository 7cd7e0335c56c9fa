"""moto's server on loopback, and its accepted mails in one form for both APIs."""

import dataclasses
import logging
from collections.abc import Iterable
from email.utils import parseaddr
from typing import Any, Self

from botocore.handlers import BUILTIN_HANDLERS
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer
from moto.ses.models import Message, RawMessage, SESBackend, TemplateMessage, ses_backends

REGION = "eu-west-1"

# The import of moto adds a handler to every client, which turns the fast path off in later tests:
# https://github.com/getmoto/moto/blob/5.2.5/moto/core/models.py#L266-L267
MOCK_HANDLER = ("before-send", botocore_stubber)
BUILTIN_HANDLERS.remove(MOCK_HANDLER)


@dataclasses.dataclass(frozen=True)
class SentMail:
    """A mail that the server accepted; fields that its call doesn't have are None.

    The recipients are bare addresses, each once: the server adds those in the headers of a raw
    message to those of the Destination.
    """

    message_id: str
    source: str
    recipients: tuple[str, ...]
    mime: bytes | None = None
    subject: str | None = None
    body: str | None = None
    template: str | None = None
    data: str | None = None
    destinations: Any = None


class MotoServer:
    """A context manager that runs the server, with both APIs of all regions at `url`."""

    def __init__(self) -> None:
        """Prepare a server on a free port."""
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)

    def __enter__(self) -> Self:
        """Start to listen."""
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.stop()

    def reset(self) -> None:
        """Delete all data, as POST /moto-api/reset does."""
        moto_api_backend.reset()

    def sent(self, region: str = REGION) -> list[SentMail]:
        """Return the accepted mails, the oldest first; a bulk call counts as one."""
        return [read_sent(message) for message in self._backend(region).sent_messages]

    def verify(self, *identities: str, region: str = REGION) -> None:
        """Allow sending from addresses or domains."""
        for identity in identities:
            self._backend(region).create_email_identity_v2(identity, None, None, None)

    def create_template(
        self, name: str, subject: str, text: str = "", html: str = "", *, region: str = REGION
    ) -> None:
        """Create a template, which moto sends through v1 only."""
        self._backend(region).add_template(
            {"template_name": name, "subject_part": subject, "text_part": text, "html_part": html}
        )

    def _backend(self, region: str) -> SESBackend:
        return ses_backends[DEFAULT_ACCOUNT_ID][region]


def read_sent(message: RawMessage | TemplateMessage | Message) -> SentMail:
    """Return a stored mail of any call."""
    if isinstance(message, RawMessage):
        recipients = bare(message.destinations)
        return SentMail(message.id, message.source, recipients, mime=message.raw_data.encode())
    if isinstance(message, TemplateMessage):
        entries = (
            message.destinations
            if isinstance(message.destinations, list)
            else [message.destinations]
        )
        recipients = bare(to for entry in entries for to in flat(entry.get("Destination", entry)))
        return SentMail(
            message.id,
            message.source,
            recipients,
            template=message.template,
            data=message.template_data,
            destinations=message.destinations,
        )
    recipients = bare(flat(message.destinations))
    return SentMail(
        message.id, message.source, recipients, subject=message.subject, body=message.body
    )


def bare(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses without names, each once."""
    return tuple(dict.fromkeys(parseaddr(address)[1] for address in addresses))


def flat(destination: dict[str, list[str]]) -> tuple[str, ...]:
    """Return the addresses of a Destination in the order To, Cc, Bcc."""
    return tuple(
        to
        for kind in ("ToAddresses", "CcAddresses", "BccAddresses")
        for to in destination.get(kind, [])
    )
