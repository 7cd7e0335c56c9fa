"""Memory: what the largest mails take while they are sent, and how long everything else waits for them."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Any

from .contest import Comparison, Contestant, Figures, NotHereError, Setting, at_most, faster
from .django_peers import CREDENTIALS, KEYS, set_up
from .messages import ASCII, AUTHOR, stdlib_mail
from .ses import served
from .worker import fresh_each_time

STATUS = Path("/proc/self/status")
SIZES = {
    "v2": 29_000_000,
    "v1": 7_200_000,
}  # whose base64 is just under 40 MB, the limit of v2, and 10 MB, that of v1
TEXT = ">>> Large"  # of which base64 makes a plus wherever it stands: it takes v1 long to write one


def high_water() -> int:
    """The most bytes that this process has held so far.

    Raises:
        NotHereError: The system doesn't tell.
    """
    if STATUS.exists():  # getrusage counts what the parent held, too, before it became this process
        (line,) = (
            line
            for line in STATUS.read_text("ascii", "replace").splitlines()
            if line.startswith("VmHWM:")
        )
        return int(line.split()[1]) * 1024
    if sys.platform == "darwin":
        import resource  # which Windows lacks

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    raise NotHereError("the system doesn't tell what a process held at most")


def grown(before: int, size: int) -> float:
    """How much the high-water mark rose, in sizes of a mail; a hundredth at least, so that it can be divided by."""
    return max(0.01, (high_water() - before) / size)


class Measured:
    """One large mail: its content, and what was held and used before it was made."""

    def __init__(self, size: int) -> None:
        self.before = high_water()
        self.content = bytes(range(200)) * (size // 200)
        self.cpu = time.process_time()

    def figures(self) -> Figures:
        size = -(-len(self.content) // 57) * 78
        return {"cpu": time.process_time() - self.cpu, "memory": grown(self.before, size)}


async def stalled(send: Callable[[], Awaitable[Any]]) -> float:
    """How long a task that wants a millisecond at most has waited for the loop while a mail was sent."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.01)
    longest = 0.0
    await send()
    await asyncio.sleep(0.01)
    watching.cancel()
    return longest


def ours(url: str, api: str, size: int) -> Contestant:
    """A message, compiled and sent while others run."""
    import sesmail

    from .compiling import model_of

    settings: Any = {"api": api, "endpoint_url": url, **CREDENTIALS}
    runner = asyncio.Runner()
    client = runner.run(sesmail.Client("eu-west-1", rate_limit=None, **settings).__aenter__())
    runner.run(stalled(lambda: client.send(model_of(ASCII))))

    def run(_: int) -> Figures:
        mail = Measured(size)
        file = sesmail.Attachment("a.pdf", mail.content)
        message = sesmail.Message(
            from_email=AUTHOR, to=ASCII.to, subject="Large", text=TEXT, attachments=[file]
        )
        stall = runner.run(stalled(lambda: client.send(message)))
        return {**mail.figures(), "stall": stall}

    return run


def stdlib_and_aiobotocore(url: str, api: str, size: int) -> Contestant:
    """The same by EmailMessage and the API call; others wait for the call alone."""
    from aiobotocore.session import get_session

    runner = asyncio.Runner()
    service = "sesv2" if api == "v2" else "ses"
    client: Any = runner.run(
        get_session().create_client(service, endpoint_url=url, **KEYS).__aenter__()
    )

    def send(mail: bytes) -> Any:
        if api == "v1":
            return client.send_raw_email(RawMessage={"Data": mail}, Destinations=list(ASCII.to))
        return client.send_email(
            Content={"Raw": {"Data": mail}}, Destination={"ToAddresses": list(ASCII.to)}
        )

    runner.run(stalled(partial(send, stdlib_mail(ASCII))))

    def run(_: int) -> Figures:
        mail = Measured(size)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = AUTHOR, ASCII.to, "Large"
        message.set_content(TEXT)
        message.add_attachment(mail.content, "application", "pdf", filename="a.pdf")
        stall = runner.run(stalled(partial(send, message.as_bytes(policy=SMTP))))
        return {**mail.figures(), "stall": stall}

    return run


def anymail(url: str, api: str, size: int) -> Contestant:
    """The same by django-anymail, which has no event loop that could stall."""
    set_up(url)
    from django.core.mail import EmailMessage as DjangoMessage
    from django.core.mail import get_connection

    connection: Any = get_connection("anymail.backends.amazon_ses.EmailBackend")
    connection.open()
    connection.send_messages([DjangoMessage("Small", "Small", AUTHOR, list(ASCII.to))])

    def run(_: int) -> Figures:
        mail = Measured(size)
        message = DjangoMessage("Large", TEXT, AUTHOR, list(ASCII.to))
        message.attach("a.pdf", mail.content, "application/pdf")
        connection.send_messages([message])
        return mail.figures()

    return run


def maker(name: str, api: str, setting: Setting) -> Contestant:
    arguments = {"url": served(setting), "api": api, "size": SIZES[api]}
    return fresh_each_time(f"benchmarks.memory:{name}", arguments)


RAW = "stdlib and aiobotocore"
COMPARISONS = [
    Comparison(
        "send 40 MB on v2",
        {
            "sesmail": partial(maker, "ours", "v2"),
            RAW: partial(maker, "stdlib_and_aiobotocore", "v2"),
            "django-anymail": partial(maker, "anymail", "v2"),
        },
        [at_most(2.0, "memory"), at_most(0.05, "stall"), faster("django-anymail", 5)],
        0,
        ("memory", "stall", "cpu"),
    ),
    Comparison(
        "send 10 MB on v1",
        {
            "sesmail": partial(maker, "ours", "v1"),
            RAW: partial(maker, "stdlib_and_aiobotocore", "v1"),
        },
        [at_most(3.0, "memory")],
        0,
        ("memory", "stall", "cpu"),
    ),
]
