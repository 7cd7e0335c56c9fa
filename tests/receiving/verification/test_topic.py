"""ARNs of topics, and URLs and host names of their signing certificates."""

import json
from importlib.resources import files

import pytest

from sesmail.receiving.verification.topic import read_topic
from support.signing import TOPIC, URL

ACCOUNT = "123456789012"
HEX = "0123456789abcdef" * 2


def aws_regions() -> list[tuple[str, str, str]]:
    """Returns partition, region and DNS suffix of every region that botocore knows."""
    data = json.loads((files("botocore") / "data" / "partitions.json").read_text("utf-8"))
    return [
        (partition["id"], region, partition["outputs"]["dnsSuffix"])
        for partition in data["partitions"]
        for region in partition["regions"]
        if not region.endswith("-global")
    ]


@pytest.mark.parametrize(("partition", "region", "suffix"), aws_regions())
def test_accepts_every_region_of_aws(partition: str, region: str, suffix: str) -> None:
    topic = read_topic(f"arn:{partition}:sns:{region}:{ACCOUNT}:mail")
    assert topic is not None
    assert (topic.partition, topic.region) == (partition, region)
    assert topic.is_certificate_url(
        f"https://sns.{region}.{suffix}/SimpleNotificationService-{HEX}.pem"
    )
    for other, _, _ in aws_regions():
        assert (read_topic(f"arn:{other}:sns:{region}:{ACCOUNT}:mail") is None) == (
            other != partition
        )


@pytest.mark.parametrize(
    ("partition", "region", "name"),
    [
        ("aws", "us-east-1", "sns.amazonaws.com"),
        ("aws", "ap-northeast-3", "sns.amazonaws.com"),
        ("aws", "eu-north-1", "sns.amazonaws.com"),
        ("aws", "ap-east-1", "sns-signing.ap-east-1.amazonaws.com"),
        ("aws", "ap-southeast-3", "sns-signing.ap-southeast-3.amazonaws.com"),
        ("aws", "ca-west-1", "sns-signing.ca-west-1.amazonaws.com"),
        ("aws", "eu-south-1", "sns-signing.eu-south-1.amazonaws.com"),
        ("aws", "eu-central-2", "sns-signing.eu-central-2.amazonaws.com"),
        ("aws", "mx-central-1", "sns-signing.mx-central-1.amazonaws.com"),
        ("aws-cn", "cn-north-1", "sns-cn-north-1.amazonaws.com.cn"),
        ("aws-cn", "cn-northwest-1", "sns-cn-northwest-1.amazonaws.com.cn"),
        ("aws-us-gov", "us-gov-west-1", "sns-us-gov-west-1.amazonaws.com"),
        ("aws-us-gov", "us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
        ("aws-eusc", "eusc-de-east-1", "sns-signing.eusc-de-east-1.amazonaws.eu"),
        ("aws-iso", "us-iso-east-1", "sns-us-iso-east-1.c2s.ic.gov"),
        ("aws-iso-b", "us-isob-east-1", "sns-us-isob-east-1.sc2s.sgov.gov"),
        ("aws-iso-e", "eu-isoe-west-1", "sns-signing.eu-isoe-west-1.cloud.adc-e.uk"),
        ("aws-iso-f", "us-isof-south-1", "sns-signing.us-isof-south-1.csp.hci.ic.gov"),
    ],
)
def test_certificate_host_of_each_region(partition: str, region: str, name: str) -> None:
    topic = read_topic(f"arn:{partition}:sns:{region}:{ACCOUNT}:mail.fifo")
    assert topic is not None
    assert topic.certificate_host == name


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "arn",
        TOPIC + "\n",
        " " + TOPIC,
        TOPIC + ":b4c8f3a0-subscription",
        TOPIC + "/x",
        TOPIC + ".fifo.fifo",
        TOPIC + "\0",
        TOPIC.replace("mail", ""),
        TOPIC.replace("mail", "m" * 257),
        TOPIC.replace("mail", "m\u00e4il"),
        TOPIC.replace("sns", "sqs"),
        TOPIC.replace("sns", "SNS"),
        TOPIC.replace("123456789012", "12345678901"),
        TOPIC.replace(
            "123456789012",
            "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10\uff11\uff12",
        ),
        TOPIC.replace("arn:aws:", "arn:aws-xx:"),
        TOPIC.replace("arn:aws:", "arn::"),
        TOPIC.replace("eu-west-1", ""),
        TOPIC.replace("eu-west-1", "s3-us-west-2"),
        TOPIC.replace("eu-west-1", "s3-website-us-west-2"),
        TOPIC.replace("eu-west-1", "evil.example#-west-1"),
        TOPIC.replace("eu-west-1", "eu-west-1.evil"),
        TOPIC.replace("eu-west-1", "eu-west-100"),
        TOPIC.replace("eu-west-1", "eu-west-\u0661"),
        TOPIC.replace("eu-west-1", "EU-WEST-1"),
        TOPIC.replace("eu-west-1", "cn-north-1"),
        TOPIC.replace("eu-west-1", "us-gov-west-1"),
    ],
)
def test_refuses_invalid_arns(arn: str) -> None:
    assert read_topic(arn) is None


OTHER_URLS = [
    "",
    URL + "\n",
    " " + URL,
    URL + "#",
    URL + "?",
    URL + "?x=.pem",
    URL + "/",
    URL + ".pem",
    URL.replace("https", "http"),
    URL.replace("https", "HTTPS"),
    URL.replace("https://", "https:/"),
    URL.replace("https://", "https:///"),
    URL.replace("https://", "//"),
    URL.replace("https://", "file://"),
    URL.replace("https://", "https://sns.eu-west-1.amazonaws.com@evil.example/"),
    URL.replace("https://", "https://user:password@"),
    URL.replace("https://", "https://@"),
    URL.replace(".com/", ".com:443/"),
    URL.replace(".com/", ".com:8443/"),
    URL.replace(".com/", ".com./"),
    URL.replace(".com/", ".com//"),
    URL.replace(".com/", ".com/../"),
    URL.replace(".com/", ".com/x/"),
    URL.replace(".com/", ".com\\"),
    URL.replace(".com/", ".com.evil.example/"),
    URL.replace(".com/", ".com.cn/"),
    URL.replace(".com/", ".eu/"),
    URL.replace(".com/", ".co/"),
    URL.replace("eu-west-1", "us-east-1"),
    URL.replace("eu-west-1", "eu-west-10"),
    URL.replace("eu-west-1", "EU-WEST-1"),
    URL.replace("eu-west-1", "s3-us-west-2"),
    URL.replace("eu-west-1.", ""),
    URL.replace("sns.", ""),
    URL.replace("sns.", "sns-"),
    URL.replace("sns.", "sns-signing."),
    URL.replace("sns.", "evil.sns."),
    URL.replace("sns.", "snsx."),
    URL.replace("sns.", "s\u043ds."),
    URL.replace("sns.", "sns%2e"),
    URL.replace("amazonaws", "amazonaw\u0455"),
    URL.replace("Simple", "simple"),
    URL.replace("Simple", "%53imple"),
    URL.replace(".pem", ".PEM"),
    URL.replace(".pem", ".crt"),
    URL.replace(".pem", ""),
    URL.replace(HEX, HEX.upper()),
    URL.replace(HEX, HEX[:-1]),
    URL.replace(HEX, HEX + "0"),
    URL.replace(HEX, HEX[:-1] + "g"),
    URL.replace(HEX, HEX[:-1] + "\u0660"),
    URL.replace(HEX, HEX[:-3] + "../"),
    URL.replace(HEX, ""),
]


def test_accepts_the_certificate_url() -> None:
    topic = read_topic(TOPIC)
    assert topic is not None
    assert topic.is_certificate_url(URL)
    assert len(set(OTHER_URLS)) == len(OTHER_URLS) > 50


@pytest.mark.parametrize("url", OTHER_URLS)
def test_refuses_other_urls(url: str) -> None:
    topic = read_topic(TOPIC)
    assert topic is not None
    assert not topic.is_certificate_url(url)
