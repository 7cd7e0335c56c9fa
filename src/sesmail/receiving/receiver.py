"""Receiver of webhook requests: verifies, parses, confirms subscriptions, fetches stored mail."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack

import anyio
from anyio.abc import AsyncResource

from ..arguments import (
    check_bool,
    check_choice,
    check_coroutine_function,
    check_function,
    check_instance,
    check_seconds,
)
from ..aws import Aws, AwsSettings, ClientParams, role_of
from ..concurrency import EventLoopGuard, await_result
from ..errors import UnexpectedEventError, UnexpectedSubscriptionError
from ..version import __version__
from .events.base import TrackingEvent
from .events.event import Event, SubscriptionConfirmation
from .events.received import Received
from .events.stored import MailStored
from .fetching import MailFetcher
from .options import Seen, check_options
from .parsing.parser import parse, parse_raw
from .settling import SupportsSettle, settle_sends
from .storage.inbound_storage import InboundStorage
from .subscriptions import confirm_subscription
from .transports.json_body import Body
from .transports.sns import SnsMessage
from .verification.async_certificates import AsyncCertificateCache, FetchCertificate
from .verification.certificates import Clock
from .verification.checks import Checks, check_request, resume
from .verification.http_headers import Headers
from .verification.policy import VerificationPolicy
from .verification.secret import Secret, Secrets
from .verification.signature import MAX_AGE

if TYPE_CHECKING:
    from .inbound.mail import InboundMail

__all__ = ["Receiver"]

_log = logging.getLogger("sesmail.receiver")

Accept: TypeAlias = Literal["any", "tracking", "inbound"]

# Classes that each kind of receiver refuses, with their name in the error.
_REFUSED: dict[str, tuple[tuple[type[Any], ...], str]] = {
    "any": ((), ""),
    "tracking": ((Received, MailStored), "an event of received mail"),
    "inbound": ((TrackingEvent,), "a tracking event"),
}


class Receiver(AsyncResource):
    """Verifies the requests that Amazon SNS posts to a webhook, and returns their events.

    One receiver serves all requests of a program, on one event loop. It calls AWS only to confirm
    a subscription and to fetch or delete a stored mail, and opens no client before. Use it as
    ``async with Receiver(...) as receiver``, or call ``aclose`` at the end.

    Args:
        secret: ``user:password`` as in the URL of the subscription, but not percent-encoded, as
            text or ``SecretStr``; or several during a rotation, any of which is accepted.
        topics: The ARNs of the topics that may post; any if None. One topic may carry tracking
            events and received mail.
        signatures: Whether the signature of SNS is required. It needs the extra ``signatures``:
            ``pip install 'sesmail[signatures]'``.
        accept: Events that are accepted: ``"tracking"`` refuses events of received mail,
            ``"inbound"`` refuses tracking events, ``"any"`` accepts both.
        auto_confirm: Whether the subscription of a verified topic is confirmed automatically. A
            signature alone, allowed by ``allow_unproven``, doesn't suffice for that.
        allow_unproven: Accept less than a secret, or signatures and topics.
        allow_raw: Accept raw message deliveries. They have no topic and no signature, so that
            only the secret verifies them, which is required then.
        max_age: Maximum age of a signed message in seconds. SNS retries for up to an hour.
        seen: An async function that reports whether a message was handled before, by its SNS
            message id: then ``receive`` returns no events. See ``SeenMessages``. It isn't called
            for raw deliveries, which have no id.
        send_log: The send log in which a send is settled as accepted once an event reports it,
            before its events are returned.
        storage: Location and restrictions of stored mail: bucket, account, key, size.
        fetch_certificate: An async function that fetches a signing certificate from its URL; by
            default ``sesmail.fetch_certificate`` in a thread, for at most 5 seconds.
        clock: A function that returns the time, with a time zone; by default the current time.
        region: The AWS region of S3 and KMS; by default that of the AWS configuration. A
            subscription is confirmed in the region of its topic.
        profile: A profile of the AWS configuration files.
        session: ``aiobotocore.session.AioSession`` whose credentials are used; not modified.
        role_arn: ARN of a role to assume; its credentials are renewed before they expire.
        external_id: External id that the trust policy of the role asks for.
        timeout: Maximum duration in seconds of confirming, fetching or deleting, with all retries.
            SNS waits 15 seconds for the response.
        config: Settings for botocore's ``Config``: a mapping or an instance, which isn't changed.
        **params: Further arguments of aiobotocore's ``create_client``: ``endpoint_url``,
            ``verify``, ``aws_access_key_id`` and so on.

    Raises:
        ConfigurationError: The required checks don't suffice, an argument is invalid, or the extra
            isn't installed.
    """

    def __init__(
        self,
        *,
        secret: Secret | Iterable[Secret] | None = None,
        topics: Collection[str] | None = None,
        signatures: bool = True,
        accept: Accept = "any",
        auto_confirm: bool = True,
        allow_unproven: bool = False,
        allow_raw: bool = False,
        max_age: float = MAX_AGE,
        seen: Seen | None = None,
        send_log: SupportsSettle | None = None,
        storage: InboundStorage | None = None,
        fetch_certificate: FetchCertificate | None = None,
        clock: Clock | None = None,
        region: str | None = None,
        profile: str | None = None,
        session: object = None,
        role_arn: str | None = None,
        external_id: str | None = None,
        timeout: float = 8.0,
        config: Mapping[str, Any] | object | None = None,
        **params: Unpack[ClientParams],
    ) -> None:
        secrets = None if secret is None else Secrets(secret)
        del secret  # a traceback may show local variables
        self._policy = VerificationPolicy(
            secrets=secrets,
            topics=topics,
            signatures=signatures,
            allow_raw=allow_raw,
            allow_unproven=allow_unproven,
        )
        check_choice("accept", accept, _REFUSED)
        check_bool("auto_confirm", auto_confirm)
        check_seconds("timeout", timeout)
        check_seconds("max_age", max_age, or_infinite=True)
        check_options(seen, send_log, storage)
        if fetch_certificate is not None:
            check_coroutine_function("fetch_certificate", fetch_certificate)
        if clock is not None:
            check_function("clock", clock)
        self._accept = accept
        self._auto_confirm = auto_confirm
        self._max_age = max_age
        self._seen = seen
        self._send_log = send_log
        self._clock = _now if clock is None else clock
        self._certificates = AsyncCertificateCache(fetch_certificate, self._clock)
        self._timeout = timeout
        self._loop = EventLoopGuard("sesmail.Receiver", "sesmail.verify and sesmail.parse")
        self._aws = Aws(
            AwsSettings(
                region,
                profile=profile,
                session=session,
                role=role_of(role_arn, external_id),
                config=config,
                user_agent=f"sesmail/{__version__}",
                params=params,
                owner="sesmail.Receiver",
                repeatable=True,
            )
        )
        self._fetcher = MailFetcher(self._aws, storage, timeout=timeout)

    async def aclose(self) -> None:
        """Closes all connections to AWS; does nothing if they are closed."""
        await self._aws.aclose()

    async def receive(self, body: Body, headers: Headers) -> tuple[Event, ...]:
        """Verifies a request from SNS and returns its events.

        The checks run in the order that ``verify`` describes. A subscription of a verified topic
        is confirmed if ``auto_confirm`` is set; its SubscriptionConfirmation is returned, too.

        Args:
            body: The request's body, unchanged: bytes or text.
            headers: The request's headers: a mapping or pairs, of text or bytes, in any case.

        Returns:
            The events, one for each recipient; none for a message that was handled before, and
            for the notice that SES posts when a topic is set up.

        Raises:
            WebhookError: The request has no events. Respond with the error's ``status`` and
                ``headers``: SNS retries after a 5xx, and discards the message after a 4xx.
            ConfigurationError: The receiver is closed or used on a second event loop, or AWS
                credentials are missing.
        """
        checks = check_request(
            self._policy, body, headers, clock=self._clock, max_age=self._max_age
        )
        del headers  # a traceback may show local variables
        message = await self._run(checks)
        events = parse_raw(body) if message is None else parse(message)
        self._check_accepted(events, message)
        if message is not None and self._seen is not None:
            result = self._seen(message.message_id)
            if await await_result("seen", result):
                return ()
        for event in events:
            if isinstance(event, SubscriptionConfirmation):
                await self._confirm_automatically(event)
        if self._send_log is not None:
            await settle_sends(self._send_log, events)
        return events

    async def confirm(
        self, subscription: SubscriptionConfirmation | UnexpectedSubscriptionError
    ) -> str:
        """Confirms a subscription by hand; check first that the topic is yours.

        It calls ``sns:ConfirmSubscription`` in the topic's region, and never opens the URL of the
        message. The token expires after two days. Afterwards only the topic's owner and this AWS
        account can end the subscription.

        Returns:
            The ARN of the subscription.

        Raises:
            ConfirmationError: SNS rejected the call (500).
            TemporaryError: A later attempt may succeed (503).
            MalformedBodyError: The topic's ARN is invalid (400).
            ConfigurationError: The receiver is closed, or AWS credentials are missing.

        https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
        """
        check_instance(
            "subscription",
            subscription,
            (SubscriptionConfirmation, UnexpectedSubscriptionError),
            "a SubscriptionConfirmation or an UnexpectedSubscriptionError",
        )
        arn = await confirm_subscription(
            self._aws,
            subscription.topic_arn,
            subscription.token,
            deadline=anyio.current_time() + self._timeout,
        )
        _log.info("confirmed the subscription to %s", subscription.topic_arn)
        return arn

    async def fetch(self, event: Received | MailStored) -> InboundMail:
        """Fetches the mail of an event: from the notification or from S3, decrypted if necessary.

        Where an event names no object in S3, as after the Lambda action of a receipt rule,
        ``storage.bucket`` and ``storage.prefix`` do. The mail of a ``MailStored`` has no envelope
        and no verdicts, as S3 doesn't report them. A worker thread parses the mail, so that a large
        one doesn't block the event loop.

        Raises:
            ContentMissingError: The mail isn't stored, or was deleted (410).
            ContentDeniedError: IAM, the bucket or the key denies access, or ``storage.buckets``
                doesn't include the bucket (500). S3 also denies access to a missing object unless
                ``s3:ListBucket`` is allowed.
            ContentTooLargeError: It is larger than ``storage.max_size`` (500).
            ContentKeyError: It is encrypted by another key than ``storage.kms_key``, or by one
                that is disabled or deleted (500).
            ContentTamperedError: It isn't what SES stored for this event, or isn't encrypted
                although ``storage.require_encrypted`` is set (403).
            ContentError: S3 or KMS rejected the call for another reason (500).
            MalformedBodyError: The content of the notification isn't in its encoding (400).
            TemporaryError: A later attempt may succeed; an incomplete download, for instance (503).
            ConfigurationError: The receiver is closed, or AWS credentials or the extra
                ``signatures``, which decrypting needs, are missing.
        """
        return await self._fetcher.fetch(event)

    async def fetch_object(self, bucket: str, key: str) -> InboundMail:
        """Fetches a mail that SES stored in S3, for programs that know where it is.

        The mail has no envelope and no verdicts, which only events report.

        Raises:
            ContentError: It can't be fetched; see ``fetch`` for its subclasses.
            TemporaryError: A later attempt may succeed (503).
            ConfigurationError: An argument isn't text, or as for ``fetch``.
        """
        return await self._fetcher.fetch_object(bucket, key)

    async def delete_object(self, event: Received | MailStored) -> None:
        """Deletes the mail of an event from S3; does nothing if it was deleted before.

        Raises:
            ContentMissingError: The event names no object in S3, and ``storage`` doesn't (410).
            ContentError: S3 rejected the call, or ``storage.buckets`` doesn't include the bucket;
                see ``fetch`` for its subclasses.
            TemporaryError: A later attempt may succeed (503).
            ConfigurationError: The receiver is closed, or AWS credentials are missing.
        """
        await self._fetcher.delete_object(event)

    async def _run(self, checks: Checks) -> SnsMessage | None:
        """Runs the checks of a request, and fetches the certificate they need."""
        url: str | None = None
        message: SnsMessage | None = None
        try:
            url = next(checks)
        except StopIteration as verified:
            message = verified.value
        self._loop.check()
        if url is not None:
            message = await self._certificates.use(url, partial(resume, checks))
        return message

    def _check_accepted(self, events: tuple[Event, ...], message: SnsMessage | None) -> None:
        refused, name = _REFUSED[self._accept]
        if refused and any(isinstance(event, refused) for event in events):
            arn = None if message is None else message.topic_arn
            origin = "a raw delivery" if arn is None else f"a message of the topic {arn}"
            raise UnexpectedEventError(
                f"{origin} contains {name}, but this receiver accepts {self._accept} events; "
                "check the URL of the subscription",
                topic_arn=arn,
            )

    async def _confirm_automatically(self, event: SubscriptionConfirmation) -> None:
        if self._auto_confirm and self._policy.is_sufficient:
            await self.confirm(event)
            return
        raise UnexpectedSubscriptionError(
            f"the subscription of the topic {event.topic_arn[:300]!r} isn't confirmed "
            "automatically; if the topic is yours, pass this error to Receiver.confirm",
            topic_arn=event.topic_arn,
            token=event.token,
        )


def _now() -> datetime:
    return datetime.now(UTC)
