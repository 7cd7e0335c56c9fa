"""Django view that queues a mail in the transaction of its request; a worker sends it.

Run: pip install django 'sesmail[sql]'; python examples/outbox_django.py runserver
and, as the worker: DATABASE_URL=sqlite+aiosqlite:///shop.db python examples/outbox_worker.py

With PGDATABASE in the environment it uses PostgreSQL instead of SQLite.
"""

import os
import sys

import django
from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from sqlalchemy import Executable

import sesmail
import sesmail.sql

outbox = sesmail.sql.Outbox()


def execute(statement: Executable) -> int:
    """Executes a statement of the outbox on Django's connection; returns the row count."""
    with connection.cursor() as cursor:
        for sql, parameters in outbox.sql(statement, connection.vendor):
            cursor.execute(sql, parameters)
        return int(cursor.rowcount)


@csrf_exempt  # for the example: a real form has the token
def order(request: HttpRequest) -> HttpResponse:
    number = request.POST["number"]
    message = sesmail.Message(
        from_email="Shop <shop@example.com>",
        to=request.POST["email"],
        subject="Your order",
        text="It is on its way.",
    )
    with transaction.atomic():
        # Order.objects.create(number=number, ...)
        execute(outbox.insert(message, send_id=f"order-{number}", existing="skip"))
        if request.POST.get("fails"):
            raise RuntimeError("the transaction is rolled back, and so is the mail")
    return HttpResponse(status=201)


def create_tables() -> None:
    """Creates the tables; in an application, migrations.RunSQL does."""
    if "sesmail_outbox" in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in outbox.ddl(connection.vendor):
            cursor.execute(statement)


urlpatterns = [path("order", order)]

if not settings.configured:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.db"}
    if "PGDATABASE" in os.environ:
        database = {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}
    settings.configure(
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="for the example",
        DATABASES={"default": database},
    )
    django.setup()

if __name__ == "__main__":
    create_tables()
    execute_from_command_line(sys.argv)
