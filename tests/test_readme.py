"""What the README says is so: its code runs, its tables name what there is, its links lead somewhere."""

import ast
import inspect
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from pydantic import BaseModel

import sesmail
from sesmail.aws import ClientParams
from sesmail.sending import v1, v2
from support import answers
from support.faults import StartFaultServer

if TYPE_CHECKING:
    from support.moto import MotoServer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
FIRST, *LATER = [text for language, text in BLOCKS if language == "python"]
HEADINGS = re.findall(r"^#+ (.+)$", README, re.MULTILINE)


def table(beginning: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    [body] = re.findall(rf"^\| ?{re.escape(beginning)}.*\n\|[-:| ]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]


def names(cell: str) -> list[str]:
    """The names in a cell."""
    return re.findall(r"`([\w.]+)`", cell)


def test_first_screen(moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch) -> None:
    moto_server.verify("example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    exec(compile(FIRST, "README.md", "exec"), {})
    [mail] = moto_server.sent()
    assert mail.recipients == ("alice@example.com",)
    assert mail.mime is not None
    for line in (b"X-Tag: order", b'X-Metadata: {"order_id": 12345}', b"<p>It is <b>on its way</b>.</p>"):
        assert line in mail.mime.splitlines()


def test_all_other_code(fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = fault_server(answers.ok())
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)

    async def read_on() -> None:
        async with sesmail.Client() as client:
            known: dict[str, Any] = {"sesmail": sesmail, "client": client}
            for block in LATER:
                code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                result = eval(code, known)
                if inspect.isawaitable(result):
                    await result

    anyio.run(read_on)
    assert len(server.requests) == 9


def test_json() -> None:
    policies = [json.loads(text) for language, text in BLOCKS if language == "json"]
    rights = {right for row in table("To send") for cell in row[1:] for right in re.findall(r"ses:\w+", cell)}
    allowed = {action for policy in policies for action in as_list(policy["Statement"][0]["Action"])}
    assert allowed == rights - {"ses:GetAccount", "ses:GetSendQuota"}


def as_list(action: str | list[str]) -> list[str]:
    """An Action of a policy, which may be one or several."""
    return [action] if isinstance(action, str) else action


MESSAGES: list[type[BaseModel]] = [
    sesmail.Message,
    sesmail.RawMessage,
    sesmail.TemplateMessage,
    sesmail.BulkMessage,
]


@pytest.mark.parametrize(("column", "model"), list(enumerate(MESSAGES, 1)))
def test_every_field_of_a_message(column: int, model: type[BaseModel]) -> None:
    fields = [name for row in table("Field | Message") if row[column] == "✓" for name in names(row[0])]
    assert sorted(fields) == sorted(model.model_fields)


@pytest.mark.parametrize(
    "model",
    [sesmail.Attachment, sesmail.Alternative, sesmail.Recipient, sesmail.InlineTemplate, sesmail.ListManagement],
)
def test_every_field_of_a_part(model: type[BaseModel]) -> None:
    section = README.split(f"\n#### {model.__name__}\n")[1].split("\n#")[0]
    fields = [name for line in section.splitlines() if line.startswith("| `") for name in names(line.split("|")[1])]
    assert sorted(fields) == sorted(model.model_fields)


def test_every_setting() -> None:
    settings = [name for row in table("Argument") for name in names(row[0])]
    own = set(inspect.signature(sesmail.Client).parameters) - {"params"}
    assert sorted(settings) == sorted(own | set(ClientParams.__annotations__))


def test_every_error() -> None:
    rows = {names(row[0])[0]: row[1:3] for row in table("Error")}
    assert rows.pop("pydantic.ValidationError") == ["", ""]
    assert set(rows) == {name for name in sesmail.__all__ if name.endswith("Error")} - {
        "SesmailError",
        "SendError",
        "BulkSendError",
    }
    for name, (outcome, retryable) in rows.items():
        error = getattr(sesmail, name)()
        assert (f"`{error.outcome}`", "yes" if error.retryable else "no") == (outcome, retryable), name


@pytest.mark.parametrize("result", [sesmail.SendResult, sesmail.RecipientResult, sesmail.BulkResult])
def test_every_result(result: type) -> None:
    section = README.split("\n## Results\n")[1].split("\n## ")[0]
    public = {name for name in dir(result) if not name.startswith("_")}
    assert public <= set(names(section)) | {"raise_for_failed"}


VALUES: dict[str, Any] = {
    "track_opens": True,
    "track_clicks": False,
    "tenant": "tenant",
    "endpoint_id": "id",
    "list_management": sesmail.ListManagement(contact_list="list"),
    "headers": {"X-Test": "value"},
    "metadata": {"key": "value"},
    "attachments": [sesmail.Attachment("a.txt", "text")],
    "tags": ["tag"],
    "from_arn": "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
    "InlineTemplate": sesmail.InlineTemplate(subject="Hello"),
}
WHERE = {"all": {"message", "raw", "template", "bulk"}, "template, bulk": {"template", "bulk"}, "bulk": {"bulk"}}
BASE: dict[str, Any] = {"from_email": "shop@example.com", "to": "alice@example.com"}


def builders(name: str, value: Any, cell: str) -> dict[str, Callable[[Any], object]]:
    """What builds each kind of message that has a field, with a value in that field."""
    if "recipient's" in cell:
        alice = sesmail.Recipient.model_validate({"to": "alice@example.com", name: value})
        message = sesmail.BulkMessage(from_email="shop@example.com", template="T", recipients=[alice])
        return {"bulk": lambda api: api.build_bulk(message)}
    field = "template" if name == "InlineTemplate" else name
    mime = b"From: shop@example.com\n\nHello"
    kinds: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
        "message": (sesmail.Message, BASE),
        "raw": (sesmail.RawMessage, {"content": mime, "to": "alice@example.com"}),
        "template": (sesmail.TemplateMessage, {**BASE, "template": "T"}),
        "bulk": (
            sesmail.BulkMessage,
            {"from_email": "shop@example.com", "template": "T", "recipients": [sesmail.Recipient("alice@example.com")]},
        ),
    }

    def builder(kind: str) -> Callable[[Any], object]:
        model, fields = kinds[kind]
        message = model.model_validate({**fields, field: value})
        return lambda api: (api.build_bulk if kind == "bulk" else api.build)(message)

    return {kind: builder(kind) for kind, (model, _) in kinds.items() if field in model.model_fields}


@pytest.mark.parametrize(("cell", "where"), [row[:2] for row in table("Refused on v1")])
def test_v1_refuses_what_the_table_says_and_nothing_else(cell: str, where: str) -> None:
    for name in names(cell):
        for kind, build in builders(name, VALUES[name], cell).items():
            build(v2)
            if kind in WHERE[where] or "recipient's" in cell:
                with pytest.raises(sesmail.UnsupportedFeatureError):
                    build(v1)
            else:
                build(v1)


def test_every_refusal_of_v1_is_in_the_table() -> None:
    refused = {name for row in table("Refused on v1") for name in names(row[0])}
    for name in sesmail.Message.model_fields.keys() - refused:
        fields = {**BASE, name: example(name)}
        v1.build(sesmail.Message.model_validate(fields))
        if name in sesmail.TemplateMessage.model_fields:
            v1.build(sesmail.TemplateMessage.model_validate({"template": "T", **fields}))


def example(name: str) -> Any:
    """A value for a field that v1 takes."""
    if name.endswith("_arn"):
        return VALUES["from_arn"]
    if name in ("from_email", "sender", "to", "cc", "bcc", "reply_to", "envelope_sender"):
        return "someone@example.com"
    return {"message_tags": {"a": "b"}, "extra": {"A": "b"}, "alternatives": []}.get(name, "text")


def test_links_lead_somewhere() -> None:
    anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in HEADINGS}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif not target.startswith("https://"):
            assert (ROOT / target).exists(), target


def test_every_example_is_linked() -> None:
    linked = set(re.findall(r"\(examples/(\w+)\.py\)", README))
    assert linked == {path.stem for path in (ROOT / "examples").glob("*.py")} - {"embedded_ses"}


def test_python_and_commands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"nox -s (\w+)", README)) == {"quickstart"}
    assert "quickstart" in sessions
