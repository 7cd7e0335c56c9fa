"""The mutants: each breaks the rule of sending that its name states."""

import dataclasses
import math
import re
import ssl
import sys
from collections.abc import Callable
from typing import Any

import aiohttp
import anyio
from botocore.exceptions import ClientError, SSLError

from sesmail import errors
from sesmail.aws.aiohttp_protocol import is_silent
from sesmail.aws.connection import Aws
from sesmail.aws.departure import Departure, Lifetime
from sesmail.aws.failure import translate_error
from sesmail.aws.fast_path import FastCall
from sesmail.aws.header_values import check_headers, key_fault
from sesmail.aws.hooks import HookDetector
from sesmail.aws.network_stream import NetworkStream
from sesmail.aws.objects import get_object
from sesmail.aws.sessions import is_connection_error
from sesmail.aws.transport_settings import check_status
from sesmail.error_codes import is_documented_code, rejected_error
from sesmail.errors import (
    ConfigurationError,
    DuplicateSendError,
    NotSentError,
    RejectedError,
    SendError,
    ThrottledError,
    UnknownOutcomeError,
)
from sesmail.send_log import sqlite_records
from sesmail.send_log.memory import MemorySendLog
from sesmail.send_log.sqlite import SqliteSendLog
from sesmail.send_log.sqlite_file import _identity
from sesmail.sending import bulk
from sesmail.sending.attempts import log_writer
from sesmail.sending.attempts.failures import for_each, interrupted
from sesmail.sending.attempts.log_writer import LogWriter
from sesmail.sending.attempts.response import _shared_id, read_bulk, read_single
from sesmail.sending.attempts.retry import RetryPolicy
from sesmail.sending.attempts.runner import CallRunner
from sesmail.sending.attempts.state import SendState, _rank
from sesmail.sending.bulk import BulkCall, BulkPart
from sesmail.sending.many import SendMany
from sesmail.sending.payload.call import Call
from sesmail.sending.rate.limiter import RateLimiter
from sesmail.sending.references.failures import _is_retryable, not_read
from sesmail.sending.references.reading import Reading
from sesmail.sending.result import RecipientResult
from sesmail.sending.sender import Sender

from .patching import MUTANTS, Change, after, before, constant, instead, mutant, rescue

__all__ = ["MUTANTS"]


async def always(*_: object) -> bool:
    return True


async def closed(lifetime: Lifetime) -> None:
    lifetime.is_closed = True


# fmt: off
# Errors: outcome and retryable of each class.
KINDS = [*filter(lambda e: isinstance(e, type) and issubclass(e, SendError), vars(errors).values())]
for kind in KINDS:
    words = "is not retryable" if kind.default_retryable else "is retryable"
    constant(f"{kind.__name__} {words}", kind, "default_retryable", not kind.default_retryable)
constant("an unknown outcome is called rejected", SendError, "outcome", "rejected")
constant("a rejection is called unknown", RejectedError, "outcome", "unknown")
constant("a request that never left is called rejected", NotSentError, "outcome", "rejected")
mutant("a duplicate is called not sent", DuplicateSendError.__init__,
    after(lambda _, self, **__: setattr(self, "outcome", "not_sent")))


# Error codes: class of each code.
def plain(code: Any) -> str:
    return str(code).replace("_", "").removesuffix("Exception").lower()


def rejection(rule: str, chosen: Callable[..., bool], kind: Any = None, **settings: Any) -> None:
    def change(error: Any, code: str, text: str, *, status: Any = None, **details: Any) -> Any:
        cls = kind or type(error)
        return cls(text, code=code, **details, **settings) if chosen(error, status) else error

    mutant(rule, rejected_error, after(change))


def is_daily(error: Any, _: Any) -> bool:
    return "daily message quota exceeded" in error.message.lower()


for kind in KINDS:
    if issubclass(kind, RejectedError) and kind is not ThrottledError:
        rejection(f"{kind.__name__} is reported as throttled",
            lambda e, _, kind=kind: type(e) is kind, ThrottledError)
for code in ("accountthrottled", "requestlimitexceeded", "throttled", "throttlingsomethingnew"):
    rejection(f"the code {code} is not throttled", lambda e, _, code=code: plain(e.code) == code,
        RejectedError)
rejection("a transient failure is not retryable", lambda e, _: plain(e.code) == "transientfailure",
    retryable=False)
rejection("every rejection is retryable", lambda *_: True, retryable=True)
rejection("status 429 is not throttled", lambda _, status: status == 429, RejectedError)
rejection("a used-up daily quota is throttled", is_daily, ThrottledError)
rejection("an unverified sender is a rejected message",
    lambda e, _: plain(e.code) == "messagerejected", errors.MessageRejectedError)
mutant("every code is documented", is_documented_code, instead(lambda _: True))


# Failed calls: what an exception proves about the request.
def translation(rule: str, change: Callable[..., Any]) -> None:
    mutant(rule, translate_error,
        after(lambda result, error, _, may_have_left, **__: change(result, error, may_have_left)))


def response_is_rejection(rule: str, chosen: Callable[[Any, int], bool]) -> None:
    def change(result: Any, *_: object) -> Any:
        response = getattr(result, "answer", None) or {}
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return RejectedError(code=result.code) if chosen(result, status) else result

    translation(rule, change)


def retried(error: Any, retryable: bool) -> Any:
    error.retryable = retryable
    return error


def is_handshake(error: Any) -> bool:
    return isinstance(error, SSLError) and isinstance(error.kwargs.get("error"), ssl.SSLError)


def httpx(name: str) -> Any:
    return getattr(sys.modules.get("httpx2"), name, ())


response_is_rejection("status 5xx is a rejection", lambda _, status: status >= 500)
response_is_rejection("status 3xx is a rejection", lambda _, status: 300 <= status < 400)
response_is_rejection("status 408 is a rejection", lambda _, status: status == 408)
response_is_rejection("status 400 without an error code is a rejection",
    lambda e, status: status == 400 and not e.code)
response_is_rejection("status 400 without a request id is a rejection",
    lambda e, status: status == 400 and not e.request_id)
for left, words in ((False, "never left"), (True, "may have left")):
    mutant(f"every failed request {words}", translate_error, lambda f, left=left: lambda *a,
        may_have_left: f(*a, may_have_left=left))
translation("a failed TLS handshake is unknown",
    lambda e, cause, _: UnknownOutcomeError() if is_handshake(cause) else e)
translation("every TLS error is a failed handshake",
    lambda e, cause, _: NotSentError() if isinstance(cause, SSLError) else e)
translation("refused credentials are retried",
    lambda e, cause, left: NotSentError() if isinstance(cause, ClientError) and not left else e)
translation("credentials that can't be fetched now are a wrong setting",
    lambda e, exc, left: e if left or not isinstance(exc, ClientError) else ConfigurationError())
translation("every request that never left is retried",
    lambda e, *_: retried(e, True) if isinstance(e, NotSentError) else e)
mutant("a failed connection is unknown", is_connection_error, instead(lambda _: False))
mutant("a request without a response is not sent", is_connection_error, instead(lambda _: True))
for name in ("ClientConnectorError", "ClientHttpProxyError", "ConnectionTimeoutError"):
    kind = getattr(aiohttp, name)
    mutant(f"{kind.__name__} is unknown", is_connection_error,
        after(lambda failed, e, kind=kind: failed and not isinstance(e, kind)))
for kind in (aiohttp.ClientError, OSError):
    mutant(f"every {kind.__name__} is a failed connection", is_connection_error,
        after(lambda failed, e, kind=kind: failed or isinstance(e, kind)))
mutant("ConnectError of httpx is unknown", is_connection_error,
    after(lambda failed, e: failed and not isinstance(e, httpx("ConnectError"))))
mutant("every TransportError of httpx is a failed connection", is_connection_error,
    after(lambda failed, e: failed or isinstance(e, httpx("TransportError"))))


# AWS calls: one request each, within the deadline.
mutant("no request is counted", Departure.count, instead(lambda _: None))
mutant("aiohttp: data before a request is a response", is_silent, instead(always))
mutant("httpx: data before a request is a response", NetworkStream._has_data,
    instead(lambda _: False))
mutant("a call may be two requests", Departure.__init__, before(lambda self, *_: (self, 2)))
mutant("the fast path counts no request", FastCall.send,
    before(lambda *args: (*args[:3], lambda: None)))
mutant("the fast path returns rejections", FastCall.send,
    rescue(ClientError, lambda err: err.response))
mutant("the fast path takes every call", FastCall.accepts, instead(lambda *_: True))
constant("the fast path takes unchecked parameters", Call, "checked",
    property(lambda _: True, lambda *_: None))
mutant("hooks do not disable the fast path", HookDetector.reason, instead(lambda _: None))
mutant("a handler that only looks makes a failed connection unknown", Departure.reclaim,
    instead(lambda _: None))
mutant("a response of a handler that can't be read is not sent", Departure.delegate,
    instead(lambda _: None))
mutant("a proxy that asks for a password may have passed the request on", check_status,
    instead(lambda *_: None))
mutant("a closed client connects until the deadline", Lifetime.close, instead(closed))
mutant("a header with a line break is passed on", check_headers, instead(lambda _: None))
mutant("a key with a line break is passed on", key_fault, instead(lambda _: None))
mutant("a call has no deadline", Aws.call, lambda f: lambda *a, deadline,
    **kw: f(*a, deadline=math.inf, **kw))
mutant("a request without a response at the deadline is not sent", Aws.call,
    rescue(UnknownOutcomeError, lambda err: NotSentError() if "deadline" in str(err) else err))
mutant("a request not sent at the deadline is unknown", Aws.call,
    rescue(NotSentError, lambda err: UnknownOutcomeError() if "deadline" in str(err) else err))
mutant("aiobotocore retries sends", Aws.__init__, lambda f: lambda *a,
    **kw: f(*a, **{**kw, "repeatable": True}))
REQUEST = aiohttp.ClientSession._request
constant("redirects are followed", aiohttp.ClientSession, "_request",
    lambda *args, **kw: REQUEST(*args, **{**kw, "allow_redirects": True}))


# Retries: of which errors, and when.
def raise_later(original: Any) -> Any:
    async def attempt(self: Any, batch: Any, pending: Any, number: int, started: float) -> Any:
        try:
            return await original(self, batch, pending, number, started)
        except ConfigurationError as err:
            raise (err if number == 1 else RuntimeError(err)) from None

    return attempt


mutant("unknown outcomes are retried", RetryPolicy.may_retry,
    after(lambda may, _, e: may or isinstance(e, UnknownOutcomeError)))
mutant("on_unknown is ignored", RetryPolicy.may_retry, instead(lambda _, error: error.retryable))
mutant("on_unknown retries every error", RetryPolicy.may_retry,
    after(lambda may, self, _: may or self.on_unknown == "retry"))
mutant("every error is retried", RetryPolicy.may_retry, instead(lambda *_: True))
mutant("no error is retried", RetryPolicy.may_retry, instead(lambda *_: False))
mutant("delays have no jitter", RetryPolicy.delay,
    before(lambda self, attempts, _: (self, attempts, 0.5)))
mutant("delays don't grow", RetryPolicy.delay, before(lambda self, _, chance: (self, 1, chance)))
mutant("delays have no limit", RetryPolicy.delay,
    before(lambda self, *args: (dataclasses.replace(self, longest_delay=math.inf), *args)))
mutant("a retry begins after the deadline", CallRunner._choose_retries,
    before(lambda *args: (*args[:-1], math.inf)))
mutant("every attempt has its own deadline", CallRunner._attempt,
    before(lambda *args: (*args[:-1], anyio.current_time())))
mutant("all sends of a call are retried", CallRunner._choose_retries,
    after(lambda retried, _, states, *__: retried and states))
mutant("a configuration error is not raised", CallRunner._attempt,
    rescue(ConfigurationError, lambda _: ({}, 0.0)))
mutant("a later configuration error loses earlier results", CallRunner._attempt, raise_later)
mutant("the sends of a call share an error", for_each,
    instead(lambda error, states: [error] * len(states)))
mutant("a cancelled request never left", interrupted,
    before(lambda error, _, call: (error, Departure(), call)))
mutant("a cancelled request may have left", interrupted, after(lambda *_: UnknownOutcomeError()))
mutant("an error of sesmail is retryable", interrupted,
    after(lambda error, *_: retried(error, True)))


# Rate limit: what is released, and what slows down.
def at_apply(effect: Callable[..., object]) -> Change:
    return before(lambda *args: (effect(args[0], args[2], args[4]), args)[1])


def release_failed(self: Any, info: Any, results: Any) -> None:
    if isinstance(results[0], SendError) and not isinstance(results[0], NotSentError):
        self._release(info.recipients)


def slow_down(self: Any, _: Any, results: Any) -> None:
    if self.limiter is not None and isinstance(results[0], SendError):
        self.limiter.throttled()


mutant("the wait for the rate limit counts", RateLimiter.acquire, after(lambda *_: 0.0))
mutant("acceptance does not raise the rate", RateLimiter.accepted, instead(lambda *_: None))
mutant("a throttle does not lower the rate", RateLimiter.throttled, instead(lambda _: None))
mutant("requests that never left are not released", RateLimiter.give_back, instead(lambda *_: None))
mutant("every failed call is released", CallRunner._apply, at_apply(release_failed))
mutant("every failed call slows down", CallRunner._apply, at_apply(slow_down))
mutant("a duplicate is not released", CallRunner._record,
    instead(lambda self, _, states, __: self.log_writer.begin(states)))
mutant("calls of low priority are not overtaken", CallRunner._wait_for_rate,
    before(lambda self, info, _: (self, info, False)))
mutant("calls of low priority may starve", RateLimiter._take,
    after(lambda _, self, *__: setattr(self, "_advance", 1)))


# States: an unknown outcome ends with acceptance only.
def outcome(change: Callable[[Any, Any], Any]) -> Change:
    return lambda original: property(lambda state: change(state, original.fget(state)))


mutant("a failure replaces an unknown outcome", SendState.outcome,
    outcome(lambda state, now: state.last.outcome if state.last else now))
mutant("an accepted retry is unknown", SendState.outcome,
    outcome(lambda s, now: "unknown" if any(a.outcome == "unknown" for a in s.attempts) else now))
mutant("the error of an unknown outcome is forgotten", SendState.failed,
    instead(lambda state, error: setattr(state, "last", error)))
mutant("a later error hides an unknown outcome", SendState.error,
    after(lambda error, state: state.last or error))
mutant("a later failure replaces a rejection", _rank,
    after(lambda rank, _: rank if rank == 2 else 0))
mutant("the own record is a duplicate", SendState.duplicate,
    before(lambda self, err: (self, (setattr(self, "unfinished", False), err)[1])))
mutant("a record after a failed finish is the own one", SendState.duplicate,
    before(lambda self, err: (self, (setattr(self, "began", err.began), err)[1])))
mutant("accepted sends are not replayed", SendState.duplicate,
    instead(lambda self, err: self.failed(err)))
mutant("a message id of several entries is accepted", _shared_id,
    instead(lambda entry, *_: RecipientResult("a@example.com", "accepted", entry["MessageId"])))


# Send log: recorded before the request, with its outcome after it.
def also(kind: type[SendError]) -> Change:
    return after(lambda begun, _, states, *__: {
        number: state for number, state in states.items()
        if number in begun or type(state.last) is kind
    })


async def unrecorded(_: Any, states: Any, *__: object) -> Any:
    return states


def without_finish(original: Any) -> Any:
    async def begin(self: Any, states: Any, *deadline: float) -> Any:
        self.finish = nothing
        try:
            return await original(self, states, *deadline)
        finally:
            del self.finish

    return begin


async def nothing(*_: object) -> None:
    pass


def finished(begun: bool) -> Change:
    return after(lambda _, __, states, *___: [
        setattr(state, "begun", begun) for state in states.values() if state.send_id is not None
    ])


class RejectingLog:
    def __init__(self, log: Any) -> None:
        self.begin = log.begin
        self._log = log

    async def finish(self, send_id: str, outcome: str, *args: Any) -> None:
        await self._log.finish(send_id, outcome.replace("unknown", "rejected"), *args)


mutant("sends are not recorded before their request", LogWriter.begin, instead(unrecorded))
mutant("a duplicate is sent", LogWriter.begin, also(DuplicateSendError))
mutant("a send that can't be recorded is made", LogWriter.begin, also(NotSentError))
mutant("a send cancelled while it is recorded stays recorded", LogWriter.begin, without_finish)
mutant("outcomes are not recorded", LogWriter.finish, instead(nothing))
mutant("unknown outcomes are recorded as rejected", LogWriter.__init__,
    before(lambda self, log: (self, log and RejectingLog(log))))
mutant("retries of unknown sends begin again", LogWriter.finish, finished(False))
mutant("retries of rejected sends don't begin again", LogWriter.finish, finished(True))
constant("recording is cancelled with the send", log_writer, "_GRACE", 0.0)
mutant("an unusable log is a failed send", LogWriter._begin,
    before(lambda self, _, state: (self, [], state)))
mutant("a deleted log goes on", _identity, instead(lambda _: []))
mutant("an error of the log is raised", LogWriter._finish,
    instead(lambda self, state: self._send_log.finish(state.send_id, state.outcome)))
for log in (MemorySendLog, SqliteSendLog):
    for known in ("accepted", "unknown"):
        mutant(f"{log.__name__} begins {known} sends again", log._begin, rescue(DuplicateSendError,
            lambda err, known=known: None if err.recorded_outcome == known else err))


def replace_in_memory(done: bool, self: Any, send_id: str, outcome: Any, *_: object) -> bool:
    if record := self._records.get(send_id):
        self._records[send_id] = dataclasses.replace(record, outcome=outcome)
    return done


def replace_in_file(done: bool, db: Any, send_id: str, outcome: str, *_: Any, **__: Any) -> bool:
    db.execute("UPDATE sends SET outcome = ? WHERE send_id = ?", (outcome, send_id))
    return done


mutant("MemorySendLog replaces accepted", MemorySendLog._settle, after(replace_in_memory))
mutant("SqliteSendLog replaces accepted", sqlite_records.settle, after(replace_in_file))


# Responses: only a message id proves acceptance.
def entries(edit: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    return before(lambda response, entries, *args: (response, [*map(edit, entries)], *args))


def with_status_200(response: dict[str, Any]) -> dict[str, Any]:
    metadata = response.get("ResponseMetadata", {})
    return {**response, "ResponseMetadata": {**metadata, "HTTPStatusCode": 200}}


mutant("a response without a message id is accepted", read_single,
    before(lambda response, to: ({"MessageId": "id", **response}, to)))
mutant("a response of another status is accepted", read_single,
    before(lambda response, to: (with_status_200(response), to)))
constant("any text is a message id", sys.modules[read_single.__module__], "_MESSAGE_ID",
    re.compile(".*", re.DOTALL))
mutant("too few entries are accepted", read_bulk,
    before(lambda response, entries, to: (response, entries, to[: len(entries)])))
mutant("too many entries are accepted", read_bulk,
    before(lambda response, entries, to: (response, entries[: len(to)], to)))
mutant("an entry with a message id is accepted in any status", read_bulk,
    entries(lambda entry: {**entry, "Status": "SUCCESS"} if "MessageId" in entry else entry))
mutant("a rejected entry with a message id is a rejection", read_bulk,
    entries(lambda e: {**e, "MessageId": None} if is_documented_code(str(e.get("Status"))) else e))


# Bulk and many: calls of allowed sizes, one result for each send.
def forgetful(send: Any) -> Any:
    async def send_and_forget(message: Any, state: Any) -> Any:
        try:
            return await send(message, state)
        except anyio.get_cancelled_exc_class():
            state.result = None
            raise

    return send_and_forget


def raise_first(_: None, *args: Any) -> None:
    for error in args[-1]:
        raise error


mutant("a call has more recipients than the rate", BulkCall.parts,
    before(lambda self, _: (self, 1e9)))
constant("a call has more than 50 recipients", bulk, "MAX_RECIPIENTS", 10**9)
mutant("all entries are retried", BulkPart.call, before(lambda self, _: (self, self.entries)))
mutant("results have the addresses of other entries", BulkCall.read,
    before(lambda self, response, numbers, region: (self, response, range(len(numbers)), region)))
mutant("one call's configuration error loses all results", Sender._send_parts, after(raise_first))
mutant("a send cancelled after acceptance is not accepted", SendMany.__init__,
    before(lambda self, messages, send: (self, messages, forgetful(send))))


async def any_object(aws: Aws, params: Any, *, deadline: float, limit: Any) -> dict[str, Any]:
    return await aws.call("s3", "GetObject", params, deadline=deadline, body_limit=limit)


mutant("a part of a file is sent", get_object, instead(any_object))
mutant("a file of any size is read", Reading.admit,
    instead(lambda self, stored, size: size or 10**9))
mutant("a missing file is retryable", _is_retryable, instead(lambda *_: True))
mutant("a file that can't be read makes the outcome unknown", not_read,
    after(lambda error, *_: UnknownOutcomeError(str(error))))
