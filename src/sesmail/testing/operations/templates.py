"""Operations on stored templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..api_errors import (
    INVALID_TEMPLATE,
    LIMIT,
    RENDERING_MISSING,
    TEMPLATE_MISSING,
    ApiError,
    exists,
    missing,
)
from ..compose import rendered_text
from ..handlebars import RenderingError
from ..rendering import check_syntax, find_template, read_data, rendered
from ..service import Handler, SesService
from ..state import Template
from .paging import page

__all__ = ["HANDLERS", "create_template"]

# https://docs.aws.amazon.com/ses/latest/dg/quotas.html
_MAX_SIZE = 500 * 1024  # bytes
_MAX_TEMPLATES = 20_000


def _from_v2(params: Mapping[str, Any]) -> Template:
    content: Mapping[str, str] = params["TemplateContent"]
    return _checked(
        Template(
            params["TemplateName"],
            content.get("Subject", ""),
            content.get("Text", ""),
            content.get("Html", ""),
        )
    )


def _from_v1(params: Mapping[str, Any]) -> Template:
    given: Mapping[str, str] = params["Template"]
    return _checked(
        Template(
            given["TemplateName"],
            given.get("SubjectPart", ""),
            given.get("TextPart", ""),
            given.get("HtmlPart", ""),
        )
    )


def _checked(template: Template) -> Template:
    if not template.subject:
        raise ApiError(INVALID_TEMPLATE, "The subject must be specified.")
    if not template.text and not template.html:
        raise ApiError(INVALID_TEMPLATE, "The template must have a text or an html part.")
    parts = (template.subject, template.text, template.html)
    if sum(len(part.encode()) for part in parts) > _MAX_SIZE:
        raise ApiError(LIMIT, f"The template has more than {_MAX_SIZE} bytes.")
    try:
        check_syntax(template)
    except ApiError as err:
        raise ApiError(INVALID_TEMPLATE, err.text) from err
    return template


def _create(service: SesService, template: Template) -> dict[str, Any]:
    templates = service.state.templates
    if template.name in templates:
        raise exists("Template", template.name)
    if len(templates) >= _MAX_TEMPLATES:
        raise ApiError(LIMIT, f"The account has {_MAX_TEMPLATES} templates.")
    templates[template.name] = template
    return {}


def create_template(
    service: SesService, name: str, subject: str, text: str, html: str
) -> dict[str, Any]:
    """Stores a template.

    Raises:
        ApiError: It is invalid, or exists.
    """
    return _create(service, _checked(Template(name, subject, text, html)))


def _update(service: SesService, template: Template) -> dict[str, Any]:
    old = service.state.templates.get(template.name)
    if old is None:
        raise missing("Template", template.name, TEMPLATE_MISSING)
    service.state.templates[template.name] = replace(template, created=old.created)
    return {}


def _get_v2(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = find_template(service.state, params)
    content = {"Subject": found.subject, "Text": found.text or None, "Html": found.html or None}
    return {"TemplateName": found.name, "TemplateContent": content}


def _get_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    found = find_template(service.state, params)
    return {
        "Template": {
            "TemplateName": found.name,
            "SubjectPart": found.subject,
            "TextPart": found.text or None,
            "HtmlPart": found.html or None,
        }
    }


def _delete_v2(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    del service.state.templates[find_template(service.state, params).name]
    return {}


def _delete_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    service.state.templates.pop(params["TemplateName"], None)  # no error in API v1
    return {}


def _list_v2(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    items = [
        {"TemplateName": each.name, "CreatedTimestamp": each.created}
        for each in service.state.templates.values()
    ]
    return page(items, params, "TemplatesMetadata")


def _list_v1(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    items = [
        {"Name": each.name, "CreatedTimestamp": each.created}
        for each in service.state.templates.values()
    ]
    return page(items, params, "TemplatesMetadata", "MaxItems")


def _test_render(service: SesService, params: dict[str, Any]) -> dict[str, Any]:
    template = find_template(service.state, params)
    data = read_data(params["TemplateData"])
    try:
        return {"RenderedTemplate": rendered_text(rendered(template, data))}
    except RenderingError as err:
        raise ApiError(RENDERING_MISSING, str(err)) from err


HANDLERS: dict[str, dict[str, Handler]] = {
    "sesv2": {
        "CreateEmailTemplate": lambda service, params: _create(service, _from_v2(params)),
        "UpdateEmailTemplate": lambda service, params: _update(service, _from_v2(params)),
        "GetEmailTemplate": _get_v2,
        "DeleteEmailTemplate": _delete_v2,
        "ListEmailTemplates": _list_v2,
        "TestRenderEmailTemplate": _test_render,
    },
    "ses": {
        "CreateTemplate": lambda service, params: _create(service, _from_v1(params)),
        "UpdateTemplate": lambda service, params: _update(service, _from_v1(params)),
        "GetTemplate": _get_v1,
        "DeleteTemplate": _delete_v1,
        "ListTemplates": _list_v1,
        "TestRenderTemplate": _test_render,
    },
}
