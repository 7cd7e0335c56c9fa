"""Operations that send ready-made MIME."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...receiving.inbound.mail import InboundMail, read_mail
from ..api_errors import bad_request
from ..draft import Addresses, Draft
from ..mailboxes import mailbox_text
from ..raw_checks import check_headers, header_senders
from ..service import Handler, SesService
from .fields import common_v2, destination, pairs

__all__ = ["HANDLERS", "send_raw_v2"]

_SET_HEADER = "X-SES-CONFIGURATION-SET"
_TAGS_HEADER = "X-SES-MESSAGE-TAGS"


def send_raw_v2(service: SesService, params: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """Sends the ``Content.Raw`` of SendEmail."""
    mail = _read(raw)
    common = common_v2(params, "SendEmail")
    common["configuration_set"] = common["configuration_set"] or mail.headers.get(_SET_HEADER)
    common["message_tags"] = common["message_tags"] or _header_tags(mail)
    draft = Draft(
        **common,
        from_email=params.get("FromEmailAddress") or _author(mail),
        addresses=destination(params) if params.get("Destination") else _recipients(mail),
        build=lambda: raw,
        header_senders=header_senders(mail),
    )
    return {"MessageId": service.accept(draft).message_id}


def _send_raw_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    raw: bytes = params["RawMessage"]["Data"]
    mail = _read(raw)
    given: Sequence[str] | None = params.get("Destinations")
    draft = Draft(
        api="v1",
        operation="SendRawEmail",
        from_email=_author(mail),
        addresses=Addresses(given) if given else _recipients(mail),
        return_path=params.get("Source"),
        is_delegated="SourceArn" in params or "FromArn" in params,
        configuration_set=params.get("ConfigurationSetName") or mail.headers.get(_SET_HEADER),
        message_tags=pairs(params.get("Tags")) or _header_tags(mail),
        build=lambda: raw,
        header_senders=header_senders(mail),
    )
    return {"MessageId": service.accept(draft).message_id}


def _read(raw: bytes) -> InboundMail:
    mail = read_mail(raw)
    check_headers(mail)
    return mail


def _author(mail: InboundMail) -> str:
    if not mail.from_:
        raise bad_request("Missing required header 'From'.")
    return mailbox_text(mail.from_[0])


def _recipients(mail: InboundMail) -> Addresses:
    """Returns the recipients in the headers."""
    bcc = [each.strip() for field in mail.headers.get_all("Bcc") for each in field.split(",")]
    return Addresses(
        list(map(mailbox_text, mail.to)),
        list(map(mailbox_text, mail.cc)),
        [each for each in bcc if each],
    )


def _header_tags(mail: InboundMail) -> list[tuple[str, str]]:
    """Returns the tags in a header, such as ``campaign=spring, kind=news``."""
    fields = [each for each in (mail.headers.get(_TAGS_HEADER) or "").split(",") if each.strip()]
    split = [each.partition("=") for each in fields]
    return [(name.strip(), value.strip()) for name, _, value in split]


HANDLERS: dict[str, dict[str, Handler]] = {"ses": {"SendRawEmail": _send_raw_v1}}
