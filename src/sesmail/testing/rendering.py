"""Templates rendered with data, as SES does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..receiving.transports.json_body import is_object
from ..strict import read_json
from .api_errors import RENDERING_DATA, TEMPLATE_MISSING, ApiError, bad_request, missing
from .compose import Content
from .handlebars import TemplateSyntaxError, is_plain, parse, render
from .state import State, Template
from .subscribers import PLACEHOLDER

__all__ = ["check_syntax", "find_template", "merged", "read_data", "rendered"]

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_PLACEHOLDER_NAME = PLACEHOLDER.strip("{}")


def find_template(state: State, params: Mapping[str, Any]) -> Template:
    """Returns the template that parameters of API v2 name, or contain.

    Raises:
        ApiError: It doesn't exist, or is inline and has blocks, which SES doesn't support there.
    """
    inline: Mapping[str, Any] | None = params.get("TemplateContent")
    if inline is not None:
        template = Template(
            "", inline.get("Subject", ""), inline.get("Text", ""), inline.get("Html", "")
        )
        check_syntax(template)
        if not all(map(is_plain, (template.subject, template.text, template.html))):
            # https://github.com/aws/aws-sdk-js-v3/issues/6657
            raise bad_request("Template contains unsupported operations")
        return template
    arn: str = params.get("TemplateArn") or ""
    name: str | None = params.get("TemplateName") or arn.rpartition("template/")[2]
    if not name:
        raise bad_request("One of TemplateName, TemplateArn and TemplateContent is required.")
    stored = state.templates.get(name)
    if stored is None:
        raise missing("Template", name, TEMPLATE_MISSING)
    return stored


def check_syntax(template: Template) -> None:
    """Refuses a template that Handlebars, or the supported part of it, can't parse."""
    for part in (template.subject, template.text, template.html):
        try:
            parse(part)
        except TemplateSyntaxError as err:
            raise bad_request(f"Template {template.name!r} is invalid: {err}") from err


def read_data(text: str | None) -> dict[str, Any]:
    """Returns template data, given as the JSON of an object.

    Raises:
        ApiError: It isn't.
    """
    try:
        data: Any = read_json(text or "{}")
    except ValueError as err:
        raise ApiError(RENDERING_DATA, "Template rendering data is invalid") from err
    if not is_object(data):
        raise ApiError(RENDERING_DATA, "Template rendering data is invalid")
    return data


def merged(default: Mapping[str, Any], replacement: Mapping[str, Any]) -> dict[str, Any]:
    """Returns default data with replacements: objects are merged by key, at any depth.

    https://github.com/domdomegg/aws-ses-v2-local/issues/102
    """
    result = dict(default)
    for key, value in replacement.items():
        old = result.get(key)
        result[key] = merged(old, value) if is_object(old) and is_object(value) else value
    return result


def rendered(template: Template, data: Mapping[str, Any], **more: Any) -> Content:
    """Returns the content of a mail.

    The placeholder of list management isn't data: it stays until the link replaces it.

    Args:
        template: The template, whose syntax was checked.
        data: The data.
        more: Further arguments of ``Content``.

    Raises:
        RenderingError: A value is missing.
    """
    data = {_PLACEHOLDER_NAME: PLACEHOLDER, **data}
    subject = _CONTROLS.sub(" ", render(parse(template.subject), data))
    text = render(parse(template.text), data) if template.text else None
    html = render(parse(template.html), data) if template.html else None
    return Content(subject=subject, text=text, html=html, **more)
