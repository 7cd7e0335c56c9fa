"""Events in the forms of transports other than HTTP: SQS, Lambda, EventBridge, Firehose."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ..receiving.transports.unwrap import EVENTBRIDGE_TYPES
from .documents import timestamp
from .state import now

__all__ = [
    "DETAIL_TYPES",
    "eventbridge_event",
    "firehose_record",
    "lambda_ses_event",
    "lambda_sns_event",
    "lambda_sqs_event",
]

# Only the fake and its tests need the reverse of the parser's table.
DETAIL_TYPES = {kind: detail_type for detail_type, kind in EVENTBRIDGE_TYPES.items()}


def eventbridge_event(
    kind: str,
    document: Mapping[str, Any],
    *,
    region: str,
    account_id: str,
    resources: Sequence[str],
) -> dict[str, Any]:
    """Returns an event of EventBridge."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": DETAIL_TYPES[kind],
        "source": "aws.ses",
        "account": account_id,
        "time": timestamp(now()).partition(".")[0] + "Z",
        "region": region,
        "resources": list(resources),
        "detail": dict(document),
    }


def firehose_record(document: Mapping[str, Any]) -> bytes:
    """Returns a record of Data Firehose: the event on one line."""
    return json.dumps(document).encode() + b"\n"


def lambda_ses_event(document: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the event of a Lambda function that a receipt rule invokes.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html
    """
    action = {
        "type": "Lambda",
        "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:receive",
        "invocationType": "Event",
    }
    ses = {"mail": document["mail"], "receipt": {**document["receipt"], "action": action}}
    return {"Records": [{"eventSource": "aws:ses", "eventVersion": "1.0", "ses": ses}]}


def lambda_sns_event(message: Mapping[str, str]) -> dict[str, Any]:
    """Returns the event of a Lambda function that a topic invokes.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    sns = {renamed.get(name, name): value for name, value in message.items()}
    record: dict[str, Any] = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{message['TopicArn']}:{uuid.uuid4()}",
        "Sns": {"Subject": None, **sns, "MessageAttributes": {}},
    }
    return {"Records": [record]}


def lambda_sqs_event(body: str, *, queue_arn: str) -> dict[str, Any]:
    """Returns the event of a Lambda function that a queue invokes.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    record = {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": base64.b64encode(uuid.uuid4().bytes).decode(),
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    return {"Records": [record]}
