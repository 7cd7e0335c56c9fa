"""InboundStorage: its defaults, and the settings that it refuses."""

from typing import Any

import pytest

from sesmail import ConfigurationError, InboundStorage


def test_accepts_any_bucket_account_and_key_by_default() -> None:
    storage = InboundStorage()
    assert (storage.buckets, storage.account, storage.kms_key) == (None, None, None)
    assert storage.require_encrypted is False
    assert storage.max_size == 40 * 1024 * 1024 + 16


@pytest.mark.parametrize(
    ("settings", "argument"),
    [
        ({"buckets": "inbound"}, "buckets"),
        ({"buckets": ["arn:aws:s3:::inbound"]}, "buckets"),
        ({"buckets": ["inbound", ""]}, "buckets"),
        ({"buckets": [None]}, "buckets"),
        ({"account": "1234"}, "account"),
        ({"account": 123456789012}, "account"),
        ({"account": "12345678901\uff12"}, "account"),
        ({"kms_key": ""}, "kms_key"),
        ({"kms_key": "alias/mail\n"}, "kms_key"),
        ({"kms_key": b"alias/mail"}, "kms_key"),
        ({"require_encrypted": "no"}, "require_encrypted"),
        ({"require_encrypted": None}, "require_encrypted"),
        ({"max_size": 0}, "max_size"),
        ({"max_size": 1e6}, "max_size"),
        ({"max_size": True}, "max_size"),
        ({"bucket": ""}, "bucket"),
        ({"bucket": "a/b"}, "bucket"),
        ({"bucket": "inbound", "prefix": None}, "prefix"),
        ({"bucket": "inbound", "prefix": "mail/../"}, "prefix"),
        ({"bucket": "inbound", "prefix": "./mail"}, "prefix"),
        ({"bucket": "inbound", "prefix": "\ud800"}, "prefix"),
    ],
)
def test_refuses_invalid_setting_by_name(settings: dict[str, Any], argument: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{argument} must be"):
        InboundStorage(**settings)


def test_compares_buckets_as_a_set_and_is_hashable() -> None:
    storage = InboundStorage(buckets=["first", "second"], account="123456789012")
    assert storage == InboundStorage(buckets={"second", "first"}, account="123456789012")
    assert len({storage, InboundStorage(buckets=("first",))}) == 2


def test_keeps_its_buckets_when_the_given_list_changes() -> None:
    buckets = ["first"]
    storage = InboundStorage(buckets=buckets)
    buckets.append("second")
    assert storage.buckets == {"first"}
    with pytest.raises(AttributeError):
        storage.buckets = None  # type: ignore[misc]


def test_bucket_is_the_only_allowed_one_unless_buckets_are_given() -> None:
    assert InboundStorage(bucket="inbound", prefix="mail/").buckets == {"inbound"}
    both = InboundStorage(bucket="inbound", buckets=["inbound", "old"])
    assert both.buckets == {"inbound", "old"}
    with pytest.raises(ConfigurationError, match="'inbound' is not in buckets"):
        InboundStorage(bucket="inbound", buckets=["old"])
    with pytest.raises(ConfigurationError, match="prefix needs bucket"):
        InboundStorage(prefix="mail/")
