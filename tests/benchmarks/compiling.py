"""Building: from a message to the parameters of the API call, which isn't sent."""

import base64
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import sesmail
from sesmail.sending.payload import v2

from .comparison import Comparison, Options, PeerMissingError, Round, Setup, cpu_of
from .django_peers import django_message, set_up_django
from .messages import (
    ASCII,
    AUTHOR,
    MB,
    UNICODE,
    Sample,
    check_mail,
    stdlib_mail,
    with_attachment,
    with_images,
)
from .processes import Worker


def sesmail_message(sample: Sample) -> sesmail.Message:
    return sesmail.Message(
        from_email=sample.author,
        to=sample.to,
        cc=sample.cc,
        subject=sample.subject,
        text=sample.text,
        html=sample.html,
        attachments=[
            sesmail.Attachment(
                file.name, file.content, file.media_type, content_id=file.content_id or None
            )
            for file in sample.files
        ],
        tags=[sample.tag] if sample.tag else [],
        metadata=sample.metadata,
    )


def raw_data(parameters: Any) -> bytes:
    """The mail in the parameters of SendEmail."""
    return bytes(parameters["Content"]["Raw"]["Data"])


def ours(sample: Callable[[], Sample], _: Options, *, model: bool = False) -> Round:
    """``model`` includes the creation of the message."""
    made = sample()
    message = sesmail_message(made)
    build = (lambda: v2.build(sesmail_message(made))) if model else (lambda: v2.build(message))
    check_mail(raw_data(build().params), made)
    return cpu_of(build)


def anymail_builder() -> Callable[[Any], Any]:
    set_up_django()
    from anymail.backends.amazon_ses import EmailBackend

    backend: Any = EmailBackend()

    def build(message: Any) -> Any:
        payload = backend.build_message_payload(message, backend.send_defaults)
        payload.finalize_payload()
        return payload.params

    return build


def anymail(sample: Callable[[], Sample], _: Options, *, model: bool = False) -> Round:
    """From Django's message to the parameters for boto3."""
    build, made = anymail_builder(), sample()
    create = partial(django_message, made, anymail=True)
    message = create()
    check_mail(raw_data(build(message)), made)
    return cpu_of((lambda: build(create())) if model else (lambda: build(message)))


def django_ses(sample: Callable[[], Sample], _: Options) -> Round:
    """From Django's message to the call of a boto3 client that does nothing."""
    set_up_django()
    from django_ses import SESBackend

    calls: list[Any] = []

    class Connection:
        def send_email(self, **params: Any) -> Any:
            calls[:] = [params]
            return {"MessageId": "", "ResponseMetadata": {"RequestId": ""}}

    backend: Any = SESBackend()
    backend.connection = Connection()
    made = sample()
    message = django_message(made, anymail=False)
    headers = message.extra_headers

    def build() -> None:
        message.extra_headers = dict(headers)  # the backend adds the message id to them
        backend.send_messages([message])

    build()
    check_mail(raw_data(calls[0]), made)
    return cpu_of(build)


def stdlib(sample: Callable[[], Sample], _: Options) -> Round:
    build = partial(stdlib_mail, sample())
    check_mail(build(), sample())
    return cpu_of(build)


def nodemailer(sample: Callable[[], Sample], options: Options) -> Round:
    """MailComposer of nodemailer, in a process of Node.js."""
    node, modules, made = shutil.which("node"), options.node_modules, sample()
    if node is None or modules is None or not (modules / "nodemailer").is_dir():
        raise PeerMissingError("nodemailer isn't installed")
    command = [node, str(Path(__file__).with_name("compose.cjs"))]
    worker = options.stack.enter_context(Worker(command, NODE_PATH=str(modules)))
    headers = {"X-Tag": made.tag, "X-Metadata": json.dumps(made.metadata)} if made.tag else {}
    message: dict[str, Any] = {
        **{"from": made.author, "to": made.to, "cc": made.cc, "subject": made.subject},
        **{"text": made.text, "html": made.html, "headers": headers},
    }
    message["attachments"] = [
        {
            "filename": file.name,
            "contentType": file.media_type,
            "content": base64.b64encode(file.content).decode(),
            **({"cid": file.content_id} if file.content_id else {}),
        }
        for file in made.files
    ]
    check_mail(base64.b64decode(worker.ask(json.dumps(message))["mail"]), made)
    return worker


PEERS: dict[str, Callable[[Callable[[], Sample], Options], Round]] = {
    "django-anymail": anymail,
    "django-ses": django_ses,
    "stdlib EmailMessage": stdlib,
    "nodemailer": nodemailer,
}


def with_peers(
    name: str, sample: Callable[[], Sample], *times: float, seconds: float = 0.05
) -> Comparison:
    contestants: dict[str, Setup] = {
        peer: partial(setup, sample) for peer, setup in {"sesmail": ours, **PEERS}.items()
    }
    aims = {(peer, "cpu"): aim for peer, aim in zip(PEERS, times, strict=True)}
    return Comparison(f"build {name}", contestants, aims, seconds=seconds)


def our_bulk(count: int, _: Options) -> Round:
    message = sesmail.BulkMessage(
        from_email=AUTHOR,
        template="Shipped",
        data={"day": "Tuesday"},
        recipients=[
            sesmail.Recipient(f"a{n}@example.com", data={"name": f"Alice {n}", "order": n})
            for n in range(count)
        ],
    )
    assert len(v2.build_bulk(message).params["BulkEmailEntries"]) == count
    return cpu_of(lambda: v2.build_bulk(message))


def anymail_bulk(count: int, _: Options) -> Round:
    build = anymail_builder()
    from anymail.message import AnymailMessage

    addresses = [f"a{n}@example.com" for n in range(count)]
    message: Any = AnymailMessage(from_email=AUTHOR, to=addresses)
    message.template_id = "Shipped"
    message.merge_global_data = {"day": "Tuesday"}
    message.merge_data = {
        address: {"name": f"Alice {n}", "order": n} for n, address in enumerate(addresses)
    }
    assert len(build(message)["BulkEmailEntries"]) == count
    return cpu_of(lambda: build(message))


def bulk(count: int, times: float) -> Comparison:
    contestants: dict[str, Setup] = {
        "sesmail": partial(our_bulk, count),
        "django-anymail": partial(anymail_bulk, count),
    }
    name = f"build a bulk message to {count:,}"
    return Comparison(name, contestants, {("django-anymail", "cpu"): times})


COMPARISONS = [
    with_peers("5 kB of text and HTML", lambda: ASCII, 10, 8, 20, 10),
    Comparison(
        "build 5 kB of text and HTML, model included",
        {
            "sesmail": partial(ours, lambda: ASCII, model=True),
            "django-anymail": partial(anymail, lambda: ASCII, model=True),
        },
        {("django-anymail", "cpu"): 8},
    ),
    with_peers("5 kB of Unicode", lambda: UNICODE, 15, 9, 35, 6),
    with_peers("3 images and 1 MB", with_images, 15, 14, 13, 1.7, seconds=0.2),
    with_peers("10 MB", partial(with_attachment, 10 * MB), 16, 16, 13, 1.3, seconds=0.3),
    bulk(5_000, 6),
]
