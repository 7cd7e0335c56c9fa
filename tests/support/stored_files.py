"""Responses of S3, and messages whose attachments are in S3."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sesmail import Attachment, BulkMessage, InlineTemplate, Message, Recipient, TemplateMessage
from support import responses
from support.faults import Connection, Request, Response

BUCKET = "shop-files"
BULK_ANSWER = [("SUCCESS", "id-1"), ("SUCCESS", "id-2")]


def stored(key: str = "a.pdf", **options: Any) -> Attachment:
    """Returns an attachment that is in S3."""
    return Attachment.from_s3(BUCKET, key, **options)


def order(*attachments: Attachment, **fields: Any) -> Message:
    """Returns a message with attachments."""
    return Message(
        from_email="shop@example.com",
        to="alice@example.com",
        text="Your invoice.",
        attachments=attachments or [stored()],
    ).replace(**fields)


def shipped(*attachments: Attachment) -> TemplateMessage:
    """Returns a templated message with attachments."""
    return TemplateMessage(
        from_email="shop@example.com",
        to="alice@example.com",
        template=InlineTemplate(subject="Shipped", text="Hello"),
        attachments=attachments or [stored()],
    )


def news(*attachments: Attachment, recipients: int = 2) -> BulkMessage:
    """Returns a bulk message with attachments."""
    return BulkMessage(
        from_email="shop@example.com",
        template=InlineTemplate(subject="News", text="Hello"),
        attachments=attachments or [stored()],
        recipients=[Recipient(f"user{number}@example.com") for number in range(recipients)],
    )


def file(content: bytes = b"%PDF-1.7", **headers: str) -> Response:
    """Responds with an object."""
    return responses.raw(200, {"ETag": '"1"', **headers}, content)


def files(contents: Mapping[str, bytes]) -> Callable[[Request], Response]:
    """Responds with the object of the key of each request."""

    def choose(request: Request) -> Response:
        key = urlsplit(request.target).path.removeprefix(f"/{BUCKET}/")  # httpx sends the URL
        return file(contents[key]) if key in contents else s3_error(404, "NoSuchKey")

    return choose


def s3_error(status: int, code: str, text: str = "No.") -> Response:
    """Responds with an error of S3."""
    body = "".join(
        responses.element(name, value)
        for name, value in (("Code", code), ("Message", text), ("RequestId", "A1"))
    )
    return responses.raw(status, {"x-amz-request-id": "A1"}, f"<Error>{body}</Error>".encode())


def announced(size: int) -> Response:
    """Announces an object of this size, and sends nothing of it."""

    def act(connection: Connection, _: Request) -> None:
        connection.respond(200, {}, b"", missing=size)
        connection.wait_for_client()

    return Response(act)


def half_a_file(content: bytes = b"%PDF-1.7") -> Response:
    """Sends a part of an object, and closes the connection."""

    def act(connection: Connection, _: Request) -> None:
        connection.respond(200, {}, content[:4], missing=len(content) - 4)
        connection.close()

    return Response(act)
