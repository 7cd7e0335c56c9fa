"""AWS Lambda: the mails of a function whose client was created in the init phase."""

import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Any

from .comparison import Comparison, Options, Round
from .processes import AWS, CLIENT, fresh_process_each_round
from .ses import start_ses

EXAMPLE = Path(__file__).parents[2] / "examples/lambda_sender.py"
LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "shop", "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3f"}


def invoke(handler: Callable[[Mapping[str, Any]], Any], number: int) -> Round:
    """Seconds of an invocation: the first one, or one after it."""

    def run(_: int) -> Mapping[str, float]:
        seconds = 0.0
        for order_id in range(number):
            started = time.perf_counter()
            assert handler({"to": "alice@example.com", "order_id": order_id})
            seconds = time.perf_counter() - started
        return {"wall": seconds}

    return run


def ours(url: str, number: int) -> Round:
    os.environ.update(AWS, **LAMBDA, AWS_ENDPOINT_URL=url)
    spec = importlib.util.spec_from_file_location("lambda_sender", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return invoke(lambda event: module.handler(event, None)["message_id"], number)


def boto3(url: str, number: int) -> Round:
    """The API call of boto3, with a mail of the standard library."""
    import boto3

    os.environ.update(AWS, **LAMBDA)
    client = boto3.client("sesv2", endpoint_url=url, **CLIENT)

    def handler(event: Mapping[str, Any]) -> Any:
        message = EmailMessage()
        message["From"], message["To"] = "Shop <shop@example.com>", event["to"]
        message["Subject"] = f"Your order {event['order_id']}"
        message.set_content("Thank you for your order.\n")
        content = {"Raw": {"Data": message.as_bytes(policy=SMTP)}}
        return client.send_email(Content=content)["MessageId"]

    return invoke(handler, number)


def in_process(name: str, number: int, options: Options) -> Round:
    arguments = {"url": start_ses(options), "number": number}
    return fresh_process_each_round(f"{__name__}:{name}", arguments)


COMPARISONS = [
    Comparison(
        f"{name} mail of a function in AWS Lambda",
        {
            "sesmail": partial(in_process, "ours", number),
            "boto3": partial(in_process, "boto3", number),
        },
        {("sesmail", "wall"): seconds},
        ("wall",),
        seconds=0,
    )
    for name, number, seconds in (("first", 1, 0.04), ("third", 3, 0.002))
]
