"""Webhook for SES events and received mail in a Django app under ASGI.

Run it with: uvicorn --app-dir examples receive_django:application
SNS_SECRET is user:password of the subscription's URL, SNS_TOPICS the ARNs of the topics.
"""

import logging
import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

import sesmail

log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # use a model instead
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)  # use a project instead
topics = os.environ["SNS_TOPICS"].split()
receiver = sesmail.Receiver(secret=os.environ["SNS_SECRET"], topics=topics)


@csrf_exempt
async def webhook(request: HttpRequest) -> HttpResponse:
    try:
        for event in await receiver.receive(request.body, request.headers):
            match event:
                case sesmail.Bounced(permanent=True) | sesmail.Complained(is_spam=True):
                    suppressed[event.recipient] = event.kind
                case sesmail.Received():
                    mail = await receiver.fetch(event)
                    log.info("mail from %s: %s", event.source, mail.subject)
                case _:
                    pass
    except sesmail.WebhookError as error:
        level = (
            logging.INFO if error.status == 401 else logging.WARNING
        )  # SNS sends no secret at first
        log.log(level, "%s", error)
        return HttpResponse(status=error.status, headers=error.headers)
    return HttpResponse(status=204)


urlpatterns = [path("ses", webhook)]
django = get_asgi_application()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "lifespan":  # Django's ASGI handler refuses it
        return await django(scope, receive, send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await receiver.aclose()
    await send({"type": "lifespan.shutdown.complete"})
