"""Models of tracking events, of which powertools has none; equal to classes that a user writes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

TEXT: Any = (str | None, None)
Header: Any = create_model("Header", name=str, value=str)


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


class Content(BaseModel):
    timestamp: datetime


Recipient = create_model(
    "Recipient", emailAddress=str, action=TEXT, status=TEXT, diagnosticCode=TEXT
)
Bounce = create_model(
    "Bounce",
    __base__=Content,
    bounceType=str,
    bounceSubType=str,
    bouncedRecipients=list[Recipient],
    feedbackId=str,
)
Complaint = create_model(
    "Complaint",
    __base__=Content,
    complainedRecipients=list[Recipient],
    feedbackId=str,
    complaintFeedbackType=TEXT,
    arrivalDate=(datetime | None, None),
)
Delivery = create_model(
    "Delivery",
    __base__=Content,
    processingTimeMillis=int,
    recipients=list[str],
    smtpResponse=str,
    reportingMTA=str,
)
Delay = create_model(
    "Delay",
    __base__=Content,
    delayType=str,
    delayedRecipients=list[Recipient],
    expirationTime=datetime,
)
Engagement = create_model(
    "Engagement",
    __base__=Content,
    ipAddress=str,
    userAgent=str,
    link=TEXT,
    linkTags=(dict[str, list[str]] | None, None),
)


def event(name: str, kind: str, **content: Any) -> Any:
    return create_model(name, mail=Mail, eventType=Literal[kind], **content)


EVENTS: Any = (
    event("Sent", "Send")
    | event("Delivered", "Delivery", delivery=Delivery)
    | event("Delayed", "DeliveryDelay", deliveryDelay=Delay)
    | event("Bounced", "Bounce", bounce=Bounce)
    | event("Complained", "Complaint", complaint=Complaint)
    | event("Rejected", "Reject", reject=dict[str, str])
    | event("Opened", "Open", open=Engagement)
    | event("Clicked", "Click", click=Engagement)
    | event("RenderingFailed", "Rendering Failure", failure=dict[str, str])
    | event("Subscribed", "Subscription", subscription=dict[str, Any])
)
TrackingEvent = Annotated[EVENTS, Field(discriminator="eventType")]
