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
from support.call_records import (
    CallRecords,
    Mail,
    ScriptedResponse,
    accept_all,
    check_log,
    check_mails,
    send_event,
)
from support.clients import new_client
from support.faults import FaultServer

ExitKind = Literal["break", "error", "cancel"]


def message(mail: Mail) -> Message:
    """Return the message that sends a mail."""
    return Message(
        from_email="shop@example.com",
        to=mail.address,
        subject="News",
        text="It is May.",
        send_id=mail.send_id,
    )


class ManualClock:
    """A clock that advances only when a test advances it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, anyio.Event]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock has advanced by so many seconds."""
        sleeper = self.now + seconds, anyio.Event()
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    def advance(self, seconds: float = math.inf) -> None:
        """Advance the clock; without an argument, to the time at which the first sleeper wakes."""
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
    """A limiter that reports no wait: its simulated time must not extend the real deadlines."""

    async def acquire(self, recipients: int) -> float:
        await super().acquire(recipients)
        return 0.0


class FailingLog:
    """A send log that fails on demand, and collects the send ids of failed writes."""

    def __init__(self, path: Path | None) -> None:
        self.unwritten: set[str] = set()
        self.failure = ""
        self._path = path
        self._log = self._new()

    async def begin(self, send_id: str) -> None:
        await self._write("begin", send_id, self._log.begin, send_id)

    async def finish(self, send_id: str, outcome: Any, message_id: str | None = None) -> None:
        await self._write("finish", send_id, self._log.finish, send_id, outcome, message_id)

    async def settle(self, send_id: str, outcome: Any, message_id: str | None = None) -> bool:
        return await self._log.settle(send_id, outcome, message_id)

    async def get(self, send_id: str) -> SendRecord | None:
        return await self._log.get(send_id)

    def unknown(self) -> AsyncIterator[SendRecord]:
        return self._log.unknown()

    async def reopen(self) -> None:
        """Reopen the file as after a restart; a log in memory keeps its records."""
        if isinstance(self._log, SqliteSendLog):
            await self._log.aclose()
            self._log = self._new()

    async def aclose(self) -> None:
        if isinstance(self._log, SqliteSendLog):
            await self._log.aclose()

    def _new(self) -> MemorySendLog | SqliteSendLog:
        return MemorySendLog() if self._path is None else SqliteSendLog(self._path)

    async def _write(
        self, operation: str, send_id: str, write: Callable[..., Any], *args: Any
    ) -> None:
        await anyio.lowlevel.checkpoint()
        try:
            if self.failure == f"{operation} before":
                raise OSError("the disk is full")
            await write(*args)
            if self.failure == f"{operation} after":
                raise OSError("the disk was lost")
        except DuplicateSendError:
            raise
        except Exception:
            self.unwritten.add(send_id)
            raise
        await anyio.lowlevel.checkpoint()


class Credentials:
    """Credentials of a container, without HTTP: aiobotocore leaves connections open on httpx."""

    def __init__(self) -> None:
        self.mode = "fresh"

    async def get(self, *_: object) -> dict[str, str]:
        """Return credentials that are valid for an hour, expire within a minute, or have expired.

        Raises the error of a missing metadata service in any other mode.
        """
        from botocore.exceptions import MetadataRetrievalError

        await anyio.lowlevel.checkpoint()
        seconds = {"fresh": 3600, "short": 60, "expired": -60}.get(self.mode)
        if seconds is None:
            raise MetadataRetrievalError(error_msg="no credentials now")
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        keys = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "Token"), "testing")
        return {**keys, "Expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}"}


@dataclasses.dataclass
class Environment:
    """Server, credentials, rate limit, send log and records of a client and its successors."""

    session: str
    folder: Path | None
    """The folder of the send log's file; None for a log in memory."""
    policy: RetryPolicy
    stack: ExitStack

    def __post_init__(self) -> None:
        self.records = CallRecords()
        self.clock = ManualClock()
        self.limiter = Limiter(clock=self.clock, sleep=self.clock.sleep, max_wait=100)
        self.credentials = Credentials()
        self.server = self.stack.enter_context(FaultServer(accept_all().response))
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.delenv(name)
        patch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/credentials")
        from aiobotocore.utils import AioContainerMetadataFetcher

        patch.setattr(AioContainerMetadataFetcher, "_retrieve_credentials", self.credentials.get)
        self.log = FailingLog(self.folder and self.folder / "sends.db")
        self.mails: list[Mail] = []
        self.running: set[Mail] = set()
        self.scopes: list[anyio.CancelScope] = []
        self.set_responses()
        self.client = self.new_client()

    def new_client(self) -> Client:
        """Return a client of this environment."""
        return new_client(
            self.server.url,
            self.session,
            timeout=0.4,
            retry=self.policy,
            rate_limit=self.limiter,
            send_log=self.log,
            listener=self.records,
        )

    def set_responses(self, *script: ScriptedResponse, rate: float = 1000.0) -> None:
        """Set the next responses of the server, after which it accepts every mail."""
        self.server.respond_with(*self.records.recording(*script, accept_all(), rate=rate))

    def new_mail(self, send_id: str | None) -> Mail:
        """Create a mail and add it to those in flight."""
        mail = Mail(f"m{len(self.mails)}@example.com", send_id)
        self.mails.append(mail)
        self.running.add(mail)
        return mail

    async def run_job(
        self, work: Callable[[Client, Sequence[Mail]], Any], mails: Sequence[Mail]
    ) -> None:
        """Send mails in a cancel scope."""
        with anyio.CancelScope() as scope:
            self.scopes.append(scope)
            try:
                await work(self.client, mails)
            finally:
                self.scopes.remove(scope)
                self.running -= {*mails}

    async def cancel(self, index: int) -> None:
        """Cancel one of the jobs in flight."""
        if self.scopes:
            self.scopes[index % len(self.scopes)].cancel()

    async def run_steps(self, steps: int) -> None:
        """Run some steps of the event loop."""
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()

    async def wait_until_idle(self) -> None:
        """Wait until no mail is in flight."""
        with anyio.fail_after(30):
            while self.running:
                self.clock.advance()
                await anyio.sleep(0.0005)

    async def restart(self) -> None:
        """Close the client while calls are in flight, and open another with the same log."""
        await self.client.aclose()
        await self.log.reopen()
        self.client = self.new_client()

    async def check(self) -> None:
        """Compare the records of all mails whose calls have ended."""
        completed = [mail for mail in self.mails if mail not in self.running]
        check_mails(completed, self.records, retries_unknown=self.policy.on_unknown == "retry")

    async def finish_all(self) -> None:
        """Wait for all calls, compare all records, and settle the log by events."""
        self.log.failure, self.credentials.mode = "", "fresh"
        await self.wait_until_idle()
        await self.client.aclose()
        assert await anyio.to_thread.run_sync(self.server.wait_until_closed)
        await self.check()
        await check_log(self.mails, self.records, self.log, self.log.unwritten)
        await self._settle()
        await self._check_repeated_sends()
        await self.log.aclose()

    async def _settle(self) -> None:
        unknown = {record.send_id async for record in self.log.unknown()}
        accepted_mails = self.records.accepted_mails()
        for received in (each for some in accepted_mails.values() for each in some):
            for event in sesmail.parse(send_event(received)):
                assert isinstance(event, sesmail.Sent)
                assert event.send_id is not None
                await self.log.settle(event.send_id, "accepted", event.message_id)
        assert {
            record.send_id async for record in self.log.unknown()
        } == unknown - accepted_mails.keys()
        for send_id, some in accepted_mails.items():
            record = await self.log.get(send_id)
            assert record is not None
            assert record.outcome == "accepted"
            assert record.message_id in {issued for each in some for issued in each.ids}

    async def _check_repeated_sends(self) -> None:
        """Check that repeated send ids of accepted mails are refused, and new ones sent."""
        self.set_responses()
        before = len(self.records.received)
        async with new_client(self.server.url, self.session, send_log=self.log) as client:
            for send_id in [*self.records.accepted_mails()][:3]:
                with pytest.raises(DuplicateSendError):
                    await client.send(message(Mail("again@example.com", send_id)))
            assert len(self.records.received) == before
            await client.send(message(Mail("new@example.com", "a-new-one")))


async def send(client: Client, mails: Sequence[Mail]) -> None:
    """Send one mail."""
    (mail,) = mails
    try:
        mail.record(await client.send(message(mail)))
    except (SendError, ConfigurationError) as error:
        mail.record(error)


async def send_bulk(client: Client, mails: Sequence[Mail]) -> None:
    """Send mails as a bulk message."""
    recipients = [Recipient(mail.address, send_id=mail.send_id) for mail in mails]
    bulk = BulkMessage(from_email="shop@example.com", template="News", recipients=recipients)
    try:
        results: Sequence[Any] = (await client.send_bulk(bulk, concurrency=2)).recipients
    except ConfigurationError as error:
        results = [error] * len(mails)
    for mail, result in zip(mails, results, strict=True):
        mail.record(result)


class CallerError(Exception):
    """Exception of the caller's code."""


def send_many_job(
    leave_after: int | None, exit_kind: ExitKind, **settings: Any
) -> Callable[[Client, Sequence[Mail]], Any]:
    """Return a job that sends mails by send_many and leaves the block after some outcomes."""

    async def send_many(client: Client, mails: Sequence[Mail]) -> None:
        many = client.send_many([message(mail) for mail in mails], **settings)
        outcomes: list[MessageResult] = []
        try:
            with suppress(CallerError), anyio.CancelScope() as scope:
                async with many:
                    async for outcome in many:
                        outcomes.append(outcome)
                        if len(outcomes) == leave_after:
                            if exit_kind == "break":
                                break
                            if exit_kind == "error":
                                raise CallerError
                            scope.cancel()
        finally:
            outcomes += many.unconsumed
            counts = Counter(outcome.outcome for outcome in outcomes)
            progress = many.progress
            assert (progress.accepted, progress.rejected) == (
                counts["accepted"],
                counts["rejected"],
            )
            assert (progress.not_sent, progress.unknown) == (counts["not_sent"], counts["unknown"])
            assert progress.in_flight == 0
            assert len({outcome.index for outcome in outcomes}) == len(outcomes)
            for outcome in outcomes:
                mails[outcome.index].record(outcome)

    return send_many
