"""Reading: from the bytes of a received mail to its parts."""

from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sesmail

from .comparison import Comparison, Figures, Options, Round, cpu_of
from .memory import growth, peak_memory
from .messages import KB, MB, PLAIN, File, Sample, check_content, fill, fill_html, noise
from .messages import stdlib_mail as build_mail
from .processes import fresh_process_each_round

STDLIB = "stdlib BytesParser"
SIZES = {"10 kB": 10 * KB, "10 MB": 10 * MB, "30 MB": 30 * MB}


def sample_of(size: int) -> Sample:
    """Texts and two files whose mail has this size."""
    text = min(size // 5, 20 * KB)
    file = (size - 2 * text) * 36 // 100  # base64 makes 4/3 of it, and adds line breaks
    files = (
        File("a.pdf", "application/pdf", noise(file)),
        File("b.png", "image/png", noise(file + 1)),
    )
    return Sample("Your order", fill(PLAIN, text), fill_html(PLAIN, text), files=files)


@cache
def mail_of(size: int) -> bytes:
    return build_mail(sample_of(size))


def our_content(raw: bytes) -> list[Any]:
    mail = sesmail.read_mail(raw).load()
    return [mail.subject, mail.text, mail.html, [item.content for item in mail.attachments]]


def stdlib_content(raw: bytes) -> list[Any]:
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(raw)
    leaves = (part.get_content() for part in message.walk() if not part.is_multipart())
    text, html, *contents = leaves
    return [message["Subject"], text, html, contents]


def our_structure(raw: bytes) -> list[Any]:
    mail = sesmail.read_mail(raw)
    return [mail.subject, mail.from_[0].email, [item.file_name for item in mail.attachments]]


def stdlib_structure(raw: bytes) -> list[Any]:
    message = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(raw)
    names = [part.get_filename() for part in message.walk() if part.get_filename()]
    return [message["Subject"], message["From"].addresses[0].addr_spec, names]


def check_structure(sample: Sample, subject: Any, author: Any, names: Any) -> None:
    expected = sample.subject, "shop@example.com", [file.name for file in sample.files]
    assert (subject, author, names) == expected


Read = Callable[[bytes], list[Any]]
# What is read: reader of sesmail, reader of the standard library, check of the result.
READERS: dict[str, tuple[Read, Read, Callable[..., None]]] = {
    "a mail": (our_content, stdlib_content, check_content),
    "headers and structure": (our_structure, stdlib_structure, check_structure),
}


def reader(read: Read, check: Callable[..., None], size: int, _: Options) -> Round:
    raw = mail_of(size)
    check(sample_of(size), *read(raw))
    return cpu_of(lambda: read(raw))


def memory_of(name: str, size: int, options: Options) -> Round:
    """Growth of peak memory in a process that holds the mail, in mail sizes."""
    path = Path(options.stack.enter_context(TemporaryDirectory())) / "mail"
    path.write_bytes(mail_of(size))
    return fresh_process_each_round(f"{__name__}:worker", {"name": name, "path": str(path)})


def worker(name: str, path: str) -> Round:
    read: Read = globals()[name]
    read(mail_of(10 * KB))

    def run(_: int) -> Figures:
        raw = Path(path).read_bytes()
        before = peak_memory()
        assert read(raw)
        return {"memory": growth(before, len(raw))}

    return run


def time_of_reading(what: str, size: str, times: float) -> Comparison:
    our_reader, stdlib_reader, check = READERS[what]
    contestants = {
        "sesmail": partial(reader, our_reader, check, SIZES[size]),
        STDLIB: partial(reader, stdlib_reader, check, SIZES[size]),
    }
    seconds, slow = 0.05 if SIZES[size] < 10 * MB else 0.2, SIZES[size] > 10 * MB
    aims = {(STDLIB, "cpu"): times}
    return Comparison(f"read {what} of {size}", contestants, aims, seconds=seconds, slow=slow)


def memory_of_reading(what: str) -> Comparison:
    our_reader, stdlib_reader, _ = READERS[what]
    contestants = {
        "sesmail": partial(memory_of, our_reader.__name__, SIZES["30 MB"]),
        STDLIB: partial(memory_of, stdlib_reader.__name__, SIZES["30 MB"]),
    }
    name = f"read {what} of 30 MB in a process"
    return Comparison(name, contestants, {("sesmail", "memory"): 1.0}, ("memory",), seconds=0)


COMPARISONS = [
    time_of_reading("a mail", "10 kB", 18),
    time_of_reading("a mail", "10 MB", 5),
    time_of_reading("headers and structure", "10 kB", 28),
    time_of_reading("headers and structure", "30 MB", 40),
    *map(memory_of_reading, READERS),
]
