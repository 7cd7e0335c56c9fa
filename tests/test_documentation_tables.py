"""Tables and policies of the documentation that have to agree with the code."""

import inspect
import json
import re
from dataclasses import fields
from typing import Any

from pydantic import BaseModel

import sesmail
from sesmail.sending.payload import v1
from support.markdown import ROOT, Page, pages

PAGES = pages()
GUIDES = {page.path.stem: page for page in PAGES if page.path.parent.name == "guides"}


def names_in_column(page: Page, heading: str) -> dict[str, list[str]]:
    """The rows of a table, found by its first headings, by the code spans of the first cell."""
    [table] = re.findall(
        rf"^\| {re.escape(heading)}.*\n\|[-:| ]+\n((?:\|.*\n)+)", page.text, re.MULTILINE
    )
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
    return {name: row[1:] for row in rows for name in re.findall(r"`([\w.]+)`", row[0])}


def test_outcomes_guide_lists_every_error_of_sending() -> None:
    rows = names_in_column(GUIDES["outcomes"], "Error |")
    assert rows.pop("pydantic.ValidationError")
    groups = {"SesmailError", "SendError", "BulkSendError", "InvalidTokenError"}
    errors = {name: getattr(sesmail, name) for name in sesmail.__all__ if name.endswith("Error")}
    of_sending = {
        name
        for name, error in errors.items()
        if not issubclass(error, sesmail.WebhookError) and name not in groups
    }
    assert rows.keys() == of_sending
    for name, (outcome, retryable, _) in rows.items():
        error = errors[name]()
        assert (outcome, retryable) == (f"`{error.outcome}`", "yes" if error.retryable else "no")


EVERY_FIELD: dict[str, Any] = {
    "track_opens": True,
    "track_clicks": False,
    "tenant": "tenant",
    "endpoint_id": "id",
    "list_management": sesmail.ListManagement(contact_list="list"),
    "headers": {"X-Test": "value"},
    "metadata": {"key": "value"},
    "attachments": [sesmail.Attachment("a.txt", "text")],
    "tags": ["tag"],
    "send_id": "id-1",
    "from_arn": "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
    "template": sesmail.InlineTemplate(subject="Hello"),
    "unsubscribe": "https://example.com/u",
}


def unsupported(model: type[BaseModel], **base: Any) -> set[str]:
    """The fields of a message that v1 refuses, one after the other."""
    given = {
        **base,
        **{name: EVERY_FIELD[name] for name in EVERY_FIELD.keys() & model.model_fields},
    }
    refused: set[str] = set()
    while True:
        message: Any = model.model_validate(given)
        try:
            (v1.build_bulk if "recipients" in base else v1.build)(message)
        except sesmail.UnsupportedFeatureError as error:
            refused.add(error.feature)
            if error.feature == "template":
                given["template"] = "name"
            else:
                del given[error.feature]
        else:
            return refused


def test_sending_guide_lists_every_field_that_v1_lacks() -> None:
    rows = names_in_column(GUIDES["sending"], "Not supported on v1")
    base = {"from_email": "shop@example.com", "to": "alice@example.com"}
    always = unsupported(sesmail.Message, **base)
    single = unsupported(sesmail.TemplateMessage, **base)
    recipients = ["alice@example.com"]
    bulk = unsupported(sesmail.BulkMessage, from_email="shop@example.com", recipients=recipients)
    assert {name for name, cells in rows.items() if cells[0] == "all"} == always
    assert {name.replace("InlineTemplate", "template") for name in rows} == single
    assert bulk == single - {"list_management", "send_id"}  # which a bulk message has not


def test_outcomes_guide_names_all_of_a_listener() -> None:
    members = [name for name in vars(sesmail.Listener) if not name.startswith("_")]
    members += [field.name for field in fields(sesmail.CallInfo)]
    assert [name for name in members if f"`{name}`" not in GUIDES["outcomes"].text] == []


def as_list(action: str | list[str]) -> list[str]:
    """The Action of a statement, which may be one or several."""
    return [action] if isinstance(action, str) else action


def policies(key: str) -> list[dict[str, Any]]:
    """The JSON documents with a key, of the files and the guides."""
    files = sorted((ROOT / "examples" / "aws").glob("*.json"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    texts += [block.text for page in PAGES for block in page.blocks("json")]
    return [document for text in texts if key in (document := json.loads(text))]


ALLOWED_TO_SES = {"sns:Publish", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey*"}


def test_policies_let_services_act_for_one_account_only() -> None:
    """Otherwise SES would act for anybody who names the topic or the bucket (a confused deputy).

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    statements = [each for policy in policies("Statement") for each in policy["Statement"]]
    for each in [each for each in statements if "Service" in each.get("Principal", {})]:
        assert each["Principal"] == {"Service": "ses.amazonaws.com"}
        assert set(as_list(each["Action"])) <= ALLOWED_TO_SES
        assert each["Condition"]["StringEquals"]["aws:SourceAccount"] == "111122223333"


def test_retries_of_sns_end_before_messages_are_too_old() -> None:
    """The receiver refuses a message that is older than `max_age` as a replay."""
    for policy in policies("healthyRetryPolicy"):
        retries = policy["healthyRetryPolicy"]
        names = ("minDelayTarget", "maxDelayTarget", "numRetries")
        shortest, longest, times = (retries[name] for name in names)
        assert retries["backoffFunction"] == "geometric"
        delays = [shortest * (longest / shortest) ** (n / (times - 1)) for n in range(times)]
        assert round(sum(delays) / 60) == 45
        assert sum(delays) < inspect.signature(sesmail.Receiver).parameters["max_age"].default
