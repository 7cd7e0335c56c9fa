"""URLs of queues, and their regions."""

import pytest

from sesmail import ConfigurationError, EventQueue
from sesmail.receiving.queue.queue_url import read_queue_url


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("sqs.eu-west-1.amazonaws.com", "eu-west-1"),
        ("sqs.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("sqs-fips.us-east-1.amazonaws.com", "us-east-1"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("sqs.eu-west-1.api.aws", "eu-west-1"),
        ("sqs.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        ("vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("eu-west-1.queue.amazonaws.com", "eu-west-1"),
        ("queue.amazonaws.com", "us-east-1"),
        ("sqs.us-east-1.localhost.localstack.cloud:4566", "us-east-1"),
        ("localhost:4566", None),
        ("127.0.0.1:9324", None),
        ("[::1]:9324", None),
    ],
)
def test_region_is_read_from_the_host(host: str, region: str | None) -> None:
    for path in ("/111122223333/mail", "/queue/mail"):
        url = f"https://{host}{path}"
        assert read_queue_url(url, None) == (url, region, False)


def test_fifo_queue_is_recognised_by_its_name() -> None:
    assert read_queue_url("http://localhost:4566/000000000000/mail.fifo", None).is_fifo


def test_given_region_applies_to_a_host_without_one() -> None:
    assert (
        read_queue_url("http://localhost:4566/000000000000/mail", "eu-west-1").region == "eu-west-1"
    )


def test_region_has_to_be_that_of_the_url() -> None:
    with pytest.raises(ConfigurationError, match="region must be that of queue_url, eu-west-1"):
        EventQueue("https://sqs.eu-west-1.amazonaws.com/111122223333/mail", region="us-east-1")


@pytest.mark.parametrize(
    "url",
    [
        "mail",
        "arn:aws:sqs:eu-west-1:111122223333:mail",
        "https://sqs.eu-west-1.amazonaws.com",
        "https://sqs.eu-west-1.amazonaws.com/",
        "https://sqs.eu-west-1.amazonaws.com/mail",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/mail?a=b",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/mail#a",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/mail two",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/mail\n",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/" + "m" * 81,
        "https://sqs.eu-west-1.amazonaws.com/111122223333/m.txt",
        "https://sqs.eu-west-1.amazonaws.com/" + "1" * 1024 + "/mail",
        "https://user:password@sqs.eu-west-1.amazonaws.com/111122223333/mail",
        "https://sqs.eu-west-1.amazonaws.com:port/111122223333/mail",
        "https://[::1/111122223333/mail",
        "ftp://sqs.eu-west-1.amazonaws.com/111122223333/mail",
        "https:///111122223333/mail",
        "https://sqs.eu-west-1.amazonaws.com/111122223333/m\xe4il",
    ],
)
def test_anything_else_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(
        ConfigurationError, match="queue_url must be the URL of an SQS queue"
    ) as bad:
        EventQueue(url)
    assert "password" not in str(bad.value)
