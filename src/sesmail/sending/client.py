"""The client: build a call, make it, read its answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeAlias, Unpack

import anyio
from pydantic import ValidationError

from ..aws import Aws, ClientParams
from ..errors import ConfigurationError, InvalidMessageError, NotSentError, UnknownOutcomeError
from ..version import __version__
from . import v1, v2
from .answer import read_bulk, read_single, unknown_for_all
from .message import AnyMessage, BulkMessage, Message, RawMessage, TemplateMessage
from .model import TAG_WORD
from .payload import Call, lay_defaults, recipients_of, refuse_crowd
from .result import BulkResult, SendResult

__all__ = ["Client"]

Api: TypeAlias = Literal["v1", "v2"]

_OPEN_TIMEOUT = 30.0  # seconds
_MEGABYTE = 1024 * 1024


class _Dialect(Protocol):
    """How an API spells calls and answers; ``v1`` and ``v2`` are the two."""

    @property
    def SERVICE(self) -> str: ...

    def build(self, message: AnyMessage, tag_name: str | None = None) -> Call: ...

    def build_bulk(self, message: BulkMessage, tag_name: str | None = None) -> Call: ...

    def read_bulk(self, answer: Mapping[str, Any]) -> list[Mapping[str, Any]]: ...


_DIALECTS: dict[str, _Dialect] = {"v1": v1, "v2": v2}


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
        timeout: Seconds for a whole call, from its start to its answer, for the first MB of content and in
            proportion above.
        config: Settings for botocore's ``Config``, as a mapping or as one; never changed. Retries, redirects and the
            HTTP session stay sesmail's own. ``max_pool_connections`` (50) is how many calls run at once.
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
        config: Mapping[str, Any] | object | None = None,
        **params: Unpack[ClientParams],
    ) -> None:
        if api not in _DIALECTS:
            raise ConfigurationError(f"api is 'v1' or 'v2', not {api!r}")
        if message_tag_name is not None and TAG_WORD.fullmatch(message_tag_name) is None:
            raise ConfigurationError("message_tag_name is 1 to 256 of A-Z a-z 0-9 _ -")
        if defaults is not None and not isinstance(defaults, Message):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError("defaults is a Message, whose given fields stand for what other messages lack")
        if not timeout > 0:
            raise ConfigurationError("timeout is a number of seconds above 0")
        self._dialect = _DIALECTS[api]
        self._tag_name = message_tag_name
        self._defaults = defaults
        if configuration_set is not None:
            try:
                given = Message(configuration_set=configuration_set)
            except ValidationError as err:
                raise ConfigurationError(err.errors()[0]["msg"]) from err
            self._defaults = given if defaults is None else lay_defaults(given, defaults)
        self._timeout = timeout
        self._aws = Aws(region, profile=profile, config=config, user_agent=f"sesmail/{__version__}", params=params)

    async def __aenter__(self) -> Self:
        with anyio.move_on_after(_OPEN_TIMEOUT) as scope:
            await self._aws.open(self._dialect.SERVICE)
        if scope.cancelled_caught:
            raise NotSentError(f"no client within {_OPEN_TIMEOUT} seconds; credentials take too long to fetch")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; closing again does nothing, sending afterwards is a ConfigurationError."""
        await self._aws.aclose()

    async def send(self, message: AnyMessage) -> SendResult:
        """Send one mail, once.

        Returns:
            What SES accepted. That it accepted doesn't mean that it was delivered: events tell.

        Raises:
            InvalidMessageError: The message is one that SES can't take; nothing was sent.
            ConfigurationError: No credentials and the like; nothing was sent.
            SendError: It wasn't accepted, or may not have been; see ``outcome`` and ``retryable``.
        """
        if not isinstance(message, (Message, RawMessage, TemplateMessage)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(
                f"send takes a Message, a TemplateMessage or a RawMessage, not a {type(message).__name__}; "
                "a BulkMessage goes by send_bulk",
                field="message",
            )
        started = anyio.current_time()
        message = lay_defaults(message, self._defaults)
        recipients = recipients_of(message)
        call = self._dialect.build(message, self._tag_name)
        answer = await self._make(call, started)
        region = self._aws.region(self._dialect.SERVICE)
        return read_single(answer, recipients, operation=call.operation, region=region)

    async def send_bulk(self, message: BulkMessage) -> BulkResult:
        """Send a mail of their own to each of up to 50 recipients, counted over to, cc and bcc.

        Returns:
            A result for every recipient, in their order, also where the outcome of the whole call is unknown.

        Raises:
            InvalidMessageError: The message is one that SES can't take; nothing was sent.
            ConfigurationError: No credentials and the like; nothing was sent.
            RejectedError: SES refused the whole call; nothing was sent.
            NotSentError: Nothing was sent.
        """
        if not isinstance(message, BulkMessage):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidMessageError(f"send_bulk takes a BulkMessage, not a {type(message).__name__}", field="message")
        started = anyio.current_time()
        message = lay_defaults(message, self._defaults)
        copies = len(message.cc) + len(message.bcc)
        everyone = sum(1 + copies + len(each.cc) + len(each.bcc) for each in message.recipients)
        refuse_crowd(everyone, "recipients", "send several BulkMessages")
        call = self._dialect.build_bulk(message, self._tag_name)
        recipients = [recipient.to for recipient in message.recipients]
        try:
            answer = await self._make(call, started)
        except UnknownOutcomeError as error:
            return unknown_for_all(recipients, error)
        region = self._aws.region(self._dialect.SERVICE)
        entries = self._dialect.read_bulk(answer)
        return read_bulk(answer, entries, recipients, operation=call.operation, region=region)

    async def call(self, operation: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call any other operation of the client's SES API, for instance ``GetAccount`` or ``CreateEmailTemplate``.

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
        return await self._make(Call(operation, dict(params or {}), 0), anyio.current_time())

    async def _make(self, call: Call, started: float) -> dict[str, Any]:
        """Make one call within its deadline: the place where pacing and retrying join."""
        deadline = started + self._timeout * max(1.0, call.size / _MEGABYTE)
        return await self._aws.call(self._dialect.SERVICE, call.operation, call.params, deadline=deadline)
