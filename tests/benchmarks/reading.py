"""Read: from the bytes of a received mail to its parts."""

from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sesmail

from .contest import Comparison, Contestant, Figures, Setting, at_most, faster, timed
from .memory import grown, high_water
from .messages import KB, MB, PLAIN, File, Sample, filled, in_html, noise, stdlib_mail
from .worker import fresh_each_time

SIZES = {"10 kB": 10 * KB, "1 MB": MB, "10 MB": 10 * MB, "30 MB": 30 * MB}


def sample_of(size: int) -> Sample:
    """Texts and two files, which make a mail of this size."""
    text = min(size // 5, 20 * KB)
    file = (size - 2 * text) * 36 // 100  # of which base64 makes four thirds and line ends
    files = (
        File("a.pdf", "application/pdf", noise(file)),
        File("b.png", "image/png", noise(file + 1)),
    )
    return Sample("Your order", filled(PLAIN, text), in_html(PLAIN, text), files=files)


@cache
def mail_of(size: int) -> bytes:
    return stdlib_mail(sample_of(size))


def read_ours(raw: bytes) -> list[Any]:
    """Everything, decoded."""
    mail = sesmail.read_mail(raw).load()
    return [mail.subject, mail.text, mail.html, *(item.content for item in mail.attachments)]


def read_stdlib(raw: bytes) -> list[Any]:
    """Everything, decoded."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(raw)
    return [
        message["Subject"],
        *(part.get_content() for part in message.walk() if not part.is_multipart()),
    ]


def outline_ours(raw: bytes) -> list[Any]:
    """Headers and structure only."""
    mail = sesmail.read_mail(raw)
    return [mail.subject, mail.from_[0].email, *(item.file_name for item in mail.attachments)]


def outline_stdlib(raw: bytes) -> list[Any]:
    """Headers and structure only."""
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(raw)
    author = message["From"].addresses[0].addr_spec
    return [
        message["Subject"],
        author,
        *(part.get_filename() for part in message.walk() if part.get_filename()),
    ]


Read = Callable[[bytes], list[Any]]
READERS: dict[str, Read] = {
    each.__name__: each for each in (read_ours, read_stdlib, outline_ours, outline_stdlib)
}


def check_read(sample: Sample, found: list[Any]) -> None:
    subject, text, html, *contents = found
    assert subject == sample.subject
    assert text.splitlines() == sample.text.splitlines()
    assert html.splitlines() == sample.html.splitlines()
    assert contents == [file.content for file in sample.files]


def check_outline(sample: Sample, found: list[Any]) -> None:
    assert found == [sample.subject, "shop@example.com", *(file.name for file in sample.files)]


def reader(read: Read, size: int, _: Setting) -> Contestant:
    raw = mail_of(size)
    (check_read if read in (read_ours, read_stdlib) else check_outline)(sample_of(size), read(raw))
    return timed(lambda: read(raw))


def remembering(name: str, size: int, setting: Setting) -> Contestant:
    """The peak of memory, in sizes of the mail, over what a process holds that has the mail."""
    folder = Path(setting.stack.enter_context(TemporaryDirectory()))
    (folder / "mail").write_bytes(mail_of(size))
    return fresh_each_time("benchmarks.reading:peak", {"name": name, "path": str(folder / "mail")})


def peak(name: str, path: str) -> Contestant:
    """What a worker does."""
    read = READERS[name]
    read(mail_of(10 * KB))

    def run(_: int) -> Figures:
        raw = Path(path).read_bytes()
        before = high_water()
        found = read(raw)
        assert found
        return {"memory": grown(before, len(raw))}

    return run


def timings(name: str, ours: Read, theirs: Read, size: int, times: float) -> Comparison:
    contestants = {
        "sesmail": partial(reader, ours, size),
        "stdlib BytesParser": partial(reader, theirs, size),
    }
    aims, fill = [faster("stdlib BytesParser", times)], 0.05 if size < 10 * MB else 0.2
    return Comparison(name, contestants, aims, fill, slow=size > 10 * MB)


COMPARISONS = [
    *(
        timings(f"read a mail of {name}", read_ours, read_stdlib, SIZES[name], times)
        for name, times in zip(SIZES, (20, 5, 5, 5), strict=True)
    ),
    *(
        timings(
            f"read headers and structure of {name}", outline_ours, outline_stdlib, SIZES[name], 40
        )
        for name in SIZES
    ),
    *(
        Comparison(
            f"peak memory of reading {words} 30 MB",
            {
                "sesmail": partial(remembering, ours.__name__, SIZES["30 MB"]),
                "stdlib BytesParser": partial(remembering, theirs.__name__, SIZES["30 MB"]),
            },
            [at_most(1.0, "memory")],
            0,
            ("memory",),
        )
        for words, ours, theirs in (
            ("all of", read_ours, read_stdlib),
            ("headers and structure of", outline_ours, outline_stdlib),
        )
    ),
]
