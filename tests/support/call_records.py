"""Records of each mail by caller, server, listener and send log, and checks that they agree."""

import dataclasses
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Protocol

from sesmail import (
    Attempt,
    CallInfo,
    ConfigurationError,
    DuplicateSendError,
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
    """One mail of one call, with the result that the caller received; its address is unique."""

    address: str
    send_id: str | None = None
    results: list[Any] = dataclasses.field(default_factory=list)
    """The result or the error that the caller received; empty if the call was cancelled."""

    @property
    def outcome(self) -> Outcome | None:
        """The outcome that the caller received; None after a cancellation."""
        assert len(self.results) <= 1, self.results
        for result in self.results:
            outcome: Outcome = "accepted" if isinstance(result, SendResult) else result.outcome
            return outcome
        return None

    @property
    def message_id(self) -> str | None:
        """The message id that the caller received."""
        found: str | None = getattr(self.results[0], "message_id", None)
        return found

    @property
    def replayed(self) -> bool:
        """True if the caller received the result of an earlier call."""
        return any(getattr(result, "replayed", False) for result in self.results)

    @property
    def refused(self) -> bool:
        """True if the send log had the send id as in flight or unknown."""
        return any(
            isinstance(getattr(result, "error", result), DuplicateSendError)
            for result in self.results
        )

    def record(self, result: SendResult | RecipientResult | MessageResult | Exception) -> None:
        """Record the result of the call."""
        if isinstance(result, MessageResult):
            result = result.result or result.error or AssertionError("neither result nor error")
        assert isinstance(
            result, (SendResult, RecipientResult, InvalidMessageError, ConfigurationError)
        ) or hasattr(result, "outcome"), repr(result)
        self.results.append(result)
        self.send_id = self.send_id or getattr(result, "send_id", None)


@dataclasses.dataclass(frozen=True)
class ReceivedMail:
    """A mail in a request that the server received completely."""

    address: str
    send_id: str
    index: int
    """Position of the mail in the request."""
    request: Request
    decision: str
    """Decision of the server: ``rejected``, ``retryable`` or ``possibly_accepted``."""
    mail_count: int
    """Number of mails in the request."""

    @property
    def ids(self) -> Sequence[str]:
        """The message ids that the server issued for the mail; empty if it was not accepted."""
        return (
            self.request.issued[self.index :: self.mail_count]
            if self.decision == "possibly_accepted"
            else ()
        )


@dataclasses.dataclass(frozen=True)
class ScriptedResponse:
    """A response, and the server's decision on the mail at each index."""

    response: Response
    decision: Callable[[int], str]


def scripted(fault: Fault) -> ScriptedResponse:
    """Return the response of a fault."""
    refused = fault.outcomes == {"rejected"}
    return ScriptedResponse(
        fault.response,
        lambda _: (
            ("retryable" if fault.retryable else "rejected") if refused else "possibly_accepted"
        ),
    )


def accept_all() -> ScriptedResponse:
    """Return a response that accepts every mail."""
    return ScriptedResponse(ok(), lambda _: "possibly_accepted")


_DECISIONS = ("possibly_accepted", "retryable", "rejected")
_STATUS = {"retryable": "ACCOUNT_THROTTLED", "rejected": "MESSAGE_REJECTED"}


def accept_some() -> ScriptedResponse:
    """Accept single mails and every third mail of a bulk call; reject or throttle the others."""

    def act(connection: Connection, request: Request) -> None:
        mails = mails_of(request)
        if not request.target.endswith("/outbound-bulk-emails"):
            return ok().act(connection, request)
        ids = issue(request, (), len(mails))
        entries = [
            ("SUCCESS", ids[index])
            if _DECISIONS[index % 3] == "possibly_accepted"
            else (_STATUS[_DECISIONS[index % 3]], "no")
            for index in range(len(mails))
        ]
        return connection.respond(200, *bulk_results(request, entries))

    return ScriptedResponse(Response(act), lambda index: _DECISIONS[index % 3])


def mails_of(request: Request) -> list[tuple[str, str]]:
    """Return the address and the send id of each mail of a v2 request."""
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
    """Mails that the server received, and calls that the listener recorded, in order."""

    def __init__(self) -> None:
        self.received: list[ReceivedMail] = []
        self.started: list[CallInfo] = []
        self.finished: list[CallInfo] = []
        self.outcomes: dict[str, Outcome] = {}
        """The outcome of each send id after its latest attempt."""
        self.possibly_sent: set[str] = set()
        """The send ids of requests that may have left, as reported to the listener."""

    def recording(self, *script: ScriptedResponse, rate: float = 1000.0) -> list[Response]:
        """Return a script for the server that records each received mail."""
        return [self._recorded(each, rate) for each in script]

    def _recorded(self, step: ScriptedResponse, rate: float) -> Response:
        def act(connection: Connection, request: Request) -> None:
            if "/account" in request.target:
                return json_200({"SendQuota": {"MaxSendRate": rate}}).act(connection, request)
            if request.complete:
                mails = mails_of(request)
                self.received += [
                    ReceivedMail(address, send_id, index, request, step.decision(index), len(mails))
                    for index, (address, send_id) in enumerate(mails)
                ]
            return step.response.act(connection, request)

        return dataclasses.replace(step.response, act=act)

    def clear_listener(self) -> None:
        """Delete the records of the listener, and keep those of the server."""
        for records in (self.started, self.finished, self.outcomes, self.possibly_sent):
            records.clear()

    def before_attempt(self, call: CallInfo) -> None:
        self.started.append(call)

    def after_attempt(self, call: CallInfo, attempts: Sequence[Attempt]) -> None:
        self.finished.append(call)
        for send_id, attempt in zip(call.send_ids, attempts, strict=call.mails > 0):
            before = self.outcomes.get(send_id)
            self.outcomes[send_id] = _combined(before, attempt.outcome, retry=call.number > 1)
            if attempt.outcome != "not_sent":
                self.possibly_sent.add(send_id)

    def accepted_mails(self) -> dict[str, list[ReceivedMail]]:
        """Return the mails for which the server issued message ids, by send id."""
        found: dict[str, list[ReceivedMail]] = {}
        for received in self.received:
            if received.ids:
                found.setdefault(received.send_id, []).append(received)
        return found

    def received_for(self, mail: Mail) -> list[ReceivedMail]:
        """Return each received copy of a mail."""
        return [received for received in self.received if received.address == mail.address]


def _combined(before: Outcome | None, now: Outcome, *, retry: bool) -> Outcome:
    """Return the outcome after another attempt: only an acceptance replaces unknown."""
    if before in ("unknown", "accepted") and now != "accepted":
        return before
    return "rejected" if retry and (before, now) == ("rejected", "not_sent") else now


class Log(Protocol):
    """Part of the send log protocol that the checks use."""

    async def get(self, send_id: str) -> SendRecord | None:
        """Return the record of a send id."""
        ...

    def unknown(self) -> AsyncIterator[SendRecord]:
        """Yield the records with an unknown outcome."""
        ...


def check_mail(mail: Mail, records: CallRecords, *, retries_unknown: bool = False) -> None:
    """Check the records of a mail after its call.

    Args:
        mail: The mail, with the result of its call.
        records: Records of server and listener.
        retries_unknown: Whether the client retries after an unknown outcome.
    """
    received = records.received_for(mail)
    decisions = [each.decision for each in received]
    if retries_unknown:
        assert set(decisions[:-1]) <= {"retryable", "possibly_accepted"}, (mail, decisions)
    else:
        assert set(decisions[:-1]) <= {"retryable"}, (mail, decisions)
    if mail.outcome in ("not_sent", "rejected"):
        assert "possibly_accepted" not in decisions, (mail, decisions)
    if mail.outcome == "not_sent":
        assert not decisions, (mail, decisions)
    if mail.outcome == "rejected":
        assert decisions, mail
    if mail.replayed or mail.refused:
        assert "possibly_accepted" not in decisions, (mail, decisions)
    if mail.replayed:
        assert mail.send_id is not None
        received = records.accepted_mails()[mail.send_id]
    if mail.outcome == "accepted":
        assert mail.message_id in [issued for each in received for issued in each.ids], (
            mail,
            received,
        )


def check_mails(
    mails: Iterable[Mail], records: CallRecords, *, retries_unknown: bool = False
) -> None:
    """Check the records of all mails; each send id is accepted in at most one call."""
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
    """Compare log and listener with the callers, except for send ids whose log writes failed."""
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
        if mail.outcome in ("accepted", "unknown") and not mail.refused:
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
    """Return the Send event of an accepted mail."""
    mail = {
        "timestamp": "2026-03-06T19:55:38.903Z",
        "messageId": received.ids[0],
        "source": "shop@example.com",
        "destination": [received.address],
        "headers": [{"name": "X-Sesmail-Id", "value": received.send_id}],
    }
    return json.dumps({"eventType": "Send", "mail": mail, "send": {}}).encode()
