"""The fake SES: its life, its settings, and what makes events happen."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import anyio.to_thread

from ..errors import ConfigurationError
from ..receiving.verification.topic import read_topic
from ..sending.client import Client
from .client_settings import (
    ClientSettings,
    FakeTrust,
    client_settings,
    environment,
    with_further,
)
from .events import EventMaker
from .faults import Faults
from .history import MAX_BYTES, MAX_MAILS
from .mail import EventRecord
from .outbox import Outbox
from .server import Server
from .service import SesService
from .settings import Settings
from .sns import trust
from .state import State
from .subscribing import Subscribing

__all__ = ["FakeSES"]


class FakeSES(EventMaker, Settings, Subscribing):
    """Amazon SES on 127.0.0.1, for tests and development.

    It serves API v2 and v1 to any client, with the SNS, S3 and KMS operations that a ``Receiver``
    needs. Use it as ``with FakeSES() as fake`` or ``async with FakeSES() as fake``; its server has
    a thread and an event loop of its own, so that both work on asyncio and trio, and without an
    event loop. Any credentials are accepted.

    Modelled: identities and their subdomains, the sandbox, the daily quota, paused and suspended
    accounts; limits on recipients, sizes, tags, headers and attachment types, and the rates of
    operations other than sends on request; stored and inline templates, data
    merged by key, Rendering Failure after acceptance; bulk results by entry; configuration sets,
    event destinations and identity notifications; suppression lists of the account and of tenants,
    to which hard bounces and complaints add addresses; contact lists and unsubscribe links; the
    mailbox simulator; headers truncated at 10 KB; SNS with its subscriptions, credentials, retries
    and signatures; received mail in notifications and in S3, encrypted by KMS.

    Not modelled: IAM and signatures of requests, DKIM and MAIL FROM domains, receipt rules (give
    their action to ``receive``), partials and further helpers of Handlebars, destinations other
    than SNS (an ``Emitted`` event has their forms), and the time that real deliveries take.

    Attributes:
        faults: Faults of the next send operations: throttling, latency, lost responses.
        outbox: The accepted mails.
        state: Everything that the fake knows; ``state.feed`` reports each change.
        topic_arn: ARN of the topic that ``verify`` and ``subscribe`` use by default.
        url: URL of the server, for ``endpoint_url`` or ``AWS_ENDPOINT_URL``; empty before it runs.

    Args:
        region: The AWS region that it is.
        account_id: Number of the AWS account.
        lenient: Whether mail from unverified senders is accepted, and attachments of any type.
        port: Port of the server; 0 for a free one.
        max_mails: Maximum number of sent and received mails that it keeps. Beyond it, the oldest
            are deleted with their events, and a warning is logged.
        max_bytes: Maximum size of these mails.

    Raises:
        ConfigurationError: The region or account isn't valid.
    """

    def __init__(
        self,
        region: str = "eu-west-1",
        *,
        account_id: str = "123456789012",
        lenient: bool = False,
        port: int = 0,
        max_mails: int = MAX_MAILS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        state = State(region, account_id, max_mails=max_mails, max_bytes=max_bytes)
        topic_arn = state.arn("sns", "ses-events")
        if read_topic(topic_arn) is None:
            raise ConfigurationError(
                "region must be one of AWS, and account_id a number of 12 digits, not "
                f"{region!r} and {account_id!r}"
            )
        self.state = state
        self.topic_arn = topic_arn
        self._service = SesService(state, is_strict=not lenient)
        self._lenient = lenient
        self._port = port
        self._server: Server | None = None
        self.outbox: Outbox = Outbox(state.mails, state.feed)
        self.url: str = ""
        self._set_up()

    @property
    def region(self) -> str:
        """The AWS region that it is."""
        return self.state.region

    @property
    def faults(self) -> Faults:
        """Faults of the next send operations."""
        return self._service.faults

    @property
    def service(self) -> SesService:
        """The service, for ``sesmail.testing.app.create_app``, which another app may mount."""
        return self._service

    @property
    def events(self) -> Sequence[EventRecord]:
        """All events, in order."""
        return tuple(self.state.events)

    def start(self) -> Self:
        """Starts the server, as ``with`` does; does nothing if it runs."""
        if self._server is None:
            self._server = Server(self._service, self._port)
            self._server.start()
            self.url = self._service.links.base_url = self._server.url
        return self

    def stop(self) -> None:
        """Stops the server and all subscriptions; does nothing if it doesn't run."""
        server, self._server = self._server, None
        self._service.sns.close()
        if server is not None:
            server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.stop)

    def reset(self) -> None:
        """Deletes mails, events, resources, faults and subscriptions, as before each test."""
        self._service.reset()
        self._service.is_strict = not self._lenient
        self._set_up()

    def client_settings(self) -> ClientSettings:
        """Returns arguments of a ``Client`` that sends to the fake.

        The ``config`` among them ignores the proxy of the environment.

        Raises:
            ConfigurationError: The fake isn't running.
        """
        if not self.url:
            raise ConfigurationError(
                "the fake SES isn't running: use it in a with block, or call start()"
            )
        return client_settings(self.region, self.url)

    def client(self, **settings: Any) -> Client:
        """Returns a new ``Client`` that sends to the fake, with further settings.

        The clients of a fake share a session of aiobotocore, which opens them faster, unless
        ``session``, ``profile`` or ``role_arn`` is given.
        """
        return Client(**with_further(self.client_settings(), settings))

    def trust(self) -> FakeTrust:
        """Returns arguments of a ``Receiver`` that accepts the requests of the fake.

        Every check stays on: the secret, the topic, the signature, its certificate and age. Only
        the certificate's source and the endpoint of AWS differ from those of production.
        """
        return {
            **trust(topic=self.topic_arn, secret=self.secret),
            **client_settings(self.region, self.url),
        }

    def environment(self) -> dict[str, str]:
        """Returns environment variables that direct AWS clients without settings to the fake.

        No client can connect to AWS with them: they trust no certificate of it. ``NO_PROXY`` keeps
        the hosts that it has.
        """
        return environment(self.region, self.url)
