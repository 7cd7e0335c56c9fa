"""Arguments of every public class and function: values of wrong types are refused, before any I/O.

The parameters are enumerated from the signatures: a new one has to be added to ``PARAMETERS`` or,
with its reason, to ``EXEMPT``.
"""

import datetime
import functools
import inspect
import math
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest
from botocore.config import Config

import sesmail
from sesmail import (
    Address,
    BulkMessage,
    Client,
    ConfigurationError,
    InboundStorage,
    InvalidMessageError,
    Listener,
    MalformedBodyError,
    MemorySendLog,
    Message,
    RateLimiter,
    RawMessage,
    Receiver,
    RetryPolicy,
    SeenMessages,
    SqliteSendLog,
)
from sesmail.aws import Aws, ClientParams
from sesmail.concurrency import await_result
from sesmail.receiving.queue.leases import Lease
from sesmail.receiving.queue.message import ReceivedMessage
from sesmail.send_log.sqlite_file import SqliteFile
from support.cases import case
from support.clients import NEWS, ORDER
from support.receivers import SECRET, post
from support.signing import basic, message

TYPED = (
    ConfigurationError,
    InvalidMessageError,
    MalformedBodyError,
    sesmail.InvalidTokenError,
    pydantic.ValidationError,
)
NOW = datetime.datetime.now(datetime.UTC)
CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/mail"
UNSUBSCRIBE: dict[str, Any] = {"secrets": "x" * 16, "url": "https://a.example/"}


async def coroutine_function(*_: Any) -> Any:
    """Coroutine function, where a plain one is needed."""


async def asynchronous_generator(*_: Any) -> AsyncIterator[None]:
    yield


def plain_function(*_: Any) -> None:
    """Plain function, where a coroutine function is needed."""


def generator(*_: Any) -> Iterator[None]:
    yield


class BytesPath:
    """Path whose text is bytes."""

    def __fspath__(self) -> bytes:
        return b"sends.db"


class Anything:
    """Object of a type that no argument takes."""


NUMBERS: list[Any] = ["5", True, math.nan, -1, b"5", [5], float, 1 + 2j]
NOT_PLAIN: list[Any] = [
    coroutine_function,
    functools.partial(coroutine_function),
    asynchronous_generator,
    generator,
    SeenMessages(),
    SeenMessages,
    "function",
]
NOT_COROUTINE: list[Any] = [plain_function, functools.partial(generator), SeenMessages, True]

# Values that an argument refuses, besides an object of a type that none takes.
KINDS: dict[str, list[Any]] = {
    "bool": [0, 1, "yes", "False", None, bool],
    "text": [b"text", 5, ["text"], str],
    "nonempty": ["", "a\0b", b"text", 5, ["text"], str],
    "seconds": [*NUMBERS, 0],
    "finite": [*NUMBERS, 0, math.inf, 10**400],
    "at_least_0": [*NUMBERS],
    "integer": ["5", 1.0, True, None, math.nan, 0, -1, int],
    "count": ["5", 1.0, True, None, math.nan, -1, int],
    "plain": NOT_PLAIN,
    "coroutine": NOT_COROUTINE,
    "bytes": ["text", 5, ["text"], bytes],
    "texts": ["text", b"text", 5, [5], {"text": 1}, list],
    "time": ["2026-01-01", 5, datetime.date(2026, 1, 1), NOW.replace(tzinfo=None), type(NOW)],
    "mapping": ["text", 5, [("a", "b")], {5: 5}, dict],
    "headers": [5, "text", ["text"], [("a",)], {5: 5}, dict],
    "events": [5, "text", [5], {}, list],
    "operation": [5, b"GetAccount", "get_account", "getAccount", "", "Get Account", str],
    "any": [],
}
ADDRESS, PATH = [5, b"a@example.com", ["a@example.com"], Address], [5, b"a", ["a"], "", Path]
OUTCOME = ["sent", 5, None, ["accepted"]]
CERTIFICATES: list[Any] = [
    *(5, True, b"a", ["a", "b"], {}, Path("a"), ""),
    *(("a",), ("a", "b", "c"), ("a", None), (5, "b"), ()),
]

ROLE: dict[str, str | list[Any]] = {
    "session": [5, "session", {}, type],
    "role_arn": ["", 5, b"arn", "arn:aws:iam::1:role/a", ["arn"]],
    "external_id": ["", 5, b"id", "a", ["id"]],
}

AWS_SETTINGS: dict[str, str | list[Any]] = {
    "region": ["", 5, b"eu-west-1", "eu west 1"],
    "profile": "nonempty",
    **ROLE,
    "config": [5, "config", {5: 1}, {"max_pool_connections": "5"}],
    **{key: [5, b"text", ["text"]] for key in ClientParams.__annotations__},
}
LOG_METHODS: dict[str, dict[str, str | list[Any]]] = {
    "": {"clock": "plain"},
    "begin": {"send_id": ["", 5, b"id", "two words", ["id"], None]},
    "finish": {"send_id": "text", "outcome": OUTCOME, "message_id": "text"},
    "forget": {"before": ["text", 5, NOW.replace(tzinfo=None)]},
    "get": {"send_id": "text"},
    "settle": {"send_id": "text", "outcome": OUTCOME, "message_id": "text"},
    "unknown": {"before": "time"},
}

# Kind of each parameter, or its wrong values, by the name of the function.
PARAMETERS: dict[str, dict[str, str | list[Any]]] = {
    "Address": {"email": ADDRESS, "name": [5, b"Name", ["Name"], str]},
    "Address.parse": {"text": ADDRESS},
    "Alternative.calendar": {
        "ics": [5, None, ["ics"], ""],
        "method": [5, b"REQUEST", "", "INVITE"],
    },
    "Attachment.calendar": {"ics": [5, None, ["ics"], ""], "filename": ["", 5, ["a"], "a.exe"]},
    "Attachment.from_path": {
        "path": [5, b"a", ["a"], None, Path, BytesPath()],
        **{key: [5, ["a"], str] for key in ("filename", "media_type", "content_id", "description")},
        "disposition": [5, "outside", ["inline"]],
    },
    "Attachment.from_s3": {
        "bucket": ["", 5, None, ["bucket"], "s3://bucket", "a b"],
        "key": ["", 5, None, ["key"], "a/../b", "k" * 1025],
        "version_id": ["", 5, ["1"], "two words"],
        **{key: [5, ["a"], str] for key in ("filename", "media_type", "content_id", "description")},
        "disposition": [5, "outside", ["inline"]],
    },
    "CertificateCache": {"fetch": "plain", "clock": "plain"},
    "CertificateCache.__call__": {"url": "nonempty"},
    "CertificateCache.use": {"url": "nonempty", "verify": "plain"},
    "Client": {
        "region": ["", 5, b"eu-west-1", "eu west 1", "eu-west-1.example.com/", str],
        "api": ["v3", 2, None, ["v1"], b"v2"],
        "profile": "nonempty",
        "configuration_set": ["", 5, "two words", ["set"], str],
        "message_tag_name": ["", 5, "two words", ["tag"], str],
        "defaults": [{}, 5, NEWS, Message, ORDER.replace(send_id="1"), "a@example.com"],
        "timeout": "finite",
        "retry": [3, None, 0, True, {"attempts": 3}, RetryPolicy, "3"],
        "rate_limit": ["fast", 0, -1, True, math.nan, math.inf, RateLimiter, [14], "14"],
        "listener": [print, Listener, plain_function, [Listener()], "listener"],
        "send_log": ["sends.db", Path("sends.db"), MemorySendLog, SeenMessages(), {}, print],
        "tag_send_id": "bool",
        "config": [
            5,
            "config",
            [("a", 1)],
            {5: 1},
            dict,
            Config,
            Config(connect_timeout=-1),
            {"connect_timeout": "5"},
            {"read_timeout": math.inf},
            {"max_pool_connections": True},
            {"user_agent_extra": 5},
            {"retries": 3},
            {"tcp_keepalive": 1},
            {"proxies": "a"},
            {"proxies": {"https": 5}},
            {"proxies": {"https": ""}},
            {"proxies": {5: "http://a"}},
            {"proxies_config": {"proxy_ca_bundel": "a.pem"}},
            {"proxies_config": {"proxy_ca_bundle": 5}},
            {"proxies_config": {"proxy_use_forwarding_for_https": True}},
            {"user_agent": "a\nb"},
            {"user_agent_extra": "shop\n"},
            {"user_agent_extra": "\ud800"},
            *({"client_cert": value} for value in CERTIFICATES),
            *({"proxies_config": {"proxy_client_cert": value}} for value in CERTIFICATES),
        ],
        "fast_path": "bool",
        **ROLE,
        "endpoint_url": [
            *("", 5, b"http://a", "localhost:4566", "ftp://a.example", str, "http://", "http:a"),
            *("http://a:port", "http://a:99999", "http://a:0", "http://[::1", "http://[::zz]"),
            *("http://a b", "http://a\n", "http://u:p@a", "http://a?x=y", "http://a/#x"),
        ],
        "use_ssl": [0, 1, "yes", "False", bool],
        "verify": [5, b"bundle.pem", ["bundle.pem"], 0, bool],
        "api_version": ["", 5, b"text", ["text"], "a\x00b"],
        **{
            f"aws_{key}": [
                *("", 5, b"text", ["text"], "a\x00b", "a\n", " a", "a b", "\xe9", "\ud800"),
                "alone",
            ]
            for key in ("access_key_id", "secret_access_key", "session_token", "account_id")
        },
    },
    "Client.call": {"operation": "operation", "params": "mapping"},
    "Client.send": {"message": [NEWS, {}, None, [ORDER], Message, "mail", 5]},
    "Client.send_bulk": {
        "message": [ORDER, {}, None, [NEWS], BulkMessage, "mail", 5],
        "concurrency": "integer",
    },
    "Client.send_many": {
        "messages": [ORDER, NEWS, None, "mail", {}, 5, list, generator, asynchronous_generator],
        "concurrency": "integer",
        "ordered": "bool",
        "on_progress": "plain",
        "progress_interval": "finite",
    },
    "Delivery.run": {"handle": [*NOT_COROUTINE, None]},
    "Delivery.retry": {"after": [*NUMBERS, math.inf, 43_201]},
    "DynamoSendLog": {
        "table": ["", 5, b"sends", ["sends"], "ab", "two words", "arn:aws:s3:::sends", "a" * 256],
        "expire_after": [5, "1 day", datetime.timedelta(0), datetime.timedelta(-1), True],
        "clock": "plain",
        "timeout": "finite",
        **AWS_SETTINGS,
    },
    **{
        f"DynamoSendLog.{method}": parameters
        for method, parameters in LOG_METHODS.items()
        if method not in ("", "forget")
    },
    "EventQueue": {
        "queue_url": ["", 5, None, b"https://a/b/c", "mail", "arn:aws:sqs:eu-west-1:1:mail"],
        "topics": ["arn:aws:sns:eu-west-1:111122223333:mail", 5, [5], [], ["mail"], {}],
        "send_log": ["sends.db", MemorySendLog, print, {}],
        "seen": "coroutine",
        "storage": [{}, "bucket", InboundStorage],
        "visibility_timeout": ["60", 60.0, True, None, 1, -1, 43_201, int],
        "wait_time": ["20", 20.0, True, None, 0, -1, 21, int],
        "first_delay": [*NUMBERS, math.inf, 901, 43_201],
        "longest_delay": [*NUMBERS, math.inf, 9, 43_201],
        "listener": [print, sesmail.QueueListener, Listener(), plain_function, "listener"],
        "timeout": "finite",
        **AWS_SETTINGS,
    },
    "EventQueue.delete_object": {"event": ["event", None, ORDER]},
    "EventQueue.fetch": {"event": ["event", None, ORDER]},
    "EventQueue.fetch_object": {"bucket": "nonempty", "key": "nonempty"},
    "EventQueue.receive": {"max_in_flight": "integer"},
    "EventQueue.run": {
        "handle": [*NOT_COROUTINE, None],
        "concurrency": "integer",
        "signals": [5, "SIGTERM", ["SIGTERM"], [None], [True], [0], {"SIGTERM": 15}, None],
    },
    "InboundStorage": {
        "buckets": "texts",
        "account": ["", 5, "12345678901", 111122223333, ["111122223333"]],
        "kms_key": ["", 5, "two words", ["key"]],
        "require_encrypted": "bool",
        "max_size": "integer",
        "bucket": ["", 5, b"inbound", "a/b", ["inbound"]],
        "prefix": [5, None, b"mail/", ["mail/"], "../", "a/./b", "x" * 1025],
    },
    **{f"{kind}.to_eml": {"path": PATH} for kind in ("Message", "RawMessage")},
    **{
        f"{kind}.preview": {"template": ["t", 5, {}, sesmail.InlineTemplate], "recipient": "count"}
        for kind in ("BulkMessage", "TemplateMessage")
    },
    "InboundMail.mailboxes": {"name": "text"},
    "MailHeaders.get": {"name": "text"},
    "MailHeaders.get_all": {"name": "text"},
    "MailHeaders.plain": {"name": "text"},
    "MailHeaders.raw": {"name": "text"},
    **{
        f"{log}.{method}".rstrip("."): parameters
        for log in ("MemorySendLog", "SqliteSendLog")
        for method, parameters in LOG_METHODS.items()
    },
    "RateLimiter": {
        "rate": "finite",
        "max_wait": [*NUMBERS, math.inf],
        "clock": "plain",
        "sleep": "coroutine",
    },
    **{key: {"recipients": "count"} for key in ("RateLimiter.accepted", "RateLimiter.give_back")},
    "RateLimiter.acquire": {"recipients": "count", "low_priority": "bool"},
    "RateLimiter.expected_wait": {"low_priority": "bool"},
    "RateLimiter.learn": {"rate": "finite"},
    "Receiver": {
        "secret": [5, b"a:b", [b"a:b"], "no colon", [], {"a:b": 1}],
        "topics": ["arn:aws:sns:eu-west-1:111122223333:mail", 5, [5], [], ["mail"], {}],
        **dict.fromkeys(("signatures", "auto_confirm", "allow_unproven", "allow_raw"), "bool"),
        "accept": ["all", 5, None, ["any"]],
        "max_age": "seconds",
        "seen": "coroutine",
        "send_log": ["sends.db", MemorySendLog, print, {}],
        "storage": [{}, "bucket", InboundStorage],
        "fetch_certificate": "coroutine",
        "clock": "plain",
        "timeout": "finite",
        **AWS_SETTINGS,
    },
    "Receiver.confirm": {"subscription": ["token", None, ORDER]},
    "Receiver.delete_object": {"event": ["event", None, ORDER]},
    "Receiver.fetch": {"event": ["event", None, ORDER]},
    "Receiver.fetch_object": {"bucket": "nonempty", "key": "nonempty"},
    "Receiver.receive": {"body": [5, None, ["body"]], "headers": "headers"},
    "RawMessage.forward": {
        "mail": ["text", 5, None, ["text"]],
        "from_email": [5, None, b"a@example.com", ["a@example.com"], ""],
        "reply_to": [5, None, b"a@example.com", [5], {"a@example.com": 1}],
        **dict.fromkeys(RawMessage.model_fields.keys() - {"content"}, "any"),
    },
    "RetryPolicy": {
        "attempts": "integer",
        "first_delay": "finite",
        "longest_delay": "finite",
        "on_unknown": ["again", 5, None, True],
    },
    "SeenMessages": {"size": "integer"},
    "SeenMessages.__call__": {"message_id": "text"},
    "SeenMessages.add": {"events": "events"},
    "SeenMessages.add_id": {"message_id": "text"},
    "SqliteSendLog": {"path": [*PATH, ":memory:", "a\0b", BytesPath()], "clock": "plain"},
    "Unsubscribe": {
        "secrets": [5, "short", ["short"], [], [5], {}, "\ud800" * 20],
        "url": ["", 5, b"https://a.example", "http://a.example", "https://a.example/#b", str],
    },
    "Unsubscribe.is_one_click": {"body": "bytes"},
    "Unsubscribe.link": {
        "recipient": ADDRESS,
        "list_name": [5, b"news", ["news"], "x" * 65, "\ud800"],
        "expires_at": "time",
    },
    "Unsubscribe.read": {"token": [5, "", None, "a.b"], "now": "time"},
    "check_secret": {"headers": "headers", "secret": [5, b"a:b", [b"a:b"], "no colon", [], None]},
    "check_signature": {
        "message": [5, None, ["body"]],
        "certificate": "bytes",
        "now": "time",
        "max_age": "seconds",
        "max_ahead": "at_least_0",
    },
    "event_from_json": {"text": [5, None, {"kind": "Sent"}]},
    "fetch_certificate": {"url": "nonempty", "context": [5, "context", True]},
    "message_from_json": {"text": [5, None, {"kind": "Message"}, "", b"\xff"]},
    "parse": {"body": [5, None, ["body"]]},
    "read_mail": {
        "raw": ["text", 5, None, ["text"]],
        "envelope_sender": "text",
        "envelope_recipients": "texts",
        "verdicts": [None, {}, "PASS"],
    },
    "verify": {
        "body": [5, None, ["body"]],
        "headers": "headers",
        "secret": [5, b"a:b", [b"a:b"], "no colon", []],
        "topics": ["arn:aws:sns:eu-west-1:111122223333:mail", 5, [5], []],
        "certificate": ["text", 5, coroutine_function],
        "now": "time",
        "max_age": "seconds",
        "max_ahead": "at_least_0",
        "allow_unproven": "bool",
    },
}
for method in ("", ".call", ".send", ".send_bulk", ".send_many"):
    PARAMETERS[f"BlockingClient{method}"] = PARAMETERS[f"Client{method}"]
PUBLIC = {name: getattr(sesmail, name) for name in sesmail.__all__}
MODELS = [
    each
    for each in PUBLIC.values()
    if isinstance(each, type) and issubclass(each, pydantic.BaseModel)
]

# Classes and methods whose arguments aren't checked, each with the reason.
RESULTS = "sesmail makes it; an application that makes one has only itself to deceive"
CALLED_BY_CLIENT = "the client calls it with values of its own, also after SES has accepted a mail"
EXEMPT: dict[str, str] = {
    **{
        name: RESULTS
        for name, value in PUBLIC.items()
        if isinstance(value, type)
        and (
            issubclass(value, (sesmail.BaseEvent, BaseException))
            or name.endswith(("Action", "Result"))
        )
    },
    **dict.fromkeys(
        (
            "Attempt", "CallInfo", "Deliveries", "Delivery", "InboundAttachment",
            "InboundMail", "MailHeaders", "MailReport", "Mailbox", "QueueMessage",
            "ReportedRecipient", "SendMany", "SendProgress", "SendRecord", "SnsMessage",
            "SnsOrigin", "BlockingSendMany", "TopicPreferences", "Unsubscription", "Verdicts",
        ),
        RESULTS,
    ),
    "BulkSendError.derive": "Python calls it, for except*",
    **dict.fromkeys(
        (
            "Listener.after_attempt", "Listener.before_attempt", "Listener.throttled",
            "Listener.waiting", "RetryPolicy.delay", "RetryPolicy.may_retry",
        ),
        CALLED_BY_CLIENT,
    ),
    **dict.fromkeys(
        [f"QueueListener.{name}" for name in vars(sesmail.QueueListener) if name[0] != "_"],
        "the event queue calls it with values of its own",
    ),
    **dict.fromkeys(("SendLog", "SendLog.begin", "SendLog.finish", "SendLog.settle"), "a protocol"),
    **{
        f"{model.__name__}.{method}": "it is validated when it is sent"
        for model in MODELS
        for method in ("copy", "model_construct", "model_copy")
    },
    **{f"{model.__name__}.replace": "it calls the constructor" for model in MODELS},
}  # fmt: skip


def call(function: Any, settings: dict[str, Any]) -> Any:
    """Calls a function to the end, without an event loop: what awaits I/O has passed the checks."""
    result = function(**settings)
    while inspect.iscoroutine(result):
        try:
            result.send(None)
        except StopIteration as end:
            return end.value
    return result


def functions() -> Iterator[tuple[str, Any]]:
    """Yields the public classes, methods and functions, by name."""
    for name in sesmail.__all__:
        value = getattr(sesmail, name)
        if inspect.isclass(value):
            yield name, value
            for method, attribute in inspect.getmembers(value):
                if (
                    (inspect.isfunction(attribute) or inspect.ismethod(attribute))
                    and (method == "__call__" or method[0] != "_")
                    and str(getattr(attribute, "__module__", "")).startswith("sesmail.")
                ):
                    yield f"{name}.{method}", attribute
        elif inspect.isroutine(value):
            yield name, value


def parameters_of(name: str, function: Any) -> list[str]:
    """Returns the names of the parameters that a caller gives, those of ``**params`` included."""
    if function in MODELS:
        return list(function.model_fields)
    function = Client if function is sesmail.BlockingClient else function
    names: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD and name == "RawMessage.forward":
            names += sorted(RawMessage.model_fields.keys() - {"content"})
        elif parameter.kind is parameter.VAR_KEYWORD:
            names += ClientParams.__annotations__
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            names.append(parameter.name)
    return names[1:] if "." in name and names[:1] == ["self"] else names


def wrong_values(name: str) -> Iterator[tuple[str, Any]]:
    """Yields each parameter of a function with each of its wrong values."""
    function = FUNCTIONS[name]
    for parameter in parameters_of(name, function):
        kind = [] if function in MODELS else PARAMETERS.get(name, {}).get(parameter, [])
        for value in (Anything(), *(KINDS[kind] if isinstance(kind, str) else kind)):
            yield parameter, value


FUNCTIONS = dict(functions())


def test_every_parameter_is_checked_or_has_a_reason() -> None:
    tables = dict(PARAMETERS)
    for name, function in functions():
        if name in EXEMPT or function in MODELS:
            tables.pop(name, None)
            continue
        expected = parameters_of(name, function)
        assert sorted(tables.pop(name, {})) == sorted(expected), name
    assert tables == {}
    assert set(EXEMPT) <= {name for name, _ in functions()}


def new_delivery() -> sesmail.Delivery:
    """Returns a delivery of no queue."""
    lease = Lease(ReceivedMessage(sesmail.QueueMessage("m-1", 1, NOW), "handle", ""), 0, 1, 1)
    settings: Any = None
    return sesmail.Delivery((), lease, settings, settings, None)


def valid_arguments(name: str, path: Path) -> tuple[Any, dict[str, Any]]:
    """Returns a function, bound to an object, and valid values of its required parameters."""
    head, _, method = name.partition(".")
    owner = getattr(sesmail, head)
    objects: dict[str, Callable[[], Any]] = {
        "BlockingClient": lambda: sesmail.BlockingClient("eu-west-1"),
        "BulkMessage": lambda: NEWS,
        "Message": lambda: ORDER,
        "RawMessage": lambda: RawMessage(content=b"From: a@example.com\r\n\r\n"),
        "TemplateMessage": lambda: sesmail.TemplateMessage(template="t"),
        "Client": lambda: Client("eu-west-1"),
        "Delivery": new_delivery,
        "DynamoSendLog": lambda: sesmail.DynamoSendLog("sends"),
        "EventQueue": lambda: sesmail.EventQueue(QUEUE_URL),
        "Unsubscribe": lambda: sesmail.Unsubscribe(**UNSUBSCRIBE),
        "InboundMail": lambda: sesmail.read_mail(b"A: b\r\n\r\n"),
        "MailHeaders": lambda: sesmail.read_mail(b"A: b\r\n\r\n").headers,
        "Receiver": lambda: Receiver(secret=SECRET, signatures=False),
        "SqliteSendLog": lambda: SqliteSendLog(path / "sends.db"),
    }
    if method:
        owner = (
            owner
            if method in ("calendar", "forward", "from_path", "from_s3", "parse")
            else objects.get(head, owner)()
        )
    required: dict[str, dict[str, Any]] = {
        "Address": {"email": "a@example.com"},
        "Attachment": {"filename": "a.txt", "content": b""},
        "Alternative.calendar": {"ics": CALENDAR},
        "Attachment.calendar": {"ics": CALENDAR},
        "Attachment.from_path": {"path": __file__},
        "Attachment.from_s3": {"bucket": "bucket", "key": "a.txt"},
        "Alternative": {"content": b"", "media_type": "text/plain"},
        "BulkMessage": {"template": "t", "recipients": ["a@example.com"]},
        "InlineTemplate": {"subject": "s"},
        "ListManagement": {"contact_list": "c"},
        "RawMessage": {"content": b"From: a@example.com\r\n\r\n"},
        "RawMessage.forward": {"mail": b"A: b\r\n\r\n", "from_email": "a@example.com"},
        "Recipient": {"to": "a@example.com"},
        "TemplateMessage": {"template": "t"},
        "Client.call": {"operation": "GetAccount"},
        "Client.send": {"message": ORDER},
        "Client.send_bulk": {"message": NEWS},
        "Client.send_many": {"messages": [ORDER]},
        "Delivery.run": {"handle": coroutine_function},
        "DynamoSendLog": {"table": "sends"},
        "EventQueue": {"queue_url": QUEUE_URL},
        "EventQueue.fetch_object": {"bucket": "inbound", "key": "mail/1"},
        "EventQueue.run": {"handle": coroutine_function},
        "RateLimiter.acquire": {"recipients": 1},
        "Receiver": {"secret": SECRET, "signatures": False},
        "CertificateCache.use": {"url": "https://127.0.0.1:1/", "verify": len},
        "Receiver.fetch_object": {"bucket": "inbound", "key": "mail/1"},
        "Receiver.receive": {"body": b"{}", "headers": basic(SECRET)},
        "SqliteSendLog": {"path": path / "sends.db"},
        "Unsubscribe": UNSUBSCRIBE,
        "Unsubscribe.is_one_click": {"body": b""},
        "Unsubscribe.link": {"recipient": "a@example.com"},
        "Unsubscribe.read": {"token": sesmail.Unsubscribe(**UNSUBSCRIBE).link("a@b.example")[-80:]},
        "check_secret": {"headers": {}, "secret": SECRET},
        "check_signature": {"message": b"{}", "certificate": b"", "now": NOW},
        "fetch_certificate": {"url": "https://127.0.0.1:1/"},
        "read_mail": {"raw": b""},
        "verify": {"body": b"{}", "headers": basic(SECRET), "secret": SECRET},
        **{
            key: {"send_id": "id", "outcome": "accepted"}
            for key in ("MemorySendLog.finish", "MemorySendLog.settle")
        },
    }
    settings = required.get(
        re.sub("^(Sqlite|Dynamo)", "Memory", name) if method else name,
        required.get(name.removeprefix("Blocking"), {}),
    )
    function = getattr(owner, method) if method else owner
    return function, settings


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in EXEMPT])
def test_wrong_values_are_refused_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("I/O before the arguments are checked")

    for owner, method in ((Aws, "open"), (Aws, "call"), (SqliteFile, "read"), (SqliteFile, "put")):
        monkeypatch.setattr(owner, method, refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    for parameter, value in wrong_values(name):
        with case(parameter, value):
            function, settings = valid_arguments(name, tmp_path)
            check_refusal(function, settings, parameter, value)


def check_refusal(function: Any, settings: dict[str, Any], parameter: str, value: Any) -> None:
    with pytest.raises(TYPED) as refused:
        call(function, {**settings, parameter: value})
    text = str(refused.value)
    if isinstance(refused.value, MalformedBodyError):
        assert parameter in ("body", "message"), text
    else:
        named = parameter.removeprefix("fetch_")
        assert re.search(rf"\b{named}", text) or parameter in text, text
    if isinstance(value, Anything):
        assert "Anything" in text
    assert "0x" not in text


@pytest.mark.parametrize(
    ("function", "settings", "hint"),
    [
        (Client, {"retry": 3}, "RetryPolicy(attempts=3)"),
        (Client, {"retry": None}, "RetryPolicy(attempts=1) disables retries"),
        (Client, {"retry": RetryPolicy}, "the class RetryPolicy"),
        (Client, {"timeout": "5"}, "timeout must be a finite number of seconds above 0, not a str"),
        (Client, {"listener": print}, "an instance of a subclass of Listener"),
        (Client, {"send_log": "sends.db"}, "write SqliteSendLog(path)"),
        (Client, {"send_log": MemorySendLog}, "create an instance"),
        (Client, {"defaults": {}}, "Message(...)"),
        (Client, {"region_name": "eu-west-1"}, "use region"),
        (Client, {"profile_name": "shop"}, "use profile"),
        (Client, {"endpoint": "http://a.example"}, "use endpoint_url"),
        (Client, {"proxies": {}}, "given in config"),
        (Client, {"rate_limit": True}, "the bool True"),
        (Client("eu-west-1").send_many, {"messages": ORDER}, "send_many([message])"),
        (Client("eu-west-1").send_many, {"messages": generator}, "call the function"),
        (Client("eu-west-1").call, {"operation": "get_account"}, "write 'GetAccount'"),
        (Client("eu-west-1").send, {"message": NEWS}, "pass a BulkMessage to send_bulk"),
        (Message, {"attachments": ["/path"]}, "Attachment.from_path reads a file"),
        (Message, {"attachments": "/path"}, "Attachment.from_path reads a file"),
        (Message, {"alternatives": [5]}, "not int"),
        (Message, {"alternatives": "text"}, "a list of Alternative"),
        (Message, {"subjct": "s"}, "did you mean subject?"),
        (Message, {"zzz": "s"}, "not permitted"),
        (Message, {"to": Address}, "the class Address"),
        (Message, {"track_opens": 1}, "not int"),
        (Message, {"subject": b"\xff"}, "unicode"),
        (Receiver, {"secret": SECRET, "seen": plain_function}, "async def"),
        (SqliteSendLog, {"path": ":memory:"}, "MemorySendLog()"),
        (RetryPolicy, {"attempts": 0}, "1 disables retries"),
        (RateLimiter, {"max_wait": math.inf}, "None is no maximum"),
        (RateLimiter, {"rate": 10**400}, "of more than 19 digits"),
        (
            sesmail.check_signature,
            {"message": b"{}", "certificate": "PEM", "now": NOW},
            "encode()",
        ),
    ],
)  # fmt: skip
def test_error_names_the_way_out(function: Any, settings: dict[str, Any], hint: str) -> None:
    with pytest.raises(TYPED) as refused:
        call(function, settings)
    assert hint.lower() in str(refused.value).lower()


async def returns_text(_: object) -> str:
    return "PEM"


def test_results_of_functions_are_checked_when_they_are_awaited() -> None:
    with pytest.raises(ConfigurationError, match=r"seen must be a coroutine function.* the bool"):
        call(await_result, {"name": "seen", "result": False})
    cache = sesmail.CertificateCache(fetch=lambda _: "PEM")  # type: ignore[arg-type, return-value]  # pyright: ignore
    with pytest.raises(ConfigurationError, match="certificate must be bytes in PEM, not a str"):
        cache("https://a.example")


def test_time_of_a_clock_needs_a_time_zone() -> None:
    receiver = Receiver(secret=SECRET, clock=lambda: NOW.replace(tzinfo=None))
    body, headers = post(message())
    with pytest.raises(ConfigurationError, match="time zone"):
        call(receiver.receive, {"body": body, "headers": headers})


def test_valid_values_at_the_limits_are_taken(tmp_path: Path) -> None:
    Client(
        "eu-west-1",
        profile="shop",
        timeout=0.001,
        rate_limit=10**6,
        listener=Listener(),
        send_log=SqliteSendLog(tmp_path / "sends.db"),
        config=Config(connect_timeout=5, retries={"mode": "standard"}),
        verify="/bundle.pem",
        use_ssl=False,
        endpoint_url="https://email.eu-west-1.amazonaws.com",
    )
    Receiver(
        secret=SECRET,
        seen=SeenMessages(),
        fetch_certificate=lambda _: returns_text(_),
        max_age=math.inf,
    )  # type: ignore[arg-type, return-value]  # pyright: ignore
    RateLimiter(clock=lambda: 0, sleep=lambda _: returns_text(_), max_wait=0)  # type: ignore[arg-type, return-value]  # pyright: ignore
    RetryPolicy(attempts=1, first_delay=1, longest_delay=1)
    sesmail.CertificateCache(fetch=functools.partial(plain_function), clock=time_now)  # type: ignore[arg-type]  # pyright: ignore


def time_now() -> datetime.datetime:
    return NOW
