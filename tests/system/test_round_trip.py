"""Random messages, decoded by two independent parsers, equal what was sent."""

import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesmail import Address, Alternative, Attachment, Message
from sesmail.sending.payload import v1, v2
from support.hostile import SPOOFS
from support.mail import (
    Mail,
    mailboxes,
    raw_fields,
    read_by_fast_mail_parser,
    read_by_standard_library,
)

pytestmark = pytest.mark.once

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)))
ODD = 'abc =?"\\,;:<>@()[].!éß你😀\u00a0'
LINE = st.text(st.characters(exclude_categories=("Cc", "Cs"))) | st.text(
    st.sampled_from(ODD + "\u2028"), max_size=200
)
CLEAR = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=SPOOFS.values())
) | st.text(st.sampled_from(ODD), max_size=200)
# Hypothesis draws from an alphabet ten times as fast as from a pattern.
ATOM = st.text(
    f"{string.ascii_lowercase}{string.digits}!#$%&'*+/=?^_`{{|}}~-", min_size=1, max_size=20
)
LOCAL = ATOM | st.tuples(ATOM, ATOM).map(".".join)
DOMAIN = st.sampled_from(["example.com", "mail.example.org", "bücher.example", "例子.example"])
NAME = st.none() | CLEAR.map(lambda text: text.strip(" ")[:320])


def addresses(domain: st.SearchStrategy[str] = DOMAIN) -> st.SearchStrategy[Address]:
    return st.builds(
        lambda local, domain, name: Address(f"{local}@{domain}", name), LOCAL, domain, NAME
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
HEADER_NAMES = (
    st.text(f"{string.ascii_letters}{string.digits}!#$%&'*+.^_`|~-", min_size=1, max_size=40)
    .map("X-{}".format)
    .filter(
        lambda name: not name.lower().startswith(("x-ses-", "x-sesmail-id", "x-tag", "x-metadata"))
    )
)
# Parsers strip file names, and SES rejects some extensions.
FILE_NAMES = CLEAR.map(lambda text: text.strip()[:255]).filter(
    lambda name: bool(name) and not re.search(r"\.[A-Za-z0-9]+[ .]*\Z", name)
)
MEDIA_TYPES = st.sampled_from(
    ["application/pdf", "image/png", "text/plain", "text/csv", "application/octet-stream"]
)
ATTACHMENTS = st.lists(
    st.builds(
        Attachment,
        FILE_NAMES,
        st.binary(max_size=300) | st.binary(min_size=4_000, max_size=4_200),
        MEDIA_TYPES,
        content_id=st.none()
        | st.text(f"{string.ascii_lowercase}{string.digits}.", min_size=1).map("{}@x".format),
        description=st.none() | LINE,
    ),
    max_size=4,
    unique_by=lambda item: item.content_id or id(item),
)
ALTERNATIVES = st.lists(
    st.builds(
        Alternative, ANY_TEXT, st.sampled_from(["text/x-amp-html", "text/calendar; method=REQUEST"])
    ),
    max_size=2,
)
MESSAGES: st.SearchStrategy[Message] = st.builds(
    Message,
    from_email=st.lists(addresses(), min_size=1, max_size=3),
    to=st.lists(addresses(), min_size=1, max_size=5),
    cc=st.lists(addresses(), max_size=3),
    bcc=st.lists(addresses(st.just("blind.invalid")), max_size=3),
    reply_to=st.lists(addresses(), max_size=2),
    subject=st.none() | LINE,
    text=st.none() | ANY_TEXT,
    html=st.none() | ANY_TEXT,
    alternatives=ALTERNATIVES,
    attachments=ATTACHMENTS,
    headers=st.dictionaries(HEADER_NAMES, LINE.filter(bool), max_size=3).filter(
        lambda headers: len({name.lower() for name in headers}) == len(headers)
    ),
    tags=st.lists(LINE.filter(bool), max_size=3),
    metadata=st.dictionaries(ANY_TEXT, JSON, max_size=4),
    send_id=st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,256}", fullmatch=True),
).filter(
    lambda message: (
        message.text is not None
        or bool(message.html is not None or message.alternatives or message.attachments)
    )
)


def with_crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()


def expected_leaves(message: Message) -> list[tuple[str, bytes, str, str]]:
    bodies = [
        *([("text/plain", message.text)] if message.text is not None else []),
        *([("text/html", message.html)] if message.html is not None else []),
        *(
            (form.media_type.partition(";")[0], form.content.decode())
            for form in message.alternatives
        ),
    ]
    return sorted(
        [
            *((kind, with_crlf(text), "", "") for kind, text in bodies or [("text/plain", "")]),
            *(
                (item.media_type, item.content, item.filename, item.content_id or "")
                for item in message.attachments
            ),
        ]
    )


def check_leaves(message: Message, mail: Mail) -> None:
    found = [
        (leaf.media_type, leaf.content, leaf.filename, leaf.content_id) for leaf in mail.leaves
    ]
    assert sorted(found) == expected_leaves(message)


def check_headers(message: Message, mail: Mail) -> None:
    assert mail.all("Subject") == ([message.subject] if message.subject else [])
    assert mail.all("X-Sesmail-Id") == ([message.send_id] if message.send_id else [])
    assert mail.all("X-Tag") == list(message.tags)
    assert [json.loads(text) for text in mail.all("X-Metadata")] == (
        [message.metadata] if message.metadata else []
    )
    for name, text in message.headers.items():
        assert mail.all(name) == [text]


def pairs(some: tuple[Address, ...]) -> list[tuple[str, str]]:
    return [(address.name or "", address.email) for address in some]


def check_encoded(message: Message, wire: bytes) -> None:
    assert wire.isascii()
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", wire)
    assert b"blind.invalid" not in wire
    fields = raw_fields(wire)
    assert [name for name, _ in fields] == [
        *(["X-Sesmail-Id"] if message.send_id else []),
        "From",
        *(["Sender"] if len(message.from_email) > 1 else []),
        "To",
        *(["Cc"] if message.cc else []),
        *(["Reply-To"] if message.reply_to else []),
        *(["Subject"] if message.subject else []),
        *message.headers,
        *["X-Tag"] * len(message.tags),
        *(["X-Metadata"] if message.metadata else []),
        "MIME-Version",
        "Content-Type",
        *(
            []
            if b"\r\n\r\n--=_" in wire and "multipart/" in dict(fields)["Content-Type"]
            else ["Content-Transfer-Encoding"]
        ),
    ]
    raw = dict(fields)
    assert mailboxes(raw["From"]) == pairs(message.from_email)
    assert mailboxes(raw["To"]) == pairs(message.to)
    assert not message.cc or mailboxes(raw["Cc"]) == pairs(message.cc)
    assert not message.reply_to or mailboxes(raw["Reply-To"]) == pairs(message.reply_to)


@given(MESSAGES)
def test_two_parsers_decode_random_messages(message: Message) -> None:
    wire = v2.build(message).params["Content"]["Raw"]["Data"]
    assert v1.build(message).params["RawMessage"]["Data"] == wire
    check_encoded(message, wire)
    for read in (read_by_standard_library, read_by_fast_mail_parser):
        mail = read(wire)
        check_headers(message, mail)
        check_leaves(message, mail)
    again = Message.model_validate_json(message.model_dump_json())
    assert again == message
    assert v2.build(again).params["Content"]["Raw"]["Data"] == wire


@given(
    st.lists(addresses(), max_size=5),
    st.lists(addresses(), max_size=5),
    st.lists(addresses(), min_size=1, max_size=5),
)
def test_call_has_exactly_the_given_recipients(
    to: list[Address], cc: list[Address], bcc: list[Address]
) -> None:
    message = Message(from_email="shop@example.net", to=to, cc=cc, bcc=bcc, text="")
    expected = list(dict.fromkeys(address.email for address in (*to, *cc, *bcc)))
    two: dict[str, list[str]] = v2.build(message).params["Destination"]
    assert [email for some in two.values() for email in some] == expected
    for name, some in (("ToAddresses", to), ("CcAddresses", cc), ("BccAddresses", bcc)):
        assert set(two.get(name, [])) <= {address.email for address in some}
    assert v1.build(message).params["Destinations"] == expected
