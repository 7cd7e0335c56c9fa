"""ARNs of SNS topics, with the partition, region and signing certificates that follow from them."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from ...patterns import lazy_pattern

__all__ = ["Topic", "is_known_region", "read_topic"]


class Topic(NamedTuple):
    """An SNS topic.

    Attributes:
        arn: Its ARN.
        partition: The AWS partition, for instance ``aws``.
        region: The AWS region, which belongs to the partition.
        certificate_prefix: Prefix of the URLs of its signing certificates.
        certificate_host: Host name in its signing certificates.
    """

    arn: str
    partition: str
    region: str
    certificate_prefix: str
    certificate_host: str

    def is_certificate_url(self, url: str) -> bool:
        """Returns True if a certificate at a URL may sign for this topic."""
        start = len(self.certificate_prefix)
        return url[:start] == self.certificate_prefix and _FILE.fullmatch(url, start) is not None


_ARN = lazy_pattern(
    r"arn:([a-z-]{3,16}):sns:([a-z0-9-]{1,32}):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)
_MAX_LENGTH = 400  # characters, since the results of _read are cached
_FILE = lazy_pattern(r"[0-9a-f]{32}\.pem")

# Partition: its regions, its DNS suffix, the host name in its certificates. Amazon owns
# sns.REGION.SUFFIX of these regions; sns.s3-us-west-2.amazonaws.com would be a bucket of anybody.
# https://github.com/aws/aws-sdk-java-v2/blob/master/services-custom/sns-message-manager
_PARTITIONS = {
    "aws": (
        lazy_pattern(r"(?!cn-)[a-z]{2}-[a-z]+-[0-9]{1,2}"),
        "amazonaws.com",
        "sns-signing.{}.amazonaws.com",
    ),
    "aws-cn": (
        lazy_pattern(r"cn-[a-z]+-[0-9]{1,2}"),
        "amazonaws.com.cn",
        "sns-{}.amazonaws.com.cn",
    ),
    "aws-eusc": (
        lazy_pattern(r"eusc-[a-z]{2}-[a-z]+-[0-9]{1,2}"),
        "amazonaws.eu",
        "sns-signing.{}.amazonaws.eu",
    ),
    "aws-iso": (lazy_pattern(r"us-iso-[a-z]+-[0-9]{1,2}"), "c2s.ic.gov", "sns-{}.c2s.ic.gov"),
    "aws-iso-b": (
        lazy_pattern(r"us-isob-[a-z]+-[0-9]{1,2}"),
        "sc2s.sgov.gov",
        "sns-{}.sc2s.sgov.gov",
    ),
    "aws-iso-e": (
        lazy_pattern(r"eu-isoe-[a-z]+-[0-9]{1,2}"),
        "cloud.adc-e.uk",
        "sns-signing.{}.cloud.adc-e.uk",
    ),
    "aws-iso-f": (
        lazy_pattern(r"us-isof-[a-z]+-[0-9]{1,2}"),
        "csp.hci.ic.gov",
        "sns-signing.{}.csp.hci.ic.gov",
    ),
    "aws-us-gov": (
        lazy_pattern(r"us-gov-[a-z]+-[0-9]{1,2}"),
        "amazonaws.com",
        "sns-us-gov-west-1.amazonaws.com",
    ),
}

# Regions launched before 20 March 2019 are enabled by default and share a host name. Later ones are
# opt-in, so this list is complete.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_SHARED_HOST = "sns.amazonaws.com"
_DEFAULT_REGION = lazy_pattern(
    r"ap-(?:northeast-[123]|south-1|southeast-[12])|ca-central-1|"
    r"eu-(?:central-1|north-1|west-[123])|sa-east-1|us-(?:east|west)-[12]"
)


def read_topic(arn: str) -> Topic | None:
    """Parses the ARN of a topic; None if it isn't a valid one."""
    return _read(arn) if len(arn) <= _MAX_LENGTH else None


@lru_cache(maxsize=64)
def _read(arn: str) -> Topic | None:
    match = _ARN.fullmatch(arn)
    if match is None or match[1] not in _PARTITIONS:
        return None
    partition, region = match.groups()
    regions, suffix, host = _PARTITIONS[partition]
    if not regions.fullmatch(region):
        return None
    return Topic(
        arn=arn,
        partition=partition,
        region=region,
        certificate_prefix=f"https://sns.{region}.{suffix}/SimpleNotificationService-",
        certificate_host=_SHARED_HOST if _DEFAULT_REGION.fullmatch(region) else host.format(region),
    )


def is_known_region(region: str) -> bool:
    """Returns True for a region of AWS that the installed botocore lists."""
    return region in _known_regions()


@cache
def _known_regions() -> frozenset[str]:
    import json
    from importlib.resources import files

    data = (files("botocore") / "data" / "partitions.json").read_bytes()
    return frozenset(
        region for partition in json.loads(data)["partitions"] for region in partition["regions"]
    )
