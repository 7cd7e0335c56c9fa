"""Sending: the CPU time of a message, and the messages per second, each contestant in a process."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from .comparison import (
    INSTRUCTIONS,
    Comparison,
    Figures,
    Options,
    PeerMissingError,
    Round,
    Setup,
)
from .django_peers import django_message, set_up_django
from .instructions import of_worker
from .messages import ASCII, MB, Sample, stdlib_mail, with_attachment
from .processes import CLIENT, CREDENTIALS, python_worker
from .ses import start_ses

SAMPLES: dict[str, Callable[[], Sample]] = {
    "5 kB": lambda: ASCII,
    "1.4 MB": partial(with_attachment, MB),
}
ANYMAIL = "anymail.backends.amazon_ses.EmailBackend"
LATENCY = 0.025  # seconds
THREADS = 16  # of synchronous contestants: more threads make them slower
UNLIMITED = 1_000_000  # recipients per second, more than any contestant reaches
BATCH = 10_000  # recipients
# Times as fast as raw aiobotocore by concurrency, in CPU time and in instructions.
AIMS = {1: (1.45, 1.45), 50: (1.7, 1.8), 200: (1.7, 1.85)}
COUNTED = 300  # messages whose instructions are counted, or three for each task


def per_message(run: Callable[[], Any], messages: int) -> Figures:
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu": cpu / messages, "wall": wall / messages}


def in_tasks(runner: asyncio.Runner, send: Callable[[], Awaitable[Any]], concurrency: int) -> Round:
    """Sends from so many tasks, one message each per operation."""

    async def send_all(messages: int) -> None:
        remaining = iter(range(messages))

        async def send_some() -> None:
            for _ in remaining:
                await send()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(concurrency):
                tasks.create_task(send_some())

    def run(count: int) -> Figures:
        messages = count * concurrency
        return per_message(lambda: runner.run(send_all(messages)), messages)

    return run


def in_threads(connect: Callable[[], Callable[[], Any]], concurrency: int) -> Round:
    """Sends from so many threads, THREADS at most, each with a connection of its own."""
    threads = min(concurrency, THREADS)
    local = threading.local()

    def open_connection() -> None:
        local.send = connect()

    pool = ThreadPoolExecutor(threads, initializer=open_connection)

    def send_all(messages: int) -> None:
        remaining = iter(range(messages))

        def send_some() -> None:
            for _ in remaining:
                local.send()

        for future in [pool.submit(send_some) for _ in range(threads)]:
            future.result()

    return lambda count: per_message(lambda: send_all(count * threads), count * threads)


def ours(
    url: str, concurrency: int, api: str = "v2", sample: str = "5 kB", rate: float | None = None
) -> Round:
    """``await client.send(message)`` with a warm rate limiter; ready-made MIME on v1."""
    import sesmail

    from .compiling import sesmail_message

    made = SAMPLES[sample]()
    raw = sesmail.RawMessage(content=stdlib_mail(made), to=made.to)
    message: Any = raw if api == "v1" else sesmail_message(made)
    settings: Any = {"api": api, "endpoint_url": url, **CREDENTIALS}
    runner = asyncio.Runner()
    limiter = runner.run(warm_limiter(rate))
    client = sesmail.Client(CLIENT["region_name"], rate_limit=limiter, **settings)
    runner.run(client.__aenter__())
    return in_tasks(runner, lambda: client.send(message), concurrency)


async def warm_limiter(rate: float | None = None) -> Any:
    """The limiter of a client after its slow start, which a simulated clock shortens."""
    import anyio

    import sesmail
    from sesmail.concurrency import current_time

    skipped, is_starting = 0.0, True

    async def sleep(seconds: float) -> None:
        nonlocal skipped
        if is_starting:
            skipped += seconds
        else:
            await anyio.sleep(seconds)

    limiter = sesmail.RateLimiter(rate, clock=lambda: current_time() + skipped, sleep=sleep)
    batch, until = (BATCH, UNLIMITED) if rate is None else (int(rate), 0.96 * rate)
    while limiter.rate < until:
        await limiter.acquire(batch)
        limiter.accepted(batch)
    is_starting = False
    return limiter


def aiobotocore(
    url: str,
    concurrency: int,
    pool: int | None = None,
    api: str = "v2",
    sample: str = "5 kB",
    library: str = "aiobotocore",
    rate: float | None = None,
) -> Round:
    """The API call with a mail built in advance; the default connection pool unless given."""
    from aiobotocore.config import AioConfig

    create: Any
    if library == "aioboto3":
        import aioboto3

        create = aioboto3.Session().client
    else:
        from aiobotocore.session import get_session

        create = get_session().create_client
    config = AioConfig() if pool is None else AioConfig(max_pool_connections=pool)
    context = create("sesv2" if api == "v2" else "ses", endpoint_url=url, config=config, **CLIENT)
    runner = asyncio.Runner()
    client = runner.run(context.__aenter__())
    made = SAMPLES[sample]()
    send = raw_call(client, api, stdlib_mail(made), made.to)
    return in_tasks(runner, send if rate is None else limited(send, rate), concurrency)


def limited(send: Callable[[], Any], rate: float) -> Callable[[], Awaitable[Any]]:
    """The call behind the rate limiter of aiolimiter."""
    from aiolimiter import AsyncLimiter

    limiter = AsyncLimiter(1, 1 / rate)  # one after the other, as SES counts them

    async def send_limited() -> Any:
        async with limiter:
            return await send()

    return send_limited


def raw_call(client: Any, api: str, mail: bytes, to: Sequence[str]) -> Callable[[], Any]:
    if api == "v1":
        return partial(client.send_raw_email, RawMessage={"Data": mail}, Destinations=[*to])
    content, destination = {"Raw": {"Data": mail}}, {"ToAddresses": [*to]}
    return partial(client.send_email, Content=content, Destination=destination)


def boto3(url: str, concurrency: int) -> Round:
    """The API call of boto3 in threads, which share a client."""
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=THREADS)
    client = boto3.Session().client("sesv2", endpoint_url=url, config=config, **CLIENT)
    send = raw_call(client, "v2", stdlib_mail(ASCII), ASCII.to)
    return in_threads(lambda: send, concurrency)


def django(url: str, concurrency: int, backend: str) -> Round:
    """A backend of Django, whose connection each thread keeps open."""
    set_up_django(url)
    from django.core.mail import get_connection

    def connect() -> Callable[[], Any]:
        connection: Any = get_connection(backend)
        connection.open()
        anymail = backend == ANYMAIL
        return lambda: connection.send_messages([django_message(ASCII, anymail=anymail)])

    assert connect()() == 1
    return in_threads(connect, concurrency)


def worker(name: str, options: Options, *, latency: float = 0.0, **arguments: Any) -> Round:
    """The contestant that a function of this module sets up in a process of its own."""
    python: dict[str, str] = {}
    if arguments.get("library") == "aioboto3":
        if options.aioboto3 is None:
            raise PeerMissingError("aioboto3 needs an environment of its own")
        python = {"python": options.aioboto3}
    arguments["url"] = start_ses(options, latency)
    process = python_worker(f"{__name__}:{name}", arguments, **python)
    return options.stack.enter_context(process)


def cpu_of_sending(concurrency: int) -> Comparison:
    arguments: dict[str, Any] = {"concurrency": concurrency}
    pool: dict[str, Any] = {**arguments, "pool": concurrency}
    contestants: dict[str, Setup] = {
        "sesmail": partial(worker, "ours", **arguments),
        "raw aiobotocore": partial(worker, "aiobotocore", **pool),
        "raw aioboto3": partial(worker, "aiobotocore", library="aioboto3", **pool),
        "django-anymail": partial(worker, "django", backend=ANYMAIL, **arguments),
        "raw boto3 in threads": partial(worker, "boto3", **arguments),
        "django-ses": partial(worker, "django", backend="django_ses.SESBackend", **arguments),
    }
    cpu, instructions = AIMS[concurrency]
    aims = {
        ("raw aiobotocore", "cpu"): cpu,
        ("raw aiobotocore", INSTRUCTIONS): instructions,
        ("django-anymail", "cpu"): 4,
        ("raw boto3 in threads", "cpu"): 1.8,
        ("django-ses", "cpu"): 4,
    }

    def count(contestant: str, options: Options) -> float | None:
        counted = {"sesmail": ("ours", arguments), "raw aiobotocore": ("aiobotocore", pool)}
        if contestant not in counted:
            return None
        name, given = counted[contestant]
        given = {**given, "url": start_ses(options)}
        operations = max(3, COUNTED // concurrency)
        return of_worker(f"{__name__}:{name}", given, operations) / concurrency

    name = f"send 5 kB on v2, concurrency {concurrency}"
    slow = concurrency == 50
    return Comparison(name, contestants, aims, seconds=0.4, slow=slow, count=count)


LARGE: dict[str, Any] = {"concurrency": 1, "api": "v1", "sample": "1.4 MB"}
PACED: dict[str, Any] = {"concurrency": 50}
REMOTE: dict[str, Any] = {"concurrency": 200, "latency": LATENCY}
COMPARISONS = [
    *map(cpu_of_sending, (1, 50, 200)),
    Comparison(
        "send 5 kB on v2, held back to 300 a second",
        {
            "sesmail": partial(worker, "ours", rate=300.0, **PACED),
            "aiobotocore, aiolimiter": partial(worker, "aiobotocore", pool=50, rate=300.0, **PACED),
            "aiobotocore, no limit": partial(worker, "aiobotocore", pool=50, **PACED),
        },
        {("aiobotocore, aiolimiter", "cpu"): 1 / 0.9},
        seconds=1,
    ),
    Comparison(
        "send 1.4 MB of MIME on v1",
        {
            "sesmail": partial(worker, "ours", **LARGE),
            "raw aiobotocore": partial(worker, "aiobotocore", **LARGE),
        },
        {("raw aiobotocore", "cpu"): 10},
        seconds=0.2,
    ),
    Comparison(
        "send at 25 ms of latency, concurrency 200",
        {
            "sesmail": partial(worker, "ours", **REMOTE),
            "raw aiobotocore": partial(worker, "aiobotocore", **REMOTE),
            "aiobotocore, pool 200": partial(worker, "aiobotocore", pool=200, **REMOTE),
            "django-anymail": partial(worker, "django", backend=ANYMAIL, **REMOTE),
        },
        {("raw aiobotocore", "wall"): 2.5, ("django-anymail", "wall"): 2.5},
        measures=("wall",),
        seconds=0.5,
    ),
]
