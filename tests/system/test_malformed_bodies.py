"""Malformed bodies: parsing returns events or raises MalformedBodyError without secrets."""

import base64
import copy
import json
import random
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sesmail.errors import MalformedBodyError
from sesmail.receiving.parsing.parser import parse, parse_raw
from sesmail.receiving.transports.sns import read_sns_message
from support.cases import case
from support.ses_events import (
    DOCUMENTS,
    PARTS,
    S3_ACTION,
    SIGNATURE,
    TOKEN,
    WRAPPINGS,
    Json,
    confirmation,
    eventbridge,
    published,
    received,
    sns_message,
    sqs_records,
)

OPEN = json.dumps(published("Open"))
DEEP = 300
LAMBDA_KEYS = ("SigningCertUrl", "UnsubscribeUrl")


def without(document: Json, *names: str) -> Json:
    return {name: value for name, value in document.items() if name not in names}


def with_mail(**more: Any) -> Json:
    document = published("Open")
    document["mail"].update(more)
    return document


def with_part(event_type: str, **more: Any) -> Json:
    document = published(event_type)
    document[PARTS[event_type][0]].update(more)
    return document


def with_receipt(**more: Any) -> Json:
    document = received()
    document["receipt"].update(more)
    return document


def nested(depth: int, value: Any = 1) -> Any:
    for _ in range(depth):
        value = {"a": value}
    return value


RECIPIENTS = [f"{number}@example.com" for number in range(1000)]
BODIES: dict[str, tuple[Any, str]] = {
    # Not a JSON object.
    "empty": (b"", ""),
    "empty text": ("", ""),
    "spaces": (b" \r\n\t ", ""),
    "word": (b"hello", ""),
    "null": (b"null", ""),
    "true": (b"true", ""),
    "number": (b"5", ""),
    "negative number": (b"-5.5e3", ""),
    "text": (b'"text"', ""),
    "list of events": (f"[{OPEN}]".encode(), "[0]"),
    "list of lists": (b"[[]]", "[0]"),
    "list of numbers": (b"[5]", "[0]"),
    "cut": (OPEN[:-1], ""),
    "cut in the middle": (OPEN[:100], ""),
    "without opening brace": (OPEN[1:], ""),
    "extra closing brace": (OPEN + "}", ""),
    "followed by a word": (OPEN + " x", ""),
    "comma at the end": (OPEN[:-1] + ",}", ""),
    "single quotes": (b"{'eventType': 'Open'}", ""),
    "comment": (b'/* hi */ {"eventType": "Open"}', ""),
    "no quotes": (b"{eventType: 1}", ""),
    "html": (b"<html><body>502 Bad Gateway</body></html>", ""),
    "xml": (b'<?xml version="1.0"?><a/>', ""),
    "form": (b"Type=Notification&Message=x", ""),
    "python": (b"{'a': None, 'b': True}", ""),
    "nul": (b"\0", ""),
    "nul before the object": (b"\0" + OPEN.encode(), ""),
    "nul after the object": (OPEN.encode() + b"\0", ""),
    "nul in a text": (b'{"eventType": "a\0b"}', ""),
    "line break in a text": (b'{"eventType": "a\nb"}', ""),
    "only braces": (b"{" * 5000, ""),
    "only brackets": (b"[" * 100_000, ""),
    "only quotes": (b'"' * 5000, ""),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\3", ""),
    # Other encodings.
    "byte order mark": (b"\xef\xbb\xbf" + OPEN.encode(), ""),
    "byte order mark as text": ("\ufeff" + OPEN, ""),
    "UTF-16": (OPEN.encode("utf-16"), ""),
    "UTF-16 without a mark": (OPEN.encode("utf-16-le"), ""),
    "UTF-32": (OPEN.encode("utf-32"), ""),
    "latin-1": (b'{"eventType": "\xe9"}', ""),
    "cut character": (b'{"eventType": "\xe2\x82"}', ""),
    "overlong slash": (b'{"eventType": "\xc0\xaf"}', ""),
    "surrogate in bytes": (b'{"eventType": "\xed\xa0\xbd"}', ""),
    "surrogate in text": ('{"eventType": "\ud83d"}', ""),
    "surrogate escaped": (b'{"eventType": "\\ud83d"}', ""),
    "low surrogate escaped": (b'{"eventType": "\\udca9"}', ""),
    "surrogates reversed": (b'{"eventType": "\\udca9\\ud83d"}', ""),
    "surrogate in a key": (b'{"\\ud83d": 1, "eventType": "Open"}', ""),
    "surrogate, decoded": ({"eventType": "\ud83d"}, ""),
    "surrogate key, decoded": ({"\ud83d": 1}, ""),
    "beyond Unicode": (b'{"eventType": "\xf4\x90\x80\x80"}', ""),
    "incomplete escape": (b'{"eventType": "\\u12"}', ""),
    "unknown escape": (b'{"eventType": "\\x41"}', ""),
    # Invalid numbers.
    "NaN": (b'{"eventType": "Open", "x": NaN}', ""),
    "Infinity": (b'{"eventType": "Open", "x": Infinity}', ""),
    "minus Infinity": (b'{"eventType": "Open", "x": [-Infinity]}', ""),
    "1e999": (b'{"eventType": "Open", "x": 1e999}', ""),
    "-1e999": (b'{"eventType": "Open", "x": {"y": [-1e999]}}', ""),
    "many digits": (b'{"eventType": "Open", "x": ' + b"9" * 400 + b".0}", ""),
    "digits over Python's limit": (b'{"eventType": "Open", "x": ' + b"9" * 5000 + b"}", ""),
    "leading zero": (b'{"eventType": "Open", "x": 01}', ""),
    "plus": (b'{"eventType": "Open", "x": +1}', ""),
    "hexadecimal": (b'{"eventType": "Open", "x": 0x1}', ""),
    "dot alone": (b'{"eventType": "Open", "x": .5}', ""),
    "NaN, decoded": ({"eventType": "Open", "x": float("nan")}, ""),
    "infinity, decoded": ({"eventType": "Open", "x": [float("-inf")]}, ""),
    "infinity in the message": (sns_message('{"eventType": "Open", "x": 1e999}'), "Message"),
    # Too deep or too large.
    "deep": (json.dumps({**published("Open"), "x": nested(DEEP)}), ""),
    "deep lists": (b'{"eventType": "Open", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}", ""),
    "deep, decoded": ({**published("Open"), "x": nested(DEEP)}, ""),
    "very deep, decoded": (nested(50_000), ""),
    "deep message": (sns_message(json.dumps({**published("Open"), "x": nested(DEEP)})), "Message"),
    "large event": (json.dumps({**published("Open"), "x": "x" * (1 << 20)}), ""),
    "large bytes": (b" " * (6 << 20) + b"{}", ""),
    "large text": (" " * (6 << 20) + "{}", ""),
    "large in UTF-8": ('{"x": "' + "é" * (1 << 20) + '"}', ""),
    "large mapping": ({"x": "x" * (6 << 20)}, ""),
    "large record": (sqs_records("x" * ((1 << 20) + 1)), "Records[0].body"),
    "large message": (
        {"Records": [{"Sns": sns_message("x" * ((1 << 20) + 1))}]},
        "Records[0].Sns.Message",
    ),
    "large line": (OPEN + "\n" + '{"x": "' + "x" * (1 << 20) + '"}', "line 2"),
    "many records": (
        {"Records": [{"messageId": "059f36b4-87a3-44ab-83d2-661975830a7d"}] * 10_001},
        "Records",
    ),
    "many containers": ({**published("Open"), "x": [[]] * 100_000}, ""),
    "many containers in the message": (
        sns_message(json.dumps({**published("Open"), "x": [{}] * 100_000})),
        "Message",
    ),
    "many containers and no end": ('{"x": [' + "[]," * 100_000, ""),
    "many events": (
        {"Records": [{"body": json.dumps(with_mail(destination=RECIPIENTS))}] * 51},
        "",
    ),
    "many lines": ("{}\n" * 10_001, ""),
    "many recipients": (with_mail(destination=["a@example.com"] * 1001), "mail.destination"),
    "many bounced": (
        with_part("Bounce", bouncedRecipients=[{"emailAddress": "a@example.com"}] * 1001),
        "bounce.bouncedRecipients",
    ),
    # Other types than a body.
    "None": (None, ""),
    "an integer": (5, ""),
    "a list, decoded": ([published("Open")], "[0]"),
    "a set": ({"x"}, ""),
    "an object": (object(), ""),
    "a set inside": ({"eventType": "Open", "x": {object()}}, ""),
    "an object inside": ({"eventType": "Open", "x": object()}, ""),
    "bytes inside": ({"eventType": "Open", "x": b"\xff"}, "mail"),
    # Not an event.
    "empty object": ({}, "notificationType"),
    "empty object in the message": (sns_message("{}"), "Message.notificationType"),
    "no kind": (without(published("Open"), "eventType"), "notificationType"),
    "kind is null": ({**published("Open"), "eventType": None}, "notificationType"),
    "kind is a number": ({**published("Open"), "eventType": 5}, "eventType"),
    "kind is a huge number": ({**published("Open"), "eventType": 10**4000}, "eventType"),
    "kind is true": ({**published("Open"), "eventType": True}, "eventType"),
    "kind is a list": ({**published("Open"), "eventType": ["Open"]}, "eventType"),
    "kind is an object": ({**published("Open"), "eventType": {"Open": 1}}, "eventType"),
    "kind is empty": ({**published("Open"), "eventType": ""}, "eventType"),
    "notification is a number": (
        {**published("Open"), "eventType": None, "notificationType": 5},
        "notificationType",
    ),
    "notification is a list": ({"notificationType": [], "mail": {}}, "notificationType"),
    # Mail.
    "no mail": (without(published("Open"), "mail"), "mail"),
    "mail is null": ({**published("Open"), "mail": None}, "mail"),
    "mail is a text": ({**published("Open"), "mail": "x"}, "mail"),
    "mail is a list": ({**published("Open"), "mail": [{}]}, "mail"),
    "mail is empty": ({**published("Open"), "mail": {}}, "mail.destination"),
    "mail in a message is empty": (
        sns_message(json.dumps({**published("Open"), "mail": {}})),
        "Message.mail.destination",
    ),
    "mail in a record is a text": (
        sqs_records('{"eventType": "Open", "mail": "x"}'),
        "Records[0].body.mail",
    ),
    "mail in an sns_message in a record is a text": (
        sqs_records(json.dumps(sns_message('{"eventType": "Open", "mail": "x"}'))),
        "Records[0].body.Message.mail",
    ),
    "mail in a line is a text": (OPEN + '\n{"eventType": "Open", "mail": "x"}', "line 2.mail"),
    "mail in a detail is a text": (eventbridge({"eventType": "Open", "mail": "x"}), "detail.mail"),
    "no message id": (with_mail(messageId=None), "mail.messageId"),
    "message id is a number": (with_mail(messageId=5), "mail.messageId"),
    "message id is a list": (with_mail(messageId=["1"]), "mail.messageId"),
    "message id is empty": (with_mail(messageId=""), "mail.messageId"),
    "no destination": (with_mail(destination=None), "mail.destination"),
    "destination is empty": (with_mail(destination=[]), "mail.destination"),
    "destination is a text": (with_mail(destination="a@example.com"), "mail.destination"),
    "destination is an object": (with_mail(destination={"a": 1}), "mail.destination"),
    "recipient is null": (with_mail(destination=["a@example.com", None]), "mail.destination[1]"),
    "recipient is a number": (with_mail(destination=[5]), "mail.destination[0]"),
    "recipient is a list": (with_mail(destination=[["a@example.com"]]), "mail.destination[0]"),
    "recipient is empty": (with_mail(destination=[""]), "mail.destination[0]"),
    "no time": (with_mail(timestamp=None) | {"open": {}}, "mail.timestamp"),
    "invalid time": (
        with_mail(timestamp="late") | {"open": {"timestamp": 5}},
        "mail.timestamp",
    ),
    "no time of the message": (
        published("Send") | {"mail": without(with_mail()["mail"], "timestamp")},
        "mail.timestamp",
    ),
    # Fields of one event type.
    **{
        f"{key} has the wrong type": (
            with_part(event_type, **{key: value}),
            f"{PARTS[event_type][0]}.{key}",
        )
        for event_type, key, value in (
            ("Bounce", "bouncedRecipients", "a@example.com"),
            ("Complaint", "complainedRecipients", {"emailAddress": "a@example.com"}),
            ("Delivery", "recipients", 5),
            ("DeliveryDelay", "delayedRecipients", True),
        )
    },
    "bounced without an address": (
        with_part("Bounce", bouncedRecipients=[{}]),
        "bounce.bouncedRecipients[0].emailAddress",
    ),
    "bounced is a number": (
        with_part("Bounce", bouncedRecipients=[5]),
        "bounce.bouncedRecipients[0]",
    ),
    "bounced is null": (
        with_part("Bounce", bouncedRecipients=[None]),
        "bounce.bouncedRecipients[0]",
    ),
    "complained without an address": (
        with_part(
            "Complaint",
            complainedRecipients=[{"emailAddress": "a@example.com"}, {"emailAddress": None}],
        ),
        "complaint.complainedRecipients[1].emailAddress",
    ),
    "delayed address is a list": (
        with_part("DeliveryDelay", delayedRecipients=[{"emailAddress": []}]),
        "deliveryDelay.delayedRecipients[0].emailAddress",
    ),
    "delivered is a number": (with_part("Delivery", recipients=[5]), "delivery.recipients[0]"),
    # Received mail.
    "no receipt": (without(received(), "receipt"), "receipt"),
    "receipt is a text": ({**received(), "receipt": "x"}, "receipt"),
    "receipt is empty": ({**received(), "receipt": {}}, "receipt.recipients"),
    "received without mail": (without(received(), "mail"), "mail"),
    "received without a message id": (
        {**received(), "mail": {"timestamp": "2026-03-06T19:55:37Z"}},
        "mail.messageId",
    ),
    "received without recipients": (with_receipt(recipients=[]), "receipt.recipients"),
    "received for a text": (with_receipt(recipients="a@example.com"), "receipt.recipients"),
    "received for a number": (
        with_receipt(recipients=["a@example.com", 5]),
        "receipt.recipients[1]",
    ),
    "received for an empty text": (with_receipt(recipients=[""]), "receipt.recipients[0]"),
    "received for too many recipients": (
        with_receipt(recipients=[*RECIPIENTS, "a@example.com"]),
        "receipt.recipients",
    ),
    "received without a time": (
        with_receipt(timestamp=None) | {"mail": {"messageId": "1"}},
        "mail.timestamp",
    ),
    "received with an invalid time": (
        with_receipt(timestamp="late") | {"mail": {"messageId": "1"}},
        "mail.timestamp",
    ),
    # SNS messages.
    "unknown type": ({**sns_message(OPEN), "Type": "Advertisement"}, "Type"),
    "type in lower case": ({**sns_message(OPEN), "Type": "notification"}, "Type"),
    "type is null": ({**sns_message(OPEN), "Type": None}, "notificationType"),
    "type without a message": ({"Type": "Advertisement"}, "notificationType"),
    "type is a number": ({**sns_message(OPEN), "Type": 5}, "Type"),
    "type is a list": ({**sns_message(OPEN), "Type": ["Notification"]}, "Type"),
    "type is an object": ({**sns_message(OPEN), "Type": {}}, "Type"),
    **{
        f"{name} {what}": (
            without(sns_message(OPEN), name)
            if value is ...
            else {**sns_message(OPEN), name: value},
            name,
        )
        for name in ("MessageId", "TopicArn", "Message", "Timestamp")
        for what, value in (
            ("is missing", ...),
            ("is null", None),
            ("is a number", 5),
            ("is a list", ["x"]),
        )
    },
    **{
        f"{name} is a list": ({**sns_message(OPEN), name: ["x"]}, name)
        for name in ("Subject", "SignatureVersion", "Signature", "SigningCertURL", *LAMBDA_KEYS)
    },
    **{
        f"{name} is empty": ({**confirmation(), name: ""}, name)
        for name in ("MessageId", "TopicArn", "Token")
    },
    "message is an object": ({**sns_message(OPEN), "Message": published("Open")}, "Message"),
    "message is no JSON": (sns_message("Hello! This message has a subject."), "Message"),
    "message is empty": (sns_message(""), "Message"),
    "message is a list": (sns_message("[]"), "Message"),
    "message is JSON twice": (sns_message(json.dumps(OPEN)), "Message"),
    "message has two lines": (sns_message(OPEN + "\n" + OPEN), "Message"),
    **{
        f"{name} differs from the key of SNS": ({**sns_message(OPEN), name: "https://x"}, name)
        for name in LAMBDA_KEYS
    },
    **{
        f"{name} is {what}": ({**confirmation(), name: value}, name)
        for name in ("Token", "SubscribeURL")
        for what, value in (("null", None), ("a number", 5), ("an object", {"x": TOKEN}))
    },
    "no token": (without(confirmation("UnsubscribeConfirmation"), "Token"), "Token"),
    # Lambda.
    "records are null": ({"Records": None}, "Records"),
    "records are a text": ({"Records": "x"}, "Records"),
    "records are an object": ({"Records": {"0": {}}}, "Records"),
    "record is null": ({"Records": [None]}, "Records[0]"),
    "record is a text": ({"Records": ["x"]}, "Records[0]"),
    "record is empty": ({"Records": [{}]}, "Records[0]"),
    "record of S3": (
        {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}}]},
        "Records[0].s3.object",
    ),
    "record of S3 without type": (
        {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {}}}]},
        "Records[0].eventName",
    ),
    "record of SNS with a text": ({"Records": [{"Sns": OPEN}]}, "Records[0]"),
    "record of SNS without a type": ({"Records": [{"Sns": {}}]}, "Records[0].Sns.Type"),
    "record of SNS without a message": (
        {"Records": [{"Sns": without(sns_message(OPEN), "Message")}]},
        "Records[0].Sns.Message",
    ),
    "second record": ({"Records": [{"body": OPEN}, {"body": "x"}]}, "Records[1].body"),
    "record of SQS without JSON": (sqs_records("hello"), "Records[0].body"),
    "record of SQS in two lines": (sqs_records(OPEN + "\n" + OPEN), "Records[0].body"),
    "record of SQS with an object": ({"Records": [{"body": published("Open")}]}, "Records[0]"),
    "record of SQS with records": (
        sqs_records(json.dumps(sqs_records(OPEN))),
        "Records[0].body.notificationType",
    ),
    "record of SES with a text": ({"Records": [{"ses": "x"}]}, "Records[0]"),
    "record of SES without mail": ({"Records": [{"ses": {"receipt": {}}}]}, "Records[0].ses.mail"),
    "records and no JSON in the sns_message": (
        sqs_records(json.dumps(sns_message("x"))),
        "Records[0].body.Message",
    ),
    # EventBridge.
    "of another source": ({**eventbridge(published("Open")), "source": "aws.ec2"}, "source"),
    "of no source": (without(eventbridge(published("Open")), "source"), "source"),
    "of a listed source": ({**eventbridge(published("Open")), "source": ["aws.ses"]}, "source"),
    "without detail": (without(eventbridge(published("Open")), "detail"), "notificationType"),
    "detail is null": ({**eventbridge(published("Open")), "detail": None}, "detail"),
    "with a text for detail": ({**eventbridge(published("Open")), "detail": OPEN}, "detail"),
    "with a number for detail type": (
        {**eventbridge(published("Open")), "detail-type": 5},
        "detail-type",
    ),
    # Lines.
    "second line": (OPEN + "\nx\n", "line 2"),
    "third line after a blank one": (OPEN + "\n\n[]\n", "line 3"),
    "second line is cut": (OPEN + "\n" + OPEN[:50], "line 2"),
    "second line is no event": (OPEN + "\n{}", "line 2.notificationType"),
    "first line": ("x\n" + OPEN, ""),
    "text between two": (OPEN + "x" + OPEN, ""),
    "second document is cut": (OPEN + OPEN[:50], "document 2"),
    "second document is no event": (OPEN + "{}", "document 2.notificationType"),
    "second document of the second line": (
        OPEN + "\n" + OPEN + "{}",
        "line 2.document 2.notificationType",
    ),
    "many documents": ("{}" * 10_001, ""),
    # Streams, queues and pipes.
    "Firehose records are a text": ({"records": "x"}, "records"),
    "Firehose record without data": ({"records": [{"recordId": "1"}]}, "records[0]"),
    "Firehose data are a number": ({"records": [{"data": 5}]}, "records[0]"),
    "Firehose data aren't base64": ({"records": [{"data": "x"}]}, "records[0].data"),
    "Firehose data aren't JSON": ({"records": [{"data": "eA=="}]}, "records[0].data"),
    "Firehose data are empty": ({"records": [{"data": ""}]}, "records[0].data"),
    "Firehose data are no event": (
        {"records": [{"data": "e30="}]},
        "records[0].data.notificationType",
    ),
    "second document of Firehose data": (
        {"records": [{"data": base64.b64encode(OPEN.encode() + b"{}").decode()}]},
        "records[0].data.document 2.notificationType",
    ),
    "Kinesis data aren't base64": (
        {"Records": [{"kinesis": {"data": "?"}}]},
        "Records[0].kinesis.data",
    ),
    "Kinesis record without data": ({"Records": [{"kinesis": {}}]}, "Records[0]"),
    "messages are null": ({"Messages": None}, "Messages"),
    "message of SQS without a body": ({"Messages": [{"MessageId": "1"}]}, "Messages[0]"),
    "message of SQS with an object": ({"Messages": [{"Body": {}}]}, "Messages[0]"),
    "body of a message of SQS": ({"Messages": [{"Body": "x"}]}, "Messages[0].Body"),
    "response of another call": ({"ResponseMetadata": {}, "QueueUrl": "x"}, "notificationType"),
    "a record alone": ({"eventSource": "aws:x", "s3": {}}, ""),
    "a record of S3 alone": ({"eventSource": "aws:s3", "s3": {}}, "eventName"),
    "body of a record alone": ({"eventSource": "aws:sqs", "body": "{}"}, "body.notificationType"),
    "second record of a pipe": ([{"body": OPEN}, {"body": "{}"}], "[1].body.notificationType"),
}


def test_has_at_least_150_bodies() -> None:
    assert len(BODIES) >= 150


@pytest.mark.parametrize("name", BODIES)
def test_malformed_body_error_has_path_and_reason(name: str) -> None:
    body, path = BODIES[name]
    with pytest.raises(MalformedBodyError) as caught:
        parse(body)
    error = caught.value
    assert error.path == path
    assert error.status == 400
    assert error.reason
    assert len(error.input) <= 200
    assert len(str(error)) < 400
    assert error.reason in str(error)


def test_raw_delivery_and_sns_reader_refuse_malformed_bodies() -> None:
    for name, (body, _) in BODIES.items():
        with case(name):
            with pytest.raises(MalformedBodyError):
                parse_raw(body)
            with suppress(MalformedBodyError):
                found = read_sns_message(body)
                assert found is None or type(found.message) is str


def test_last_of_duplicate_keys_wins() -> None:
    double = OPEN[:-1] + ', "eventType": "Teleport"}'
    assert [event.kind for event in parse(double)] == ["UnknownEvent"]


@pytest.mark.parametrize("depth", [0, 150])
def test_accepts_deep_json_within_the_limit(depth: int) -> None:
    assert parse(json.dumps({**published("Open"), "x": nested(depth)})) == parse(published("Open"))


def test_accepts_large_finite_numbers() -> None:
    body = (
        OPEN[:-1]
        + ', "x": [1e308, -1.7976931348623157e308, 1e-999, '
        + "9" * 4000
        + ', "\\ufffd\\u007f"]}'
    )
    (event, _) = parse(body)
    assert event == parse(OPEN)[0]


def test_finite_numbers_whose_bytes_look_like_infinity() -> None:
    (event, _) = parse(
        OPEN[:-1] + ', "x": 1.0e0, "y": ' + str(2.0**-256) + ', "z": -1.1125369292536007e-308}'
    )
    assert event.defects == ()


SECRETS = (TOKEN, SIGNATURE, "canary")
SECRET_BODIES = [
    confirmation(),
    sns_message(OPEN),
    confirmation() | {"Token": "canary", "Signature": "canary", "SubscribeURL": "https://canary"},
]


@pytest.mark.parametrize("number", range(len(SECRET_BODIES)))
def test_errors_show_no_secret(number: int) -> None:
    """With the body truncated anywhere, any byte changed, or any value replaced."""
    body = json.dumps(SECRET_BODIES[number]).encode()
    chance = random.Random(number)
    attempts: list[Any] = [body[:end] for end in range(0, len(body), 3)]
    attempts += [body[start:] for start in range(1, len(body), 3)]
    for _ in range(300):
        broken = bytearray(body)
        broken[chance.randrange(len(body))] = chance.randrange(256)
        attempts.append(bytes(broken))
    for name in SECRET_BODIES[number]:
        attempts += [
            SECRET_BODIES[number] | {name: value}
            for value in (5, None, ["x"], {"x": TOKEN}, "x", body.decode())
        ]
    for attempt in attempts:
        shown = ""
        try:
            parse(attempt)
        except MalformedBodyError as err:
            shown = f"{err}{err!r}{err.input}{err.reason}{err.path}" + "".join(
                traceback.format_exception(err)
            )
        assert not any(secret in shown for secret in SECRETS)


SAMPLES: list[Any] = [
    *DOCUMENTS.values(),
    received(S3_ACTION),
    confirmation(),
    confirmation("UnsubscribeConfirmation"),
    *(json.loads(WRAPPINGS[name](published("Bounce"))) for name in ("SNS", "EventBridge bytes")),
    *(
        WRAPPINGS[name](published("Click"))
        for name in (
            "Lambda from SNS",
            "Lambda from SQS from SNS",
            "Firehose, transformed by Lambda",
            "Kinesis by Lambda",
            "Kinesis by Pipes",
            "SQS by Pipes",
        )
    ),
    {**eventbridge({"version": "1.0.0", "data": {"origin": "X"}}), "detail-type": "Something"},
    {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "Hello"},
    {
        "Records": [
            {"eventSource": "aws:ses", "ses": without(received(), "content", "notificationType")}
        ]
    },
]
REPLACEMENTS: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "\0",
    "2026-03-06T19:55:37Z",
    "Bounce",
    "Received",
    "SubscriptionConfirmation",
    [],
    [None],
    [[]],
    {},
    {"emailAddress": "a@example.com"},
    {"name": "X-Metadata", "value": "{"},
    [{"name": "X-Tag", "value": "=?utf-8?b?w?= =?x?q?=ff?= =?utf-8?q?=ff?="}],
]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        yield from paths(inner, (*path, key))


def mutated(value: Any, path: tuple[Any, ...], change: str, replacement: Any) -> Any:
    if not path:
        return replacement
    value = copy.copy(value)  # only along the path: deep copies would take longer than the parser
    first, *rest = path
    if rest:
        value[first] = mutated(value[first], tuple(rest), change, replacement)
    elif change == "delete":
        del value[first]
    elif change == "retag" and isinstance(value, dict):
        value[f"{first}X"] = value.pop(first)
    elif change == "wrap":
        value[first] = [value[first]]
    elif change == "text":
        value[first] = json.dumps(value[first])
    else:
        value[first] = replacement
    return value


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.data())
def test_mutated_bodies_are_parsed_or_refused(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(SAMPLES))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(body))))
        change = data.draw(st.sampled_from(["delete", "retype", "retag", "wrap", "text"]))
        body = mutated(body, path, change, data.draw(st.sampled_from(REPLACEMENTS)))
    check_outcome(body)


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_every_single_mutation_is_parsed_or_refused(number: int) -> None:
    sample = SAMPLES[number]
    for path in paths(sample):
        for change in ("delete", "retag", "wrap", "text"):
            check_outcome(mutated(sample, path, change, None))
        for replacement in REPLACEMENTS[::3]:
            check_outcome(mutated(sample, path, "retype", replacement))


PROPERTIES = (
    *("subject", "from_", "to", "rfc5322_message_id", "source_arn", "sending_account"),
    *("caller_identity", "source_ip", "cause", "permanent", "is_spam"),
)


def check_outcome(body: Any) -> None:
    """Checks that parsing returns complete events or raises MalformedBodyError."""
    try:
        events = parse(body)
    except MalformedBodyError:
        return
    for event in events:
        assert len(event.dedup_key) == 64
        assert vars(event).keys() == type(event).__dataclass_fields__.keys()
        for name in PROPERTIES:
            getattr(event, name, None)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.binary()
    | st.text(st.characters())
    | st.recursive(
        st.none() | st.text(), lambda x: st.dictionaries(st.text(), x, max_size=4), max_leaves=12
    )
)
def test_arbitrary_bodies_are_parsed_or_refused(body: Any) -> None:
    check_outcome(body)
