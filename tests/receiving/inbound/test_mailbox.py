"""Mailboxes of address fields: names, comments, groups, obsolete and malformed addresses."""

import pytest

from sesmail.receiving.inbound.header import Defects, decode_words
from sesmail.receiving.inbound.limits import Budget
from sesmail.receiving.inbound.mailbox import (
    BAD_MAILBOX,
    TOO_MANY_ADDRESSES,
    Mailbox,
    read_mailboxes,
)
from support.growth_units import MAILBOX_UNITS
from support.profiling import count_calls


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" , ; ,", []),
        ("a@b.example", [("a@b.example", None)]),
        ("<a@b.example>", [("a@b.example", None)]),
        ("Alice <a@b.example>", [("a@b.example", "Alice")]),
        ('"Doe, J\\"ane\\"" <a@b.example>', [("a@b.example", 'Doe, J"ane"')]),
        ('"" <a@b.example>', [("a@b.example", None)]),
        ("Alice <a@b.example>, Bob <b@b.example>; c@b.example", [
            ("a@b.example", "Alice"), ("b@b.example", "Bob"), ("c@b.example", None),
        ]),
        ("=?utf-8?q?J=C3=BCrgen?= <a@b.example>", [("a@b.example", "Jürgen")]),
        ("=?utf-8?q?M,=C3=BC?= <a@b.example>", [("a@b.example", "M,ü")]),
        ('"=?utf-8?q?J=C3=BCrgen?=" <a@b.example>', [("a@b.example", "Jürgen")]),
        ("=?utf-8?q?=3Cevil=40x=2Eexample=3E=2C?= <a@b.example>", [
            ("a@b.example", "<evil@x.example>,"),
        ]),
        ("a=b <a=b@b.example>", [("a=b@b.example", "a=b")]),
        ("a@b.example (Alice (the (first)) one \\))", [("a@b.example", "Alice one )")]),
        ("a@b.example (never ends", [("a@b.example", "never ends")]),
        ("(comment) Alice <a@b.example>", [("a@b.example", "Alice")]),
        ("a(comment)@b.example", [("a@b.example", "comment")]),
        ('"a b"@b.example', [('"a b"@b.example', None)]),
        ('<"a>b"@b.example>', [('"a>b"@b.example', None)]),
        ("<a@[192.0.2.1]>", [("a@[192.0.2.1]", None)]),
        ("<jürgen@bücher.example>", [("jürgen@bücher.example", None)]),
        ("undisclosed-recipients:;", []),
        ("Friends: a@b.example, Bob <b@b.example>; c@b.example", [
            ("a@b.example", None), ("b@b.example", "Bob"), ("c@b.example", None),
        ]),
        ("<>", [("", None)]),
        ("Mail Delivery System <>", [("", "Mail Delivery System")]),
    ],
)  # fmt: skip
def test_parses_mailboxes(text: str, found: list[tuple[str, str | None]]) -> None:
    defects: Defects = {}
    assert read_mailboxes(text, defects, Budget()) == [
        Mailbox(email, name) for email, name in found
    ]
    assert not defects


@pytest.mark.parametrize(
    "text",
    [
        "Alice",
        "Alice <alice>",
        "<a@b.example",
        "a@b.example>",
        "a b@c.example",
        "a@b@c.example",
        "a@b.example:x",
        "<@route.example a@b.example>",
        "<@:a@b.example>",
        "<b:a@b.example>",
        "@route.example:a@b.example",
        "=?utf-8?q?a@b.example?=",
        "<=?utf-8?q?a?=@b.example>",
        "a . b c@d.example",
        "a@" + " ." * 500,
        "Good <good@example.com> <evil@example.com>",
        "<a@b.example\\>",
        '"a@b.example',
        "<a@b.example <c@d.example",
    ],
)
def test_malformed_mailbox_is_kept_as_name(text: str) -> None:
    defects: Defects = {}
    (mailbox,) = read_mailboxes(text, defects, Budget())
    assert mailbox == Mailbox("", decode_words(text, {}))
    assert list(defects) == [BAD_MAILBOX]


def test_limits_number_of_address_tokens() -> None:
    budget = Budget(address_tokens=9)
    defects: Defects = {}
    assert len(read_mailboxes("a@b.example, " * 4, defects, budget)) == 4
    assert not defects
    assert read_mailboxes("Bob <b@b.example>, c@d.example", defects, budget) == []
    assert list(defects) == [TOO_MANY_ADDRESSES]


@pytest.mark.parametrize("unit", MAILBOX_UNITS)
def test_calls_are_linear_in_the_length_of_mailboxes(unit: str) -> None:
    short, long = (
        count_calls(read_mailboxes, unit * times, {}, Budget(address_tokens=1 << 30))
        for times in (200, 800)
    )
    assert long <= 4.2 * short


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"a\u3000b" <a@b.example>', "a\u3000b"),
        ("山田\u3000太郎 <a@b.example>", "山田\u3000太郎"),
        ("=?utf-8?b?5bGx55Sw44CA5aSq6YOO?= <a@b.example>", "山田\u3000太郎"),
        ("=?utf-8?q?=C2=A0a=C2=A0b?= <a@b.example>", "\xa0a\xa0b"),
        ('"a  b" <a@b.example>', "a  b"),
        ("=?utf-8?q?a__b?= <a@b.example>", "a  b"),
        ("a  b <a@b.example>", "a  b"),
        ('"  a  " <a@b.example>', "a"),
        ('"\u3000" <a@b.example>', None),
        ("Alice (words) Doe <a@b.example>", "Alice Doe"),
    ],
)
def test_white_space_in_names(text: str, name: str | None) -> None:
    assert read_mailboxes(text, {}, Budget()) == [Mailbox("a@b.example", name)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Norton I., Emperor <n@b.example>", [("n@b.example", "Norton I., Emperor")]),
        ("Doe, J, Dr. <n@b.example>", [("n@b.example", "Doe, J, Dr.")]),
        ("Doe, <n@b.example>", [("n@b.example", "Doe")]),
        ("a@b.example, Doe, J <n@b.example>", [
            ("a@b.example", None), ("n@b.example", "Doe, J"),
        ]),
        ("=?utf-8?q?M=C3=BCller?=, J <n@b.example>", [("n@b.example", "Müller, J")]),
        ("Doe, n@b.example", [("", "Doe"), ("n@b.example", None)]),
        ("Doe, J; n@b.example", [("", "Doe"), ("", "J"), ("n@b.example", None)]),
        ("Doe, <>", [("", "Doe"), ("", None)]),
        ("Doe, Group: n@b.example;", [("", "Doe"), ("n@b.example", None)]),
        ("Doe, J <bad>, n@b.example", [("", "Doe"), ("", "J <bad>"), ("n@b.example", None)]),
    ],
)  # fmt: skip
def test_commas_in_names_without_quotes(text: str, found: list[tuple[str, str | None]]) -> None:
    defects: Defects = {}
    assert read_mailboxes(text, defects, Budget()) == [Mailbox(*each) for each in found]
    assert list(defects) == [BAD_MAILBOX]


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("<a(words)@b.example>", "a@b.example"),
        ("<a@(wo<r>ds)b.example>", "a@b.example"),
        ("<(words (in words)) a@b.example>", "a@b.example"),
        ("a . b @ c . example", "a.b@c.example"),
        ('<"a . b" @ c.example>', '"a . b"@c.example'),
        ('<a."b c".d@e.example>', 'a."b c".d@e.example'),
        ("<@x.example:a@b.example>", "a@b.example"),
        ("<@x.example,@y.example:a@b.example>", "a@b.example"),
        ("<,@x.example , , @y . example : a@b.example>", "a@b.example"),
        ('<"@x:y"@b.example>', '"@x:y"@b.example'),
    ],
)
def test_obsolete_and_commented_addresses(text: str, email: str) -> None:
    defects: Defects = {}
    assert [each.email for each in read_mailboxes(text, defects, Budget())] == [email]
    assert not defects


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?evil=40x=2Eexample?=",
        "=?utf-8?q?=3Cevil=40x=2Eexample=3E?=",
        "=?utf-8?q?evil@x.example?=",
        "=?utf-8?q?Alice_<evil@x.example>?=",
        "<=?utf-8?q?evil=40x=2Eexample?=>",
        "<=?utf-8?q?evil@x.example?=>",
        "=?utf-8?b?ZXZpbEB4LmV4YW1wbGU=?=",
        "=?utf-8?q?evil?=@x.example",
    ],
)
def test_encoded_word_is_never_an_address(text: str) -> None:
    defects: Defects = {}
    (mailbox,) = read_mailboxes(text, defects, Budget())
    assert mailbox.email == ""
    assert "evil" in (mailbox.name or "")
    assert list(defects) == [BAD_MAILBOX]


def test_names_before_too_many_tokens_are_kept() -> None:
    defects: Defects = {}
    boxes = read_mailboxes("Doe, J <n@b.example>, x@y.example", defects, Budget(address_tokens=3))
    assert boxes == [Mailbox("", "Doe")]
    assert list(defects) == [TOO_MANY_ADDRESSES, BAD_MAILBOX]


def test_many_tokens_in_angle_brackets_are_no_address() -> None:
    assert read_mailboxes(f"<{'(a)' * 98}a@b.example>", {}, Budget())[0].email == "a@b.example"
    assert read_mailboxes(f"<{'(a)' * 999}a@b.example>", {}, Budget())[0].email == ""
