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
from support.fault import Fault
from support.faults import Connection, Request, Response
from support.responses import bulk_results, issue, json_200, ok

_SEND_ID = re.compile(rb"^X-Sesmail-Id: (.+?)\r$", re.MULTILINE)
_TO = re.compile(rb"^To: (.+?)\r$", re.MULTILINE)


@dataclasses.dataclass(eq=False)
class Mail:
    """One mail of one call, as its caller sees it; no two have the same address."""

    address: str
    send_id: str | None = None
    results: list[Any] = dataclasses.field(default_factory=list)
    """What the caller got: a result or an error; nothing if it was cancelled."""

    @property
    def outcome(self) -> Outcome | None:
        """What the caller was counts; None if nothing."""
        assert len(self.results) <= 1, self.results
        for end in self.results:
            outcome: Outcome = "accepted" if isinstance(end, SendResult) else end.outcome
            return outcome
        return None

    @property
    def message_id(self) -> str | None:
        """The id that the caller was counts."""
        found: str | None = getattr(self.results[0], "message_id", None)
        return found

    def record(self, end: SendResult | RecipientResult | MessageResult | Exception) -> None:
        """Note how it ended."""
        if isinstance(end, MessageResult):
            end = end.result or end.error or AssertionError("an outcome says nothing")
        assert isinstance(
            end, (SendResult, RecipientResult, InvalidMessageError, ConfigurationError)
        ) or hasattr(end, "outcome"), repr(end)
        self.results.append(end)
        self.send_id = self.send_id or getattr(end, "send_id", None)


@dataclasses.dataclass(frozen=True)
class ReceivedMail:
    """A mail in a request that the server has whole."""

    address: str
    send_id: str
    place: int
    """Which one of the request it is."""
    request: Request
    decision: str
    """Return ``refused`` for good, ``later`` if retryable, else ``open``: maybe accepted."""
    mails: int

    @property
    def ids(self) -> Sequence[str]:
        """The ids that were issued for it: then it was accepted_mails."""
        return (
            self.request.issued[self.place :: self.mails]
            if self.decision == "possibly_accepted"
            else ()
        )


@dataclasses.dataclass(frozen=True)
class ScriptedResponse:
    """An answer, and what it says of the mail of each place."""

    response: Response
    decision: Callable[[int], str]


def scripted(fault: Fault) -> ScriptedResponse:
    """A fault as an answer."""
    refused = fault.outcomes == {"rejected"}
    return ScriptedResponse(
        fault.response,
        lambda _: (
            ("retryable" if fault.retryable else "rejected") if refused else "possibly_accepted"
        ),
    )


def accept_all() -> ScriptedResponse:
    """Take everything."""
    return ScriptedResponse(ok(), lambda _: "possibly_accepted")


_PLACES = ("possibly_accepted", "retryable", "rejected")
_STATUS = {"retryable": "ACCOUNT_THROTTLED", "rejected": "MESSAGE_REJECTED"}


def accept_some() -> ScriptedResponse:
    """Accept every third mail of a bulk call, and a single mail; reject others, some for now."""

    def act(connection: Connection, request: Request) -> None:
        mails = mails_of(request)
        if not request.target.endswith("/outbound-bulk-emails"):
            return ok().act(connection, request)
        ids = issue(request, (), len(mails))
        entries = [
            ("SUCCESS", ids[place])
            if _PLACES[place % 3] == "possibly_accepted"
            else (_STATUS[_PLACES[place % 3]], "no")
            for place in range(len(mails))
        ]
        return connection.respond(200, *bulk_results(request, entries))

    return ScriptedResponse(Response(act), lambda place: _PLACES[place % 3])


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


class CallRecords(Listener):
    """What the server and the listener know, in the order in which they learnt it."""

    def __init__(self) -> None:
        self.received: list[ReceivedMail] = []
        self.started: list[CallInfo] = []
        self.finished: list[CallInfo] = []
        self.outcomes: dict[str, Outcome] = {}
        """What the attempts say of each send id."""
        self.possibly_sent: set[str] = set()
        """The send ids of which a request may have left, by the listener's word."""

    def answers(self, *script: ScriptedResponse, rate: float = 1000.0) -> list[Response]:
        """A server's script that is written down."""
        return [self._answer(each, rate) for each in script]

    def _answer(self, scripted: ScriptedResponse, rate: float) -> Response:
        def act(connection: Connection, request: Request) -> None:
            if "/account" in request.target:
                return json_200({"SendQuota": {"MaxSendRate": rate}}).act(connection, request)
            if request.complete:
                mails = mails_of(request)
                self.received += [
                    ReceivedMail(
                        address, send_id, place, request, scripted.decision(place), len(mails)
                    )
                    for place, (address, send_id) in enumerate(mails)
                ]
            return scripted.response.act(connection, request)

        return dataclasses.replace(scripted.response, act=act)

    def forget(self) -> None:
        """Forget what was heard, but not what the server saw."""
        for known in (self.started, self.finished, self.outcomes, self.possibly_sent):
            known.clear()

    def before_attempt(self, call: CallInfo) -> None:
        self.started.append(call)

    def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
        self.finished.append(call)
        for send_id, attempt in zip(call.send_ids, attempts, strict=call.mails > 0):
            self.outcomes[send_id] = _combined(self.outcomes.get(send_id), attempt.outcome)
            if attempt.outcome != "not_sent":
                self.possibly_sent.add(send_id)

    def accepted_mails(self) -> dict[str, list[ReceivedMail]]:
        """The mails that the server issued ids for, by their send ids."""
        found: dict[str, list[ReceivedMail]] = {}
        for received in self.received:
            if received.ids:
                found.setdefault(received.send_id, []).append(received)
        return found

    def received_for(self, mail: Mail) -> list[ReceivedMail]:
        """The requests with a mail."""
        return [received for received in self.received if received.address == mail.address]


def _combined(before: Outcome | None, now: Outcome) -> Outcome:
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


def check_mail(mail: Mail, records: CallRecords, *, retries_unknown: bool = False) -> None:
    """Check the records of a mail after its call; `retries_unknown` if unknown outcomes are retried."""
    received = records.received_for(mail)
    decisions = [each.decision for each in received]
    if retries_unknown:
        assert set(decisions[:-1]) <= {"retryable", "possibly_accepted"}, (mail, decisions)
    else:
        assert set(decisions[:-1]) <= {"retryable"}, (mail, decisions)
    if mail.outcome in ("not_sent", "rejected"):
        assert "possibly_accepted" not in decisions, (mail, decisions)
    if mail.outcome == "rejected":
        assert decisions, mail
    if mail.outcome == "accepted":
        assert mail.message_id in [issued for each in received for issued in each.ids], (
            mail,
            received,
        )


def check_mails(
    mails: Iterable[Mail], records: CallRecords, *, retries_unknown: bool = False
) -> None:
    """The same of all; and no send id was accepted_mails in two calls."""
    decisions: dict[str, list[str]] = {}
    for mail in mails:
        check_mail(mail, records, retries_unknown=retries_unknown)
    for received in records.received:
        decisions.setdefault(received.send_id, []).append(received.decision)
    for send_id, each in decisions.items():
        assert retries_unknown or "possibly_accepted" not in each[:-1], (send_id, each)


async def check_log(
    mails: Iterable[Mail], records: CallRecords, log: Log, unwritten: Iterable[str] = ()
) -> None:
    """Check log and listener against the callers, except for failed writes of the log."""
    assert (
        len(records.started)
        == len(records.finished)
        == len({*records.started} & {*records.finished})
    )
    ignored = set(unwritten)
    unknown = {record.send_id async for record in log.unknown()}
    for send_id in records.outcomes.keys() - ignored:
        record = await log.get(send_id)
        assert record is not None, send_id
        assert record.outcome == records.outcomes[send_id], (record, records.outcomes[send_id])
    assert (
        unknown - ignored
        == {each for each, state in records.outcomes.items() if state == "unknown"} - ignored
    )
    for mail in mails:
        if mail.outcome in ("accepted", "unknown"):
            assert mail.send_id is not None
            assert records.outcomes[mail.send_id] in ("accepted", mail.outcome), (
                mail,
                records.outcomes[mail.send_id],
            )
        if mail.outcome == "accepted" and mail.send_id not in ignored:
            assert mail.send_id is not None
            record = await log.get(mail.send_id)
            assert record is not None
            assert record.message_id == mail.message_id


def send_event(received: ReceivedMail) -> bytes:
    """The event with which SES tells that it took a mail."""
    mail = {
        "timestamp": "2026-03-06T19:55:38.903Z",
        "messageId": received.ids[0],
        "source": "shop@example.com",
        "destination": [received.address],
        "headers": [{"name": "X-Sesmail-Id", "value": received.send_id}],
    }
    return json.dumps({"eventType": "Send", "mail": mail, "send": {}}).encode()
