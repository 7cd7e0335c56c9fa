"""The models that a user of powertools would write for the events of SES."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field


class Header(BaseModel):
    name: str
    value: str


class CommonHeaders(BaseModel):
    from_: list[str] = Field(alias="from")
    to: list[str]
    cc: list[str] = []
    subject: str | None = None


class Mail(BaseModel):
    timestamp: datetime
    messageId: str
    destination: list[str]
    headersTruncated: bool = False
    headers: list[Header] = []
    commonHeaders: CommonHeaders
    tags: dict[str, list[str]] = {}


class Event(BaseModel):
    mail: Mail


class BouncedRecipient(BaseModel):
    emailAddress: str
    action: str | None = None
    status: str | None = None
    diagnosticCode: str | None = None


class Bounce(BaseModel):
    bounceType: str
    bounceSubType: str
    bouncedRecipients: list[BouncedRecipient]
    timestamp: datetime
    feedbackId: str


class Complaint(BaseModel):
    complainedRecipients: list[BouncedRecipient]
    timestamp: datetime
    feedbackId: str
    complaintFeedbackType: str | None = None
    arrivalDate: datetime | None = None


class Delivery(BaseModel):
    timestamp: datetime
    processingTimeMillis: int
    recipients: list[str]
    smtpResponse: str
    reportingMTA: str


class DeliveryDelay(BaseModel):
    timestamp: datetime
    delayType: str
    delayedRecipients: list[BouncedRecipient]
    expirationTime: datetime


class Engagement(BaseModel):
    ipAddress: str
    timestamp: datetime
    userAgent: str
    link: str | None = None
    linkTags: dict[str, list[str]] | None = None


class Sent(Event):
    eventType: Literal["Send"]


class Delivered(Event):
    eventType: Literal["Delivery"]
    delivery: Delivery


class Delayed(Event):
    eventType: Literal["DeliveryDelay"]
    deliveryDelay: DeliveryDelay


class Bounced(Event):
    eventType: Literal["Bounce"]
    bounce: Bounce


class Complained(Event):
    eventType: Literal["Complaint"]
    complaint: Complaint


class Rejected(Event):
    eventType: Literal["Reject"]
    reject: dict[str, str]


class Opened(Event):
    eventType: Literal["Open"]
    open: Engagement


class Clicked(Event):
    eventType: Literal["Click"]
    click: Engagement


class RenderingFailed(Event):
    eventType: Literal["Rendering Failure"]
    failure: dict[str, str]


class Subscribed(Event):
    eventType: Literal["Subscription"]
    subscription: dict[str, Any]


TrackingEvent = Annotated[
    Sent
    | Delivered
    | Delayed
    | Bounced
    | Complained
    | Rejected
    | Opened
    | Clicked
    | RenderingFailed
    | Subscribed,
    Field(discriminator="eventType"),
]
