"""Header fields: folding, encoded-words, and parameters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail import Address, InvalidMessageError
from sesmail.sending.mime.header import (
    address_field,
    fold,
    mailbox,
    parameter,
    text_field,
    text_value,
)
from support.hostile import SPOOFS
from support.mail import decoded, mailboxes, parsed

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")))
NAME = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=SPOOFS.values()))
WORDS = st.text(st.sampled_from('ab =?é"\\.,'), max_size=300)
LITERAL = [
    "Archived-At", "Content-Base", "Content-ID", "Content-Location", "In-Reply-To", "List-Archive",
    "List-Help", "List-Owner", "List-Post", "List-Subscribe", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Message-ID", "Original-Message-ID", "References",
]  # fmt: skip
ADDRESSES = [
    "Bounces-To", "Delivered-To", "Disposition-Notification-To", "Errors-To", "Mail-Followup-To",
    "Mail-Reply-To", "Original-From", "Return-Receipt-To", "To",
]  # fmt: skip


def value_of(field: str, name: str) -> str:
    assert field.endswith("\r\n")
    assert field.startswith(f"{name}:")
    return field.removeprefix(f"{name}: ").removesuffix("\r\n")


def lines_of(field: str) -> list[str]:
    return field.removesuffix("\r\n").split("\r\n")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Hello", "Subject: Hello\r\n"),
        ("", "Subject: \r\n"),
        ("two  spaces", "Subject: two  spaces\r\n"),
        ("50% = half? yes", "Subject: 50% = half? yes\r\n"),
        ("Grüße", "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"),
        ("=?utf-8?q?Hello?=", "Subject: =?utf-8?b?PT91dGYtOD9xP0hlbGxvPz0=?=\r\n"),
        (" outer", "Subject: =?utf-8?q?_outer?=\r\n"),
        ("a" * 69, f"Subject: {'a' * 69}\r\n"),
        ("a" * 989, f"Subject: {'a' * 989}\r\n"),
    ],
    ids=[
        "plain",
        "empty",
        "spaces",
        "signs",
        "non-ASCII",
        "encoded-word",
        "outer space",
        "full line",
        "long word",
    ],
)
def test_text_field_lines(text: str, field: str) -> None:
    assert text_field("Subject", text) == field


@given(TEXT | WORDS, st.sampled_from(["Subject", "X", "X-" + "a" * 74]))
def test_text_field_decodes_to_the_text(text: str, name: str) -> None:
    field = text_field(name, text)
    assert decoded(value_of(field, name)) == text
    assert field.isascii()
    assert all(len(line) <= 998 for line in lines_of(field))
    assert all(line.strip(" ") for line in lines_of(field))


def test_text_field_folds_at_78_characters_between_words() -> None:
    assert lines_of(text_field("Subject", "word " * 40 + "end")) == [
        f"Subject: {' '.join(['word'] * 14)}",
        f" {' '.join(['word'] * 15)}",
        f" {' '.join(['word'] * 11)} end",
    ]


def test_fold_keeps_every_space() -> None:
    text = "a" * 60 + "     " + "b" * 60 + "  c"
    assert decoded(value_of(text_field("Subject", text), "Subject")) == text


@pytest.mark.parametrize("name", ["Subject", "X-" + "a" * 74])
@pytest.mark.parametrize(
    "text",
    [
        "a" * 990,
        "a" * 5_000,
        "a" + " " * 5_000 + "b",
        "a" * 900 + " " * 100 + "b",
        "a b" + " " * 990 + "c",
    ],
    ids=["word of 990", "word of 5,000", "5,000 spaces", "long word and 100 spaces", "990 spaces"],
)
def test_text_without_place_to_fold_is_encoded(text: str, name: str) -> None:
    field = text_field(name, text)
    assert decoded(value_of(field, name)) == text
    assert max(map(len, lines_of(field))) <= 998


def test_lines_with_encoded_words_have_at_most_76_characters() -> None:
    assert max(map(len, lines_of(text_field("Subject", "ü" * 500)))) <= 76  # as RFC 2047 wants it
    assert (
        max(
            map(len, lines_of(address_field("Reply-To", [Address("a@example.com", "ü" * 300)] * 3)))
        )
        <= 78
    )


@pytest.mark.parametrize("name", [*LITERAL, "list-unsubscribe", "REFERENCES"])
@pytest.mark.parametrize(
    "text", ["<é>", "<=?a?q?b?=>", " <a@b>", "<a@b> ", "a" * 1_000], ids=lambda text: text[:6]
)
def test_rejects_non_ascii_text_in_fields_of_ids_and_urls(name: str, text: str) -> None:
    for write in (text_field, text_value):
        if write is text_value and len(text) > 998:
            continue
        with pytest.raises(InvalidMessageError, match="ids or URLs") as caught:
            write(name, text)
        assert caught.value.field == "headers"


@pytest.mark.parametrize("name", [*LITERAL, "list-unsubscribe", "Subject", "X-Link", "To"])
@pytest.mark.parametrize("text", ["<https://example.com/u?x=?y=1>", "<a=?b@c>", "=?", "=?utf-8?q?"])
def test_text_that_is_no_encoded_word_is_kept(name: str, text: str) -> None:
    assert text_field(name, text) == f"{name}: {text}\r\n"
    assert text_value(name, text) == text


@pytest.mark.parametrize("name", [*ADDRESSES, "mail-followup-to"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Zoë <zoe@example.com>", "=?utf-8?b?Wm/Dqw==?= <zoe@example.com>"),
        (
            '"Ë, Z" <z@bücher.de>,b@example.com',
            "=?utf-8?b?w4ssIFo=?= <z@xn--bcher-kva.de>, b@example.com",
        ),
        ("=?utf-8?q?x?= <a@b.de>", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@b.de>"),
        ("b@bücher.de", "b@xn--bcher-kva.de"),
        ("anything (that) is ASCII", "anything (that) is ASCII"),
    ],
    ids=["name", "list", "encoded-word", "domain", "ASCII"],
)
def test_only_names_are_encoded_in_fields_of_addresses(name: str, text: str, value: str) -> None:
    assert text_value(name, text) == value
    assert text_field(name, text).replace("\r\n", "") == f"{name}: {value}"


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("text", ["zoë@example.com", "Zoë", "Zoë <z>", "a@b.de (Zoë)", "Ë:a@b.de;"])
def test_rejects_addresses_that_are_not_ascii(name: str, text: str) -> None:
    for write in (text_field, text_value):
        with pytest.raises(InvalidMessageError, match="separated by commas") as caught:
            write(name, text)
        assert caught.value.field == "headers"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Größen <g.example.com>", "=?utf-8?b?R3LDtsOfZW4=?= <g.example.com>"),
        ("News <n.example.com>", "News <n.example.com>"),
        ("News =? <n.example.com>", "News =? <n.example.com>"),
        ("=?a?q?b?= <n.example.com>", "=?utf-8?b?PT9hP3E/Yj89?= <n.example.com>"),
    ],
    ids=["name", "ASCII", "no encoded-word", "encoded-word"],
)
def test_only_the_name_is_encoded_in_list_id(text: str, value: str) -> None:
    assert text_value("List-Id", text) == value
    assert text_field("list-id", text) == f"list-id: {value}\r\n"


@pytest.mark.parametrize("text", ["Größen", "G <ö.example.com>", "Ö <a b>", "Ö <=?a?q?b?=>"])
def test_rejects_list_id_that_is_not_ascii(text: str) -> None:
    with pytest.raises(InvalidMessageError, match="List-Id is a name and an ASCII id"):
        text_value("List-Id", text)


def test_ids_are_never_cut() -> None:
    ids = [f"<{'a' * 100}{number}@mail.example.com>" for number in range(20)]
    field = text_field("References", " ".join(ids))
    assert [line.strip() for line in lines_of(field)] == [f"References: {ids[0]}", *ids[1:]]


def test_a_url_is_never_cut() -> None:
    url = f"<https://example.com/{'a' * 800}>"
    assert text_field("List-Unsubscribe", url) == f"List-Unsubscribe: {url}\r\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("a" * 2_000, "a" * 2_000),
        ("é", "=?utf-8?b?w6k=?="),
        ("", ""),
        ("=?", "=?"),
        ("=?utf-8?q?a?=", "=?utf-8?b?PT91dGYtOD9xP2E/PQ==?="),
    ],
    ids=["plain", "long", "non-ASCII", "empty", "no encoded-word", "encoded-word"],
)
def test_text_value(text: str, value: str) -> None:
    assert text_value("X-Tag", text) == value


@given(TEXT)
def test_text_value_is_one_line_that_decodes_to_the_text(text: str) -> None:
    value = text_value("X-Tag", text)
    assert re.fullmatch("[ -~]*", value)
    assert decoded(value) == text


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("a@example.com"), "a@example.com"),
        (Address("a@example.com", "John Doe"), "John Doe <a@example.com>"),
        (Address("a@example.com", "Doe, John"), '"Doe, John" <a@example.com>'),
        (Address("a@example.com", "J. Doe"), '"J. Doe" <a@example.com>'),
        (Address("a@example.com", 'a"b\\c'), '"a\\"b\\\\c" <a@example.com>'),
        (Address("a@example.com", "Zoë"), "=?utf-8?b?Wm/Dqw==?= <a@example.com>"),
        (
            Address("a@example.com", "=?utf-8?q?x?="),
            "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@example.com>",
        ),
        (Address("a@example.com", "," * 64), f'"{"," * 64}" <a@example.com>'),
        (Address("a@bücher.de", "B"), "B <a@xn--bcher-kva.de>"),
    ],
    ids=[
        "bare",
        "atoms",
        "comma",
        "dot",
        "escapes",
        "non-ASCII",
        "encoded-word",
        "64 characters",
        "domain",
    ],
)
def test_mailbox(address: Address, text: str) -> None:
    assert mailbox(address) == text
    assert address_field("To", [address]).replace("\r\n ", " ") == f"To: {text}\r\n"


def test_long_display_names_are_encoded_instead_of_quoted() -> None:
    text = mailbox(Address("a@example.com", "," * 65))
    assert text.startswith("=?utf-8?b?")
    assert mailboxes(text) == [("," * 65, "a@example.com")]


ADDRESSES = st.lists(
    st.builds(
        Address,
        st.sampled_from(["a@example.com", "o'neil+x@mail.example.com", "b@xn--bcher-kva.de"]),
        st.none() | (NAME | WORDS).map(lambda text: text[:320]),
    ),
    min_size=1,
    max_size=6,
)


@given(ADDRESSES, st.sampled_from(["To", "Reply-To"]))
def test_address_field_decodes_to_the_addresses(addresses: list[Address], name: str) -> None:
    field = address_field(name, addresses)
    assert mailboxes(value_of(field, name)) == [
        (address.name or "", address.email) for address in addresses
    ]
    assert field.isascii()
    assert all(len(line) <= 998 for line in lines_of(field))


@given(ADDRESSES)
def test_mailbox_is_one_line_that_decodes_to_the_address(addresses: list[Address]) -> None:
    for address in addresses:
        assert re.fullmatch("[ -~]+", mailbox(address))
        assert mailboxes(mailbox(address)) == [(address.name or "", address.email)]


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ("a.txt", ['filename="a.txt"']),
        ("two words.txt", ['filename="two words.txt"']),
        ('a"b\\c;', ["filename*=utf-8''a%22b%5Cc%3B"]),  # readers differ about them between quotes
        ("Zoë.txt", ["filename*=utf-8''Zo%C3%AB.txt"]),
        ("=?utf-8?q?x?=", ["filename*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D"]),
        ("é 100%'*()", ["filename*=utf-8''%C3%A9%20100%25%27%2A%28%29"]),
        (
            "é" * 10,
            ["filename*0*=utf-8''" + "%C3%A9" * 8 + ";", "filename*1*=" + "%C3%A9" * 2],
        ),
    ],
    ids=["plain", "space", "escapes", "non-ASCII", "encoded-word", "percent", "long"],
)
def test_parameter(value: str, tokens: list[str]) -> None:
    assert parameter("filename", value) == tokens


@given((TEXT | WORDS).filter(bool).map(lambda text: text[:255]))
def test_parameter_decodes_to_the_value(value: str) -> None:
    field = fold("Content-Disposition", ["attachment;", *parameter("filename", value)])
    assert (
        parsed(f"{field}\r\n".encode("ascii")).get_filename() == value.strip()
    )  # the reader strips it
    assert all(len(line) <= 998 for line in lines_of(field))


@pytest.mark.parametrize(
    ("tokens", "field"),
    [
        ([], "X: \r\n"),
        (["a", "b"], "X: a b\r\n"),
        (["a" * 75], f"X: {'a' * 75}\r\n"),
        (["a" * 76, "b"], f"X: {'a' * 76}\r\n b\r\n"),
        (["a" * 37, "b" * 37], f"X: {'a' * 37} {'b' * 37}\r\n"),
        (["a" * 37, "b" * 38], f"X: {'a' * 37}\r\n {'b' * 38}\r\n"),
        (["a" * 37, "", "", "b" * 38], f"X: {'a' * 37}  \r\n {'b' * 38}\r\n"),
    ],
    ids=["nothing", "short", "full", "long token", "just fits", "just does not", "spaces"],
)
def test_fold(tokens: list[str], field: str) -> None:
    assert fold("X", tokens) == field
