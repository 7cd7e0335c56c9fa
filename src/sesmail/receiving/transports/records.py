"""Records of batches, from AWS Lambda, EventBridge Pipes, Firehose, Kinesis and boto3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ...errors import MalformedBodyError
from ...strict import from_base64
from .json_body import Document, is_object

__all__ = ["RecordContent", "is_s3_record", "read_record"]


@dataclass(slots=True, eq=False, repr=False)
class RecordContent:
    """Content of a record.

    Attributes:
        type: ``sns`` or ``ses`` for an object of that service, ``s3`` for the record itself,
            ``text`` for the body of a message of SQS, ``data`` for data of a stream, which may
            contain several JSON objects.
        value: An object, a text, or bytes, by the type.
        path: Path to it in the body.
    """

    type: Literal["sns", "ses", "s3", "text", "data"]
    value: Any
    path: str


def read_record(record: object, path: str) -> RecordContent:
    """Returns the content of a record.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-ses.html
    https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesisfirehose.html
    https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-source.html

    Raises:
        MalformedBodyError: It is a record of another service, or its data isn't base64.
    """
    fields: Document = record if is_object(record) else {}
    prefix = f"{path}." if path else ""
    for key, kind in (("Sns", "sns"), ("ses", "ses")):
        value = fields.get(key)
        if is_object(value):
            return RecordContent("sns" if kind == "sns" else "ses", value, prefix + key)
    if is_s3_record(fields):
        return RecordContent("s3", fields, path)
    stream = fields.get("kinesis")
    if is_object(stream):
        fields, prefix = stream, f"{prefix}kinesis."
    for key in ("body", "Body"):  # of AWS Lambda, and of the API of SQS
        text = fields.get(key)
        if type(text) is str:
            return RecordContent("text", text, prefix + key)
    for key in ("data", "Data"):  # of AWS Lambda, and of the API of Kinesis
        text = fields.get(key)
        if type(text) is str:
            return RecordContent("data", _data(text, prefix + key), prefix + key)
    raise MalformedBodyError(
        "it isn't a record of SNS, SQS, SES, S3, Kinesis or Firehose", path=path
    )


def is_s3_record(record: object) -> bool:
    """Returns True for a record of an event notification of S3.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    return (
        is_object(record) and record.get("eventSource") == "aws:s3" and is_object(record.get("s3"))
    )


def _data(text: str, path: str) -> bytes:
    """Returns the data of a stream from base64; boto3 has decoded it already."""
    if text.lstrip(" \t\r\n").startswith("{"):
        return text.encode()
    data = from_base64(text)
    if data is None:
        raise MalformedBodyError("it isn't base64", path=path)
    return data
