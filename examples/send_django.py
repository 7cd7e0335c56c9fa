"""Django view that sends with a BlockingClient, shared by all threads and worker processes.

Run: pip install django; python examples/send_django.py runserver

Credentials, region and, for a test server, AWS_ENDPOINT_URL come from the environment.
"""

import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

import sesmail

client = sesmail.BlockingClient(
    timeout=10,
    retry=sesmail.RetryPolicy(attempts=2),
    defaults=sesmail.Message(from_email="Shop <shop@example.com>"),
)


@csrf_exempt  # for the example: a real form has the token
def reset_password(request: HttpRequest) -> HttpResponse:
    message = sesmail.Message(
        to=request.POST["email"], subject="Reset your password", text="https://example.com/reset"
    )
    try:
        result = client.send(message)
    except sesmail.SendError as error:
        return HttpResponse(f"try again: {error.outcome}", status=503)
    return HttpResponse(result.message_id)


urlpatterns = [path("reset", reset_password)]

if not settings.configured:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="for the example")
    django.setup()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
