"""django-anymail and django-ses without a project, and messages for them."""

import functools
import json
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from typing import Any

from .messages import Sample
from .processes import CLIENT


@functools.cache
def set_up_django(url: str = "") -> None:
    """Configures Django once, with this URL of SES."""
    import django
    from django.conf import settings

    settings.configure(
        ANYMAIL={
            "AMAZON_SES_CLIENT_PARAMS": {**CLIENT, **({"endpoint_url": url} if url else {})},
            "AMAZON_SES_AUTO_CONFIRM_SNS_SUBSCRIPTIONS": False,
            "WEBHOOK_SECRET": "user:password",
        },
        AWS_ACCESS_KEY_ID=CLIENT["aws_access_key_id"],
        AWS_SECRET_ACCESS_KEY=CLIENT["aws_secret_access_key"],
        AWS_SES_REGION_NAME=CLIENT["region_name"],
        AWS_SES_REGION_ENDPOINT_URL=url or None,
        AWS_SES_AUTO_THROTTLE=None,
        AWS_SES_VERIFY_EVENT_SIGNATURES=False,
        USE_SES_V2=True,
        LOGGING_CONFIG=None,
    )
    django.setup()


def django_message(sample: Sample, *, anymail: bool) -> Any:
    """The message as the documentation of Django and django-anymail recommends."""
    from django.core.mail import EmailMultiAlternatives

    message: Any = EmailMultiAlternatives(
        sample.subject, sample.text, sample.author, list(sample.to), cc=list(sample.cc)
    )
    message.attach_alternative(sample.html, "text/html")
    for file in sample.files:
        if file.content_id:
            image = MIMEBase(*file.media_type.split("/"))
            image.set_payload(file.content)
            encode_base64(image)
            image["Content-ID"] = f"<{file.content_id}>"
            image.add_header("Content-Disposition", "inline", filename=file.name)
            message.attach(image)
        else:
            message.attach(file.name, file.content, file.media_type)
    if sample.tag and anymail:
        message.tags = [sample.tag]
        message.metadata = dict(sample.metadata)
    elif sample.tag:
        message.extra_headers = {"X-Tag": sample.tag, "X-Metadata": json.dumps(sample.metadata)}
    return message


def django_request(body: bytes) -> Any:
    from django.http import HttpRequest

    request: Any = HttpRequest()
    request._body = body
    return request
