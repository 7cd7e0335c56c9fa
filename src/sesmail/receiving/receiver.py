"""The webhook's door: prove, parse, confirm, fetch."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, Unpack

import anyio

from ..aws import Aws, ClientParams
from ..concurrency import run_in_thread
from ..errors import (
    ConfigurationError,
    ConfirmationError,
    ContentMissingError,
    MalformedBodyError,
    SendError,
    TemporaryError,
    UnexpectedEventError,
    UnexpectedSubscriptionError,
)
from ..strict import from_base64
from ..version import __version__
from .events.base import TrackingEvent
from .events.event import Event, SubscriptionConfirmation
from .events.received import Received, SnsAction
from .inbound.mail import InboundMail, read_mail
from .parsing.parser import parse, parse_raw
from .settling import SupportsSettle, settle_sends
from .storage.s3 import MAX_STORED, Storage, may_pass
from .transports.json_body import Body, excerpt
from .transports.sns import SnsMessage, read_sns_message
from .verification.certificates import CertificateSource, Clock, FetchCertificate
from .verification.http_headers import Headers
from .verification.policy import VerificationPolicy
from .verification.secret import Secret, Secrets
from .verification.signature import MAX_AGE, read_signature
from .verification.topic import read_topic

__all__ = ["Receiver"]

_log = logging.getLogger("sesmail.receiver")

Accept: TypeAlias = Literal["any", "tracking", "inbound"]
Seen: TypeAlias = Callable[[str], Awaitable[bool]]

_UNWANTED: dict[str, tuple[tuple[type[Any], ...], str]] = {
    "any": ((), ""),
    "tracking": ((Received,), "a mail that came in"),
    "inbound": ((TrackingEvent,), "an event of a sent mail"),
}


class Receiver:
    """Takes what Amazon SNS posts to a webhook, proves it, and gives typed events.

    One serves for the lifetime of a program, shared by all its requests on one event loop. It calls Amazon only to
    confirm a subscription and to fetch or delete a stored mail; until then it opens no client. Use it as
    ``async with Receiver(...) as receiver``, or call ``aclose`` at the end.

    Args:
        secret: ``user:password`` as in the URL that SNS was given, but not percent-encoded; several for rotation.
        topics: The ARNs of the topics that may post.
        signatures: Whether Amazon's signature is demanded, which takes ``pip install 'sesmail[signatures]'``.
        accept: ``tracking`` refuses mails that came in, ``inbound`` the events of sent mails.
        auto_confirm: Whether a proven topic that wants to deliver here is confirmed.
        allow_unproven: Demand less than a secret, or signatures and topics.
        allow_raw: Take what SNS delivers raw, which only the secret can prove: it has no topic and no signature.
        max_age: How many seconds old a signed message may be.
        seen: Whether a message was handled before, by its id: then it gives no events. See ``RecentMessages``.
        send_log: Where the sends that events prove to be accepted are settled, before the events are given.
        buckets: The S3 buckets that mails are fetched from; any that IAM allows, if it isn't given.
        account: The AWS account, 12 digits, that has to own the bucket, and the mail where that is encrypted.
        kms_key: The id, alias or ARN of the KMS key that has to encrypt mails; any that IAM allows, if it isn't given.
        require_encrypted: Whether a stored mail that isn't encrypted is refused.
        max_mail_size: How many bytes a mail may have as it is stored; by default what SES receives at most.
        fetch_certificate: How to fetch a signing certificate from its URL, if not directly from Amazon.
        clock: The time, aware of its zone, if not the system's.
        region: The AWS region of S3 and KMS, if not that of the AWS chain; topics tell their own.
        profile: A profile of the AWS configuration files.
        timeout: Seconds for all that confirming, fetching or deleting asks of Amazon; SNS waits 15 for its answer.
        config: Settings for botocore's ``Config``, as a mapping or as one; never changed.
        **params: Passed on to aiobotocore's ``create_client``: ``endpoint_url``, ``verify``, ``aws_access_key_id``...

    Raises:
        ConfigurationError: It would prove too little, or a setting can't be.
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
        buckets: Collection[str] | None = None,
        account: str | None = None,
        kms_key: str | None = None,
        require_encrypted: bool = False,
        max_mail_size: int = MAX_STORED,
        fetch_certificate: FetchCertificate | None = None,
        clock: Clock | None = None,
        region: str | None = None,
        profile: str | None = None,
        timeout: float = 8.0,
        config: Mapping[str, Any] | object | None = None,
        **params: Unpack[ClientParams],
    ) -> None:
        secrets = None if secret is None else Secrets(secret)
        del secret
        self._policy = VerificationPolicy(
            secrets=secrets, topics=topics, signatures=signatures, allow_unproven=allow_unproven
        )
        if accept not in _UNWANTED:
            raise ConfigurationError(f"accept is 'any', 'tracking' or 'inbound', not {accept!r}")
        if allow_raw and not self._policy.has_secret:
            raise ConfigurationError(
                "allow_raw needs a secret: nothing else can prove what SNS delivers raw"
            )
        if not timeout > 0 or not max_age > 0:
            raise ConfigurationError("timeout and max_age are numbers of seconds above 0")
        self._unwanted, self._unwanted_name = _UNWANTED[accept]
        self._accept = accept
        self._auto_confirm = auto_confirm
        self._allow_raw = allow_raw
        self._max_age = max_age
        self._seen = seen
        self._send_log = send_log
        self._clock = clock or _now
        self._certificates = CertificateSource(fetch_certificate, self._clock)
        self._timeout = timeout
        self._aws = Aws(
            region,
            profile=profile,
            config=config,
            user_agent=f"sesmail/{__version__}",
            params=params,
            repeatable=True,
        )
        self._storage = Storage(
            self._aws,
            buckets=buckets,
            account=account,
            kms_key=kms_key,
            require_encrypted=require_encrypted,
            limit=max_mail_size,
            timeout=timeout,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection to Amazon; closing again does nothing."""
        await self._aws.aclose()

    async def receive(self, body: Body, headers: Headers) -> tuple[Event, ...]:
        """The events in a request from SNS, which is proven first.

        A topic that wants to deliver here is confirmed, if it may be; its SubscriptionConfirmation is given, too.

        Args:
            body: The request's body, as it came.
            headers: Its headers, as the framework has them.

        Raises:
            WebhookError: It gives none; answer with the error's ``status`` and ``headers``.
            ConfigurationError: The webhook's own set-up is wrong, for instance without credentials to confirm by.
        """
        said = self._policy.read(headers)
        del headers
        said.check_secret()
        message = read_sns_message(body)
        if message is None:
            return await self._settled(self._wanted(self._raw_events(body), None))
        said.check_message(message)
        if self._policy.signatures:
            unverified = read_signature(message, now=self._clock(), max_age=self._max_age)
            certificate = await self._certificates.get(unverified.certificate_url)
            unverified.check(certificate, now=self._clock())
        self._policy.check_topic(message)
        events = self._wanted(parse(message), message)
        if self._seen is not None and await self._seen(message.message_id):
            return ()
        for event in events:
            if isinstance(event, SubscriptionConfirmation):
                await self._confirm_proven(event)
        return await self._settled(events)

    async def confirm(
        self, subscription: SubscriptionConfirmation | UnexpectedSubscriptionError
    ) -> str:
        """Confirm a subscription by hand, once you know that the topic is yours.

        Only the topic's owner and whoever has these AWS credentials can end the subscription then.

        Returns:
            The ARN of the subscription.

        Raises:
            ConfirmationError: Amazon refused.
            TemporaryError: It may work later.
            MalformedBodyError: The topic's ARN isn't one.
            ConfigurationError: No credentials and the like.

        https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
        """
        arn, token = subscription.topic_arn, subscription.token
        topic = read_topic(arn)
        if topic is None:
            raise MalformedBodyError(
                "it isn't the ARN of an SNS topic", path="TopicArn", input=excerpt(arn)
            )
        deadline = anyio.current_time() + self._timeout
        params = {"TopicArn": arn, "Token": token, "AuthenticateOnUnsubscribe": "true"}
        try:
            answer = await self._aws.call(
                "sns", "ConfirmSubscription", params, deadline=deadline, region=topic.region
            )
        except SendError as err:
            if may_pass(err):
                raise TemporaryError(f"{arn} can't be confirmed just now: {err}") from err
            raise ConfirmationError(
                f"{arn} was not confirmed: {err}", topic_arn=arn, token=token
            ) from err
        subscription_arn = answer.get("SubscriptionArn")
        if not isinstance(subscription_arn, str):
            raise TemporaryError(f"{arn} may not be confirmed: Amazon's answer doesn't say")
        _log.info("confirmed the subscription to %s", arn)
        return subscription_arn

    async def fetch(self, event: Received) -> InboundMail:
        """The mail of an event, read: from the notification, or from S3, decrypted if SES encrypted it.

        It is read in a worker thread, so that no other task waits for a large one.

        Raises:
            ContentError: It can't be had; the classes below tell why.
            MalformedBodyError: What came with the notification isn't in the encoding that it says.
            TemporaryError: It can't be had just now.
            ConfigurationError: No credentials and the like.
        """
        raw = (
            _enclosed(event)
            if isinstance(event.action, SnsAction)
            else await self._storage.fetch(event)
        )
        return await run_in_thread(partial(_read, raw, event), abandon=True)

    async def delete_object(self, event: Received) -> None:
        """Delete the mail of an event from S3; what is gone already is no error.

        Raises:
            ContentError: It can't be deleted, or isn't in S3.
            TemporaryError: It can't be deleted just now.
            ConfigurationError: No credentials and the like.
        """
        await self._storage.delete(event)

    async def _settled(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        if self._send_log is not None:
            await settle_sends(self._send_log, events)
        return events

    def _raw_events(self, body: Body) -> tuple[Event, ...]:
        if not self._allow_raw:
            raise MalformedBodyError(
                "it has no envelope, so it has no signature and no topic; where the subscription has raw delivery on, "
                "turn that off, or pass allow_raw=True"
            )
        return parse_raw(body)

    def _wanted(self, events: tuple[Event, ...], message: SnsMessage | None) -> tuple[Event, ...]:
        if self._unwanted and any(isinstance(event, self._unwanted) for event in events):
            arn = None if message is None else message.topic_arn
            raise UnexpectedEventError(
                f"{self._unwanted_name} arrived from the topic {arn}, but this receiver is for {self._accept} events: "
                "is the topic subscribed to another's URL?",
                topic_arn=arn,
            )
        return events

    async def _confirm_proven(self, event: SubscriptionConfirmation) -> None:
        if self._auto_confirm and self._policy.is_enough:
            await self.confirm(event)
            return
        raise UnexpectedSubscriptionError(
            f"the topic {event.topic_arn[:300]!r} wants to deliver here, and is not confirmed by itself; if it is "
            "yours, pass this error to Receiver.confirm",
            topic_arn=event.topic_arn,
            token=event.token,
        )


def _enclosed(event: Received) -> bytes:
    """The mail that came with the notification."""
    encoding = (getattr(event.action, "encoding", None) or "UTF8").upper()
    if event.content is None:
        raise ContentMissingError("the notification has no content")
    if encoding != "BASE64":
        return event.content.encode(errors="surrogatepass")
    content = from_base64("".join(event.content.split()))
    if content is None:
        raise MalformedBodyError("it isn't base64, as the action says", path="content")
    return content


def _read(raw: bytes, event: Received) -> InboundMail:
    mail = read_mail(
        raw,
        envelope_sender=event.source,
        envelope_recipients=event.recipients,
        verdicts=event.verdicts,
    )
    return mail.load()


def _now() -> datetime:
    return datetime.now(UTC)
