"""Settings for stored mail, validated when they are given."""

from __future__ import annotations

import re
from collections.abc import Collection

from ...arguments import check_bool, check_integer, check_iterable, refuse
from ...errors import ConfigurationError
from ...object_names import is_bucket_name, is_object_key
from ...values import Value, value

__all__ = ["MAX_STORED_SIZE", "InboundStorage"]

# https://docs.aws.amazon.com/ses/latest/dg/quotas.html (receiving: 40 MB stored in S3)
MAX_STORED_SIZE = (40 << 20) + 16
"""Size in bytes of the largest mail that SES stores, with the tag of its encryption."""

_ACCOUNT = re.compile(r"[0-9]{12}")
_KMS_KEY = re.compile(r"[!-~]{1,2048}")


@value(kw_only=True)
class InboundStorage(Value):
    """Location and restrictions of the mail that a ``Receiver`` fetches from S3 and deletes there.

    An event names bucket and object, so a receiver should read the application's own buckets only.

    Attributes:
        buckets: Names of the S3 buckets that mail is fetched from; None for any bucket that IAM
            allows, or for ``bucket`` only if that is given. Stored as a frozenset.
        account: Id (12 digits) of the AWS account that must own the bucket, and the mail if it is
            encrypted; None for any.
        kms_key: Id, alias or ARN of the KMS key that must have encrypted the mail; None for any
            key that IAM allows. Mail that isn't encrypted is refused by ``require_encrypted``.
        require_encrypted: Whether mail that SES didn't encrypt is refused.
        max_size: Maximum size in bytes of a mail as it is stored. By default the largest that SES
            receives: 40 MiB, and 16 bytes for encryption.
        bucket: Name of the bucket of mail whose event names none, as after the Lambda action of a
            receipt rule: the one of the rule's S3 action, which has to come before.
        prefix: Object key prefix of that S3 action. The key is the prefix and the message id.

    Raises:
        ConfigurationError: An attribute is invalid.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html
    """

    buckets: Collection[str] | None = None
    account: str | None = None
    kms_key: str | None = None
    require_encrypted: bool = False
    max_size: int = MAX_STORED_SIZE
    bucket: str | None = None
    prefix: str = ""

    def __post_init__(self) -> None:
        self._check_location()
        if self.buckets is not None:
            object.__setattr__(self, "buckets", _valid_buckets(self.buckets))
            if self.bucket is not None and self.bucket not in self.buckets:
                raise ConfigurationError(f"bucket {self.bucket!r} is not in buckets: add it there")
        if self.account is not None and not _matches(_ACCOUNT, self.account):
            refuse("account", "the 12 digits of an AWS account id, as text", self.account)
        if self.kms_key is not None and not _matches(_KMS_KEY, self.kms_key):
            refuse("kms_key", "the id, alias or ARN of a KMS key, as text", self.kms_key)
        check_bool("require_encrypted", self.require_encrypted)
        check_integer("max_size", self.max_size, 1, "it is a number of bytes")

    def _check_location(self) -> None:
        if self.bucket is not None:
            if not is_bucket_name(self.bucket):
                refuse("bucket", "the name of an S3 bucket", self.bucket)
            if self.buckets is None:
                object.__setattr__(self, "buckets", [self.bucket])
        if not is_object_key(self.prefix):
            fix = "without segments . and .."
            refuse("prefix", "the beginning of an object key, as text", self.prefix, fix)
        if self.prefix and self.bucket is None:
            raise ConfigurationError("prefix needs bucket, the name of the bucket with these keys")


def _valid_buckets(buckets: Collection[str]) -> frozenset[str]:
    expected = "a collection of names of S3 buckets"
    check_iterable("buckets", buckets, expected, "pass a list, even for one")
    names = tuple(buckets)
    for name in names:
        if not is_bucket_name(name):
            refuse("buckets", expected, name, "a name has 3 to 255 of A-Z a-z 0-9 . _ -")
    return frozenset(names)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
