"""Sending the largest mails: peak memory, and how long the event loop stalls."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Any

from .comparison import Comparison, Figures, Options, PeerMissingError, Round, Setup
from .django_peers import set_up_django
from .messages import ASCII, AUTHOR, stdlib_mail
from .processes import CLIENT, CREDENTIALS, fresh_process_each_round
from .sending import ANYMAIL, raw_call
from .ses import start_ses

STATUS = Path("/proc/self/status")
# Bytes of files whose base64 is just below the limits of 40 MB (v2) and 10 MB (v1).
SIZES = {"v2": 29_000_000, "v1": 7_200_000}
TEXT = ">>> Large"  # its base64 contains plus signs, which v1 has to percent-encode


def peak_memory() -> int:
    """Peak memory of this process in bytes.

    Raises:
        PeerMissingError: The system doesn't report it.
    """
    # On Linux ru_maxrss begins with the peak of the parent (exec_mmap):
    # https://github.com/torvalds/linux/blob/v6.12/fs/exec.c
    if STATUS.exists():
        lines = STATUS.read_text("ascii", "replace").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    raise PeerMissingError("the system doesn't report peak memory")


def growth(before: int, size: int) -> float:
    """Growth of peak memory in mail sizes; at least 0.01, as it is a divisor."""
    return max(0.01, (peak_memory() - before) / size)


def measure(send: Callable[[bytes], Figures], size: int) -> Round:
    """Creates a file of this size and sends it; adds CPU time and memory to the figures."""

    def run(_: int) -> Figures:
        before = peak_memory()
        content = bytes(range(200)) * (size // 200)
        started = time.process_time()
        figures = send(content)
        cpu = time.process_time() - started
        return {**figures, "cpu": cpu, "memory": growth(before, -(-len(content) // 57) * 78)}

    return run


async def stall_of(operation: Callable[[], Awaitable[Any]]) -> float:
    """Longest delay of a task that sleeps for a millisecond again and again."""
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
    await operation()
    await asyncio.sleep(0.01)
    watching.cancel()
    return longest


def ours(url: str, api: str, size: int) -> Round:
    import sesmail

    from .compiling import sesmail_message

    settings: Any = {"api": api, "endpoint_url": url, "rate_limit": None, **CREDENTIALS}
    runner = asyncio.Runner()
    client = sesmail.Client(CLIENT["region_name"], **settings)
    runner.run(client.__aenter__())
    runner.run(stall_of(lambda: client.send(sesmail_message(ASCII))))

    def send(content: bytes) -> Figures:
        attachments = [sesmail.Attachment("a.pdf", content)]
        message = sesmail.Message(
            from_email=AUTHOR, to=ASCII.to, subject="Large", text=TEXT, attachments=attachments
        )
        return {"stall": runner.run(stall_of(lambda: client.send(message)))}

    return measure(send, size)


def stdlib_and_aiobotocore(url: str, api: str, size: int) -> Round:
    """EmailMessage, and the API call; only the call counts as a stall."""
    from aiobotocore.session import get_session

    runner = asyncio.Runner()
    service = "sesv2" if api == "v2" else "ses"
    context: Any = get_session().create_client(service, endpoint_url=url, **CLIENT)
    client: Any = runner.run(context.__aenter__())
    runner.run(stall_of(raw_call(client, api, stdlib_mail(ASCII), ASCII.to)))

    def send(content: bytes) -> Figures:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = AUTHOR, ASCII.to, "Large"
        message.set_content(TEXT)
        message.add_attachment(content, "application", "pdf", filename="a.pdf")
        call = raw_call(client, api, message.as_bytes(policy=SMTP), ASCII.to)
        return {"stall": runner.run(stall_of(call))}

    return measure(send, size)


def anymail(url: str, api: str, size: int) -> Round:
    """django-anymail, which has no event loop that could stall."""
    set_up_django(url)
    from django.core.mail import EmailMessage as DjangoMessage
    from django.core.mail import get_connection

    connection: Any = get_connection(ANYMAIL)
    connection.open()
    connection.send_messages([DjangoMessage("Small", "Small", AUTHOR, list(ASCII.to))])

    def send(content: bytes) -> Figures:
        message = DjangoMessage("Large", TEXT, AUTHOR, list(ASCII.to))
        message.attach("a.pdf", content, "application/pdf")
        connection.send_messages([message])
        return {}

    return measure(send, size)


def in_process(name: str, api: str, options: Options) -> Round:
    arguments = {"url": start_ses(options), "api": api, "size": SIZES[api]}
    return fresh_process_each_round(f"{__name__}:{name}", arguments)


PEERS = {
    "sesmail": "ours",
    "stdlib and aiobotocore": "stdlib_and_aiobotocore",
    "django-anymail": "anymail",
}


def contestants(api: str, *names: str) -> dict[str, Setup]:
    return {name: partial(in_process, PEERS[name], api) for name in names}


MEASURES = ("memory", "stall", "cpu")
COMPARISONS = [
    Comparison(
        "send 40 MB on v2",
        contestants("v2", *PEERS),
        {("sesmail", "memory"): 2, ("sesmail", "stall"): 0.05, ("django-anymail", "cpu"): 5},
        MEASURES,
        seconds=0,
    ),
]
