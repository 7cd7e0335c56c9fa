"""Operations that send a template to many recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...sending.limits import MAX_RECIPIENTS
from ..api_errors import ApiError, bad_request
from ..checks import check_account
from ..compose import compose
from ..draft import Draft
from ..rendering import find_template, merged, read_data, rendered
from ..service import Handler, SesService
from .fields import (
    common_v2,
    destination,
    header_pairs,
    merged_headers,
    merged_tags,
    required_sender,
)

__all__ = ["HANDLERS"]


def _send_bulk_email(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    chosen: Mapping[str, Any] = params["DefaultContent"].get("Template", {})
    template = find_template(service.state, chosen)
    defaults = read_data(chosen.get("TemplateData"))
    headers = header_pairs(chosen.get("Headers"))
    sender = required_sender(params, "FromEmailAddress")
    common = common_v2(params, "SendBulkEmail")

    def draft(entry: Mapping[str, Any]) -> Draft:
        replacement: Mapping[str, Any] = entry.get("ReplacementEmailContent", {})
        own = replacement.get("ReplacementTemplate", {}).get("ReplacementTemplateData")
        data = merged(defaults, read_data(own))
        merged_fields = merged_headers(headers, header_pairs(entry.get("ReplacementHeaders")))
        addresses = destination(entry)
        tags = merged_tags(params.get("DefaultEmailTags"), entry.get("ReplacementTags"))
        fields: dict[str, Any] = {**common, "message_tags": tags}
        return Draft(
            **fields,
            from_email=sender,
            addresses=addresses,
            template=template.name or None,
            template_data=data,
            build=lambda: compose(
                rendered(
                    template,
                    data,
                    headers=merged_fields,
                    attachments=chosen.get("Attachments", ()),
                ),
                from_email=sender,
                addresses=addresses,
                reply_to=params.get("ReplyToAddresses", ()),
            ),
        )

    entries: Sequence[Mapping[str, Any]] = params["BulkEmailEntries"]
    return {"BulkEmailEntryResults": _results(service, entries, draft, "v2")}


def _send_bulk_templated(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    names = {"TemplateName": params["Template"], "TemplateArn": params.get("TemplateArn")}
    template = find_template(service.state, names)
    defaults = read_data(params["DefaultTemplateData"])

    def draft(entry: Mapping[str, Any]) -> Draft:
        data = merged(defaults, read_data(entry.get("ReplacementTemplateData")))
        addresses = destination(entry)
        return Draft(
            api="v1",
            operation="SendBulkTemplatedEmail",
            from_email=params["Source"],
            addresses=addresses,
            return_path=params.get("ReturnPath"),
            is_delegated="SourceArn" in params,
            configuration_set=params.get("ConfigurationSetName"),
            message_tags=merged_tags(params.get("DefaultTags"), entry.get("ReplacementTags")),
            template=template.name,
            template_data=data,
            build=lambda: compose(
                rendered(template, data),
                from_email=params["Source"],
                addresses=addresses,
                reply_to=params.get("ReplyToAddresses", ()),
            ),
        )

    return {"Status": _results(service, params["Destinations"], draft, "v1")}


def _results(
    service: SesService, entries: Sequence[Mapping[str, Any]], draft: Any, api: str
) -> list[dict[str, Any]]:
    """Returns status, message id and error of each entry."""
    check_account(service.state)
    count = sum(len(destination(entry)) for entry in entries)
    if not entries or count > MAX_RECIPIENTS:
        raise bad_request(f"Recipient count must be 1 to {MAX_RECIPIENTS}.")
    results: list[dict[str, Any]] = []
    for entry in entries:
        try:
            mail = service.accept(draft(entry))
        except ApiError as err:
            status = err.kind.bulk_v1 if api == "v1" else err.kind.bulk_v2
            results.append({"Status": status, "Error": err.text})
        else:
            status = "Success" if api == "v1" else "SUCCESS"
            results.append({"Status": status, "MessageId": mail.message_id})
    return results


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {"SendBulkEmail": _send_bulk_email},
    "ses": {"SendBulkTemplatedEmail": _send_bulk_templated},
}
