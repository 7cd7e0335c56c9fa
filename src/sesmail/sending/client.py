"""The client: what a program sends by."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, Self, Unpack

import anyio
from pydantic import ValidationError

from ..aws import Aws, ClientParams
from ..errors import ConfigurationError, NotSentError
from ..send_log.protocol import SendLog
from ..version import __version__
from .attempts.listener import Listener
from .attempts.log_writer import LogWriter
from .attempts.retry import RetryPolicy
from .attempts.runner import CallRunner
from .attempts.state import SendState
from .many import SendMany, SendProgress
from .message.fields import TAG_WORD
from .message.message import AnyMessage, BulkMessage, Message
from .payload.call import apply_defaults
from .payload.dialect import DIALECTS, Api
from .rate.account import AccountRate
from .rate.limiter import RateLimiter
from .result import BulkResult, SendResult
from .sender import Sender

__all__ = ["Client"]

_OPEN_TIMEOUT = 30.0  # seconds
_RETRY = RetryPolicy()


class Client:
    """Sends mail through Amazon SES; one for the lifetime of a program, shared by all its tasks on one event loop.

    Without any settings, credentials and region come from the AWS chain: environment, profile, container or instance
    role. Use it as ``async with Client() as client``, or call ``aclose`` at the end.

    Args:
        region: The AWS region, for instance ``eu-west-1``.
        api: The SES API: ``v2``, or ``v1`` for accounts whose policy or endpoint knows only that.
        profile: A profile of the AWS configuration files.
        configuration_set: The default configuration set; a message overrides it.
        message_tag_name: Sends a message's single tag as an SES message tag of this name, too.
        defaults: A Message whose given fields are the defaults for every message, of whatever kind. What a message
            gives stands; tags are joined; metadata, headers, message_tags and extra are merged key by key. Default cc
            and bcc are not laid on bulk messages, where each would get a copy per recipient.
        timeout: Seconds for a whole call with all its attempts, for the first MB of content and in proportion above.
            Waiting for the account's rate doesn't count.
        retry: When a call is made again that SES did not take, and how often.
        rate_limit: ``account`` keeps to the account's sending rate, which ``send_many`` and ``send_bulk`` read and
            ``send`` learns; a number of recipients a second keeps to that, None to nothing. Clients may share a
            RateLimiter.
        listener: Hears of each call.
        send_log: Knows what became of each mail, also after a crash. Every mail gets a send id then.
        tag_send_id: Sends the send id as an SES message tag, too, for which v1 has more room than for headers.
        config: Settings for botocore's ``Config``, as a mapping or as one; never changed. Retries, redirects and the
            HTTP session stay sesmail's own. ``max_pool_connections`` (50) is how many calls run at once.
        fast_path: Whether sends skip those parts of aiobotocore that a send doesn't need; the requests are the same.
            Calls pass through all of aiobotocore, whatever this says, while other code hooks into it: event
            handlers, tracers, and mocks such as moto's ``mock_aws``. The logger ``sesmail.aws`` reports that once.
        **params: Passed on to aiobotocore's ``create_client``: ``endpoint_url``, ``verify``, ``aws_access_key_id``...

    Raises:
        ConfigurationError: A setting can't be.
    """

    def __init__(
        self,
        region: str | None = None,
        *,
        api: Api = "v2",
        profile: str | None = None,
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
        if api not in DIALECTS:
            raise ConfigurationError(f"api is 'v1' or 'v2', not {api!r}")
        if message_tag_name is not None and TAG_WORD.fullmatch(message_tag_name) is None:
            raise ConfigurationError("message_tag_name is 1 to 256 of A-Z a-z 0-9 _ -")
        if not timeout > 0:
            raise ConfigurationError("timeout is a number of seconds above 0")
        dialect = DIALECTS[api]
        self._service = dialect.SERVICE
        self._aws = Aws(
            region,
            profile=profile,
            config=config,
            user_agent=f"sesmail/{__version__}",
            params=params,
            fast_path=fast_path,
        )
        limiter = _limiter(rate_limit)
        runner = CallRunner(
            self._aws,
            self._service,
            timeout,
            retry,
            limiter,
            listener or Listener(),
            LogWriter(send_log),
        )
        laid = _defaults(defaults, configuration_set)
        self._sender = Sender(
            dialect, runner, laid, message_tag_name, tag_send_id, send_log is not None
        )
        self._account = (
            None
            if limiter is None or limiter.fixed
            else AccountRate(limiter, self._sender.read_rate)
        )

    async def __aenter__(self) -> Self:
        with anyio.move_on_after(_OPEN_TIMEOUT) as scope:
            await self._aws.open(self._service)
        if scope.cancelled_caught:
            raise NotSentError(
                f"no client within {_OPEN_TIMEOUT} seconds; credentials take too long to fetch"
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; closing again does nothing, sending afterwards is a ConfigurationError."""
        await self._aws.aclose()

    async def send(self, message: AnyMessage) -> SendResult:
        """Send one mail; again, where it is known that SES did not take it, as ``retry`` allows.

        Returns:
            What SES accepted. That it accepted doesn't mean that it was delivered: events tell.

        Raises:
            InvalidMessageError: The message is one that SES can't take; nothing was sent.
            ConfigurationError: No credentials and the like; nothing was sent.
            SendError: It wasn't accepted, or may not have been; see ``outcome`` and ``retryable``.
        """
        return await self._sender.send(message, SendState())

    def send_many(
        self,
        messages: Iterable[AnyMessage] | AsyncIterable[AnyMessage],
        *,
        concurrency: int = 50,
        ordered: bool = False,
        on_progress: Callable[[SendProgress], None] | None = None,
    ) -> SendMany:
        """Send any number of mails, at the account's rate, and learn of each what became of it.

        ``async with client.send_many(messages) as outcomes: async for outcome in outcomes: ...``

        At most twice as many messages are held as are sent at once: the next ones are taken when outcomes are given
        out. No failure of a message ends it. What the iterable itself raises comes after all outcomes. One task takes
        all messages, and closes an asynchronous generator at the end.

        Args:
            messages: Any iterable; the event loop waits for a plain one, so let one that blocks be asynchronous.
            concurrency: How many are sent at once; ``max_pool_connections`` limits it, too.
            ordered: Whether the outcomes come in the order of the messages, and not as they become known.
            on_progress: Is called before each outcome is given out.
        """
        return SendMany(
            messages,
            self._sender.send,
            concurrency=concurrency,
            ordered=ordered,
            on_progress=on_progress,
            account=self._account,
        )

    async def send_bulk(self, message: BulkMessage, *, concurrency: int = 10) -> BulkResult:
        """Send a mail of their own to each of any number of recipients.

        They are sent in calls of at most 50 recipients, counted over to, cc and bcc, and of no more than the account's
        rate. Only for recipients whose mail SES didn't take, and would later, is a call made again.

        Args:
            message: The message and its recipients.
            concurrency: How many calls are made at once.

        Returns:
            A result for every recipient, in their order; see its ``raise_for_failed``.

        Raises:
            InvalidMessageError: The message is one that SES can't take; nothing was sent.
            ConfigurationError: No credentials and the like; nothing was sent.
        """
        return await self._sender.send_bulk(message, concurrency, self._account)

    async def call(self, operation: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call any other operation of the client's SES API, for instance ``GetAccount`` or ``CreateEmailTemplate``.

        It is called again like a send, where it is known that SES did not take it.

        Args:
            operation: The operation as Amazon writes it.
            params: Its parameters as Amazon writes them.

        Returns:
            The answer as Amazon gives it.

        Raises:
            InvalidMessageError: The operation or a parameter doesn't exist.
            ConfigurationError: No credentials and the like.
            SendError: As for ``send``.

        https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Operations.html
        """
        return await self._sender.call(operation, params or {})


def _limiter(rate_limit: RateLimiter | float | Literal["account"] | None) -> RateLimiter | None:
    if rate_limit is None or isinstance(rate_limit, RateLimiter):
        return rate_limit
    if rate_limit == "account":
        return RateLimiter()
    if isinstance(rate_limit, str):
        raise ConfigurationError(
            f"rate_limit is 'account', a number, a RateLimiter or None, not {rate_limit!r}"
        )
    return RateLimiter(rate_limit)


def _defaults(defaults: Message | None, configuration_set: str | None) -> Message | None:
    if defaults is not None and not isinstance(defaults, Message):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            "defaults is a Message, whose given fields stand for what other messages lack"
        )
    if defaults is not None and defaults.send_id is not None:
        raise ConfigurationError("defaults can't have a send_id, which is one mail's own")
    if configuration_set is None:
        return defaults
    try:
        given = Message(configuration_set=configuration_set)
    except ValidationError as err:
        raise ConfigurationError(err.errors()[0]["msg"]) from err
    return given if defaults is None else apply_defaults(given, defaults)
