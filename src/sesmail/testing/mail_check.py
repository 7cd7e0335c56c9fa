"""Checks of a mail for what SES, mail programs and recipients object to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..sending.message.bulk_message import BulkMessage
from ..sending.message.inline_template import InlineTemplate
from ..sending.message.media_type import check_extension
from ..sending.message.message import Message
from ..sending.message.raw_message import RawMessage
from ..sending.message.template_message import TemplateMessage
from .html_check import HtmlContent, check_html, read_html
from .mail import SentMail
from .mail_problem import MailProblem
from .preview_page import previewed_mail

__all__ = ["check_mail"]

_MAX_SUBJECT = 70  # characters that mail programs on a desktop show
_MIN_PREHEADER = 40  # characters; lists of mails show up to about 130
_MAX_PREHEADER = 150

# {{name}}, {% if %}, <%= name %>, ${name}, %(name)s, *|NAME|*, {name}; each bounded.
_PLACEHOLDER = re.compile(
    r"\{\{[^{}]{0,100}\}\}|\{%.{0,100}?%\}|<%.{0,100}?%>|\$\{[^{}\s]{1,100}\}"
    r"|%\([A-Za-z_]\w{0,60}\)[sdrf]|\*\|[A-Z_:0-9]{1,60}\|\*|\{[A-Za-z_][\w.]{0,60}\}"
)
_NOTHING = re.compile(
    r"\b(?:dear|hello|hi|hey) (?:none|null|undefined|nan)\b|\[object Object\]", re.IGNORECASE
)
# SES replaces them:
# https://docs.aws.amazon.com/ses/latest/dg/sending-email-subscription-management.html
_OF_SES = re.compile(r"\{\{\s*amazonSESUnsubscribeUrl\s*\}\}")
_BULK_OPERATIONS = ("SendBulkEmail", "SendBulkTemplatedEmail")


def check_mail(
    message: Message | RawMessage | TemplateMessage | BulkMessage | SentMail,
    *,
    bulk: bool | None = None,
    template: InlineTemplate | None = None,
    recipient: int = 0,
) -> list[MailProblem]:
    """Checks a message, or a mail of the outbox, without sending it.

    It finds ``cid:`` URLs without an image, images without size, alternative text or https, links
    without https or destination, elements that mail programs remove, HTML beyond 102 KiB, a missing
    text part, subjects and preheaders that are missing or too long, attachments that SES refuses,
    placeholders that were not replaced, and bulk mail that can't be unsubscribed from.

    Args:
        message: The message, or a mail of the outbox.
        bulk: Whether it is bulk mail, which needs List-Unsubscribe. By default whether it is a
            ``BulkMessage`` or was sent by a bulk operation or with a contact list.
        template: As for ``preview``.
        recipient: As for ``preview``.

    Returns:
        The problems; empty if there are none. ``[each.text for each in ...]`` reads well.

    Raises:
        ConfigurationError: As for ``preview``.
        InvalidMessageError: As for ``preview``.
    """
    mail = message
    if not isinstance(mail, SentMail):
        mail = previewed_mail(mail, template=template, recipient=recipient)
    if mail.rendering_error is not None:
        text = f"the template can't be rendered: {mail.rendering_error}"
        return [MailProblem("not-rendered", "error", text)]
    return list(dict.fromkeys(_problems(mail, _is_bulk(mail) if bulk is None else bulk)))


def _is_bulk(mail: SentMail) -> bool:
    return mail.operation in _BULK_OPERATIONS or mail.contact_list is not None


def _problems(mail: SentMail, is_bulk: bool) -> Iterator[MailProblem]:
    html = mail.html
    content = None if html is None else read_html(html)
    yield from _subject_problems(mail.subject)
    if mail.text is None and html is not None:
        text = "there is no text part: add one, which some programs and filters expect"
        yield MailProblem("text-missing", "warning", text)
    if not (mail.text or html or "").strip():
        yield MailProblem("body-missing", "warning", "the mail has neither text nor HTML")
    if html is not None and content is not None:
        yield from check_html(html, content, mail.parsed.inline)
        yield from _preheader_problems(content, mail.subject)
    yield from _placeholder_problems(mail, content)
    for item in mail.attachments:
        try:
            check_extension(item.file_name)
        except ValueError as err:
            yield MailProblem("attachment-refused", "error", f"{item.file_name}: {err}")
    if is_bulk:
        yield from _unsubscribe_problems(mail)


def _subject_problems(subject: str | None) -> Iterator[MailProblem]:
    if not (subject or "").strip():
        yield MailProblem("subject-missing", "error", "the subject is empty")
    elif len(subject or "") > _MAX_SUBJECT:
        text = (
            f"the subject has {len(subject or '')} characters: "
            f"lists of mails show about {_MAX_SUBJECT}"
        )
        yield MailProblem("subject-long", "advice", text)


def _preheader_problems(content: HtmlContent, subject: str | None) -> Iterator[MailProblem]:
    """Checks the first text, which lists of mails show after the subject."""
    shown = " ".join(" ".join(content.texts).split())
    hidden = " ".join(" ".join(content.hidden).split())
    if len(shown) < _MIN_PREHEADER:
        text = (
            f"the preheader, the first text of the HTML, has {len(shown)} characters: "
            f"lists of mails show {_MIN_PREHEADER} or more"
        )
        yield MailProblem("preheader-short", "advice", text)
    elif subject and shown.startswith(subject):
        text = "the preheader, the first text of the HTML, repeats the subject"
        yield MailProblem("preheader-repeats", "advice", text)
    if len(hidden) > _MAX_PREHEADER and shown.startswith(hidden[:_MAX_PREHEADER]):
        text = (
            f"the hidden preheader has {len(hidden)} characters: lists of mails show at most "
            f"{_MAX_PREHEADER}"
        )
        yield MailProblem("preheader-long", "advice", text)


def _placeholder_problems(mail: SentMail, content: HtmlContent | None) -> Iterator[MailProblem]:
    places = [("subject", [mail.subject or ""]), ("text", [mail.text or ""])]
    if content is not None:
        places.append(("HTML", [*content.texts, *content.attributes]))
    for place, texts in places:
        for text in texts:
            kept = _OF_SES.sub("", text)
            for found in (*_PLACEHOLDER.findall(kept), *_NOTHING.findall(kept)):
                problem = f"the {place} contains {found!r}, which was not replaced by a value"
                yield MailProblem("placeholder", "error", problem)


def _unsubscribe_problems(mail: SentMail) -> Iterator[MailProblem]:
    """Checks the header fields that Gmail and Yahoo require of bulk senders.

    https://support.google.com/a/answer/81126
    """
    if "List-Unsubscribe" not in mail.headers:
        text = "bulk mail needs List-Unsubscribe: give unsubscribe= or list_management="
        yield MailProblem("unsubscribe-missing", "error", text)
    elif "List-Unsubscribe-Post" not in mail.headers:
        text = "bulk mail needs List-Unsubscribe-Post for one-click unsubscribing (RFC 8058)"
        yield MailProblem("unsubscribe-missing", "warning", text)
