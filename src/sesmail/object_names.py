"""Names of buckets and objects of Amazon S3 that can be requested."""

from __future__ import annotations

import re

__all__ = ["is_bucket_name", "is_object_key"]

_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")
_MAX_KEY = 1024  # bytes; https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


def is_bucket_name(name: object) -> bool:
    """Returns True for a bucket name, and False for an ARN, which S3 accepts too."""
    return isinstance(name, str) and _BUCKET.fullmatch(name) is not None


def is_object_key(key: object) -> bool:
    """Returns True for a key, or the beginning of one, that an HTTP client requests unchanged.

    Segments of dots are removed from URLs: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
    """
    if not isinstance(key, str) or any(part in (".", "..") for part in key.split("/")):
        return False
    try:
        return len(key.encode()) <= _MAX_KEY
    except UnicodeEncodeError:
        return False
