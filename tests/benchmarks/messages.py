"""The messages that everybody compiles and sends, and the proof that a mail is one of them."""

import email
import email.policy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from random import Random
from typing import Any

AUTHOR = "Shop <shop@example.com>"
KB = 1_000
MB = 1_000_000


@dataclass(frozen=True)
class File:
    """A file, or an inline image if it has a content id."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True)
class Sample:
    """A mail, spelled for nobody."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    author: str = AUTHOR
    to: tuple[str, ...] = ("alice@example.com",)
    cc: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    tag: str = ""
    metadata: Mapping[str, int | str] = field(default_factory=dict[str, int | str])


def filled(sentence: str, size: int) -> str:
    """Lines of a sentence, so many bytes of them."""
    lines = f"{sentence}\n".encode()
    return (lines * (size // len(lines) + 1))[:size].decode("utf-8", "ignore").rstrip() + "\n"


def in_html(sentence: str, size: int) -> str:
    return f"<html><body>\n{filled(f'<p>{sentence}</p>', size)}</body></html>\n"


def noise(size: int) -> bytes:
    """The same bytes each time, which no compression helps."""
    return Random(size).randbytes(size)


PLAIN = "Your order of two blue chairs is on its way; it should be there by Tuesday."
ACCENTS = "Ihre Bestellung: zwei blaue Stühle für Zoë Müller, fünf Stück. 椅子は水曜日に届きます。"

ASCII = Sample("Your order", filled(PLAIN, 2_000), in_html(PLAIN, 3_000))

UNICODE = Sample(
    "Ihre Bestellung für Zoë: zwei blaue Stühle, 椅子",
    filled(ACCENTS, 2_000),
    in_html(ACCENTS, 3_000),
    "Müllers Möbel <shop@example.com>",
    tuple(f"Zoë Brontë {number} <zoe{number}@example.com>" for number in range(5)),
    ("Łukasz <lukasz@example.org>", "山田 <yamada@example.jp>"),
    tag="order",
    metadata={"order_id": 12345, "customer": "Zoë"},
)


def with_images() -> Sample:
    images = tuple(
        File(f"{n}.png", "image/png", noise(20 * KB + n), f"image{n}@example.com") for n in range(3)
    )
    shown = "".join(f'<img src="cid:{image.content_id}">\n' for image in images)
    files = (*images, File("manual.pdf", "application/pdf", noise(MB)))
    return Sample("Your order", filled(PLAIN, 2_000), in_html(PLAIN, 3_000) + shown, files=files)


def with_attachment(size: int) -> Sample:
    return Sample(
        "Your order",
        PLAIN + "\n",
        f"<p>{PLAIN}</p>\n",
        files=(File("a.pdf", "application/pdf", noise(size)),),
    )


def stdlib_mail(sample: Sample) -> bytes:
    message = EmailMessage()
    message["Subject"] = sample.subject
    message["From"] = sample.author
    message["To"] = ", ".join(sample.to)
    if sample.cc:
        message["Cc"] = ", ".join(sample.cc)
    if sample.tag:
        message["X-Tag"] = sample.tag
        message["X-Metadata"] = json.dumps(sample.metadata)
    message.set_content(sample.text)
    message.add_alternative(sample.html, subtype="html")
    html: Any = message.get_body(("html",))
    for file in sample.files:
        main, sub = file.media_type.split("/")
        if file.content_id:
            html.add_related(
                file.content, main, sub, cid=f"<{file.content_id}>", filename=file.name
            )
        else:
            message.add_attachment(file.content, main, sub, filename=file.name)
    return message.as_bytes(policy=SMTP)


def check_mail(mail: bytes, sample: Sample) -> None:
    """Prove that a mail says what the sample says.

    Raises:
        AssertionError: It doesn't.
    """
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Subject"].strip() == sample.subject  # where Django folds it
    assert [str(address) for address in message["From"].addresses] == [sample.author]
    for name, addresses in (("To", sample.to), ("Cc", sample.cc)):
        assert tuple(map(str, message[name].addresses if name in message else ())) == addresses
    for kind, text in (("plain", sample.text), ("html", sample.html)):
        body = message.get_body((kind,))
        assert body is not None
        assert body.get_content().splitlines() == text.splitlines()
    leaves = [part for part in message.walk() if not part.is_multipart()][2:]
    assert {part.get_payload(decode=True) for part in leaves} == {
        file.content for file in sample.files
    }
    assert {str(part["Content-ID"] or "").strip("<>") for part in leaves} == {
        file.content_id for file in sample.files
    }
    assert (message["X-Tag"] or "") == sample.tag
    assert ("X-Metadata" in message) == bool(sample.metadata)
