"""Mail that SES enclosed in the notification."""

from __future__ import annotations

from ...errors import ContentMissingError, MalformedBodyError
from ...strict import from_base64
from ..events.received import Received, SnsAction

__all__ = ["enclosed_mail"]


def enclosed_mail(event: Received, action: SnsAction) -> bytes:
    """Returns the mail in the ``content`` of an event, decoded as its action says.

    Raises:
        ContentMissingError: The notification has no content.
        MalformedBodyError: The content isn't valid base64.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-sns.html
    """
    if event.content is None:
        raise ContentMissingError("the notification has no content")
    if (action.encoding or "UTF8").upper() != "BASE64":
        return event.content.encode(errors="surrogatepass")
    mail = from_base64("".join(event.content.split()))
    if mail is None:
        raise MalformedBodyError("it isn't valid base64, as the action says", path="content")
    return mail
