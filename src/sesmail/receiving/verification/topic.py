"""What the ARN of an SNS topic tells: its partition, its region, and who signs for it there."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Topic", "read_topic"]


class Topic(NamedTuple):
    """An SNS topic.

    Attributes:
        arn: Its ARN.
        partition: AWS's partition, for instance ``aws``.
        region: Its region, which belongs to the partition.
        certificate_prefix: How the URL of every certificate begins that signs for the topic.
        certificate_name: The host name in such a certificate.
    """

    arn: str
    partition: str
    region: str
    certificate_prefix: str
    certificate_name: str

    def signs_at(self, url: str) -> bool:
        """Whether a URL is that of a certificate which may sign for this topic: the whole text, no pattern of hosts."""
        start = len(self.certificate_prefix)
        return url[:start] == self.certificate_prefix and _FILE.fullmatch(url, start) is not None


_ARN = re.compile(
    r"arn:([a-z-]{3,16}):sns:([a-z0-9-]{1,32}):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)
_LONGEST = 400  # so that nobody makes us remember megabytes
_FILE = re.compile(r"[0-9a-f]{32}\.pem")

# Partition: its regions, its DNS suffix, the name in its certificates. None but Amazon owns sns.REGION.SUFFIX for these
# regions; sns.s3-us-west-2.amazonaws.com, which they don't match, is anybody's bucket.
# https://github.com/aws/aws-sdk-java-v2/blob/master/services-custom/sns-message-manager
_PARTITIONS = {
    "aws": (
        re.compile(r"(?!cn-)[a-z]{2}-[a-z]+-[0-9]{1,2}"),
        "amazonaws.com",
        "sns-signing.{}.amazonaws.com",
    ),
    "aws-cn": (re.compile(r"cn-[a-z]+-[0-9]{1,2}"), "amazonaws.com.cn", "sns-{}.amazonaws.com.cn"),
    "aws-eusc": (
        re.compile(r"eusc-[a-z]{2}-[a-z]+-[0-9]{1,2}"),
        "amazonaws.eu",
        "sns-signing.{}.amazonaws.eu",
    ),
    "aws-iso": (re.compile(r"us-iso-[a-z]+-[0-9]{1,2}"), "c2s.ic.gov", "sns-{}.c2s.ic.gov"),
    "aws-iso-b": (
        re.compile(r"us-isob-[a-z]+-[0-9]{1,2}"),
        "sc2s.sgov.gov",
        "sns-{}.sc2s.sgov.gov",
    ),
    "aws-iso-e": (
        re.compile(r"eu-isoe-[a-z]+-[0-9]{1,2}"),
        "cloud.adc-e.uk",
        "sns-signing.{}.cloud.adc-e.uk",
    ),
    "aws-iso-f": (
        re.compile(r"us-isof-[a-z]+-[0-9]{1,2}"),
        "csp.hci.ic.gov",
        "sns-signing.{}.csp.hci.ic.gov",
    ),
    "aws-us-gov": (
        re.compile(r"us-gov-[a-z]+-[0-9]{1,2}"),
        "amazonaws.com",
        "sns-us-gov-west-1.amazonaws.com",
    ),
}

# The regions that every account has, a list that is closed since 2019: they share a name. Later ones are opt-in.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_SHARED_NAME = "sns.amazonaws.com"
_SHARING = re.compile(
    r"ap-(?:northeast-[123]|south-1|southeast-[12])|ca-central-1|eu-(?:central-1|north-1|west-[123])|sa-east-1|"
    r"us-(?:east|west)-[12]"
)


def read_topic(arn: str) -> Topic | None:
    """What a topic's ARN tells; None if it isn't one, letter by letter."""
    return _read(arn) if len(arn) <= _LONGEST else None


@lru_cache(maxsize=64)
def _read(arn: str) -> Topic | None:
    match = _ARN.fullmatch(arn)
    if match is None or match[1] not in _PARTITIONS:
        return None
    partition, region = match.groups()
    regions, suffix, name = _PARTITIONS[partition]
    if not regions.fullmatch(region):
        return None
    return Topic(
        arn=arn,
        partition=partition,
        region=region,
        certificate_prefix=f"https://sns.{region}.{suffix}/SimpleNotificationService-",
        certificate_name=_SHARED_NAME if _SHARING.fullmatch(region) else name.format(region),
    )
