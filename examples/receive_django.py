"""Django webhook for SES events and inbound mail, an async view under ASGI.

Run: pip install django uvicorn 'sesmail[signatures]'
     uvicorn --app-dir examples receive_django:application

SNS_SECRET is the user:password in the URL of the subscription, SNS_TOPICS the ARNs of the topics,
separated by spaces.
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

SECRET = os.environ["SNS_SECRET"]
TOPICS = os.environ["SNS_TOPICS"].split()
log = logging.getLogger("shop.mail")
suppressed: dict[str, str] = {}  # in an application: a model
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)  # in an application: a project
receiver = sesmail.Receiver(secret=SECRET, topics=TOPICS)


@csrf_exempt
async def webhook(request: HttpRequest) -> HttpResponse:
    try:
        # Django limits the size of a body to 2.5 MB (DATA_UPLOAD_MAX_MEMORY_SIZE).
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
        # 401 is part of each subscription: SNS sends the secret after it.
        log.log(logging.INFO if error.status == 401 else logging.WARNING, "%s", error)
        return HttpResponse(status=error.status, headers=error.headers)
    return HttpResponse(status=204)


urlpatterns = [path("ses", webhook)]
django = get_asgi_application()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "lifespan":  # Django doesn't support ASGI's lifespan
        return await django(scope, receive, send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await receiver.aclose()
    await send({"type": "lifespan.shutdown.complete"})
