"""Random mails, as read by sesmail and by two other parsers that share nothing.

Where both of the others read the same and sesmail reads something else, the difference is one of
`ACCEPTED`, or the test fails. `pytest --hypothesis-show-statistics` prints how often each occurs;
`nox -s nightly` compares 20,000 new mails.
"""

import os
from dataclasses import dataclass

import pytest
from hypothesis import event, given, settings

from sesmail.receiving.inbound.mail import read_mail
from support.mail_readers import (
    FAILED,
    PROPERTIES,
    read_by_fast_mail_parser,
    read_by_sesmail,
    read_by_standard_library,
)
from support.random_choices import RandomMail
from support.random_mails import random_mails

pytestmark = pytest.mark.once

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
MAILS = 20_000 if NIGHTLY else 1_500
SCOPES = {"from_": "from", "text": "body", "html": "body", "files": "body"}


@dataclass(frozen=True)
class Accepted:
    """A class of differences between sesmail and both other parsers.

    Attributes:
        oddity: What is odd about a mail of this class, as `RandomMail` names it.
        reason: Why sesmail reads it differently.
        properties: The properties that differ.
    """

    oddity: str
    reason: str
    properties: tuple[str, ...] = tuple(PROPERTIES)


BOXES = ("from_", "to")
CONTENTS = ("text", "html", "files")
ACCEPTED = [
    Accepted(
        "blank before colon",
        "RFC 5322, section 4.5: such a field is obsolete but has to be understood; the others omit"
        " it",
    ),
    Accepted(
        "byte order mark",
        "the first field follows a byte order mark, which is no part of its name; the others omit"
        " the field",
    ),
    Accepted(
        "date of another format",
        "RFC 5322, section 4.3, and formats that programs write; the others have no date",
        ("date",),
    ),
    Accepted(
        "comment as name",
        "RFC 5322, section 3.4: the display name was a comment once, and some programs still write"
        " it so; the others omit it",
        BOXES,
    ),
    Accepted(
        "8-bit header not in UTF-8",
        "control characters, here of ISO 2022, are spaces in the text of a header field",
        ("subject",),
    ),
    Accepted(
        "character cut into words",
        "a character of which the bytes are in two encoded-words, against RFC 2047, section 5, is"
        " read; the others have replacement characters",
        ("subject",),
    ),
    Accepted(
        "no empty line after header",
        "a delimiter with a colon, which looks like a field, ends the header if the empty line is"
        " missing; the others read on, and lose the first part",
        CONTENTS,
    ),
    Accepted(
        "body in pieces",
        "RFC 8621, section 4.1.4: the body is all parts that are displayed, and each of them is in"
        " `text` and in `html`; the others have one part, or those of one type",
        CONTENTS,
    ),
    Accepted(
        "odd charset parameter",
        "some programs write the charset in single quotes, which are no part of it; the others"
        " don't know that charset",
        ("text", "html"),
    ),
    Accepted(
        "odd transfer encoding",
        "RFC 2045, section 6: blanks, comments and quotes aren't part of the encoding; the others"
        " don't decode",
        CONTENTS,
    ),
    Accepted(
        "value on the next line",
        "RFC 5322, section 2.2.3: a fold is no part of the value; the others don't decode",
        CONTENTS,
    ),
]


@given(random_mails())
@settings(max_examples=MAILS)
def test_reads_what_was_composed_and_what_two_other_parsers_read(mail: RandomMail) -> None:
    check_nothing_is_lost(mail)
    ours = read_by_sesmail(mail.raw)
    standard = read_by_standard_library(mail.raw)
    fast = read_by_fast_mail_parser(mail.raw)
    for name in PROPERTIES:
        theirs = getattr(standard, name)
        if theirs == getattr(fast, name) not in (FAILED, getattr(ours, name)):
            reasons = accepted(mail, name)
            assert reasons, (name, getattr(ours, name), theirs, mail.oddities)
            event(f"{name}: {reasons[0].oddity}")


def accepted(mail: RandomMail, name: str) -> list[Accepted]:
    scopes = ("all", SCOPES.get(name, name))
    return [
        each
        for each in ACCEPTED
        if name in each.properties
        and any((scope, each.oddity) in mail.oddities for scope in scopes)
    ]


def check_nothing_is_lost(composed: RandomMail) -> None:
    mail = read_mail(composed.raw)
    assert composed.subject is None or squeezed(mail.subject) == squeezed(composed.subject)
    assert [(each.name or "", each.email) for each in mail.to] == composed.mailboxes
    files = [*mail.attachments, *mail.inline.values()]
    contents = [each.content.replace(b"\r\n", b"\n").strip() for each in files]
    for data in composed.files:
        assert data.replace(b"\r\n", b"\n").strip() in contents
    texts = [squeezed(text) for text in (mail.text, mail.html, *(each.text for each in files))]
    for text in composed.texts:
        assert any(squeezed(text) in each for each in texts), text


def squeezed(text: str | None) -> str:
    """The text without white space, of which encodings and `format=flowed` add and remove some."""
    return "".join((text or "").split())
