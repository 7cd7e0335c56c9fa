"""Signatures of SNS messages: genuine, forged, damaged and expired ones."""

import base64
import copy
import json
import math
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from sesmail.errors import ConfigurationError, MalformedBodyError, SignatureError, WebhookError
from sesmail.receiving.transports.sns import SnsMessage, require_sns_message
from sesmail.receiving.verification import signing_certificate
from sesmail.receiving.verification.signature import check_signature, read_signature
from sesmail.receiving.verification.signing_certificate import load_certificate
from support.signing import (
    MESSAGE_ID,
    NOW,
    SENT,
    TOKEN,
    TOPIC,
    URL,
    certificate,
    good_certificate,
    message,
    pem,
    rsa_key,
    sign,
    signed_text,
    unsigned,
)

SIGNED_BY_AWS = Path(__file__).with_name("sns_messages_signed_by_aws.json")
CONFIRMATIONS = ["SubscriptionConfirmation", "UnsubscribeConfirmation"]
KINDS = ["Notification", *CONFIRMATIONS]


def check(
    body: dict[str, Any], file: bytes | None = None, now: datetime = NOW, **options: Any
) -> SnsMessage:
    return check_signature(
        json.dumps(body).encode(), file or good_certificate(), now=now, **options
    )


def refusal(body: Any, file: bytes | None = None, **options: Any) -> WebhookError:
    with pytest.raises((SignatureError, MalformedBodyError)) as caught:
        check(body, file, **options)
    assert caught.value.status in (400, 403)
    assert caught.value.headers == {}
    told = "".join(traceback.TracebackException.from_exception(caught.value).format(chain=True))
    assert TOKEN not in told
    assert TOKEN not in repr(vars(caught.value))
    if (
        isinstance(body, dict)
        and isinstance(body.get("Signature"), str)
        and len(body["Signature"]) > 20
    ):
        assert body["Signature"] not in told
    return caught.value


@pytest.mark.parametrize("index", range(5))
def test_verifies_messages_signed_by_aws(index: int) -> None:
    data = json.loads(SIGNED_BY_AWS.read_text("utf-8"))
    body = data["messages"][index]
    file = data["certificates"][body["SigningCertURL"]].encode()
    now = datetime.fromisoformat(data["now"])
    assert check(body, file, now).message_id == body["MessageId"]
    for key in ("Message", "MessageId", "Timestamp", "TopicArn"):
        refusal({**body, key: body[key].translate({ord("6"): "7", ord("."): "-"})}, file, now=now)
    refusal(body, good_certificate(), now=now)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", ["1", "2"])
def test_verifies_both_versions_of_all_types(kind: str, version: str) -> None:
    body = message(kind, SignatureVersion=version)
    assert check(body).type == kind


@pytest.mark.parametrize(
    "changes",
    [
        {"Subject": ...},
        {"Subject": None},
        {"Subject": ""},
        {"Subject": "Grüße, 世界"},
        {"Message": ""},
        {"Message": "\n\r\n\t\0 \u2028 \U0001f600 \\n \"'</script>"},
        {"Message": "Message\nx\nMessageId\ny\nType\nNotification\n"},
        {"MessageId": MESSAGE_ID.upper()},
        {"Timestamp": "2026-03-06T20:04:58Z"},
        {"TopicArn": TOPIC + ".fifo"},
    ],
)
def test_verifies_any_valid_values(changes: dict[str, Any]) -> None:
    check(message(**changes))


def test_verifies_message_with_url_keys_of_lambda() -> None:
    body = message(Subject=None)
    body["SigningCertUrl"] = body.pop("SigningCertURL")
    body["UnsubscribeUrl"] = "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe"
    assert check(body).subject is None
    check({**body, "SigningCertURL": body["SigningCertUrl"]})
    refusal({**body, "SigningCertURL": URL.replace("0123", "3210")})
    refusal({**body, "SigningCertURL": URL, "SigningCertUrl": "https://evil.example/x.pem"})


def test_accepts_body_in_any_form() -> None:
    body = message()
    for form in (
        json.dumps(body),
        json.dumps(body).encode(),
        json.dumps(body, ensure_ascii=False, indent=1),
        body,
    ):
        sns_message = check_signature(form, good_certificate(), now=NOW)
        assert check_signature(sns_message, good_certificate(), now=NOW) is sns_message


def test_unsigned_fields_may_change() -> None:
    check(
        {**message(), "UnsubscribeURL": "https://x", "MessageAttributes": {"a": [1]}, "More": None}
    )


def test_last_of_duplicate_keys_is_verified_and_returned() -> None:
    good = json.dumps(message())
    forged = '"Message": "forged", '
    first = "{" + forged + good[1:]
    assert check_signature(first, good_certificate(), now=NOW).message == '{"eventType": "Send"}'
    with pytest.raises(SignatureError):
        check_signature(good[:-1] + ", " + forged[:-2] + "}", good_certificate(), now=NOW)


def resplit(
    cut: Callable[[dict[str, Any]], dict[str, Any]], kind: str = "Notification", **changes: Any
) -> Any:
    """Returns a message with a genuine signed text that is split into other fields."""
    body = message(kind, **changes)
    forged = {**body, **cut(body)}
    forged = {key: value for key, value in forged.items() if value is not ...}
    assert signed_text(forged) == signed_text(body)
    return forged


@cache
def resplit_messages() -> dict[str, Any]:
    inner = f"evil\nMessageId\n{MESSAGE_ID[::-1]}"
    victim = "arn:aws:sns:eu-west-1:999999999999:victim"
    old = "2026-03-06T20:04:00.000Z"
    tail = f"Timestamp\n{old}\nTopicArn\n{victim}\nType\nNotification"
    subscribe = "https://sns.eu-west-1.amazonaws.com/"
    return {
        "an id out of the message": resplit(
            lambda body: {
                "Message": "evil",
                "MessageId": f"{MESSAGE_ID[::-1]}\nMessageId\n{MESSAGE_ID}",
            },
            Message=inner,
        ),
        "an id and a subject out of the message": resplit(
            lambda body: {
                "Message": "evil",
                "MessageId": MESSAGE_ID[::-1],
                "Subject": f"a\nMessageId\n{MESSAGE_ID}\nSubject\nb",
            },
            Message=f"{inner}\nSubject\na",
            Subject="b",
        ),
        "a subject into the id": resplit(
            lambda body: {"MessageId": f"{MESSAGE_ID}\nSubject\nmine", "Subject": ...},
            Subject="mine",
        ),
        "a subject into the id, with null": resplit(
            lambda body: {"MessageId": f"{MESSAGE_ID}\nSubject\nmine", "Subject": None},
            Subject="mine",
        ),
        "a whole message in the message": resplit(
            lambda body: {
                "Message": "evil",
                "MessageId": MESSAGE_ID[::-1],
                "Subject": ...,
                "Timestamp": old,
                "TopicArn": f"{victim}\nType\nNotification\nMessageId\n{MESSAGE_ID}\n"
                f"Timestamp\n{SENT}\nTopicArn\n{TOPIC}",
            },
            Message=f"{inner}\n{tail}",
            Subject=...,
        ),
        "a whole message, the rest in the type": {
            **resplit(lambda body: {}, Message=f"{inner}\n{tail}", Subject=...),
            "Message": "evil",
            "MessageId": MESSAGE_ID[::-1],
            "Timestamp": old,
            "TopicArn": victim,
            "Type": f"Notification\nMessageId\n{MESSAGE_ID}\nTimestamp\n{SENT}\nTopicArn\n{TOPIC}\n"
            "Type\nNotification",
        },
        "a subject with a line break": resplit(
            lambda body: {"Subject": f"x\nTimestamp\n{old}", "Timestamp": SENT},
            Subject=f"x\nTimestamp\n{old}",
        ),
        "a topic out of the time": resplit(
            lambda body: {"Timestamp": f"{SENT}\nTopicArn\n{victim}"},
            Timestamp=f"{SENT}\nTopicArn\n{victim}",
        ),
        "a confirmation's URL out of its message": resplit(
            lambda body: {
                "Message": "evil",
                "MessageId": MESSAGE_ID[::-1],
                "SubscribeURL": f"{subscribe}\nMessageId\n{MESSAGE_ID}\nSubscribeURL\n{subscribe}",
            },
            kind="SubscriptionConfirmation",
            Message=f"{inner}\nSubscribeURL\n{subscribe}",
            SubscribeURL=subscribe,
        ),
        "a token out of the time": resplit(
            lambda body: {"Timestamp": SENT, "Token": f"evil\nToken\n{TOKEN}"},
            kind="SubscriptionConfirmation",
            Timestamp=f"{SENT}\nToken\nevil",
        ),
        "a notification from a confirmation's text": {
            **sign(unsigned(), text=signed_text(unsigned("SubscriptionConfirmation"))),
        },
    }


@pytest.mark.parametrize("name", resplit_messages())
def test_refuses_signed_text_split_into_other_fields(name: str) -> None:
    refusal(resplit_messages()[name])


@pytest.mark.parametrize(
    "control", ["\n", "\r", "\r\n", "\0", "\t", "\x0b", "\x1f", "\x7f", "\x85", "\x9f"]
)
@pytest.mark.parametrize(
    "key", ["MessageId", "Subject", "Timestamp", "TopicArn", "Type", "SubscribeURL", "Token"]
)
def test_refuses_control_characters_in_signed_fields(key: str, control: str) -> None:
    kind = "Notification" if key == "Subject" else "SubscriptionConfirmation"
    body = unsigned(kind)
    text = signed_text(body)
    changed = {**body, key: body[key] + control}
    refusal(sign(changed, text=text if key == "Type" else signed_text(changed)))


@pytest.mark.parametrize(
    "key", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Token", "SubscribeURL"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_refuses_change_of_each_signed_field(kind: str, key: str) -> None:
    body = message(kind)
    if key in body:
        refusal({**body, key: body[key] + "0"})
        refusal({**body, key: body[key][:-1]})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notification"),
        ("Type", "Notification "),
        ("Type", ""),
        ("Type", "N\u043etification"),
        ("MessageId", "1"),
        ("MessageId", MESSAGE_ID + "-1"),
        ("MessageId", "{" + MESSAGE_ID + "}"),
        ("MessageId", MESSAGE_ID.replace("-", "")),
        ("MessageId", MESSAGE_ID.replace("0", "\uff10")),
        ("Timestamp", ""),
        ("Timestamp", "yesterday"),
        ("Timestamp", "1772827498"),
        ("Timestamp", SENT[:-1]),
        ("Timestamp", SENT[:-1] + "z"),
        ("Timestamp", SENT[:-1] + "+00:00"),
        ("Timestamp", SENT.replace("T", " ")),
        ("Timestamp", SENT.replace("2026", "\uff12\uff10\uff12\uff16")),
        ("Timestamp", "2026-13-06T20:04:58.123Z"),
        ("Timestamp", "2026-02-30T20:04:58.123Z"),
        ("Timestamp", "2026-03-06T24:04:58.123Z"),
        ("Timestamp", "2026-03-06T20:04:60.123Z"),
        ("Timestamp", "0000-03-06T20:04:58.123Z"),
        ("Timestamp", "0001-01-01T00:00:00Z"),
        ("Timestamp", "9999-12-31T23:59:59Z"),
        ("TopicArn", "mail"),
        ("TopicArn", "arn:aws:sns:s3-us-west-2:123456789012:mail"),
        ("Token", ""),
        ("Token", "a b"),
        ("Token", "x" * 1025),
        ("SubscribeURL", ""),
        ("SubscribeURL", "http://sns.eu-west-1.amazonaws.com/"),
        ("SubscribeURL", "https://sns.eu-west-1.amazonaws.com/ x"),
        ("SubscribeURL", "https://sns.eu-west-1.amazonaws.com/\u2028"),
    ],
)
def test_refuses_signed_values_that_sns_does_not_write(key: str, value: str) -> None:
    body = {**unsigned("SubscriptionConfirmation"), key: value}
    text = signed_text({**body, "Type": "SubscriptionConfirmation"})
    refusal(
        sign(body, text=text.replace(b"SubscriptionConfirmation\n", body["Type"].encode() + b"\n"))
    )


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], ["x"], {}, {"a": "b"}])
@pytest.mark.parametrize(
    "key",
    [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ],
)
def test_refuses_values_that_are_not_strings(key: str, value: Any) -> None:
    refusal({**message(), key: value})


@pytest.mark.parametrize("value", [1, [], ["x"], {}])
def test_refuses_subject_that_is_not_a_string(value: Any) -> None:
    refusal({**message(), "Subject": value})


@pytest.mark.parametrize("value", [None, 1, ["x"]])
@pytest.mark.parametrize("key", ["Token", "SubscribeURL"])
def test_refuses_confirmation_without_token_or_url(key: str, value: Any) -> None:
    refusal({**message("SubscriptionConfirmation"), key: value})


@pytest.mark.parametrize("key", [*unsigned("SubscriptionConfirmation"), "Signature"])
def test_refuses_missing_fields(key: str) -> None:
    body = message("SubscriptionConfirmation")
    del body[key]
    refusal(body)


@pytest.mark.parametrize(
    "body", [[], "x", 1, None, {}, {"eventType": "Send", "mail": {}}, [message()]]
)
def test_refuses_body_that_is_not_an_sns_message(body: Any) -> None:
    with pytest.raises(MalformedBodyError):
        check_signature(json.dumps(body), good_certificate(), now=NOW)


@pytest.mark.parametrize("field", ["type", "message", "message_id", "timestamp", "topic_arn"])
@pytest.mark.parametrize("value", [None, 5, ["Notification"], b"x"])
def test_refuses_message_created_by_hand_with_other_types(field: str, value: Any) -> None:
    sns_message = replace(check(message()), **{field: value})
    with pytest.raises(SignatureError):
        check_signature(sns_message, good_certificate(), now=NOW)


def test_refuses_lone_surrogates() -> None:
    sns_message = replace(check(message()), message="\ud800", subject="\ud800")
    with pytest.raises(SignatureError, match="doesn't match"):
        check_signature(sns_message, good_certificate(), now=NOW)


@pytest.mark.parametrize("version", ["0", "3", "", "01", "1 ", "2.0", "SHA256"])
def test_refuses_other_signature_versions(version: str) -> None:
    assert "SignatureVersion" in str(refusal({**message(), "SignatureVersion": version}))


@pytest.mark.parametrize(("signed_as", "said"), [("1", "2"), ("2", "1")])
def test_refuses_signature_of_the_other_version(signed_as: str, said: str) -> None:
    refusal({**message(SignatureVersion=signed_as), "SignatureVersion": said})


@cache
def damaged_signatures() -> dict[str, str]:
    good: str = message()["Signature"]
    data = base64.b64decode(good)
    return {
        "empty": "",
        "short": good[:-4],
        "padding": good + "=",
        "more padding": good + "====",
        "no padding": good.rstrip("="),
        "line break": good + "\n",
        "space": " " + good,
        "more": good + "AAAA",
        "URL-safe": "-_" + good[2:],
        "full width": "\uff21" + good[1:],
        "zeros": base64.b64encode(bytes(256)).decode(),
        "ones": base64.b64encode(b"\xff" * 256).decode(),
        "one": base64.b64encode(bytes(255) + b"\1").decode(),
        "a byte less": base64.b64encode(data[:-1]).decode(),
        "a byte more": base64.b64encode(b"\0" + data).decode(),
        "base16": data.hex(),
        "long": "A" * 100_000,
    }


@pytest.mark.parametrize("name", damaged_signatures())
def test_refuses_damaged_signatures(name: str) -> None:
    refusal({**message(), "Signature": damaged_signatures()[name]})


def test_refuses_signatures_of_other_keys() -> None:
    refusal(message(key=rsa_key(name="other")))
    refusal({**message(), "Signature": message(Message="other")["Signature"]})
    refusal(sign(unsigned(), text=signed_text(unsigned())[:-1]))
    refusal(sign(unsigned(), text=signed_text(unsigned()).replace(b"\n", b"\r\n")))


@pytest.mark.parametrize(
    ("arn", "url", "names"),
    [
        (TOPIC, URL.replace("eu-west-1", "us-east-1"), ["sns.amazonaws.com"]),
        (TOPIC, URL.replace("eu-west-1", "s3-us-west-2"), ["sns.amazonaws.com"]),
        (TOPIC, URL.replace(".com/", ".com.cn/"), ["sns.amazonaws.com"]),
        (TOPIC, URL.replace("https://", "https://x@"), ["sns.amazonaws.com"]),
        (TOPIC, URL.replace(".com/", ".com:443/"), ["sns.amazonaws.com"]),
        (TOPIC, URL + "?", ["sns.amazonaws.com"]),
        (TOPIC, "", ["sns.amazonaws.com"]),
        (TOPIC.replace("eu-west-1", "us-east-1"), URL, ["sns.amazonaws.com"]),
        (TOPIC.replace(":aws:", ":aws-us-gov:"), URL, ["sns.amazonaws.com"]),
        (
            TOPIC.replace(":aws:sns:eu-west-1", ":aws-cn:sns:cn-north-1"),
            URL,
            ["sns-cn-north-1.amazonaws.com.cn"],
        ),
    ],
)
def test_refuses_certificate_urls_of_other_regions(arn: str, url: str, names: list[str]) -> None:
    refusal(message(TopicArn=arn, SigningCertURL=url), pem(certificate(names)))


@pytest.mark.parametrize(
    ("region", "names", "good"),
    [
        ("eu-west-1", ["sns.amazonaws.com"], True),
        ("eu-west-1", ["SNS.amazonaws.com", "sns.amazonaws.com"], True),
        ("eu-west-1", ["sns.eu-west-1.amazonaws.com"], False),
        ("eu-west-1", ["sns-signing.eu-west-1.amazonaws.com"], False),
        ("eu-west-1", ["*.amazonaws.com"], False),
        ("eu-west-1", ["sns.amazonaws.com.evil.example"], False),
        ("eu-west-1", ["sns-us-gov-west-1.amazonaws.com"], False),
        ("eu-west-1", ["evil.example"], False),
        (
            "af-south-1",
            ["sns-signing.af-south-1.amazonaws.com", "sns.af-south-1.amazonaws.com"],
            True,
        ),
        ("af-south-1", ["sns-signing.eu-south-1.amazonaws.com"], False),
        ("af-south-1", ["sns.amazonaws.com"], False),
        ("af-south-1", ["sns.af-south-1.amazonaws.com"], False),
    ],
)
def test_host_name_of_the_certificate_depends_on_the_region(
    region: str, names: list[str], good: bool
) -> None:
    body = message(
        TopicArn=TOPIC.replace("eu-west-1", region), SigningCertURL=URL.replace("eu-west-1", region)
    )
    if good:
        check(body, pem(certificate(names)))
    else:
        assert "isn't for sns" in str(refusal(body, pem(certificate(names))))


def test_common_name_counts_only_without_alternative_names() -> None:
    check(message(), pem(certificate((), common_name="sns.amazonaws.com")))
    refusal(message(), pem(certificate(["evil.example"], common_name="sns.amazonaws.com")))
    refusal(message(), pem(certificate(())))


@pytest.mark.parametrize(
    ("start", "end", "good"),
    [
        (NOW, NOW, True),
        (NOW - timedelta(days=1), NOW, True),
        (NOW, NOW + timedelta(days=1), True),
        (NOW - timedelta(days=9), NOW - timedelta(seconds=1), False),
        (NOW + timedelta(seconds=1), NOW + timedelta(days=9), False),
    ],
)
def test_certificate_must_be_valid_now(start: datetime, end: datetime, good: bool) -> None:
    file = pem(certificate(start=start, end=end))
    if good:
        check(message(), file)
    else:
        assert "isn't valid" in str(refusal(message(), file))


@cache
def damaged() -> dict[str, bytes]:
    good = good_certificate()
    begin, *lines, end = good.splitlines(keepends=True)
    der = certificate().public_bytes(Encoding.DER)
    other = pem(certificate(["evil.example"]))
    cut = base64.encodebytes(der[:-40])
    return {
        "empty": b"",
        "space": b" \n",
        "two": good + good,
        "two, the wrong one first": other + good,
        "a chain": good + pem(certificate(["Amazon"])),
        "text before": b"Bag Attributes\n" + good,
        "text after": good + b"x",
        "text within": begin + lines[0] + b"# x\n" + b"".join(lines[1:]) + end,
        "headers": begin + b"Proc-Type: 4,ENCRYPTED\n\n" + b"".join(lines) + end,
        "no end": begin + b"".join(lines),
        "no begin": b"".join(lines) + end,
        "no lines": begin + end,
        "another word": good.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE"),
        "a key": good.replace(b"CERTIFICATE", b"PUBLIC KEY"),
        "five dashes less": good.replace(b"-----BEGIN", b"----BEGIN"),
        "DER": der,
        "base64": base64.b64encode(der),
        "cut DER": begin + cut + end,
        "more than DER": begin + base64.encodebytes(der + b"x") + end,
        "no DER": begin + b"AAAA\n" + end,
        "no base64": begin + b"A\n" + end,
        "padding": begin + b"====\n" + end,
        "HTML": b"<html><body>Please log in.</body></html>",
        "XML": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        "UTF-16": good.decode().encode("utf-16"),
        "BOM": b"\xef\xbb\xbf" + good,
        "NUL": good + b"\0",
        "EC": pem(certificate(key=ec.generate_private_key(ec.SECP256R1()))),
        "Ed25519": pem(certificate(key=ed25519.Ed25519PrivateKey.generate())),
        "RSA 1024": pem(certificate(key=rsa_key(1024))),
        "RSA 2040": pem(certificate(key=rsa_key(2040))),
        "a bad name": pem(
            certificate(
                (),
                more=[
                    x509.UnrecognizedExtension(
                        x509.SubjectAlternativeName.oid, b"\x30\x03\x82\x05x"
                    )
                ],
            )
        ),
    }


@pytest.mark.parametrize("name", damaged())
def test_refuses_files_that_are_no_valid_certificate(name: str) -> None:
    file = damaged()[name]
    with pytest.raises(SignatureError, match="certificate"):
        load_certificate(file)
    key = rsa_key(int(name[4:])) if name.startswith("RSA") else None
    with pytest.raises(SignatureError, match="certificate"):
        check_signature(message(key=key), file, now=NOW)


def test_accepts_pem_with_lf_and_crlf() -> None:
    good = good_certificate()
    for file in (good, good.replace(b"\n", b"\r\n"), good + b"\n", b"\n" + good):
        load_certificate(file)
        check(message(), file)


def test_refuses_old_and_future_messages() -> None:
    body = message(Timestamp="2026-03-06T20:00:00.000Z")
    sent = datetime(2026, 3, 6, 20, tzinfo=UTC)
    for seconds in (-300, -299, 0, 3899, 3900):
        check(body, now=sent + timedelta(seconds=seconds))
    assert "3901.0 s old" in str(refusal(body, now=sent + timedelta(seconds=3901)))
    assert "301.0 s ahead" in str(refusal(body, now=sent - timedelta(seconds=301)))
    check(body, now=sent + timedelta(seconds=60), max_age=60)
    refusal(body, now=sent + timedelta(seconds=61), max_age=60)
    refusal(body, now=sent - timedelta(seconds=1), max_ahead=0)
    check(body, now=sent + timedelta(days=20), max_age=math.inf)
    check(body, now=sent.astimezone(timezone(timedelta(hours=-11))))


def test_time_without_zone_is_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="zone"):
        check(message(), now=NOW.replace(tzinfo=None))


def test_checks_other_fields_before_the_certificate() -> None:
    unverified = read_signature(check(message()), now=NOW)
    assert (unverified.certificate_url, unverified.host_name) == (URL, "sns.amazonaws.com")
    assert "eventType" not in repr(unverified)
    for body in (
        message(SigningCertURL="https://evil.example/x.pem"),
        message(Timestamp="2020-01-01T00:00:00Z"),
        {**message(), "SignatureVersion": "3"},
        {**message(), "Signature": "?"},
        message(MessageId="x"),
    ):
        with pytest.raises(SignatureError):
            read_signature(require_sns_message(body), now=NOW)


def test_names_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_certificate, "find_spec", lambda name: None)
    load_certificate.cache_clear()
    with pytest.raises(ConfigurationError, match=r"pip install 'sesmail\[signatures\]'"):
        check(message())


def test_disabled_sha1_is_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    class Key:
        def verify(self, *_: object) -> None:
            raise UnsupportedAlgorithm("SHA1")

    question: Any = signing_certificate._verifier(Key())  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="SignatureVersion to 2"):
        question("1", b"", b"")


def test_certificate_is_parsed_once() -> None:
    load_certificate.cache_clear()
    for _ in range(3):
        check(message(), bytes(bytearray(good_certificate())))
        with pytest.raises(SignatureError):
            check(message(), b"x")
    assert load_certificate.cache_info().currsize == 1


def test_body_is_not_modified() -> None:
    body = message("SubscriptionConfirmation")
    before = copy.deepcopy(body)
    check_signature(body, good_certificate(), now=NOW)
    assert body == before


def test_cryptography_is_installed() -> None:
    assert "cryptography" in sys.modules
