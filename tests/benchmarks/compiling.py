"""Compile: from a message to the call, without sending it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import sesmail
from sesmail.sending.payload import v2

from .contest import Comparison, Contestant, Maker, Setting, faster, timed
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
from .worker import node_worker


def model_of(sample: Sample) -> sesmail.Message:
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


def mail_in(params: Any) -> bytes:
    """The mail in a call of SES v2."""
    return bytes(params["Content"]["Raw"]["Data"])


def compiler(
    build: Callable[[], bytes], sample: Sample, action: Callable[[], object]
) -> Contestant:
    """An action that is timed, whose mail is the sample."""
    check_mail(build(), sample)
    return timed(action)


def ours(sample: Sample, _: Setting, *, model: bool = False) -> Contestant:
    """From the model to the call, or with the model's making."""
    message = model_of(sample)
    action = (lambda: v2.build(model_of(sample))) if model else (lambda: v2.build(message))
    return compiler(lambda: mail_in(action().params), sample, action)


def anymail(sample: Sample, _: Setting, *, model: bool = False) -> Contestant:
    """From Django's message to the parameters for boto3, or with the message's making."""
    from .django_peers import message_of, set_up

    set_up()
    from anymail.backends.amazon_ses import EmailBackend

    backend: Any = EmailBackend()
    made = message_of(sample, anymail=True)

    def build() -> Any:
        message = message_of(sample, anymail=True) if model else made
        payload = backend.build_message_payload(message, backend.send_defaults)
        payload.finalize_payload()
        return payload.params

    return compiler(lambda: mail_in(build()), sample, build)


def django_ses(sample: Sample, _: Setting) -> Contestant:
    """From Django's message to the parameters for boto3, whose client does nothing."""
    from .django_peers import message_of, set_up

    set_up()
    from django_ses import SESBackend

    calls: list[Any] = []

    class Connection:
        def send_email(self, **params: Any) -> Any:
            calls[:] = [params]
            return {"MessageId": "", "ResponseMetadata": {"RequestId": ""}}

    backend: Any = SESBackend()
    backend.connection = Connection()
    message = message_of(sample, anymail=False)
    headers = message.extra_headers

    def build() -> Any:
        message.extra_headers = dict(headers)  # into which it writes the answer
        backend.send_messages([message])
        return calls[0]

    return compiler(lambda: mail_in(build()), sample, build)


def stdlib(sample: Sample, _: Setting) -> Contestant:
    """EmailMessage, made and written."""
    build = partial(stdlib_mail, sample)
    return compiler(build, sample, build)


def nodemailer(sample: Sample, setting: Setting) -> Contestant:
    """MailComposer, in a process of Node's."""
    worker, mail = node_worker(sample, setting)
    check_mail(mail, sample)
    return worker


def against_four(
    name: str, make: Callable[[], Sample], *times: float, fill: float = 0.05
) -> Comparison:
    peers = {
        "django-anymail": anymail,
        "django-ses": django_ses,
        "stdlib EmailMessage": stdlib,
        "nodemailer": nodemailer,
    }

    def maker(build: Callable[[Sample, Setting], Contestant]) -> Maker:
        return lambda setting: build(make(), setting)

    aims = [faster(peer, each) for peer, each in zip(peers, times, strict=True)]
    contestants = {peer: maker(build) for peer, build in {"sesmail": ours, **peers}.items()}
    return Comparison(f"compile {name}", contestants, aims, fill)


def our_bulk(count: int, _: Setting) -> Contestant:
    message = sesmail.BulkMessage(
        from_email=AUTHOR,
        template="Shipped",
        data={"day": "Tuesday"},
        recipients=[
            sesmail.Recipient(
                f"a{number}@example.com", data={"name": f"Alice {number}", "order": number}
            )
            for number in range(count)
        ],
    )
    assert len(v2.build_bulk(message).params["BulkEmailEntries"]) == count
    return timed(lambda: v2.build_bulk(message))


def anymail_bulk(count: int, _: Setting) -> Contestant:
    from .django_peers import set_up

    set_up()
    from anymail.backends.amazon_ses import EmailBackend
    from anymail.message import AnymailMessage

    backend: Any = EmailBackend()
    message: Any = AnymailMessage(
        from_email=AUTHOR, to=[f"a{number}@example.com" for number in range(count)]
    )
    message.template_id = "Shipped"
    message.merge_global_data = {"day": "Tuesday"}
    message.merge_data = {
        f"a{n}@example.com": {"name": f"Alice {n}", "order": n} for n in range(count)
    }

    def build() -> Any:
        payload = backend.build_message_payload(message, backend.send_defaults)
        payload.finalize_payload()
        return payload.params

    assert len(build()["BulkEmailEntries"]) == count
    return timed(build)


def bulk(count: int, times: float) -> Comparison:
    contestants: dict[str, Maker] = {
        "sesmail": partial(our_bulk, count),
        "django-anymail": partial(anymail_bulk, count),
    }
    return Comparison(
        f"compile a bulk message to {count:,}", contestants, [faster("django-anymail", times)]
    )


COMPARISONS = [
    against_four("5 kB of text and html", lambda: ASCII, 30, 20, 50, 10),
    Comparison(
        "compile 5 kB of text and html, model included",
        {
            "sesmail": partial(ours, ASCII, model=True),
            "django-anymail": partial(anymail, ASCII, model=True),
        },
        [faster("django-anymail", 20)],
    ),
    against_four("5 kB of unicode", lambda: UNICODE, 25, 12, 50, 6),
    against_four("3 images and 1 MB", with_images, 20, 18, 15, 1.7, fill=0.2),
    against_four("10 MB", lambda: with_attachment(10 * MB), 18, 18, 13, 1.5, fill=0.3),
    bulk(50, 9),
    bulk(5_000, 6),
]
