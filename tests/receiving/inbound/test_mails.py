"""Mails as real programs write them: all that is read from each, as a JSON file beside it says.

To add one, add two files to `mails/`: `NAME.eml`, the mail with its own line ends, and `NAME.json`.
Without the second, the test prints a draft: check each value against the RFCs and the docstrings of
`InboundMail` before saving it. All names, addresses and domains have to be invented (RFC 2606).
"""

import json
import re
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from sesmail.receiving.inbound.attachment import InboundAttachment
from sesmail.receiving.inbound.mail import InboundMail, read_mail
from sesmail.receiving.inbound.mailbox import Mailbox
from sesmail.receiving.inbound.report import MailReport

MAILS = sorted((Path(__file__).parent / "mails").glob("*.eml"))
DEFAULTS: dict[str, Any] = {
    "cc": [],
    "bcc": [],
    "reply_to": [],
    "sender": None,
    "html": None,
    "attachments": [],
    "inline": [],
    "mails": [],
    "report": None,
    "defects": [],
}
"""Values of the properties that a JSON file leaves out."""

# After an at sign or in a URL, and anything that ends like one that may be registered.
DOMAIN = re.compile(
    r"(?:@|//)((?:[\w-]+\.)+[^\W\d_]{2,}(?![\w-]|\.\w))"
    r"|\b((?:[\w-]+\.)+(?:com|org|net|edu|gov|io|dev|app|info|biz|eu|de|fr|nl|pl|uk|ru|jp|cn|kr)(?![\w-]))"
)
# https://www.rfc-editor.org/rfc/rfc2606
RESERVED = re.compile(r"(?:.*\.)?(?:example\.(?:com|org|net)|example|test|invalid|localhost)")


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_mail_is_read_as_expected(path: Path) -> None:
    described = describe(read_mail(path.read_bytes()).load())
    expected = path.with_suffix(".json")
    assert expected.exists(), json.dumps(described, ensure_ascii=False, indent=2)
    assert described == json.loads(expected.read_text("utf-8"))


def test_there_are_at_least_80_mails_and_each_has_two_files() -> None:
    assert len(MAILS) >= 80
    folder = MAILS[0].parent
    names = {path.name for path in folder.iterdir()}
    assert names == {f"{path.stem}{suffix}" for path in MAILS for suffix in (".eml", ".json")}


def test_mails_contain_reserved_domains_only() -> None:
    for path in MAILS:
        mail = read_mail(path.read_bytes())
        texts = [path.read_bytes().decode("latin-1"), *all_texts(mail)]
        for match in DOMAIN.finditer(unquote("\n".join(texts))):
            domain = match[1] or match[2]
            assert RESERVED.fullmatch(domain.lower()), (path, domain)


def test_mails_keep_their_line_ends() -> None:
    with_crlf = [path for path in MAILS if b"\r\n" in path.read_bytes()]
    assert len(with_crlf) > len(MAILS) // 2, "the files were converted: see .gitattributes"


def describe(mail: InboundMail) -> dict[str, Any]:
    """All that is read from a mail as JSON, without defaults."""
    described = {
        "subject": mail.subject,
        "from": list(map(mailbox, mail.from_)),
        "to": list(map(mailbox, mail.to)),
        "cc": list(map(mailbox, mail.cc)),
        "bcc": list(map(mailbox, mail.bcc)),
        "reply_to": list(map(mailbox, mail.reply_to)),
        "sender": mailbox(mail.sender) if mail.sender else None,
        "date": mail.date.isoformat() if mail.date else None,
        "text": lines(mail.text),
        "html": lines(mail.html),
        "attachments": list(map(attachment, mail.attachments)),
        "inline": [
            {"content_id": content_id, **attachment(item)}
            for content_id, item in mail.inline.items()
        ],
        "mails": list(map(describe, mail.mails)),
        "report": report(mail.report) if mail.report else None,
        "defects": list(mail.defects),
    }
    return {
        name: value
        for name, value in described.items()
        if name not in DEFAULTS or value != DEFAULTS[name]
    }


def mailbox(box: Mailbox) -> str:
    """The address, after the name if there is one."""
    return box.email if box.name is None else f"{box.name} <{box.email}>"


def lines(text: str | None) -> list[str] | None:
    """A line each, so that the file can be read and compared by eye."""
    return text if text is None else text.split("\n")


def attachment(item: InboundAttachment) -> dict[str, Any]:
    described: dict[str, Any] = {"type": item.media_type, "name": item.claimed_file_name}
    if item.special:
        described["special"] = item.special
    found = item.content.decode("utf-8", "replace").splitlines()
    if item.media_type == "message/rfc822":
        described["bytes"] = len(item.content)
    elif "\ufffd" not in "".join(found) and all(line.isprintable() for line in found):
        described["lines"] = found
    else:
        described["base64"] = b64encode(item.content).decode("ascii")
    return described


def report(found: MailReport) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "recipients": [
            {field: value for field, value in asdict(each).items() if value is not None}
            for each in found.recipients
        ],
        "original_message_id": found.original_message_id,
        "feedback_type": found.feedback_type,
        "reporting_mta": found.reporting_mta,
    }


def all_texts(mail: InboundMail) -> list[str]:
    texts = [value for _, value in mail.headers]
    texts += [text for text in (mail.text, mail.html) if text]
    texts += [item.text for item in mail.attachments if item.media_type.startswith("text/")]
    return [*texts, *(text for each in mail.mails for text in all_texts(each))]
