"""Sample events of SES, and the forms in which SNS, SQS, Lambda and EventBridge deliver them."""

import base64
import copy
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

MESSAGE_ID = "0102019525f6a3c1-5f1d6a3e-0c8e-4c38-9b4e-7d1c5f7f0a11-000000"
ALICE = "alice@example.com"
BOB = "bob@example.org"
CAROL = "carol@example.net"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-tracking"
TOKEN = (
    "2336412f37fb687f5d51e6e2425dacbbae5c1b6f0d8c5d2f"
    "9e3a7b4c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0"
)
SIGNATURE = (
    "canary+signature/"
    + "TJVtd1ZlMyyNhdO4eGWLhOPpEqwRxdCj9cT2Sr2xp3kFtCyUjxbLk5MN2mHgD7Gw" * 5
    + "=="
)

SEND_ID = "order-12345_1"

HEADERS = [
    {
        "name": "Received",
        "value": "from app.example.com ([192.0.2.7]) by email-smtp.amazonaws.com with SMTP",
    },
    {"name": "X-Sesmail-Id", "value": SEND_ID},
    {"name": "From", "value": "Shop <shop@example.com>"},
    {"name": "To", "value": ALICE},
    {"name": "Cc", "value": BOB},
    {"name": "Subject", "value": "Your order"},
    {"name": "X-Tag", "value": "order"},
    {"name": "X-Tag", "value": "=?utf-8?b?WsO8cmljaA==?="},
    {"name": "X-Metadata", "value": '{"order_id": 12345, "customer": "Zo\\u00eb"}'},
    {"name": "MIME-Version", "value": "1.0"},
    {"name": "Content-Type", "value": 'multipart/alternative; boundary="=_sesmail_1_"'},
]

TAGS = ("order", "Zürich")
METADATA = {"order_id": 12345, "customer": "Zoë"}
MESSAGE_TAGS = {
    "ses:configuration-set": ("tracking",),
    "ses:source-ip": ("192.0.2.7",),
    "ses:from-domain": ("example.com",),
    "ses:caller-identity": ("shop",),
    "campaign": ("spring", "summer"),
}

MAIL: Json = {
    "timestamp": "2026-03-06T19:55:37.123Z",
    "source": "Shop <shop@example.com>",
    "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/example.com",
    "sendingAccountId": "123456789012",
    "messageId": MESSAGE_ID,
    "destination": [ALICE, BOB],
    "headersTruncated": False,
    "headers": HEADERS,
    "commonHeaders": {
        "from": ["Shop <shop@example.com>"],
        "to": [ALICE],
        "cc": [BOB],
        "messageId": MESSAGE_ID,
        "subject": "Your order",
    },
    "tags": {name: list(values) for name, values in MESSAGE_TAGS.items()},
}

TIME = "2026-03-06T19:55:38.903Z"

PARTS: dict[str, tuple[str, Json]] = {
    "Send": ("send", {}),
    "Delivery": (
        "delivery",
        {
            "timestamp": TIME,
            "processingTimeMillis": 546,
            "recipients": [ALICE],
            "smtpResponse": "250 ok:  Message 64111812 accepted",
            "reportingMTA": "a8-70.smtp-out.amazonses.com",
            "remoteMtaIp": "192.0.2.25",
        },
    ),
    "DeliveryDelay": (
        "deliveryDelay",
        {
            "timestamp": TIME,
            "delayType": "TransientCommunicationFailure",
            "expirationTime": "2026-03-07T08:00:00.000Z",
            "reportingMTA": "a8-70.smtp-out.amazonses.com",
            "delayedRecipients": [
                {
                    "emailAddress": ALICE,
                    "status": "4.4.1",
                    "diagnosticCode": "smtp; 421 4.4.1 Unable to connect",
                }
            ],
        },
    ),
    "Bounce": (
        "bounce",
        {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": ALICE,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                },
                {"emailAddress": BOB},
            ],
            "timestamp": TIME,
            "feedbackId": "010201955f-bounce-000000",
            "remoteMtaIp": "192.0.2.25",
            "reportingMTA": "dsn; a8-70.smtp-out.amazonses.com",
        },
    ),
    "Complaint": (
        "complaint",
        {
            "complainedRecipients": [{"emailAddress": ALICE}],
            "timestamp": TIME,
            "feedbackId": "010201955f-complaint-000000",
            "complaintSubType": None,
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": "2026-03-06T14:55:37.000-05:00",
        },
    ),
    "Reject": ("reject", {"reason": "Bad content"}),
    "Open": (
        "open",
        {
            "ipAddress": "198.51.100.1",
            "timestamp": TIME,
            "userAgent": "Mozilla/5.0",
            "isBotEvent": "Likely",
        },
    ),
    "Click": (
        "click",
        {
            "ipAddress": "198.51.100.1",
            "timestamp": TIME,
            "userAgent": "Mozilla/5.0",
            "link": "https://example.com/a?b=c&d=%20e",
            "linkTags": {"samplekey0": ["samplevalue0"]},
            "isBotEvent": "Unlikely",
        },
    ),
    "Rendering Failure": (
        "failure",
        {
            "templateName": "Shipped",
            "errorMessage": "Attribute 'name' is not present in the rendering data.",
        },
    ),
    "Subscription": (
        "subscription",
        {
            "contactList": "Customers",
            "timestamp": TIME,
            "source": "UnsubscribeHeader",
            "newTopicPreferences": {
                "unsubscribeAll": True,
                "topicSubscriptionStatus": [{"topicName": "News", "subscriptionStatus": "OptOut"}],
            },
            "oldTopicPreferences": {
                "unsubscribeAll": False,
                "topicSubscriptionStatus": [{"topicName": "News", "subscriptionStatus": "OptIn"}],
            },
        },
    ),
}

DETAIL_TYPES = {
    "Send": "Email Sent",
    "Delivery": "Email Delivered",
    "DeliveryDelay": "Email Delivery Delayed",
    "Bounce": "Email Bounced",
    "Complaint": "Email Complaint Received",
    "Reject": "Email Rejected",
    "Open": "Email Opened",
    "Click": "Email Clicked",
    "Rendering Failure": "Email Rendering Failed",
    "Subscription": "Email Subscribed",
}


def published(event_type: str) -> Json:
    """Return an event of SES event publishing."""
    key, part = PARTS[event_type]
    return copy.deepcopy({"eventType": event_type, "mail": MAIL, key: part})


def notified(event_type: str) -> Json:
    """Return an event as the notification of an identity, which has no message tags."""
    key, part = PARTS[event_type]
    mail = {name: value for name, value in MAIL.items() if name != "tags"}
    return copy.deepcopy({"notificationType": event_type, "mail": mail, key: part})


def received(action: Json | None = None, **more: Any) -> Json:
    """Return the notification of a received mail, with the mail in ``content``."""
    verdicts = {
        "spamVerdict": "PASS",
        "virusVerdict": "PASS",
        "spfVerdict": "GRAY",
        "dkimVerdict": "FAIL",
        "dmarcVerdict": "FAIL",
    }
    return copy.deepcopy(
        {
            "notificationType": "Received",
            "mail": {
                "timestamp": "2026-03-06T19:55:37.123Z",
                "source": "customer@example.net",
                "messageId": "d6iitobk75ur44p8kdnnp7g2n800",
                "destination": ["help@example.com"],
                "headersTruncated": False,
                "headers": [
                    {"name": "Subject", "value": "Help"},
                    {"name": "To", "value": "help@example.com"},
                ],
                "commonHeaders": {
                    "from": ["customer@example.net"],
                    "to": ["help@example.com"],
                    "subject": "Help",
                },
            },
            "receipt": {
                "timestamp": TIME,
                "processingTimeMillis": 574,
                "recipients": ["help@example.com", "sales@example.com"],
                **{name: {"status": status} for name, status in verdicts.items()},
                "dmarcPolicy": "reject",
                "action": action or {"type": "SNS", "topicArn": TOPIC, "encoding": "BASE64"},
            },
            "content": "U3ViamVjdDogSGVscA0KDQpIZWxwIQ0K",
            **more,
        }
    )


S3_ACTION: Json = {
    "type": "S3",
    "topicArn": TOPIC,
    "bucketName": "inbox",
    "objectKeyPrefix": "mail",
    "objectKey": "mail/d6iitobk75ur44p8kdnnp7g2n800",
}
BOUNCE_ACTION: Json = {
    "type": "Bounce",
    "topicArn": TOPIC,
    "smtpReplyCode": "550",
    "statusCode": "5.1.1",
    "message": "Mailbox does not exist",
    "sender": "postmaster@example.com",
}

DOCUMENTS: dict[str, Json] = {
    **{event_type: published(event_type) for event_type in PARTS},
    **{
        f"{event_type} notified": notified(event_type)
        for event_type in ("Delivery", "Bounce", "Complaint")
    },
    "Received": received(),
    "Received in S3": {
        name: value for name, value in received(S3_ACTION).items() if name != "content"
    },
    "Received and bounced": received(BOUNCE_ACTION),
    "Unknown": {"eventType": "Teleport", "mail": MAIL, "teleport": {"to": ["moon"]}},
}
"""One document of each event type, by name."""

EVENT_TYPES = list(PARTS)


def changed(document: Json, path: str, value: Any) -> Json:
    """Return a copy with another value at a path; ``...`` deletes the key."""
    copy: Json = json.loads(json.dumps(document))
    *steps, last = path.split(".")
    place: Any = copy
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    key: Any = int(last) if last.isdigit() else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return copy


def stored_in_s3(**changes: Any) -> Json:
    """Return an event notification of S3, as its documentation shows it."""
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-03-06T19:55:39.123Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AROA:ses"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "inbound",
            "bucket": {"name": "inbound-mail", "arn": "arn:aws:s3:::inbound-mail"},
            "object": {
                "key": "mail/gr%C3%BC%C3%9Fe+1%2B2/o3vrnil0e2ic28tr",
                "size": 1024,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0055AED6DCD90281E5",
            },
        },
    }
    return {"Records": [record | changes]}


def sns_message(message: str, **more: Any) -> Json:
    """Return an SNS notification as decoded JSON."""
    return {
        "Type": "Notification",
        "MessageId": "c0e5a280-53c9-5a98-93bb-c0a560b3d192",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": message,
        "Timestamp": "2026-03-06T19:55:39.001Z",
        "SignatureVersion": "1",
        "Signature": SIGNATURE,
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-7506a1e35b36ef5a444dd1a8e7cc3ed8.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn="
        + TOPIC,
        **more,
    }


def confirmation(kind: str = "SubscriptionConfirmation") -> Json:
    """Return an SNS message that confirms or ends a subscription."""
    return sns_message(
        f"You have chosen to subscribe to the topic {TOPIC}.",
        Type=kind,
        Token=TOKEN,
        SubscribeURL=f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={TOKEN}",
    )


def lambda_record(message: Json) -> Json:
    """Return an SNS message with the key names that Lambda uses."""
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    return {
        **{renamed.get(name, name): value for name, value in message.items()},
        "MessageAttributes": {},
    }


def sqs_records(body: str) -> Json:
    """Return the event of a Lambda function that is invoked by SQS."""
    record = {
        "messageId": "059f36b4",
        "receiptHandle": "AQEB",
        "body": body,
        "eventSource": "aws:sqs",
    }
    return {"Records": [record]}


def sqs_response(body: str) -> Json:
    """Return what boto3 returns for ``receive_message``."""
    message = {
        "MessageId": "059f36b4",
        "ReceiptHandle": "AQEB",
        "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "Body": body,
        "MessageAttributes": {"x": {"DataType": "Binary", "BinaryValue": b"\xff\xfe"}},
    }
    metadata = {"RequestId": "1", "HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
    return {"Messages": [message], "ResponseMetadata": metadata}


def kinesis_record(data: str) -> Json:
    """Return a record of a Lambda function that is invoked by Kinesis."""
    kinesis = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "1",
        "sequenceNumber": "4959",
        "data": in_base64(data),
        "approximateArrivalTimestamp": 1772826939.001,
    }
    return {"eventSource": "aws:kinesis", "eventName": "aws:kinesis:record", "kinesis": kinesis}


def in_base64(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode()).decode()


def eventbridge(document: Json) -> Json:
    """Return an event of EventBridge."""
    return {
        "version": "0",
        "id": "12a18625-3328-fafd-2a13-e3b6e8c3f1a5",
        "detail-type": DETAIL_TYPES.get(document.get("eventType", ""), "Email Something"),
        "source": "aws.ses",
        "account": "123456789012",
        "time": "2026-03-06T19:55:39Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:ses:eu-west-1:123456789012:configuration-set/tracking"],
        "detail": document,
    }


WRAPPINGS: Mapping[str, Callable[[Json], Any]] = {
    "raw bytes": lambda document: json.dumps(document).encode(),
    "raw text": lambda document: json.dumps(document, ensure_ascii=False),
    "raw, decoded": lambda document: document,
    "raw, indented": lambda document: json.dumps(document, indent=2).encode(),
    "SNS": lambda document: json.dumps(sns_message(json.dumps(document))).encode(),
    "SNS text": lambda document: json.dumps(
        sns_message(json.dumps(document, ensure_ascii=False)), ensure_ascii=False
    ),
    "SNS, decoded": lambda document: sns_message(json.dumps(document)),
    "SNS without subject": lambda document: sns_message(json.dumps(document), Subject=None),
    "Lambda from SNS": lambda document: {
        "Records": [
            {"EventSource": "aws:sns", "Sns": lambda_record(sns_message(json.dumps(document)))}
        ]
    },
    "Lambda from SQS from SNS": lambda document: sqs_records(
        json.dumps(sns_message(json.dumps(document)))
    ),
    "Lambda from SQS, raw": lambda document: json.dumps(sqs_records(json.dumps(document))),
    "EventBridge": eventbridge,
    "EventBridge bytes": lambda document: json.dumps(eventbridge(document)).encode(),
    "EventBridge by SNS": lambda document: sns_message(json.dumps(eventbridge(document))),
    "EventBridge by SQS": lambda document: sqs_records(json.dumps(eventbridge(document))),
    "Firehose": lambda document: json.dumps(document).encode() + b"\n",
    "Firehose, transformed by Lambda": lambda document: {
        "invocationId": "1d4e8f",
        "deliveryStreamArn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/ses",
        "region": "eu-west-1",
        "records": [
            {
                "recordId": "4958",
                "approximateArrivalTimestamp": 1772826939001,
                "data": in_base64(json.dumps(document) + "\n"),
            }
        ],
    },
    "Firehose to HTTP": lambda document: json.dumps(
        {
            "requestId": "ed4acda5-034f-9f42-bba1-f29aea6d7d8f",
            "timestamp": 1772826939001,
            "records": [{"data": in_base64(json.dumps(document))}],
        }
    ).encode(),
    "Firehose from SNS": lambda document: {
        "records": [{"data": in_base64(json.dumps(sns_message(json.dumps(document))))}]
    },
    "Firehose from EventBridge": lambda document: {
        "records": [{"data": in_base64(json.dumps(eventbridge(document)))}]
    },
    "Kinesis by Lambda": lambda document: {"Records": [kinesis_record(json.dumps(document))]},
    "Kinesis by Pipes": lambda document: [
        {"eventSource": "aws:kinesis", **kinesis_record(json.dumps(document))["kinesis"]}
    ],
    "Kinesis by boto3": lambda document: {
        "Records": [
            {
                "SequenceNumber": "4959",
                "ApproximateArrivalTimestamp": datetime(2026, 3, 6, 19, 55, 39, tzinfo=UTC),
                "Data": json.dumps(document, ensure_ascii=False).encode(),
                "PartitionKey": "1",
            }
        ],
        "NextShardIterator": "AAAA",
        "MillisBehindLatest": 0,
    },
    "EventBridge by Kinesis": lambda document: {
        "Records": [kinesis_record(json.dumps(eventbridge(document)))]
    },
    "SQS by Pipes": lambda document: sqs_records(json.dumps(document))["Records"],
    "SQS by Pipes from SNS": lambda document: json.dumps(
        sqs_records(json.dumps(sns_message(json.dumps(document))))["Records"], indent=1
    ),
    "SQS record alone": lambda document: sqs_records(json.dumps(document))["Records"][0],
    "SQS by boto3": lambda document: sqs_response(json.dumps(document)),
    "SQS by boto3 from SNS": lambda document: sqs_response(
        json.dumps(sns_message(json.dumps(document)))
    ),
    "SQS messages of boto3": lambda document: sqs_response(json.dumps(document))["Messages"],
    "SQS message of boto3": lambda document: sqs_response(json.dumps(document))["Messages"][0],
}
"""Functions that wrap an event as each transport delivers it, by name."""
