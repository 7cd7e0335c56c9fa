"""Records of caller, server, listener and send log for each mail, and their consistency."""

import dataclasses
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Protocol

from sesmail import (
    Attempt,
    CallInfo,
    ConfigurationError,
    InvalidMessageError,
    Listener,
    MessageResult,
    Outcome,
    RecipientResult,
    SendRecord,
    SendResult,
)
from support.answers import bulk_results, issue, json_200, ok
from support.fault import Fault
from support.faults import Answer, Connection, Request

_SEND_ID = re.compile(rb"^X-Sesmail-Id: (.+?)\r$", re.MULTILINE)
_TO = re.compile(rb"^To: (.+?)\r$", re.MULTILINE)


@dataclasses.dataclass(eq=False)
class Mail:
    """One mail of one call, as its caller sees it; no two have the same address."""

    address: str
    send_id: str | None = None
    ends: list[Any] = dataclasses.field(default_factory=list)
    """What the caller got: a result or an error; nothing if it was cancelled."""

    @property
    def outcome(self) -> Outcome | None:
        """What the caller was told; None if nothing."""
        assert len(self.ends) <= 1, self.ends
        for end in self.ends:
            outcome: Outcome = "accepted" if isinstance(end, SendResult) else end.outcome
            return outcome
        return None

    @property
    def message_id(self) -> str | None:
        """The id that the caller was told."""
        found: str | None = getattr(self.ends[0], "message_id", None)
        return found

    def ended(self, end: SendResult | RecipientResult | MessageResult | Exception) -> None:
        """Note how it ended."""
        if isinstance(end, MessageResult):
            end = end.result or end.error or AssertionError("an outcome says nothing")
        assert isinstance(
            end, (SendResult, RecipientResult, InvalidMessageError, ConfigurationError)
        ) or hasattr(end, "outcome"), repr(end)
        self.ends.append(end)
        self.send_id = self.send_id or getattr(end, "send_id", None)


@dataclasses.dataclass(frozen=True)
class Seen:
    """A mail in a request that the server has whole."""

    address: str
    send_id: str
    place: int
    """Which one of the request it is."""
    request: Request
    verdict: str
    """Return ``refused`` for good, ``later`` if retryable, else ``open``: maybe accepted."""
    mails: int

    @property
    def ids(self) -> Sequence[str]:
        """The ids that were issued for it: then it was taken."""
        return self.request.issued[self.place :: self.mails] if self.verdict == "open" else ()


@dataclasses.dataclass(frozen=True)
class Dealt:
    """An answer, and what it says of the mail of each place."""

    answer: Answer
    verdict: Callable[[int], str]


def dealt(fault: Fault) -> Dealt:
    """A fault as an answer."""
    refused = fault.outcomes == {"rejected"}
    return Dealt(
        fault.answer, lambda _: ("later" if fault.retryable else "refused") if refused else "open"
    )


def accepts() -> Dealt:
    """Take everything."""
    return Dealt(ok(), lambda _: "open")


_PLACES = ("open", "later", "refused")
_STATUS = {"later": "ACCOUNT_THROTTLED", "refused": "MESSAGE_REJECTED"}


def accepts_some() -> Dealt:
    """Accept every third mail of a bulk call, and a single mail; reject others, some for now."""

    def act(connection: Connection, request: Request) -> None:
        mails = mails_of(request)
        if not request.target.endswith("/outbound-bulk-emails"):
            return ok().act(connection, request)
        ids = issue(request, (), len(mails))
        entries = [
            ("SUCCESS", ids[place])
            if _PLACES[place % 3] == "open"
            else (_STATUS[_PLACES[place % 3]], "no")
            for place in range(len(mails))
        ]
        return connection.respond(200, *bulk_results(request, entries))

    return Dealt(Answer(act), lambda place: _PLACES[place % 3])


def mails_of(request: Request) -> list[tuple[str, str]]:
    """Address and send id of each mail of a v2 request."""
    if "/account" in request.target:
        return []
    if request.target.endswith("/outbound-bulk-emails"):
        return [
            (entry["Destination"]["ToAddresses"][0], entry["ReplacementHeaders"][0]["Value"])
            for entry in request.json["BulkEmailEntries"]
        ]
    address, send_id = _TO.search(request.mime), _SEND_ID.search(request.mime)
    assert address is not None
    assert send_id is not None
    return [(address[1].decode(), send_id[1].decode())]


class Trail(Listener):
    """What the server and the listener know, in the order in which they learnt it."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.begun: list[CallInfo] = []
        self.ended: list[CallInfo] = []
        self.states: dict[str, Outcome] = {}
        """What the attempts say of each send id."""
        self.left: set[str] = set()
        """The send ids of which a request may have left, by the listener's word."""

    def answers(self, *script: Dealt, rate: float = 1000.0) -> list[Answer]:
        """A server's script that is written down."""
        return [self._answer(each, rate) for each in script]

    def _answer(self, dealt: Dealt, rate: float) -> Answer:
        def act(connection: Connection, request: Request) -> None:
            if "/account" in request.target:
                return json_200({"SendQuota": {"MaxSendRate": rate}}).act(connection, request)
            if request.complete:
                mails = mails_of(request)
                self.seen += [
                    Seen(address, send_id, place, request, dealt.verdict(place), len(mails))
                    for place, (address, send_id) in enumerate(mails)
                ]
            return dealt.answer.act(connection, request)

        return dataclasses.replace(dealt.answer, act=act)

    def forget(self) -> None:
        """Forget what was heard, but not what the server saw."""
        for known in (self.begun, self.ended, self.states, self.left):
            known.clear()

    def before_attempt(self, call: CallInfo) -> None:
        self.begun.append(call)

    def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
        self.ended.append(call)
        for send_id, attempt in zip(call.send_ids, attempts, strict=call.mails > 0):
            self.states[send_id] = _joined(self.states.get(send_id), attempt.outcome)
            if attempt.outcome != "not_sent":
                self.left.add(send_id)

    def taken(self) -> dict[str, list[Seen]]:
        """The mails that the server issued ids for, by their send ids."""
        found: dict[str, list[Seen]] = {}
        for seen in self.seen:
            if seen.ids:
                found.setdefault(seen.send_id, []).append(seen)
        return found

    def of(self, mail: Mail) -> list[Seen]:
        """The requests with a mail."""
        return [seen for seen in self.seen if seen.address == mail.address]


def _joined(before: Outcome | None, now: Outcome) -> Outcome:
    """Return the state of a mail after one more attempt: only an acceptance ends an unknown."""
    return before if before in ("unknown", "accepted") and now != "accepted" else now


class Log(Protocol):
    """What is asked of a send log."""

    async def get(self, send_id: str) -> SendRecord | None:
        """The record."""
        ...

    def unknown(self) -> AsyncIterator[SendRecord]:
        """The unknown."""
        ...


def check_mail(mail: Mail, trail: Trail, *, twice: bool = False) -> None:
    """Check the records of a mail after its call; `twice` if unknown outcomes are retried."""
    seen = trail.of(mail)
    verdicts = [each.verdict for each in seen]
    if twice:
        assert set(verdicts[:-1]) <= {"later", "open"}, (mail, verdicts)
    else:
        assert set(verdicts[:-1]) <= {"later"}, (mail, verdicts)
    if mail.outcome in ("not_sent", "rejected"):
        assert "open" not in verdicts, (mail, verdicts)
    if mail.outcome == "rejected":
        assert verdicts, mail
    if mail.outcome == "accepted":
        assert mail.message_id in [issued for each in seen for issued in each.ids], (mail, seen)


def check_mails(mails: Iterable[Mail], trail: Trail, *, twice: bool = False) -> None:
    """The same of all; and no send id was taken in two calls."""
    verdicts: dict[str, list[str]] = {}
    for mail in mails:
        check_mail(mail, trail, twice=twice)
    for seen in trail.seen:
        verdicts.setdefault(seen.send_id, []).append(seen.verdict)
    for send_id, each in verdicts.items():
        assert twice or "open" not in each[:-1], (send_id, each)


async def check_log(
    mails: Iterable[Mail], trail: Trail, log: Log, unwritten: Iterable[str] = ()
) -> None:
    """Check log and listener against the callers, except for failed writes of the log."""
    assert len(trail.begun) == len(trail.ended) == len({*trail.begun} & {*trail.ended})
    excused = set(unwritten)
    unknown = {record.send_id async for record in log.unknown()}
    for send_id in trail.states.keys() - excused:
        record = await log.get(send_id)
        assert record is not None, send_id
        assert record.outcome == trail.states[send_id], (record, trail.states[send_id])
    assert (
        unknown - excused
        == {each for each, state in trail.states.items() if state == "unknown"} - excused
    )
    for mail in mails:
        if mail.outcome in ("accepted", "unknown"):
            assert mail.send_id is not None
            assert trail.states[mail.send_id] in ("accepted", mail.outcome), (
                mail,
                trail.states[mail.send_id],
            )
        if mail.outcome == "accepted" and mail.send_id not in excused:
            assert mail.send_id is not None
            record = await log.get(mail.send_id)
            assert record is not None
            assert record.message_id == mail.message_id


def event_of(seen: Seen) -> bytes:
    """The event with which SES tells that it took a mail."""
    mail = {
        "timestamp": "2026-03-06T19:55:38.903Z",
        "messageId": seen.ids[0],
        "source": "shop@example.com",
        "destination": [seen.address],
        "headers": [{"name": "X-Sesmail-Id", "value": seen.send_id}],
    }
    return json.dumps({"eventType": "Send", "mail": mail, "send": {}}).encode()
