"""Send: the CPU that a message takes, and how many leave in a second."""

from functools import partial
from typing import Any

from .contest import Comparison, Contestant, Maker, NotHereError, Setting, faster
from .ses import served
from .worker import python_worker

LATENCY = 0.025


def sender(name: str, setting: Setting, *, latency: float = 0.0, **arguments: Any) -> Contestant:
    worker = python_worker(
        f"benchmarks.senders:{name}", {"url": served(setting, latency), **arguments}
    )
    return setting.stack.enter_context(worker)


def aioboto3(concurrency: int, setting: Setting) -> Contestant:
    """aioboto3, in the environment of its own that it needs."""
    if setting.aioboto3 is None:
        raise NotHereError(
            "it pins an aiobotocore older than ours, so it needs an environment of its own"
        )
    arguments = {
        "url": served(setting),
        "concurrency": concurrency,
        "pool": concurrency,
        "library": "aioboto3",
    }
    worker = python_worker("benchmarks.senders:aiobotocore", arguments, setting.aioboto3)
    return setting.stack.enter_context(worker)


def cpu(concurrency: int) -> Comparison:
    django = partial(sender, "django", concurrency=concurrency)
    contestants: dict[str, Maker] = {
        "sesmail": partial(sender, "ours", concurrency=concurrency),
        "raw aiobotocore": partial(
            sender, "aiobotocore", concurrency=concurrency, pool=concurrency
        ),
        "raw aioboto3": partial(aioboto3, concurrency),
        "django-anymail": partial(django, backend="anymail.backends.amazon_ses.EmailBackend"),
        "raw boto3 in threads": partial(sender, "boto3", concurrency=concurrency),
        "django-ses": partial(django, backend="django_ses.SESBackend"),
    }
    aims = [
        faster("raw aiobotocore", 1.3),  # 2.5 is the ambition
        faster("django-anymail", 6),
        faster("raw boto3 in threads", 2.5),
        faster("django-ses", 5),
    ]
    return Comparison(
        f"send 5 kB on v2, concurrency {concurrency}",
        contestants,
        aims,
        0.4,
        ("cpu",),
        slow=concurrency == 50,
    )


def large_on_v1() -> Comparison:
    arguments: dict[str, Any] = {"concurrency": 1, "api": "v1", "sample": "1.4 MB"}
    contestants = {
        "sesmail": partial(sender, "ours", **arguments),
        "raw aiobotocore": partial(sender, "aiobotocore", **arguments),
    }
    return Comparison(
        "send 1.4 MB of MIME on v1", contestants, [faster("raw aiobotocore", 10)], 0.2, ("cpu",)
    )


def throughput() -> Comparison:
    arguments: dict[str, Any] = {"concurrency": 200, "latency": LATENCY}
    contestants = {
        "sesmail": partial(sender, "ours", **arguments),
        "raw aiobotocore": partial(sender, "aiobotocore", **arguments),
        "aiobotocore, pool 200": partial(sender, "aiobotocore", pool=200, **arguments),
        "django-anymail": partial(
            sender, "django", backend="anymail.backends.amazon_ses.EmailBackend", **arguments
        ),
    }
    aims = [faster("raw aiobotocore", 2.5, "wall"), faster("django-anymail", 2.5, "wall")]
    return Comparison(
        "send at 25 ms of latency, concurrency 200", contestants, aims, 0.5, ("wall",)
    )


COMPARISONS = [*map(cpu, (1, 50, 200)), large_on_v1(), throughput()]
