"""Environment of a client: server, credentials, sending rate, send log, clock."""

import dataclasses
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.lowlevel
import pytest

import sesmail
from sesmail import (
    BulkMessage,
    Client,
    ConfigurationError,
    DuplicateSendError,
    MemorySendLog,
    Message,
    MessageResult,
    RateLimiter,
    Recipient,
    RetryPolicy,
    SendError,
    SendRecord,
    SqliteSendLog,
)
from support.clients import new_client
from support.faults import FaultServer
from support.trail import Dealt, Mail, Trail, accepts, check_log, check_mails, event_of

Leaving = Literal["break", "error", "cancel"]


def message(mail: Mail) -> Message:
    """The message that a mail is sent by."""
    return Message(
        from_email="shop@example.com",
        to=mail.address,
        subject="News",
        text="It is May.",
        send_id=mail.send_id,
    )


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, anyio.Event]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock is set on."""
        sleeper = self.now + seconds, anyio.Event()
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    def advance(self, seconds: float = math.inf) -> None:
        """Set it on; or just until the first wakes."""
        until = (
            min([self.now + seconds, *(at for at, _ in self._sleepers)])
            if seconds == math.inf
            else None
        )
        self.now = (
            self.now + seconds
            if until is None
            else self.now
            if until == math.inf
            else max(self.now, until)
        )
        for at, event in self._sleepers:
            if at <= self.now:
                event.set()


class Limiter(RateLimiter):
    """A limiter whose time isn't that of deadlines, which would move with it."""

    async def acquire(self, recipients: int) -> float:
        await super().acquire(recipients)
        return 0.0


class TroubledLog:
    """A send log that fails when it is told to, and knows what it did not write down."""

    def __init__(self, path: Path | None) -> None:
        self.unwritten: set[str] = set()
        self.trouble = ""
        self._path = path
        self._log = self._new()

    async def begin(self, send_id: str) -> None:
        await self._do("begin", send_id, self._log.begin, send_id)

    async def finish(self, send_id: str, outcome: Any, message_id: str | None = None) -> None:
        await self._do("finish", send_id, self._log.finish, send_id, outcome, message_id)

    async def settle(self, send_id: str, outcome: Any, message_id: str | None = None) -> bool:
        return await self._log.settle(send_id, outcome, message_id)

    async def get(self, send_id: str) -> SendRecord | None:
        return await self._log.get(send_id)

    def unknown(self) -> AsyncIterator[SendRecord]:
        return self._log.unknown()

    async def reopen(self) -> None:
        """What a restart finds; what is only in memory stays there."""
        if isinstance(self._log, SqliteSendLog):
            await self._log.aclose()
            self._log = self._new()

    async def aclose(self) -> None:
        if isinstance(self._log, SqliteSendLog):
            await self._log.aclose()

    def _new(self) -> MemorySendLog | SqliteSendLog:
        return MemorySendLog() if self._path is None else SqliteSendLog(self._path)

    async def _do(self, word: str, send_id: str, write: Callable[..., Any], *args: Any) -> None:
        await anyio.lowlevel.checkpoint()
        try:
            if self.trouble == f"{word} before":
                raise OSError("the disk is full")
            await write(*args)
            if self.trouble == f"{word} after":
                raise OSError("the disk was lost")
        except DuplicateSendError:
            raise
        except Exception:
            self.unwritten.add(send_id)
            raise
        await anyio.lowlevel.checkpoint()


class Credentials:
    """Credentials of a container, without HTTP, as aiobotocore on httpx keeps connections open."""

    def __init__(self) -> None:
        self.mode = "fresh"

    async def get(self, *_: object) -> dict[str, str]:
        """Credentials that last for an hour, or have to be renewed at once; or none."""
        from botocore.exceptions import MetadataRetrievalError

        await anyio.lowlevel.checkpoint()
        seconds = {"fresh": 3600, "short": 60, "expired": -60}.get(self.mode)
        if seconds is None:
            raise MetadataRetrievalError(error_msg="no credentials now")
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        keys = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "Token"), "testing")
        return {**keys, "Expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}"}


@dataclasses.dataclass
class World:
    """Everything around one client after the other."""

    session: str
    folder: Path | None
    """Where a send log in a file is; None for one in memory."""
    policy: RetryPolicy
    stack: ExitStack

    def __post_init__(self) -> None:
        self.trail = Trail()
        self.time = Time()
        self.limiter = Limiter(clock=self.time, sleep=self.time.sleep, max_wait=100)
        self.credentials = Credentials()
        self.server = self.stack.enter_context(FaultServer(accepts().answer))
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.delenv(name)
        patch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/credentials")
        from aiobotocore.utils import AioContainerMetadataFetcher

        patch.setattr(AioContainerMetadataFetcher, "_retrieve_credentials", self.credentials.get)
        self.log = TroubledLog(self.folder and self.folder / "sends.db")
        self.mails: list[Mail] = []
        self.running: set[Mail] = set()
        self.scopes: list[anyio.CancelScope] = []
        self.faults()
        self.client = self.new_client()

    def new_client(self) -> Client:
        """A client as they all are."""
        return new_client(
            self.server.url,
            self.session,
            timeout=0.4,
            retry=self.policy,
            rate_limit=self.limiter,
            send_log=self.log,
            listener=self.trail,
        )

    def faults(self, *script: Dealt, rate: float = 1000.0) -> None:
        """What the server answers next; then it takes everything."""
        self.server.answer_with(*self.trail.answers(*script, accepts(), rate=rate))

    def new_mail(self, send_id: str | None) -> Mail:
        """A mail that is about to be sent."""
        mail = Mail(f"m{len(self.mails)}@example.com", send_id)
        self.mails.append(mail)
        self.running.add(mail)
        return mail

    async def job(
        self, work: Callable[[Client, Sequence[Mail]], Any], mails: Sequence[Mail]
    ) -> None:
        """Send mails in a way that may be cancelled."""
        with anyio.CancelScope() as scope:
            self.scopes.append(scope)
            try:
                await work(self.client, mails)
            finally:
                self.scopes.remove(scope)
                self.running -= {*mails}

    async def cancel(self, index: int) -> None:
        """Cancel something that is under way."""
        if self.scopes:
            self.scopes[index % len(self.scopes)].cancel()

    async def go_on(self, steps: int) -> None:
        """Let the event loop make some steps."""
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()

    async def drain(self) -> None:
        """Wait until everything has ended."""
        with anyio.fail_after(30):
            while self.running:
                self.time.advance()
                await anyio.sleep(0.0005)

    async def restart(self) -> None:
        """Close, with whatever is under way, and begin anew with the same log."""
        await self.client.aclose()
        await self.log.reopen()
        self.client = self.new_client()

    async def check(self) -> None:
        """Whatever has ended is known alike by everybody."""
        ended = [mail for mail in self.mails if mail not in self.running]
        check_mails(ended, self.trail, twice=self.policy.on_unknown == "retry")

    async def end(self) -> None:
        """Everything ends, is compared, and is settled by events."""
        self.log.trouble, self.credentials.mode = "", "fresh"
        await self.drain()
        await self.client.aclose()
        assert await anyio.to_thread.run_sync(self.server.wait_until_closed)
        await self.check()
        await check_log(self.mails, self.trail, self.log, self.log.unwritten)
        await self._settle()
        await self._nothing_goes_twice()
        await self.log.aclose()

    async def _settle(self) -> None:
        unknown = {record.send_id async for record in self.log.unknown()}
        taken = self.trail.taken()
        for seen in (each for some in taken.values() for each in some):
            for event in sesmail.parse(event_of(seen)):
                assert isinstance(event, sesmail.Sent)
                assert event.send_id is not None
                await self.log.settle(event.send_id, "accepted", event.message_id)
        assert {record.send_id async for record in self.log.unknown()} == unknown - taken.keys()
        for send_id, some in taken.items():
            record = await self.log.get(send_id)
            assert record is not None
            assert record.outcome == "accepted"
            assert record.message_id in {issued for each in some for issued in each.ids}

    async def _nothing_goes_twice(self) -> None:
        """What was taken is refused, and what was not is sent."""
        self.faults()
        before = len(self.trail.seen)
        async with new_client(self.server.url, self.session, send_log=self.log) as client:
            for send_id in [*self.trail.taken()][:3]:
                with pytest.raises(DuplicateSendError):
                    await client.send(message(Mail("again@example.com", send_id)))
            assert len(self.trail.seen) == before
            await client.send(message(Mail("new@example.com", "a-new-one")))


async def send(client: Client, mails: Sequence[Mail]) -> None:
    """Send one mail."""
    (mail,) = mails
    try:
        mail.ended(await client.send(message(mail)))
    except (SendError, ConfigurationError) as error:
        mail.ended(error)


async def send_bulk(client: Client, mails: Sequence[Mail]) -> None:
    """Send mails as a bulk message."""
    recipients = [Recipient(mail.address, send_id=mail.send_id) for mail in mails]
    bulk = BulkMessage(from_email="shop@example.com", template="News", recipients=recipients)
    try:
        ends: Sequence[Any] = (await client.send_bulk(bulk, concurrency=2)).recipients
    except ConfigurationError as error:
        ends = [error] * len(mails)
    for mail, end in zip(mails, ends, strict=True):
        mail.ended(end)


class Left(Exception):
    """The block was left."""


def sending_many(
    leave_after: int | None, way: Leaving, **settings: Any
) -> Callable[[Client, Sequence[Mail]], Any]:
    """Send mails as many, and leave, after some outcomes, in some way."""

    async def send_many(client: Client, mails: Sequence[Mail]) -> None:
        many = client.send_many([message(mail) for mail in mails], **settings)
        outcomes: list[MessageResult] = []
        try:
            with suppress(Left), anyio.CancelScope() as scope:
                async with many:
                    async for outcome in many:
                        outcomes.append(outcome)
                        if len(outcomes) == leave_after:
                            if way == "break":
                                break
                            if way == "error":
                                raise Left
                            scope.cancel()
        finally:
            outcomes += many.unconsumed
            told = Counter(outcome.outcome for outcome in outcomes)
            progress = many.progress
            assert (progress.accepted, progress.rejected) == (told["accepted"], told["rejected"])
            assert (progress.not_sent, progress.unknown) == (told["not_sent"], told["unknown"])
            assert progress.in_flight == 0
            assert len({outcome.index for outcome in outcomes}) == len(outcomes)
            for outcome in outcomes:
                mails[outcome.index].ended(outcome)

    return send_many
