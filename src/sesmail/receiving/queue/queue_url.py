"""URL of an SQS queue, and the region in it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from ...arguments import check_text
from ...errors import ConfigurationError
from ...patterns import lazy_pattern

__all__ = ["QueueUrl", "read_queue_url"]

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
_NAME = lazy_pattern(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_UNSAFE = lazy_pattern(r"[\x00-\x20\x7f-\U0010ffff]")
_MAX_LENGTH = 1024
# https://docs.aws.amazon.com/general/latest/gr/sqs-service.html (also VPC and legacy endpoints)
_REGION = lazy_pattern(r"(?:.*\.)?sqs(?:-fips)?\.([a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2})\..+")
_LEGACY_REGION = lazy_pattern(r"([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})\.queue\.amazonaws\.com(?:\.cn)?")
_OLDEST = "queue.amazonaws.com"  # of us-east-1


class QueueUrl(NamedTuple):
    """URL of a queue.

    Attributes:
        url: The URL.
        region: AWS region of the queue; None if its host name has none, as of an emulator.
        is_fifo: Whether it is a FIFO queue, whose name ends in ``.fifo``.
    """

    url: str
    region: str | None
    is_fifo: bool


def read_queue_url(url: str, region: str | None) -> QueueUrl:
    """Returns the URL of a queue.

    Args:
        url: The URL, or anything else that a caller gave.
        region: The caller's region; None for that of the URL or of the AWS configuration.

    Raises:
        ConfigurationError: It isn't the URL of a queue, or is in another region.
    """
    expected = "the URL of an SQS queue"
    check_text("queue_url", url, expected)
    parts = None if _UNSAFE.search(url) or len(url) > _MAX_LENGTH else _split(url)
    if parts is None:
        raise ConfigurationError(
            f"queue_url must be {expected}, as 'aws sqs get-queue-url' prints it, such as "
            "https://sqs.eu-west-1.amazonaws.com/111122223333/mail; not a name or an ARN"
        )
    host, name = parts
    found = _region_in(host)
    if isinstance(region, str) and found is not None and region != found:
        raise ConfigurationError(f"region must be that of queue_url, {found}, or left out")
    return QueueUrl(url, region or found, name.endswith(".fifo"))


def _split(url: str) -> tuple[str, str] | None:
    """Returns the host and the name of the queue; None for anything but the URL of a queue."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    folder, _, name = parts.path.rpartition("/")
    if parts.scheme not in ("http", "https") or not host or not folder:
        return None
    is_plain = not (parts.query or parts.fragment or parts.username is not None)
    return (host, name) if is_plain and _NAME.fullmatch(name) else None


def _region_in(host: str) -> str | None:
    if host == _OLDEST:
        return "us-east-1"
    match = _REGION.fullmatch(host) or _LEGACY_REGION.fullmatch(host)
    return match[1] if match else None
