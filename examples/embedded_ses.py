"""SES server for the examples: moto inside this process, or the server at AWS_ENDPOINT_URL.

The embedded server needs ``pip install moto flask flask-cors``. A program that sends through Amazon
needs nothing of this module: the AWS credential chain provides credentials and region.
"""

import email
import email.policy
import logging
import os
from collections.abc import Generator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    contextmanager,
    nullcontext,
)
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from unittest import mock

REGION = "eu-west-1"
DOMAIN = "example.com"


@dataclass(frozen=True)
class StoredMail:
    """Mail that the server accepted: MIME of a raw send, or a template name with its data.

    moto doesn't render templates.
    """

    sender: str
    recipients: tuple[str, ...]
    mime: EmailMessage | None = None
    template: str | None = None
    data: Mapping[str, str] = field(default_factory=dict[str, str])


class EmbeddedSes:
    """Running moto server."""

    def __init__(self, url: str, backend: Any) -> None:
        self.url = url
        self._backend = backend

    def mails(self) -> list[StoredMail]:
        """Returns the mails that the server accepted, oldest first."""
        return [_read(mail) for mail in self._backend.sent_messages]


@contextmanager
def embedded_ses(*identities: str) -> Generator[EmbeddedSes]:
    """Starts moto's server on a free port; the AWS settings of this process point to it alone."""
    settings = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "example",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    with mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(settings)

        # moto reads the AWS settings when it is imported, and isn't needed with AWS_ENDPOINT_URL.
        from moto.core.models import DEFAULT_ACCOUNT_ID
        from moto.server import ThreadedMotoServer
        from moto.ses.models import ses_backends

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        try:
            url = "http://{}:{}".format(*server.get_host_and_port())
            backend = ses_backends[DEFAULT_ACCOUNT_ID][REGION]
            for identity in identities:
                backend.create_email_identity_v2(identity, None, None, None)
            os.environ["AWS_ENDPOINT_URL"] = url
            yield EmbeddedSes(url, backend)
        finally:
            server.stop()


def ses_server() -> AbstractContextManager[object]:
    """Returns a context with an SES server: an embedded one, unless AWS_ENDPOINT_URL is set.

    The domain example.com has to be verified there.
    """
    return nullcontext() if "AWS_ENDPOINT_URL" in os.environ else embedded_ses(DOMAIN)


def aws_client(service: str) -> AbstractAsyncContextManager[Any]:
    """Returns an aiobotocore client, to create buckets and topics and to play the part of AWS."""
    from aiobotocore.session import get_session

    return get_session().create_client(service)


def _read(mail: Any) -> StoredMail:
    if hasattr(mail, "raw_data"):
        mime = email.message_from_string(mail.raw_data, policy=email.policy.default)
        # moto adds the recipients of the headers to those of the call: remove the duplicates.
        recipients = tuple(dict.fromkeys(parseaddr(to)[1] for to in mail.destinations))
        return StoredMail(mime["From"], recipients, mime)
    sender = str(make_header(decode_header(mail.source)))
    single = hasattr(mail.destinations, "keys")  # a list for a bulk call
    entries: list[dict[str, Any]] = (
        [{"Destination": mail.destinations}] if single else mail.destinations
    )
    recipients = tuple(
        to for entry in entries for addresses in entry["Destination"].values() for to in addresses
    )
    data = {"default": mail.template_data}
    if not single:
        data |= {
            entry["Destination"]["ToAddresses"][0]: entry["ReplacementTemplateData"]
            for entry in entries
        }
    return StoredMail(sender, recipients, None, mail.template, data)
