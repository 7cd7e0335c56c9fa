"""What is broken: by name, file, and the text that stands there with what it becomes."""

from dataclasses import dataclass

LEAVES = (
    "class QuotaExceededError(RejectedError)",
    "class SendingPausedError(RejectedError)",
    "class MessageRejectedError(RejectedError)",
    "class NotVerifiedError(RejectedError)",
    "class NotFoundError(RejectedError)",
    "class AccessDeniedError(RejectedError)",
    "class BadRequestError(RejectedError, ValueError)",
    "class DuplicateSendError(SendError, ValueError)",
    "class UnknownOutcomeError(SendError)",
    "class RejectedError(SendError)",
)
ROWS = {
    "daily quota": '("accountdailyquotaexceeded",), QuotaExceededError',
    "paused": '"sendingpaused",\n        ),\n        SendingPausedError',
    "message rejected": '("messagerejected",), MessageRejectedError',
    "not verified": '"mailfromdomainnotverified"), NotVerifiedError',
    "not found": '"templatenotfound",\n        ),\n        NotFoundError',
    "access denied": '"unrecognizedclient",\n        ),\n        AccessDeniedError',
    "bad request": '"validationerror",\n        ),\n        BadRequestError',
    "all else": '"failed", "limitexceeded"),\n        RejectedError',
}
THROTTLES = ("accountthrottled", "requestlimitexceeded", "throttled", "toomanyrequests")


@dataclass(frozen=True)
class Mutant:
    """One rule, broken.

    Attributes:
        name: What becomes of it.
        file: The file, in the package.
        edits: Texts that stand there once, and what each becomes.
    """

    name: str
    file: str
    edits: tuple[tuple[str, str], ...]

    def applied(self, source: str) -> str:
        """The file with the rule broken."""
        for old, new in self.edits:
            if source.count(old) != 1:
                raise LookupError(
                    f"{self.name}: {old!r} stands {source.count(old)} times in {self.file}"
                )
            source = source.replace(old, new)
        return source


def _in(file: str, *mutants: tuple[str, str, str]) -> list[Mutant]:
    return [Mutant(name, file, ((old, new),)) for name, old, new in mutants]


RETRYABLE = "    default_retryable: ClassVar[bool] = True"
MUTANTS = [
    *_in(
        "errors.py",
        *(
            (f"retryable: {leaf[6:].partition('(')[0]}", f"{leaf}:\n", f"{leaf}:\n{RETRYABLE}\n")
            for leaf in LEAVES
        ),
        (
            "not retryable: ThrottledError",
            f'errors.html\n    """\n\n{RETRYABLE}',
            'errors.html\n    """',
        ),
        ("not retryable: NotSentError", f'"not_sent"\n{RETRYABLE}', '"not_sent"'),
        (
            "retryable: SendError",
            "default_retryable: ClassVar[bool] = False",
            "default_retryable: ClassVar[bool] = True",
        ),
        (
            "what is said to be retryable is ignored",
            "self.default_retryable if retryable is None else retryable",
            "self.default_retryable",
        ),
        (
            "unknown is called rejected",
            'outcome: ClassVar[Outcome] = "unknown"',
            'outcome: ClassVar[Outcome] = "rejected"',
        ),
        (
            "rejected is called unknown",
            'outcome: ClassVar[Outcome] = "rejected"',
            'outcome: ClassVar[Outcome] = "unknown"',
        ),
        ("not sent is called rejected", f'"not_sent"\n{RETRYABLE}', f'"rejected"\n{RETRYABLE}'),
        (
            "a duplicate is called unknown",
            'outcome: ClassVar[Outcome] = "not_sent"\n\n    def',
            'outcome: ClassVar[Outcome] = "unknown"\n\n    def',
        ),
    ),
    *_in(
        "error_codes.py",
        *(
            (f"{name} is a throttle", row, row.rpartition(" ")[0] + " ThrottledError")
            for name, row in ROWS.items()
        ),
        (
            "throttles are any no",
            '"toomanyrequests"),\n        ThrottledError',
            '"toomanyrequests"),\n        RejectedError',
        ),
        *((f"no throttle: {word}", f'"{word}"', f'"{word}x"') for word in THROTTLES),
        ("a transient failure is for good", "True if name == _TRANSIENT else None", "None"),
        ("every no is retryable", "True if name == _TRANSIENT else None", "True"),
        (
            "a word of nobody's is Amazon's",
            'return name in _CODES or name == _TRANSIENT or name.startswith("throttling")',
            "return True",
        ),
        ("a transient failure isn't Amazon's", "or name == _TRANSIENT or", "or"),
        (
            "another throttling isn't Amazon's",
            'or name == _TRANSIENT or name.startswith("throttling")',
            "or name == _TRANSIENT",
        ),
        (
            "another throttling is no throttle",
            'name.startswith("throttling") or (status',
            "(status",
        ),
        ("429 is no throttle", "status == 429 and name not in _CODES", "False"),
        (
            "429 is a throttle whatever it says",
            "status == 429 and name not in _CODES",
            "status == 429",
        ),
        (
            "the daily quota is a throttle",
            '"daily message quota exceeded" in text and',
            "False and",
        ),
        ("the daily quota as a limit is any no", ' or name == "limitexceeded"\n    )', ")"),
        (
            "any no may be the daily quota",
            '(\n        kind is ThrottledError or name == "limitexceeded"\n    )',
            "True",
        ),
        ("the quota's words count by case", "text = message.lower()", "text = message"),
        ("not verified is for the message", 'and "not verified" in text', "and False"),
        ("words count by underscores", '.replace("_", "")', ""),
        ("words count with Exception", '.removesuffix("Exception")', ""),
        ("words count by case", '.removesuffix("Exception").lower()', '.removesuffix("Exception")'),
    ),
    *_in(
        "aws/failure.py",
        ("5xx is a no", "400 <= status < 500 and", "400 <= status < 600 and"),
        ("3xx is a no", "400 <= status < 500 and", "300 <= status < 500 and"),
        ("408 is a no", "and status != 408", ""),
        ("a no without a code is one", "and code and", "and"),
        ("a no without a request id is one", "and code and request_id:", "and code:"),
        ("any text is a code", 'code if _CODE.fullmatch(code) else ""', "code"),
        ("what may have left never did", "if not may_have_left:", "if True:"),
        ("what never left may have", "if not may_have_left:", "if False:"),
        (
            "no connection is an unknown",
            "if handshake or is_connection_error(original):",
            "if handshake:",
        ),
        (
            "a failed handshake is an unknown",
            "if handshake or is_connection_error(original):",
            "if is_connection_error(original):",
        ),
        ("any failure of TLS is a handshake's", " and isinstance(original, ssl.SSLError)", ""),
        ("no answer is not sent", "if handshake or is_connection_error(original):", "if True:"),
        (
            "the original is the context",
            'error.kwargs.get("error") if isinstance(error, BotoCoreError) else error',
            "error.__context__",
        ),
        (
            "credentials refused are fetched again",
            "return not 400 <= _status(error) < 500",
            "return True",
        ),
        (
            "credentials that fail once are a mistake",
            "return not 400 <= _status(error) < 500",
            "return False",
        ),
        ("a bug of ours is retryable", "retryable=transient)", "retryable=True)"),
        ("what passes is not retryable", "retryable=transient)", "retryable=False)"),
    ),
    *_in(
        "aws/sessions.py",
        ("refused by aiohttp is an unknown", "        aiohttp.ClientConnectorError,\n", ""),
        ("a refused tunnel is an unknown", "        aiohttp.ClientHttpProxyError,", "       "),
        ("no connection in time is an unknown", "        aiohttp.ConnectionTimeoutError,\n", ""),
        (
            "any failure of aiohttp is no connection",
            "        aiohttp.ClientConnectorError,",
            "        aiohttp.ClientError,",
        ),
        (
            "any failure of the system is no connection",
            "        aiohttp.ClientConnectorError,",
            "        OSError,",
        ),
        ("refused by httpx is an unknown", "httpx.ConnectError, ", ""),
        ("any failure of httpx is no connection", "httpx.ConnectError, ", "httpx.TransportError, "),
    ),
    *_in(
        "aws/departure.py",
        ("no request is counted", "self._requests += 1", "pass"),
        ("two requests may leave", "if self._requests == self._limit:", "if False:"),
        (
            "the first request doesn't count",
            "return self._requests > 0",
            "return self._requests > 1",
        ),
    ),
    *_in(
        "aws/fast_path.py",
        ("no request of the fast path is counted", "        count()\n", ""),
        ("a refusal is an answer", "if status >= 300:", "if status >= 500:"),
        ("another endpoint takes the fast path", "_ENDPOINT not in params", "True"),
        ("another signature takes the fast path", 'version != "v4"\n        or ', ""),
        ("other headers take the fast path", "headers.keys() != _HEADERS\n        or ", ""),
        (
            "a path to be encoded takes the fast path",
            "\n        or _URL.fullmatch(url) is None",
            "",
        ),
    ),
    *_in(
        "aws/service_client.py",
        (
            "hooks don't turn the fast path off",
            "if reason := self._hooks.reason():",
            "if reason := '':",
        ),
    ),
    *_in(
        "aws/connection.py",
        ("unvalidated parameters take the fast path", "size if validated else None", "size"),
        (
            "silence is not sent",
            "        if departure.may_have_left:\n            raise Unknown",
            "        if False:\n            raise Unknown",
        ),
        (
            "what waits for its turn is unknown",
            "        if departure.may_have_left:\n            raise Unknown",
            "        if True:\n            raise Unknown",
        ),
        ("a call has no deadline", "anyio.CancelScope(deadline=deadline)", "anyio.CancelScope()"),
    ),
    *_in(
        "aws/connection.py",
        ("botocore makes calls again", '"total_max_attempts": 1', '"total_max_attempts": 3'),
    ),
    *_in(
        "aws/aiohttp_session.py",
        ("a redirect is followed", "allow_redirects=False", "allow_redirects=True"),
    ),
    *_in(
        "sending/attempts/retry.py",
        ("the unknown is made again", 'self.on_unknown == "retry" and isinstance', "isinstance"),
        (
            "the unknown is never made again",
            '(self.on_unknown == "retry" and isinstance(error, UnknownOutcomeError))',
            "False",
        ),
        (
            "whoever wants the unknown again gets all",
            'self.on_unknown == "retry" and isinstance(error, UnknownOutcomeError)',
            'self.on_unknown == "retry"',
        ),
        ("everything is made again", "return error.retryable or", "return True or"),
        ("nothing is made again", "return error.retryable or", "return"),
        ("pauses have no jitter", " * 2 * chance", ""),
        ("pauses do not grow", "2.0**doublings", "1.0"),
        (
            "pauses have no longest",
            "min(self.longest_delay, self.first_delay * 2.0**doublings)",
            "(self.first_delay * 2.0**doublings)",
        ),
    ),
    *_in(
        "sending/attempts/runner.py",
        (
            "one attempt too many",
            "or number == self.policy.attempts or",
            "or number > self.policy.attempts or",
        ),
        (
            "one attempt too few",
            "or number == self.policy.attempts or",
            "or number + 1 == self.policy.attempts or",
        ),
        ("attempts without end", "or number == self.policy.attempts or", "or"),
        ("a pause goes beyond the deadline", " or anyio.current_time() + pause >= deadline:", ":"),
        (
            "each attempt has a deadline of its own",
            "deadline = started +",
            "deadline = anyio.current_time() +",
        ),
        ("waiting for the rate counts", "started += await", "await"),
        (
            "all mails of a call go again",
            "if state.last and self.policy.may_retry(state.last)}",
            "if any(one.last and self.policy.may_retry(one.last) for one in pending.values())}",
        ),
        (
            "no mail goes again that SES took, but all others",
            "if state.last and self.policy.may_retry(state.last)}",
            "if state.last}",
        ),
        (
            "what was cancelled never left",
            "    if departure.may_have_left:\n        return Unknown",
            "    if False:\n        return Unknown",
        ),
        (
            "what was cancelled may have left",
            "    if departure.may_have_left:\n        return Unknown",
            "    if True:\n        return Unknown",
        ),
        (
            "a mistake of ours is retryable",
            "operation=call.operation, retryable=False)",
            "operation=call.operation)",
        ),
        (
            "a later mistake loses what went before",
            "                if number == 1:\n                    raise\n",
            "                raise\n",
        ),
        (
            "a mistake is kept to itself",
            "                if number == 1:\n                    raise\n",
            "",
        ),
        ("mails share an error", "another = copy.copy(error)", "another = error"),
        ("what never left is not given back", "if isinstance(ends[0], NotSentError):", "if False:"),
        (
            "whatever failed is given back",
            "if isinstance(ends[0], NotSentError):",
            "if isinstance(ends[0], SendError):",
        ),
        (
            "the limiter never hears of success",
            "if self.limiter is not None and taken:",
            "if False:",
        ),
        ("the limiter never hears of a throttle", "            self.limiter.throttled()\n", ""),
        (
            "any no slows down",
            "any(isinstance(end, ThrottledError) for end in ends)",
            "any(isinstance(end, SendError) for end in ends)",
        ),
        ("the throttle of what is no send slows down", "if info.recipients and any(", "if any("),
        (
            "a duplicate keeps its place",
            "self._give_back(sum(batch.recipients[each] for each in states if each not in begun))",
            "pass",
        ),
        ("a duplicate leaves", "                call = batch.call([*begun])\n", ""),
        ("the end is not written down", "        await self.log_writer.finish(states)\n\n", "\n"),
    ),
    Mutant(
        "it is written down after it left",
        "sending/attempts/runner.py",
        (
            ("begun = await self._begin(batch, pending)", "begun = pending"),
            (
                "        await self.log_writer.finish(states)\n\n",
                "        await self.log_writer.begin(states)\n        await self.log_writer.finish(states)\n\n",
            ),
        ),
    ),
    *_in(
        "sending/attempts/state.py",
        ("a doubt is lost", "            self._doubt = error\n", "            pass\n"),
        (
            "a later no ends a doubt",
            "        self.last = error\n",
            "        self.last, self._doubt = error, None\n",
        ),
        (
            "the outcome forgets the doubt",
            "        if self._doubt is not None:\n",
            "        if False:\n",
        ),
        (
            "the error forgets the doubt",
            "self._doubt or self.last or",
            "self.last or self._doubt or",
        ),
        (
            "an id does not end a doubt",
            '        if self.result is not None:\n            return "accepted"',
            '        if self.result is not None and self._doubt is None:\n            return "accepted"',
        ),
    ),
    *_in(
        "sending/attempts/log_writer.py",
        (
            "the unknown is written down as rejected",
            "state.send_id, state.outcome, getattr",
            'state.send_id, state.outcome.replace("unknown", "rejected"), getattr',
        ),
        (
            "a duplicate is sent",
            "        except DuplicateSendError as err:\n            state.failed(err)",
            "        except DuplicateSendError:\n            state.begun = True",
        ),
        (
            "what could not be written down is sent",
            "            error.__cause__ = err\n            state.failed(error)",
            "            state.begun = True",
        ),
        (
            "the unknown begins again",
            'state.begun = state.outcome == "unknown"',
            "state.begun = False",
        ),
        (
            "the rejected does not begin again",
            'state.begun = state.outcome == "unknown"',
            "state.begun = True",
        ),
        (
            "nothing begins",
            "        else:\n            state.begun = True",
            "        else:\n            state.begun = False",
        ),
        (
            "writing is cancelled with the send",
            "            with anyio.fail_after(_TIMEOUT, shield=True):\n                await self._send_log.begin",
            "            with anyio.fail_after(_TIMEOUT):\n                await self._send_log.begin",
        ),
        (
            "a cancelled beginning stays begun",
            "            await self.finish(states)\n            raise",
            "            raise",
        ),
        (
            "a log that fails takes the send along",
            "        except Exception:\n            _log",
            "        except ZeroDivisionError:\n            _log",
        ),
    ),
    *_in(
        "sending/attempts/answer.py",
        ("no id is accepted", "if message_id is None or answer", "if answer"),
        (
            "202 is accepted",
            ' or answer.get("ResponseMetadata", {}).get("HTTPStatusCode") != 200:',
            ":",
        ),
        ("any text is an id", "and _MESSAGE_ID.fullmatch(message_id) else", "else"),
        (
            "too few entries are accepted",
            "if len(entries) != len(recipients):",
            "if len(entries) > len(recipients):",
        ),
        (
            "too many entries are accepted",
            "if len(entries) != len(recipients):",
            "if len(entries) < len(recipients):",
        ),
        (
            "an id is accepted whatever the status",
            ' and (status is None or status.lower() == "success")',
            "",
        ),
        (
            "a status is a no beside an id",
            "status is not None and message_id is None and",
            "status is not None and",
        ),
        ("any status is a no", " and is_documented_code(status):", ":"),
    ),
    *_in(
        "sending/bulk.py",
        (
            "a call may have more than the rate",
            "min(MAX_RECIPIENTS, max(1, int(rate)))",
            "MAX_RECIPIENTS",
        ),
        (
            "a call may have more than 50",
            "min(MAX_RECIPIENTS, max(1, int(rate)))",
            "max(1, int(rate))",
        ),
        ("all entries go again", "[entries[number] for number in numbers]", "list(entries)"),
        (
            "results get other addresses",
            "[self.addresses[number] for number in numbers]",
            "self.addresses[: len(numbers)]",
        ),
    ),
    *_in(
        "sending/sender.py",
        (
            "one part's mistake loses all results",
            'if failures and all(state.outcome == "not_sent" for state in states):',
            "if failures:",
        ),
    ),
    *_in(
        "sending/many.py",
        (
            "what was accepted is cancelled",
            "state.result, None if state.result else state.error()",
            "None, state.error()",
        ),
    ),
    *_in(
        "sending/rate/limiter.py",
        ("nothing is given back", "        self._pace.give_back(self._clock(), recipients)\n", ""),
        ("a throttle changes nothing", "if self._pace.throttled(self._clock()):", "if False:"),
    ),
    *_in(
        "send_log/memory.py",
        (
            "the unknown may begin again in memory",
            'record.outcome in ("accepted", "unknown")',
            'record.outcome == "accepted"',
        ),
        (
            "the accepted may begin again in memory",
            'record.outcome in ("accepted", "unknown")',
            'record.outcome == "unknown"',
        ),
        ("a no overwrites the accepted in memory", ' or record.outcome == "accepted":', ":"),
    ),
    *_in(
        "send_log/sqlite_records.py",
        (
            "the unknown may begin again in the file",
            "WHERE outcome IN ('rejected', 'not_sent')\n",
            "WHERE outcome <> 'accepted'\n",
        ),
        (
            "the accepted may begin again in the file",
            "WHERE outcome IN ('rejected', 'not_sent')\n",
            "WHERE outcome <> 'unknown'\n",
        ),
        (
            "a no overwrites a no in the file",
            "(outcome <> 'accepted' AND :outcome = 'accepted')",
            "outcome <> 'accepted'",
        ),
    ),
]
