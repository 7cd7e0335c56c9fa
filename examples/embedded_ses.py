"""An Amazon SES for the examples: moto's server inside this process, or whatever AWS_ENDPOINT_URL points to.

Nothing of it is needed to send through Amazon: there the AWS chain finds credentials and region by itself.
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
class HeldMail:
    """One mail that the server took: MIME from a raw send, or a template with its data, which nobody filled in yet."""

    sender: str
    recipients: tuple[str, ...]
    mime: EmailMessage | None = None
    template: str | None = None
    data: Mapping[str, str] = field(default_factory=dict[str, str])


class EmbeddedSes:
    """A running server and what it holds."""

    def __init__(self, url: str, backend: Any) -> None:
        self.url = url
        self._backend = backend

    def held(self) -> list[HeldMail]:
        """What the server took, the oldest first."""
        return [_read(mail) for mail in self._backend.sent_messages]


@contextmanager
def embedded_ses(*identities: str) -> Generator[EmbeddedSes]:
    """Start moto's server on a free port, and point the AWS chain of this process to it and to nothing else."""
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

        # Here and not above: moto reads the AWS settings, and who has an AWS_ENDPOINT_URL needs no moto.
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


def some_ses() -> AbstractContextManager[object]:
    """The server that AWS_ENDPOINT_URL names, where example.com is verified; an embedded one if there is none."""
    return nullcontext() if "AWS_ENDPOINT_URL" in os.environ else embedded_ses(DOMAIN)


def amazon(service: str) -> AbstractAsyncContextManager[Any]:
    """A client for what isn't sesmail's: to make a bucket or topic, and to do what Amazon does by itself."""
    from aiobotocore.session import get_session

    return get_session().create_client(service)


def _read(mail: Any) -> HeldMail:
    if hasattr(mail, "raw_data"):
        mime = email.message_from_string(mail.raw_data, policy=email.policy.default)
        # moto adds the headers' recipients to those of the call; here everyone stands once.
        return HeldMail(
            mime["From"], tuple(dict.fromkeys(parseaddr(to)[1] for to in mail.destinations)), mime
        )
    sender = str(make_header(decode_header(mail.source)))
    single = hasattr(mail.destinations, "keys")  # a bulk mail has a list
    entries: list[dict[str, Any]] = (
        [{"Destination": mail.destinations}] if single else mail.destinations
    )
    recipients = tuple(
        to for entry in entries for some in entry["Destination"].values() for to in some
    )
    data = {"for all": mail.template_data}
    if not single:
        data |= {
            entry["Destination"]["ToAddresses"][0]: entry["ReplacementTemplateData"]
            for entry in entries
        }
    return HeldMail(sender, recipients, None, mail.template, data)
