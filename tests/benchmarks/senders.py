"""Whoever sends, each in a process of its own that is killed in the end."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from .contest import Contestant, Figures
from .django_peers import CREDENTIALS, KEYS, message_of, set_up
from .messages import ASCII, MB, Sample, stdlib_mail, with_attachment

SAMPLES: dict[str, Callable[[], Sample]] = {
    "5 kB": lambda: ASCII,
    "1.4 MB": partial(with_attachment, MB),
}
THREADS = 16  # of what knows no event loop: more only cost
UNFELT = 1_000_000  # recipients a second, which nobody reaches
CROWD = 10_000  # recipients

Send = Callable[[], Awaitable[Any]]


def per_message(batch: Callable[[], Any], messages: int) -> Figures:
    cpu, wall = time.process_time(), time.perf_counter()
    batch()
    return {
        "cpu": (time.process_time() - cpu) / messages,
        "wall": (time.perf_counter() - wall) / messages,
    }


def concurrently(runner: asyncio.Runner, send: Send, concurrency: int) -> Contestant:
    """So many tasks send, a message each for every operation."""

    async def some(messages: int) -> None:
        left = iter(range(messages))

        async def one_after_another() -> None:
            for _ in left:
                await send()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(concurrency):
                tasks.create_task(one_after_another())

    def run(count: int) -> Figures:
        return per_message(lambda: runner.run(some(count * concurrency)), count * concurrency)

    return run


def in_threads(connect: Callable[[], Callable[[], Any]], concurrency: int) -> Contestant:
    """As many threads send, up to a limit: a message each for every operation, over a connection of its own."""
    threads = min(concurrency, THREADS)
    local = threading.local()

    def open_one() -> None:
        local.send = connect()

    pool = ThreadPoolExecutor(threads, initializer=open_one)

    def some(messages: int) -> None:
        left = iter(range(messages))

        def one_after_another() -> None:
            for _ in left:
                local.send()

        for future in [pool.submit(one_after_another) for _ in range(threads)]:
            future.result()

    def run(count: int) -> Figures:
        return per_message(lambda: some(count * threads), count * threads)

    return run


def ours(url: str, concurrency: int, api: str = "v2", sample: str = "5 kB") -> Contestant:
    """``await client.send(message)``, as documented, by a limiter that is warm; ready-made MIME on v1."""
    import sesmail

    from .compiling import model_of

    made: Any = SAMPLES[sample]()
    message: Any = (
        model_of(made) if api == "v2" else sesmail.RawMessage(content=stdlib_mail(made), to=made.to)
    )
    settings: Any = {"api": api, "endpoint_url": url, **CREDENTIALS}
    runner = asyncio.Runner()
    limiter = runner.run(warm_limiter())
    client = runner.run(
        sesmail.Client(KEYS["region_name"], rate_limit=limiter, **settings).__aenter__()
    )
    return concurrently(runner, lambda: client.send(message), concurrency)


async def warm_limiter() -> Any:
    """The limiter that a client has by default, past its slow start, for which it skips time instead of sleeping."""
    import anyio

    import sesmail

    skipped = 0.0

    async def skip(seconds: float) -> None:
        nonlocal skipped
        skipped += seconds

    limiter = sesmail.RateLimiter(clock=lambda: anyio.current_time() + skipped, sleep=skip)
    while limiter.rate < UNFELT:
        await limiter.acquire(CROWD)
        limiter.accepted(CROWD)
    return limiter


def aiobotocore(
    url: str,
    concurrency: int,
    pool: int | None = None,
    api: str = "v2",
    sample: str = "5 kB",
    library: str = "aiobotocore",
) -> Contestant:
    """The API call itself, of bytes that are made beforehand; with the default pool unless it's given."""
    session: Any
    if library == "aioboto3":
        import aioboto3

        session = aioboto3.Session()
    else:
        from aiobotocore.session import get_session

        session = get_session()
    from aiobotocore.config import AioConfig

    config = AioConfig() if pool is None else AioConfig(max_pool_connections=pool)
    service = "sesv2" if api == "v2" else "ses"
    context = session.client if library == "aioboto3" else session.create_client
    runner = asyncio.Runner()
    client = runner.run(context(service, endpoint_url=url, config=config, **KEYS).__aenter__())
    return concurrently(runner, send_by(client, api, SAMPLES[sample]()), concurrency)


def send_by(client: Any, api: str, sample: Sample) -> Callable[[], Any]:
    """What a client of botocore's is asked for, whichever it is."""
    mail, to = stdlib_mail(sample), list(sample.to)
    if api == "v1":
        return partial(client.send_raw_email, RawMessage={"Data": mail}, Destinations=to)
    return partial(
        client.send_email, Content={"Raw": {"Data": mail}}, Destination={"ToAddresses": to}
    )


def boto3(url: str, concurrency: int) -> Contestant:
    """The same in threads, which share a client."""
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=THREADS)
    client = boto3.Session().client("sesv2", endpoint_url=url, config=config, **KEYS)
    send = send_by(client, "v2", ASCII)
    return in_threads(lambda: send, concurrency)


def django(url: str, concurrency: int, backend: str) -> Contestant:
    """Django's way, over a connection that is held open in each thread."""
    set_up(url)
    from django.core.mail import get_connection

    anymail = backend.startswith("anymail")

    def connect() -> Callable[[], Any]:
        connection: Any = get_connection(backend)
        connection.open()
        return lambda: connection.send_messages([message_of(ASCII, anymail=anymail)])

    assert connect()() == 1
    return in_threads(connect, concurrency)
