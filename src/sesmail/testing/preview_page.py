"""A message, or an accepted mail, as one HTML page."""

from __future__ import annotations

from html import escape
from typing import Any

from ..errors import ConfigurationError, InvalidMessageError
from ..receiving.transports.json_body import is_object
from ..sending.message.bulk_message import BulkMessage
from ..sending.message.inline_template import InlineTemplate
from ..sending.message.message import Message
from ..sending.message.raw_message import RawMessage
from ..sending.message.template_message import TemplateMessage
from ..sending.payload.dialect import dialect_of
from .api_errors import ApiError
from .mail import SentMail
from .operations import OPERATIONS
from .service import SesService
from .settings import DEFAULT_SET
from .state import ConfigurationSet, ContactList, State, Template, Tenant

__all__ = ["preview", "previewed_mail"]

# The frame has no origin and no scripts, and inherits the policy: nothing remote is loaded.
# https://html.spec.whatwg.org/multipage/iframe-embed-object.html#attr-iframe-sandbox
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"
_STYLE = (
    "body{font:15px system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em}"
    "th{text-align:left;padding-right:1em;vertical-align:top}"
    "iframe{width:100%;height:40em;border:1px solid #888;background:#fff}"
    "pre{white-space:pre-wrap;border:1px solid #888;padding:1em}"
)


def preview(
    message: Message | RawMessage | TemplateMessage | BulkMessage | SentMail,
    *,
    template: InlineTemplate | None = None,
    recipient: int = 0,
) -> str:
    """Returns a message as one HTML page, with inline images embedded.

    Args:
        message: The message, or a mail of the outbox.
        template: The template, required if the message only has the name of one.
        recipient: Index of the recipient of a ``BulkMessage``.

    Raises:
        ConfigurationError: The template or recipient is missing.
        InvalidMessageError: The message can't be sent, or its data lack a value.
    """
    if isinstance(message, SentMail):
        return _page(message)
    return _page(previewed_mail(message, template=template, recipient=recipient))


def previewed_mail(
    message: Message | RawMessage | TemplateMessage | BulkMessage,
    *,
    template: InlineTemplate | None = None,
    recipient: int = 0,
) -> SentMail:
    """Sends a message to a service that accepts everything, and returns its mail.

    Args:
        message: The message.
        template: As for ``preview``.
        recipient: As for ``preview``.

    Raises:
        ConfigurationError: As for ``preview``.
        InvalidMessageError: As for ``preview``.
    """
    service = SesService(State("eu-west-1", "123456789012"), is_strict=False)
    _prepare(service.state, message, template)
    if isinstance(message, BulkMessage):
        if not 0 <= recipient < len(message.recipients):
            raise ConfigurationError(
                f"recipient must be 0 to {len(message.recipients) - 1}, not {recipient}"
            )
        message = message.replace(recipients=[message.recipients[recipient]])
        call = dialect_of("v2").build_bulk(message)
    else:
        call = dialect_of("v2").build(message)
    try:
        OPERATIONS["sesv2", call.operation](service, _without_none(call.params))
        (mail,) = service.state.mails
    except (ApiError, ValueError) as err:
        raise InvalidMessageError(f"SES would refuse it: {err}", field="message") from err
    if mail.rendering_error is not None:
        raise InvalidMessageError(
            f"the template can't be rendered: {mail.rendering_error}", field="data"
        )
    return mail


def _prepare(state: State, message: Any, template: InlineTemplate | None) -> None:
    """Creates what the message names."""
    name = message.configuration_set or DEFAULT_SET
    state.configuration_sets[name] = ConfigurationSet(name)
    if message.tenant:
        state.tenants[message.tenant] = Tenant(message.tenant, "1")
    management = getattr(message, "list_management", None)
    if management is not None:
        contacts = ContactList(management.contact_list)
        if management.topic is not None:
            contacts.topics[management.topic] = {}
        state.contact_lists[contacts.name] = contacts
    named = getattr(message, "template", None)
    if isinstance(named, str):
        if template is None:
            raise ConfigurationError(
                f"the message only has the name {named!r}: pass template=InlineTemplate(...)"
            )
        name = named.rpartition("template/")[2]
        state.templates[name] = Template(
            name, template.subject, template.text or "", template.html or ""
        )


def _without_none(value: Any) -> Any:
    """Returns the parameters as a server decodes them."""
    if is_object(value):
        return {
            key: _without_none(item) for key, item in value.items() if item not in (None, [], {})
        }
    return value


def _page(mail: SentMail) -> str:
    fields = [
        ("From", mail.from_email),
        ("To", ", ".join(mail.to)),
        ("Cc", ", ".join(mail.cc)),
        ("Bcc", ", ".join(mail.bcc)),
        ("Subject", mail.subject or ""),
        ("Attachments", ", ".join(item.file_name for item in mail.attachments)),
    ]
    rows = "".join(f"<tr><th>{name}<td>{escape(value)}" for name, value in fields if value)
    html = mail.html_with_images
    frame = "" if html is None else f'<iframe sandbox srcdoc="{escape(html)}"></iframe>'
    text = "" if mail.text is None else f"<pre>{escape(mail.text)}</pre>"
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(mail.subject or '')}</title><style>{_STYLE}</style></head>"
        f"<body><table>{rows}</table>{frame}{text}</body></html>"
    )
