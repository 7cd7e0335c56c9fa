"""The client: sends mail through Amazon SES."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

import anyio
from anyio.abc import AsyncResource

from ..arguments import check_bool, check_choice, check_mapping, check_seconds, check_text
from ..aws import Aws, AwsSettings, ClientParams, check_operation, role_of
from ..errors import ConfigurationError, NotSentError
from ..tagging import TAG_WORD
from ..version import __version__
from .attempts.listener import Listener
from .attempts.log_writer import LogWriter
from .attempts.retry import RetryPolicy
from .attempts.runner import CallRunner
from .attempts.state import SendState
from .message.message import Message
from .payload.dialect import APIS, dialect_of
from .rate.account import AccountRate
from .rate.limiter import RateLimiter
from .references.lazy import References
from .result import SendResult
from .sender import Sender
from .settings import check_listener, check_retry, check_send_log, merged_defaults, new_limiter

if TYPE_CHECKING:
    from ..send_log.protocol import SendLog
    from .bulk_result import BulkResult
    from .many import SendMany, SendProgress
    from .message.bulk_message import BulkMessage
    from .message.kinds import AnyMessage
    from .payload.dialect import Api

__all__ = ["Client", "sender_for_queue"]

_OPEN_TIMEOUT = 30.0  # seconds
_RETRY = RetryPolicy()


class Client(AsyncResource):
    """Async client of Amazon SES; one per program, shared by all tasks of one event loop.

    Use it as ``async with Client() as client``, or call ``aclose`` at the end. The constructor
    does no I/O; ``open``, ``async with`` or the first call opens the AWS client.

    Credentials and region come from the AWS credentials chain: environment variables, the profile,
    the role of the container or the instance. Temporary credentials are renewed in time.
    ``AWS_ENDPOINT_URL`` redirects all calls to an emulator.

    Args:
        region: AWS region, for instance ``eu-west-1``. By default AWS_DEFAULT_REGION, then
            AWS_REGION, then that of the profile.
        api: SES API: ``v2``, or ``v1`` for accounts whose IAM policy or endpoint supports only
            that.
        profile: Name of a profile in the AWS configuration files.
        session: ``aiobotocore.session.AioSession`` whose credentials, region and components are
            used, for instance with a credential provider of your own; not modified.
        role_arn: ARN of a role to assume with the credentials above, for instance in another
            account. Its credentials are renewed before they expire.
            https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        external_id: External id that the trust policy of the role asks for, 2 to 1,224
            characters.
        configuration_set: Configuration set of messages that name none. SES's event publishing
            needs one.
        message_tag_name: Name of an SES message tag that carries the single tag of a message, too:
            1 to 256 characters of ``A-Z a-z 0-9 _ -``. By default tags are sent in headers only.
        defaults: Message whose set fields apply to every message, of any kind, that doesn't set
            them. Tags are joined; metadata, headers, message_tags and extra are merged key by key.
            The default cc and bcc don't apply to bulk messages, where each recipient's mail would
            be copied. A default that the API doesn't support beside a template, such as metadata
            on ``v1``, makes each templated message there an error. A default extra disables the
            faster path for every message. Must not contain a send_id.
        timeout: Deadline of a call in seconds, over all its attempts and the reading of attachments
            in S3, for the first MB of content; proportionally more above. A call whose deadline
            passes while it waits for a connection is ``not_sent``, one whose request may have left
            is ``unknown``. Waiting for the rate limit doesn't count.
        retry: Policy of the retries.
        rate_limit: Sending rate in recipients per second. ``account`` is the account's rate, which
            ``send_many`` and ``send_bulk`` read with GetAccount or GetSendQuota and read again
            every 5 minutes; ``send`` never waits for that. While the rate isn't known, and where
            the permission to read it is missing, it is estimated from the responses. A number is a
            fixed rate. A RateLimiter may be shared by clients of one event loop. None disables the
            limit.
        listener: Listener that is notified of every attempt.
        send_log: Log that records every mail before its request leaves, and its outcome. Mails
            without a send id get a random one.
        tag_send_id: Sends the send id as the SES message tag ``X-Sesmail-Id``, too. Templated
            mails on ``v1`` need this, since that API has no place for the header. False by
            default.
        config: Settings of botocore's ``Config``, as a mapping or an instance; not modified.
            ``max_pool_connections`` (default 50) limits the calls in flight; ``connect_timeout``
            defaults to 10 seconds; there is no ``read_timeout``, since the deadline covers it.
            ``retries`` and redirects are overridden; ``http_session_cls`` may be one of
            aiobotocore's. ``sesmail/VERSION`` follows a ``user_agent_extra``.
        fast_path: Whether sends skip the parts of aiobotocore that a send doesn't need; their
            requests are the same. It is off while other code hooks into aiobotocore's calls: event
            handlers, tracers, and mocks such as moto's ``mock_aws``. The logger ``sesmail.aws``
            reports that once.
        **params: Arguments of aiobotocore's ``create_client``: ``endpoint_url`` (that of SES; S3,
            where attachments may be, has AWS_ENDPOINT_URL_S3), ``use_ssl``, ``verify``,
            ``api_version``, ``aws_access_key_id``, ``aws_secret_access_key``,
            ``aws_session_token``, ``aws_account_id``.

    Raises:
        ConfigurationError: A setting is invalid.

    https://docs.aws.amazon.com/ses/latest/dg/send-email.html
    """

    def __init__(
        self,
        region: str | None = None,
        *,
        api: Api = "v2",
        profile: str | None = None,
        session: object = None,
        role_arn: str | None = None,
        external_id: str | None = None,
        configuration_set: str | None = None,
        message_tag_name: str | None = None,
        defaults: Message | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy = _RETRY,
        rate_limit: RateLimiter | float | Literal["account"] | None = "account",
        listener: Listener | None = None,
        send_log: SendLog | None = None,
        tag_send_id: bool = False,
        config: Mapping[str, Any] | object | None = None,
        fast_path: bool = True,
        **params: Unpack[ClientParams],
    ) -> None:
        check_choice("api", api, APIS)
        _check_tag_name(message_tag_name)
        check_seconds("timeout", timeout)
        check_retry(retry)
        if listener is not None:
            check_listener(listener)
        if send_log is not None:
            check_send_log(send_log)
        check_bool("tag_send_id", tag_send_id)
        check_bool("fast_path", fast_path)
        limiter = new_limiter(rate_limit)
        defaults = merged_defaults(defaults, configuration_set)
        dialect = dialect_of(api)
        self._service = dialect.SERVICE
        settings = AwsSettings(
            region,
            profile=profile,
            session=session,
            role=role_of(role_arn, external_id),
            config=config,
            user_agent=f"sesmail/{__version__}",
            params=params,
            fast_path=fast_path,
        )
        self._aws = Aws(settings)
        self._references = References(settings, api, timeout)
        runner = CallRunner(
            self._aws,
            self._service,
            timeout,
            retry,
            limiter,
            Listener() if listener is None else listener,
            LogWriter(send_log),
        )
        self._sender = Sender(
            dialect,
            runner,
            self._references,
            defaults,
            message_tag_name,
            tag_send_id,
            assign_send_ids=send_log is not None,
        )
        self._account = (
            None
            if limiter is None or limiter.fixed
            else AccountRate(limiter, self._sender.read_rate)
        )

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def open(self) -> None:
        """Opens the AWS client ahead of the first call: region, credentials, TLS, endpoint.

        ``async with`` does the same; without both, the first call does. Call it where starting may
        take longer than sending: in the init phase of AWS Lambda, or before a worker reports that
        it is ready. It makes no connection to SES. Opening an open client does nothing.

        Raises:
            ConfigurationError: No region, a missing profile, another wrong setting or a missing
                extra; the client is closed, or belongs to another event loop.
            NotSentError: Credentials could not be fetched now, or not within 30 seconds.
        """
        with anyio.move_on_after(_OPEN_TIMEOUT) as scope:
            await self._aws.learn(self._service, self._sender.dialect.OPERATION)
        if scope.cancelled_caught:
            raise NotSentError(
                f"the AWS client could not be opened within {_OPEN_TIMEOUT} seconds; "
                "fetching the credentials takes too long"
            )

    async def aclose(self) -> None:
        """Closes all connections; closing a closed client does nothing.

        Calls whose request may have left end with ``unknown``, those still waiting with
        ``not_sent``. Later calls raise ConfigurationError.
        """
        try:
            await self._aws.aclose()
        finally:
            await self._references.aclose()

    async def send(self, message: AnyMessage) -> SendResult:
        """Sends one mail; retries it, as ``retry`` allows, if SES definitely did not accept it.

        A call that is cancelled stops at once. If its request may have left, the logger
        ``sesmail.aws`` gets a warning.

        Args:
            message: A Message, TemplateMessage or RawMessage with at most 50 recipients.

        Returns:
            The message id that SES issued, and the attempts. Accepted doesn't mean delivered:
            bounces and complaints are reported by events. A templated mail that lacks template
            data is accepted, too, and then dropped by SES. If the send log has the ``send_id`` as
            accepted, nothing is sent, and the result is ``replayed``.

        Raises:
            InvalidMessageError: SES doesn't support the message; nothing was sent.
            ConfigurationError: No credentials, another wrong setting, or a closed client; nothing
                was sent.
            DuplicateSendError: The send log has the ``send_id`` as in flight or unknown; nothing
                was sent.
            NotSentError: An attachment in S3 can't be read, see ``Attachment.from_s3``, or the
                request didn't leave.
            SendError: SES didn't accept the mail, or the outcome is unknown; see its ``outcome``
                and ``retryable``.

        https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
        """
        return await self._sender.send(message, SendState())

    def send_many(
        self,
        messages: Iterable[AnyMessage] | AsyncIterable[AnyMessage],
        *,
        concurrency: int = 50,
        ordered: bool = False,
        on_progress: Callable[[SendProgress], None] | None = None,
        progress_interval: float | None = None,
    ) -> SendMany:
        """Sends any number of mails under the rate limit; each message has exactly one result.

        ``async with client.send_many(messages) as results: async for result in results: ...``

        At most twice ``concurrency`` messages are held: the next ones are taken when results are
        consumed. A message that fails, or that SES doesn't support, is a result; the others go on.
        An exception of the iterable is raised after the last result. One task takes all messages,
        and closes an asynchronous generator at the end.

        Args:
            messages: Messages of any kind but BulkMessage. A plain iterable runs in the event loop,
                so one that blocks, such as a database cursor, should be asynchronous.
            concurrency: Maximum number of sends in flight, 1 at least; ``max_pool_connections``
                of ``config`` is another limit.
            ordered: Yields the results in the order of the messages, not in the order of
                completion.
            on_progress: Function that is called before each result is yielded. An exception that
                it raises is logged to ``sesmail.sending``, and changes nothing.
            progress_interval: Seconds from one call of ``on_progress`` to the next. It is then
                called at this interval, whether or not there are results, and once at the end.

        Raises:
            ConfigurationError: An argument is invalid: ``messages`` is a single message, for
                instance, or ``concurrency`` is below 1.
        """
        from .many import SendMany  # a program that sends single mails starts sooner without it

        return SendMany(
            messages,
            partial(self._sender.send, low_priority=True),
            concurrency=concurrency,
            ordered=ordered,
            on_progress=on_progress,
            progress_interval=progress_interval,
            account=self._account,
        )

    async def send_bulk(self, message: BulkMessage, *, concurrency: int = 10) -> BulkResult:
        """Sends a separate mail to each recipient of a bulk message.

        All entries are checked before the first call. SES accepts at most 50 recipients per call,
        counted over to, cc and bcc; a call has no more than a fifth of the account's rate per
        second, either, so that a ``send`` meanwhile doesn't wait for long. Only entries that SES
        throttled, or that failed temporarily, are retried. Entries whose ``send_id`` the send log
        has as accepted are ``replayed``.

        Args:
            message: The message, with any number of recipients.
            concurrency: Maximum number of calls in flight, 1 at least.

        Returns:
            A result for every recipient, in the order of the message; see its ``raise_for_failed``.

        Raises:
            InvalidMessageError: SES doesn't support the message; nothing was sent.
            ConfigurationError: No credentials, another wrong setting, a closed client, or a
                ``concurrency`` below 1; nothing was sent.
            NotSentError: An attachment in S3 can't be read; nothing was sent.

        https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
        """
        return await self._sender.send_bulk(message, concurrency, self._account)

    async def call(self, operation: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Calls any other operation of the SES API, for instance ``GetAccount``.

        The deadline and the retries are those of ``send``; the rate limit doesn't apply. SES
        accepts one request per second for most of these operations.

        Args:
            operation: Name of the operation, as in Amazon's documentation.
            params: Its parameters, as in Amazon's documentation.

        Returns:
            The response, as in Amazon's documentation.

        Raises:
            InvalidMessageError: The operation or a parameter doesn't exist.
            ConfigurationError: No credentials, another wrong setting, or a closed client.
            SendError: As for ``send``.

        https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Operations.html
        https://docs.aws.amazon.com/ses/latest/APIReference/API_Operations.html
        """
        check_operation(operation)
        if params is not None:
            check_mapping("params", params)
        return await self._sender.call(operation, params or {})


def sender_for_queue(client: Client, log: SendLog) -> tuple[Sender, AccountRate | None]:
    """Returns the parts of a client that send for a queue, which has a log and retries of its own.

    Returns:
        The sender, which makes one attempt, and the account's rate; None where it isn't read.
    """
    sender, account = client._sender, client._account  # pyright: ignore[reportPrivateUsage]
    runner = replace(sender.runner, policy=RetryPolicy(attempts=1), log_writer=LogWriter(log))
    return replace(sender, runner=runner), account


def _check_tag_name(name: str | None) -> None:
    if name is not None:
        check_text("message_tag_name", name)
        if TAG_WORD.fullmatch(name) is None:
            raise ConfigurationError(
                "message_tag_name must be 1 to 256 characters of A-Z a-z 0-9 _ -, "
                f"not {name[:300]!r}"
            )
