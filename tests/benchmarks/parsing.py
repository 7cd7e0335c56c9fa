"""Parse: from the body of a webhook to typed events."""

import base64
import json
from collections.abc import Callable
from typing import Any

import sesmail
from support.ses_events import WORDS, published, received, sns_message

from .contest import Comparison, Contestant, Setting, faster, timed, within
from .messages import KB, PLAIN, File, Sample, filled, in_html, noise, stdlib_mail

BODIES = [json.dumps(sns_message(json.dumps(published(word)))).encode() for word in WORDS]


def for_each(parse: Callable[[bytes], object]) -> Contestant:
    def parse_all() -> None:
        for body in BODIES:
            parse(body)

    return timed(parse_all)


def ours(_: Setting) -> Contestant:
    assert {event.kind for body in BODIES for event in sesmail.parse(body)} >= {
        "Bounced",
        "Clicked",
        "Delivered",
    }
    return for_each(sesmail.parse)


def json_twice(_: Setting) -> Contestant:
    """Nothing but dictionaries."""
    return for_each(lambda body: json.loads(json.loads(body)["Message"]))


def request_of(body: bytes) -> Any:
    from django.http import HttpRequest

    request: Any = HttpRequest()
    request._body = body
    return request


def anymail(_: Setting) -> Contestant:
    """``parse_events`` of its tracking webhook, without its checks of the request."""
    from .django_peers import set_up

    set_up()
    from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView

    view: Any = AmazonSESTrackingWebhookView()
    kinds = {event.event_type for body in BODIES for event in view.parse_events(request_of(body))}
    assert kinds >= {"bounced", "clicked", "delivered"}
    return for_each(lambda body: view.parse_events(request_of(body)))


def django_ses(_: Setting) -> Contestant:
    """Its webhook with signatures off, which sends a signal with dictionaries, heard by nobody."""
    import logging

    from .django_peers import set_up

    set_up()
    from django_ses.views import SESEventWebhookView

    logging.getLogger("django_ses").addHandler(
        logging.NullHandler()
    )  # it warns of the kinds that it doesn't know

    def parse(body: bytes) -> Any:
        view: Any = SESEventWebhookView()
        view.request = request_of(body)
        return view.post(view.request)

    assert all(parse(body).status_code == 200 for body in BODIES)
    return for_each(parse)


def powertools(_: Setting) -> Contestant:
    """Its parser and its model of SNS; of SES it has models for receipt rules alone, so the events' are our own."""
    from aws_lambda_powertools.utilities.parser import parse
    from aws_lambda_powertools.utilities.parser.models import SnsNotificationModel

    from .powertools_models import TrackingEvent

    def typed(body: bytes) -> Any:
        return parse(parse(body.decode(), SnsNotificationModel).Message, TrackingEvent)

    assert {type(typed(body)).__name__ for body in BODIES} >= {"Bounced", "Clicked", "Delivered"}
    return for_each(typed)


def inbound_mail() -> tuple[Sample, bytes]:
    """A mail of 30 kB, and the body of SNS that brings it."""
    files = (File("photo.png", "image/png", noise(15 * KB)),)
    sample = Sample("Help", filled(PLAIN, 3 * KB), in_html(PLAIN, 5 * KB), files=files)
    content = base64.b64encode(stdlib_mail(sample)).decode()
    return sample, json.dumps(sns_message(json.dumps(received(content=content)))).encode()


def check_inbound(sample: Sample, subject: Any, text: Any, html: Any, contents: Any) -> None:
    assert subject == sample.subject
    assert text.splitlines() == sample.text.splitlines()
    assert html.splitlines() == sample.html.splitlines()
    assert contents == [file.content for file in sample.files]


def our_inbound(_: Setting) -> Contestant:
    sample, body = inbound_mail()

    def read() -> Any:
        (event,) = sesmail.parse(body)
        assert isinstance(event, sesmail.Received)
        assert event.content is not None
        mail = sesmail.read_mail(base64.b64decode(event.content))
        return mail.subject, mail.text, mail.html, [item.content for item in mail.attachments]

    check_inbound(sample, *read())
    return timed(read)


def anymail_inbound(_: Setting) -> Contestant:
    from .django_peers import set_up

    set_up()
    from anymail.webhooks.amazon_ses import AmazonSESInboundWebhookView

    sample, body = inbound_mail()
    view: Any = AmazonSESInboundWebhookView()

    def read() -> Any:
        (event,) = view.parse_events(request_of(body))
        mail = event.message
        return (
            mail.subject,
            mail.text,
            mail.html,
            [item.get_content_bytes() for item in mail.attachments],
        )

    check_inbound(sample, *read())
    return timed(read)


COMPARISONS = [
    Comparison(
        "parse ten tracking events",
        {
            "sesmail": ours,
            "json.loads twice": json_twice,
            "django-anymail": anymail,
            "django-ses": django_ses,
            "powertools": powertools,
        },
        [
            within("json.loads twice", 1),
            faster("django-anymail", 1.5),
            faster("django-ses", 1.6),
            faster("powertools", 1.7),
        ],
    ),
    Comparison(
        "parse a received mail of 30 kB",
        {"sesmail": our_inbound, "django-anymail": anymail_inbound},
        [faster("django-anymail", 9)],
    ),
]
