"""Exceptions in every step after SES's response, and invalid messages: the outcomes stay true."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import sesmail
from sesmail import (
    Attempt,
    BulkMessage,
    Client,
    ConfigurationError,
    Listener,
    MemorySendLog,
    Message,
    RateLimiter,
    Recipient,
    RetryPolicy,
    UnknownOutcomeError,
)
from support.clients import NEWS, ORDER
from support.faults import StartFaultServer
from support.responses import bulk, error, ok

pytestmark = pytest.mark.anyio

ATTEMPTS = "sesmail.sending.attempts"

# Each step after the response that sesmail's own code takes, as the path of a function or class.
STEPS = [
    f"{ATTEMPTS}.state.Attempt",
    f"{ATTEMPTS}.state.SendState.attempted",
    f"{ATTEMPTS}.log_writer.LogWriter.finish",
    f"{ATTEMPTS}.runner.CallRunner._plan_retries",
    "sesmail.sending.rate.limiter.RateLimiter.accepted",
    "sesmail.sending.rate.limiter.RateLimiter.give_back",
    "sesmail.sending.rate.limiter.RateLimiter.throttled",
    "sesmail.sending.rate.pace.Pace.accepted",
    "sesmail.send_log.memory.MemorySendLog.finish",
    "sesmail.send_log.memory.MemorySendLog.settle",
]
KINDS = [ZeroDivisionError, MemoryError, ConfigurationError, sesmail.InvalidMessageError]


class Faulty:
    """Replacement of a function that fails once it is armed."""

    def __init__(self, kind: type[BaseException], original: Callable[..., Any]) -> None:
        self.kind = kind
        self.original = original
        self.raised = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.raised += 1
        raise self.kind


def new_client(url: str, **settings: Any) -> Client:
    return Client(
        "eu-west-1",
        endpoint_url=url,
        **{
            "rate_limit": RateLimiter(1000),
            "retry": RetryPolicy(attempts=1),
            "send_log": MemorySendLog(),
            **settings,
        },
    )


async def send(client: Client) -> list[tuple[str, str | None]]:
    result = await client.send(ORDER)
    return [("accepted", result.message_id)]


async def send_many(client: Client) -> list[tuple[str, str | None]]:
    async with client.send_many([ORDER]) as results:
        return [(each.outcome, each.result and each.result.message_id) async for each in results]


async def send_bulk(client: Client) -> list[tuple[str, str | None]]:
    result = await client.send_bulk(NEWS.replace(recipients=["a@example.com"]))
    return [(each.outcome, each.message_id) for each in result.recipients]


WAYS = (send, send_many, send_bulk)
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@pytest.mark.parametrize("step", STEPS)
async def test_exception_of_a_step_keeps_the_accepted_result(
    fault_server: StartFaultServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    subtests: pytest.Subtests,
    step: str,
) -> None:
    server = fault_server(ok("id-1"))
    async with new_client(server.url) as client:
        for kind, way in itertools.product(KINDS, WAYS):
            with subtests.test(f"{kind.__name__} {way.__name__}"), monkeypatch.context() as patch:
                caplog.clear()
                faulty = Faulty(kind, send)
                patch.setattr(step, faulty)
                assert await way(client) == [("accepted", "id-1")]
                assert ("Traceback" in caplog.text) is (faulty.raised > 0)


@each_way
@pytest.mark.parametrize("method", ["before_attempt", "after_attempt", "throttled", "waiting"])
@pytest.mark.parametrize("kind", [*KINDS, "cancelled"])
async def test_exception_of_a_listener_keeps_the_accepted_result(
    fault_server: StartFaultServer, method: str, kind: Any, way: Any
) -> None:
    def fail(*_: object) -> None:
        raise cancellation() if kind == "cancelled" else kind

    class Failing(Listener):
        """Listener one of whose methods fails."""

    setattr(Failing, method, fail)
    server = fault_server(error(429, "TooManyRequestsException"), ok("id-1"))
    retry = RetryPolicy(first_delay=0.01)
    limiter = RateLimiter()
    async with new_client(
        server.url, listener=Failing(), retry=retry, rate_limit=limiter
    ) as client:
        limiter.give_back(100)
        assert await way(client) == [("accepted", "id-1")]


@each_way
async def test_exception_of_the_retry_policy_keeps_the_rejection(
    fault_server: StartFaultServer, caplog: pytest.LogCaptureFixture, way: Any
) -> None:
    class Failing(RetryPolicy):
        """Policy whose delay fails."""

        def delay(self, attempts: int, chance: float) -> float:
            raise ZeroDivisionError

    server = fault_server(error(429, "TooManyRequestsException"))
    async with new_client(server.url, retry=Failing()) as client:
        try:
            outcomes = [outcome for outcome, _ in await way(client)]
        except sesmail.ThrottledError as err:
            outcomes = [err.outcome]
    assert outcomes == ["rejected"]
    assert "retry policy failed" in caplog.text
    assert len(server.requests) == 1


async def test_exception_of_the_policy_keeps_accepted_entries(
    fault_server: StartFaultServer,
) -> None:
    class Failing(RetryPolicy):
        """Policy that fails."""

        def may_retry(self, error: sesmail.SendError) -> bool:
            raise ZeroDivisionError

    server = fault_server(bulk(("SUCCESS", "id-1"), ("ACCOUNT_THROTTLED", "slow")))
    async with new_client(server.url, retry=Failing()) as client:
        result = await client.send_bulk(NEWS)
    assert [each.outcome for each in result.recipients] == ["accepted", "rejected"]


@pytest.mark.parametrize("path", ["response.read_single", "response.SendResult"])
async def test_response_that_cannot_be_read_is_unknown_and_kept(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    target = "sesmail.sending.sender.read_single" if "read" in path else f"{ATTEMPTS}.{path}"
    monkeypatch.setattr(target, Faulty(ZeroDivisionError, send))
    server = fault_server(ok("id-1"))
    async with new_client(server.url) as client:
        with pytest.raises(UnknownOutcomeError) as unknown:
            await client.send(ORDER)
    assert unknown.value.answer["MessageId"] == "id-1"
    assert isinstance(unknown.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("number", [1, 2])
async def test_internal_error_before_a_request_is_not_sent(
    fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    server = fault_server(error(429, "TooManyRequestsException"))
    limiter = RateLimiter()
    acquire, calls = limiter.acquire, 0

    async def fail(recipients: int, **options: bool) -> float:
        nonlocal calls
        calls += 1
        if calls == number:
            raise MemoryError
        return await acquire(recipients, **options)

    monkeypatch.setattr(limiter, "acquire", fail)
    retry = RetryPolicy(first_delay=0.01, attempts=2)
    async with new_client(server.url, rate_limit=limiter, retry=retry) as client:
        with pytest.raises(sesmail.SendError) as failed:
            await client.send(ORDER)
    assert len(server.requests) == number - 1
    assert failed.value.outcome == ("not_sent" if number == 1 else "rejected")
    notes = getattr(failed.value, "__notes__", [])
    assert "not enough memory" in str([failed.value, *notes])


async def test_memory_error_while_building_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sesmail.sending.sender.apply_defaults", Faulty(MemoryError, send))
    async with new_client("http://127.0.0.1:1") as client:
        for way in (client.send(ORDER), client.send_bulk(NEWS)):
            with pytest.raises(sesmail.NotSentError, match="not enough memory") as failed:
                await way
            assert failed.value.retryable


async def test_attempts_have_message_ids(fault_server: StartFaultServer) -> None:
    ids: list[list[str | None]] = []

    class Ids(Listener):
        """Listener that keeps the message ids."""

        def after_attempt(self, call: sesmail.CallInfo, attempts: Sequence[Attempt]) -> None:
            ids.append([each.message_id for each in attempts])

    server = fault_server(
        error(429, "TooManyRequestsException"),
        ok("id-1"),
        bulk(("SUCCESS", "id-2"), ("MESSAGE_REJECTED", "no")),
    )
    retry = RetryPolicy(first_delay=0.01)
    async with new_client(server.url, listener=Ids(), retry=retry) as client:
        result = await client.send(ORDER)
        await client.send_bulk(NEWS)
    assert ids == [[None], ["id-1"], ["id-2", None]]
    assert [each.message_id for each in result.attempts] == [None, "id-1"]


def cancellation() -> BaseException:
    """Returns an exception as a task gets it that is cancelled."""
    import anyio

    kind: Any = anyio.get_cancelled_exc_class()
    made: BaseException = kind._create() if hasattr(kind, "_create") else kind()
    return made


UNVALIDATED: dict[str, Callable[[], Any]] = {
    "text for a list": lambda: ORDER.model_copy(update={"to": 5}),
    "not JSON": lambda: ORDER.model_copy(update={"metadata": {"when": object()}}),
    "line break": lambda: ORDER.model_copy(update={"subject": "a\r\nBcc: b@example.com"}),
    "unknown field": lambda: ORDER.model_copy(update={"attachments": [("a.txt", b"")]}),
    "deprecated copy": lambda: _deprecated_copy(),
    "constructed": lambda: Message.model_construct(from_email=5, to=["b@example.com"]),
    "constructed without a required field": lambda: sesmail.RawMessage.model_construct(),
    "empty object": lambda: Message.__new__(Message),
    "attachment": lambda: ORDER.model_copy(
        update={"attachments": (sesmail.Attachment.model_construct(filename="a\nb", content=b""),)}
    ),
    "subclass": lambda: Narrow(from_email="a@example.com", to="b@example.com", text="t"),
    "subclass that fails": lambda: Failing(from_email="a@example.com", to="b@example.com"),
    "state of a pickle": lambda: _unpickled({"to": "b@example.com", "from_email": 5}),
}


class Narrow(Message, frozen=True):
    """Message whose recipients are text."""

    to: str  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]


class Failing(Message, frozen=True):
    """Message whose text can't be read."""

    @property
    def text(self) -> str:  # type: ignore[override]  # pyright: ignore
        raise ZeroDivisionError


def _deprecated_copy() -> Message:
    copy: Any = ORDER.copy  # pyright: ignore[reportDeprecated]
    with pytest.warns(DeprecationWarning, match="copy"):
        made: Message = copy(update={"to": 5})
    return made


def _unpickled(fields: dict[str, Any]) -> Message:
    message = Message.__new__(Message)
    message.__setstate__(
        {"__dict__": {**vars(Message()), **fields}, "__pydantic_fields_set__": set(fields)}
    )
    return message


@pytest.mark.parametrize("kind", UNVALIDATED)
async def test_message_that_is_not_valid_fails_alone(
    fault_server: StartFaultServer, kind: str
) -> None:
    bad = UNVALIDATED[kind]()
    server = fault_server(ok())
    async with new_client(server.url) as client:
        try:
            await client.send(bad)
            alone: str = "accepted"
        except sesmail.InvalidMessageError as err:
            alone = err.outcome
        async with client.send_many([ORDER, bad, ORDER], ordered=True) as results:
            outcomes = [result.outcome async for result in results]
    assert outcomes == ["accepted", alone, "accepted"]
    assert alone == ("accepted" if kind == "subclass" else "not_sent")


async def test_valid_changes_are_sent(fault_server: StartFaultServer) -> None:
    class Mail(Message, frozen=True):
        """Message with a field of the application."""

        order: int = 0

    server = fault_server(ok())
    messages = [
        ORDER.model_copy(update={"to": "c@example.com"}),
        ORDER.replace(to="c@example.com"),
        Mail(from_email="a@example.com", to="c@example.com", text="t", order=5),
        Message.model_construct(from_email="a@example.com", to="c@example.com", text="t"),
    ]
    async with new_client(server.url) as client:
        for message in messages:
            await client.send(message)
    addresses = [request.json["Destination"]["ToAddresses"] for request in server.requests]
    assert addresses == [["c@example.com"]] * 4


async def test_bulk_message_that_is_not_valid_is_refused() -> None:
    recipient: Any = Recipient("a@example.com").model_copy(update={"data": {"a": object()}})
    inline = sesmail.InlineTemplate(subject="s").model_copy(update={"subject": 5})
    async with new_client("http://127.0.0.1:1") as client:
        for bad in (
            NEWS.model_copy(update={"recipients": (recipient,)}),
            NEWS.model_copy(update={"template": inline}),
            BulkMessage.model_construct(recipients=[5]),
        ):
            with pytest.raises(sesmail.InvalidMessageError):
                await client.send_bulk(bad)
