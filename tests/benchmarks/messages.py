"""Messages that all contestants build, send and read."""

import email
import email.policy
import json
from collections.abc import Mapping, Sequence
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
    """An attachment, or an inline image if it has a content id."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True)
class Sample:
    """A message in no library's own type."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    author: str = AUTHOR
    to: tuple[str, ...] = ("alice@example.com",)
    cc: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    tag: str = ""
    metadata: Mapping[str, int | str] = field(default_factory=dict[str, int | str])


def fill(sentence: str, size: int) -> str:
    """Lines of a sentence, of so many bytes."""
    lines = f"{sentence}\n".encode()
    return (lines * (size // len(lines) + 1))[:size].decode("utf-8", "ignore").rstrip() + "\n"


def fill_html(sentence: str, size: int) -> str:
    return f"<html><body>\n{fill(f'<p>{sentence}</p>', size)}</body></html>\n"


def noise(size: int) -> bytes:
    """Random bytes, the same ones each time."""
    return Random(size).randbytes(size)


PLAIN = "Your order of two blue chairs is on its way; it should be there by Tuesday."
ACCENTS = "Ihre Bestellung: zwei blaue Stühle für Zoë Müller, fünf Stück. 椅子は水曜日に届きます。"

ASCII = Sample("Your order", fill(PLAIN, 2_000), fill_html(PLAIN, 3_000))

UNICODE = Sample(
    "Ihre Bestellung für Zoë: zwei blaue Stühle, 椅子",
    fill(ACCENTS, 2_000),
    fill_html(ACCENTS, 3_000),
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
    tags = "".join(f'<img src="cid:{image.content_id}">\n' for image in images)
    files = (*images, File("manual.pdf", "application/pdf", noise(MB)))
    return Sample("Your order", fill(PLAIN, 2_000), fill_html(PLAIN, 3_000) + tags, files=files)


def with_attachment(size: int) -> Sample:
    files = (File("a.pdf", "application/pdf", noise(size)),)
    return Sample("Your order", f"{PLAIN}\n", f"<p>{PLAIN}</p>\n", files=files)


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
        kind = file.media_type.split("/")
        if file.content_id:
            html.add_related(file.content, *kind, cid=f"<{file.content_id}>", filename=file.name)
        else:
            message.add_attachment(file.content, *kind, filename=file.name)
    return message.as_bytes(policy=SMTP)


def check_mail(mail: bytes, sample: Sample) -> None:
    """Asserts that a built mail has the content of the sample."""
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    for name, addresses in (("From", (sample.author,)), ("To", sample.to), ("Cc", sample.cc)):
        assert tuple(map(str, message[name].addresses if name in message else ())) == addresses
    bodies = [message.get_body((kind,)) for kind in ("plain", "html")]
    assert all(bodies)
    files = [part for part in message.walk() if not part.is_multipart()][2:]
    check_content(
        sample,
        message["Subject"].strip(),  # Django folds it after the colon
        *(body and body.get_content() for body in bodies),
        [part.get_payload(decode=True) for part in files],
    )
    ids = {str(part["Content-ID"] or "").strip("<>") for part in files}
    assert ids == {file.content_id for file in sample.files}
    assert (message["X-Tag"] or "") == sample.tag
    assert ("X-Metadata" in message) == bool(sample.metadata)


def check_content(
    sample: Sample, subject: Any, text: Any, html: Any, contents: Sequence[Any]
) -> None:
    """Asserts that what was read from a mail is the content of the sample."""
    assert subject == sample.subject
    assert text.splitlines() == sample.text.splitlines()
    assert html.splitlines() == sample.html.splitlines()
    assert sorted(contents) == sorted(file.content for file in sample.files)
