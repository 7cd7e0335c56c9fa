"""Operations that send one mail of a subject and bodies, or of a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..api_errors import bad_request
from ..compose import Content, compose
from ..draft import Draft
from ..rendering import find_template, merged, read_data, rendered
from ..service import Handler, SesService
from .fields import common_v2, destination, header_pairs, pairs, required_sender
from .raw import send_raw_v2

__all__ = ["HANDLERS"]


def _send_email_v2(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    content: Mapping[str, Any] = params["Content"]
    if len(content) != 1:
        raise bad_request("Content must have exactly one of Simple, Raw and Template.")
    if "Raw" in content:
        return send_raw_v2(service, params, content["Raw"]["Data"])
    make = _simple if "Simple" in content else _template
    return {"MessageId": service.accept(make(service, params)).message_id}


def _simple(_: SesService, params: dict[str, Any]) -> Draft:
    simple: Mapping[str, Any] = params["Content"]["Simple"]
    content = Content(
        subject=simple["Subject"]["Data"],
        text=_data(simple["Body"], "Text"),
        html=_data(simple["Body"], "Html"),
        headers=header_pairs(simple.get("Headers")),
        attachments=simple.get("Attachments", ()),
    )
    if content.text is None and content.html is None:
        raise bad_request("The body must have a Text or an Html part.")
    sender, addresses = required_sender(params, "FromEmailAddress"), destination(params)
    reply_to = params.get("ReplyToAddresses", ())
    return Draft(
        **common_v2(params, "SendEmail"),
        from_email=sender,
        addresses=addresses,
        build=lambda: compose(
            content,
            from_email=sender,
            addresses=addresses,
            reply_to=reply_to,
        ),
    )


def _template(service: SesService, params: dict[str, Any]) -> Draft:
    chosen: Mapping[str, Any] = params["Content"]["Template"]
    template = find_template(service.state, chosen)
    data = read_data(chosen.get("TemplateData"))
    sender, addresses = required_sender(params, "FromEmailAddress"), destination(params)
    headers = header_pairs(chosen.get("Headers"))
    attachments = chosen.get("Attachments", ())
    reply_to = params.get("ReplyToAddresses", ())
    return Draft(
        **common_v2(params, "SendEmail"),
        from_email=sender,
        addresses=addresses,
        template=template.name or None,
        template_data=data,
        build=lambda: compose(
            rendered(template, data, headers=headers, attachments=attachments),
            from_email=sender,
            addresses=addresses,
            reply_to=reply_to,
        ),
    )


def _send_email_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    message: Mapping[str, Any] = params["Message"]
    content = Content(
        subject=message["Subject"]["Data"],
        text=_data(message["Body"], "Text"),
        html=_data(message["Body"], "Html"),
    )
    return _accept_v1(service, params, "SendEmail", lambda: content)


def _send_templated(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    names = {"TemplateName": params["Template"], "TemplateArn": params.get("TemplateArn")}
    template = find_template(service.state, names)
    data = merged({}, read_data(params["TemplateData"]))
    return _accept_v1(
        service,
        params,
        "SendTemplatedEmail",
        lambda: rendered(template, data),
        template=template.name,
        template_data=data,
    )


def _accept_v1(
    service: SesService,
    params: dict[str, Any],
    operation: str,
    make: Callable[[], Content],
    **more: Any,
) -> dict[str, Any]:
    sender, addresses = params["Source"], destination(params)
    reply_to = params.get("ReplyToAddresses", ())
    draft = Draft(
        api="v1",
        operation=operation,
        from_email=sender,
        addresses=addresses,
        return_path=params.get("ReturnPath"),
        is_delegated="SourceArn" in params,
        configuration_set=params.get("ConfigurationSetName"),
        message_tags=pairs(params.get("Tags")),
        build=lambda: compose(make(), from_email=sender, addresses=addresses, reply_to=reply_to),
        **more,
    )
    return {"MessageId": service.accept(draft).message_id}


def _data(body: Mapping[str, Any], part: str) -> str | None:
    found: Mapping[str, str] | None = body.get(part)
    return None if found is None else found["Data"]


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {"SendEmail": _send_email_v2},
    "ses": {"SendEmail": _send_email_v1, "SendTemplatedEmail": _send_templated},
}
