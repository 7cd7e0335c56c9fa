"""SES's events and mails in a Django app, under ASGI: uvicorn --app-dir examples receive_django:application

SNS_SECRET is the user:password of the URL that SNS posts to, SNS_TOPICS the ARNs of its topics.
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
suppressed: dict[str, str] = {}  # stands for a model
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)  # stands for a project
receiver = sesmail.Receiver(
    secret=os.environ["SNS_SECRET"], topics=os.environ["SNS_TOPICS"].split()
)


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
        log.log(
            logging.INFO if error.status == 401 else logging.WARNING, "%s", error
        )  # after 401 SNS sends the secret
        return HttpResponse(status=error.status, headers=error.headers)
    return HttpResponse(status=204)


urlpatterns = [path("ses", webhook)]
django = get_asgi_application()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "lifespan":  # which Django knows nothing of
        return await django(scope, receive, send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await receiver.aclose()
    await send({"type": "lifespan.shutdown.complete"})
