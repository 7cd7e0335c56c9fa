"""Command ``desk``: a local SES with a web page."""

from __future__ import annotations

import argparse
import socket
from contextlib import suppress

__all__ = ["add_arguments", "run"]

_PORT = 8025  # of MailHog and Mailpit, which programs of developers know


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "--port", type=int, default=_PORT, help=f"port on 127.0.0.1; 0 for a free one ({_PORT})"
    )
    parser.add_argument("--region", default="eu-west-1", help="the AWS region (eu-west-1)")
    parser.add_argument(
        "--webhook",
        action="append",
        default=[],
        metavar="URL",
        help="receives the events, as an HTTP subscription of SNS; may be repeated",
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse senders that were not verified"
    )
    parser.add_argument(
        "--verify",
        action="append",
        default=[],
        metavar="IDENTITY",
        help="an address or domain that is verified; may be repeated",
    )
    parser.add_argument(
        "--previews",
        metavar="MODULE",
        help="module whose functions return messages to show, such as shop.mails",
    )


def run(options: argparse.Namespace) -> None:
    """Serves the desk until it is interrupted.

    Raises:
        ModuleNotFoundError: The extra ``testing`` isn't installed.
        OSError: The port is in use.
        ValueError: The region or a URL is invalid.
    """
    import uvicorn

    from ..testing.desk import Desk
    from ..testing.fake import FakeSES

    fake = FakeSES(options.region, lenient=not options.strict)
    fake.verify(*options.verify)
    listening = socket.create_server(("127.0.0.1", options.port))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    fake.url = fake.service.links.base_url = url
    config = uvicorn.Config(
        Desk(fake, previews=options.previews),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # seconds; the streams of open pages end only then
    )
    try:
        for webhook in options.webhook:
            fake.subscribe(webhook, retries=10, retry_delay=1.0)
        print(f"desk:    {url}", f"clients: AWS_ENDPOINT_URL={url}", sep="\n", flush=True)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run([listening])
    finally:
        fake.stop()
        listening.close()
