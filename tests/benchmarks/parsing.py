"""Parsing: from the body of a webhook request to typed events."""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any

import sesmail
from support.ses_events import EVENT_TYPES, published, received, sns_message

from .comparison import INSTRUCTIONS, Comparison, Options, Round, cpu_of
from .django_peers import django_request, set_up_django
from .instructions import counted
from .messages import KB, PLAIN, File, Sample, check_content, fill, fill_html, noise, stdlib_mail

BODIES = [
    json.dumps(sns_message(json.dumps(published(event_type)))).encode()
    for event_type in EVENT_TYPES
]


def for_each_body(parse: Callable[[bytes], object]) -> Round:
    def parse_all() -> None:
        for body in BODIES:
            parse(body)

    return cpu_of(parse_all)


def ours(_: Options) -> Round:
    kinds = {event.kind for body in BODIES for event in sesmail.parse(body)}
    assert kinds >= {"Bounced", "Clicked", "Delivered"}
    return for_each_body(sesmail.parse)


def json_twice(_: Options) -> Round:
    """Nothing but dictionaries."""
    return for_each_body(lambda body: json.loads(json.loads(body)["Message"]))


def anymail(_: Options) -> Round:
    """``parse_events`` of its tracking webhook, without the validation of the request."""
    set_up_django()
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView

    view: Any = AmazonSESTrackingWebhookView()

    def parse(body: bytes) -> Any:
        return view.parse_events(django_request(body))

    kinds = {event.event_type for body in BODIES for event in parse(body)}
    assert kinds >= {"bounced", "clicked", "delivered"}
    return for_each_body(parse)


def django_ses(_: Options) -> Round:
    """Its webhook without signatures, which sends Django signals with dictionaries."""
    set_up_django()
    from django_ses.views import SESEventWebhookView

    logging.getLogger("django_ses").addHandler(logging.NullHandler())  # warns of unknown kinds

    def parse(body: bytes) -> Any:
        view: Any = SESEventWebhookView()
        view.request = django_request(body)
        return view.post(view.request)

    assert all(parse(body).status_code == 200 for body in BODIES)
    return for_each_body(parse)


def powertools(_: Options) -> Round:
    """Its parser and its SNS model; it has no models of tracking events."""
    from aws_lambda_powertools.utilities.parser import parse
    from aws_lambda_powertools.utilities.parser.models import SnsNotificationModel

    from .powertools_models import TrackingEvent

    def typed(body: bytes) -> Any:
        return parse(parse(body.decode(), SnsNotificationModel).Message, TrackingEvent)

    assert {type(typed(body)).__name__ for body in BODIES} >= {"Bounced", "Clicked", "Delivered"}
    return for_each_body(typed)


def received_mail() -> tuple[Sample, bytes]:
    """A mail of 30 kB, and the body of the SNS notification that contains it."""
    files = (File("photo.png", "image/png", noise(15 * KB)),)
    sample = Sample("Help", fill(PLAIN, 3 * KB), fill_html(PLAIN, 5 * KB), files=files)
    content = base64.b64encode(stdlib_mail(sample)).decode()
    return sample, json.dumps(sns_message(json.dumps(received(content=content)))).encode()


def our_received(_: Options) -> Round:
    sample, body = received_mail()

    def read() -> Any:
        (event,) = sesmail.parse(body)
        assert isinstance(event, sesmail.Received)
        assert event.content is not None
        mail = sesmail.read_mail(base64.b64decode(event.content))
        return mail.subject, mail.text, mail.html, [item.content for item in mail.attachments]

    check_content(sample, *read())
    return cpu_of(read)


def anymail_received(_: Options) -> Round:
    set_up_django()
    from anymail.webhooks.amazon_ses import AmazonSESInboundWebhookView

    sample, body = received_mail()
    view: Any = AmazonSESInboundWebhookView()

    def read() -> Any:
        (event,) = view.parse_events(django_request(body))
        mail = event.message
        contents = [item.get_content_bytes() for item in mail.attachments]
        return mail.subject, mail.text, mail.html, contents

    check_content(sample, *read())
    return cpu_of(read)


COMPARISONS = [
    counted(
        Comparison(
            "parse ten tracking events",
            {
                "sesmail": ours,
                "json.loads twice": json_twice,
                "django-anymail": anymail,
                "django-ses": django_ses,
                "powertools": powertools,
            },
            {
                ("django-anymail", "cpu"): 1.5,
                ("django-ses", "cpu"): 1.6,
                ("powertools", "cpu"): 1,
                ("powertools", INSTRUCTIONS): 1,
                ("json.loads twice", INSTRUCTIONS): 0.75,
            },
        )
    ),
    Comparison(
        "parse a received mail of 30 kB",
        {"sesmail": our_received, "django-anymail": anymail_received},
        {("django-anymail", "cpu"): 9},
    ),
]
