"""What the README says is so: its code runs, its tables name what there is, its links lead somewhere."""

import ast
import inspect
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import anyio
import pytest
from pydantic import BaseModel

import sesmail
from sesmail.aws import ClientParams
from sesmail.receiving.inbound import parts
from sesmail.receiving.transports import json_body
from sesmail.sending.payload import v1, v2
from support import answers, ses_events, signing
from support.faults import Answer, Request, StartFaultServer

if TYPE_CHECKING:
    from support.moto import MotoServer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
SENDING, RECEIVING, *LATER = [text for language, text in BLOCKS if language == "python"]
HEADINGS = re.findall(r"^#+ (.+)$", README, re.MULTILINE)


def table(beginning: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    [body] = re.findall(
        rf"^\| ?{re.escape(beginning)}.*\n\|[-:| ]+\n((?:\|.*\n)+)", README, re.MULTILINE
    )
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()]


def names(cell: str) -> list[str]:
    """The names in a cell."""
    return re.findall(r"`([\w.]+)`", cell)


TOPIC = "arn:aws:sns:eu-west-1:111122223333:mail"
RECEIVED = ses_events.received()  # with the mail in it
STORED = ses_events.received({**ses_events.S3_ACTION, "bucketName": "example-inbound"})
MAIL = b"From: Ann <ann@example.net>\r\nSubject: Help\r\n\r\nHelp!\r\n"
Posted = tuple[bytes, dict[str, str]]


def posted(kind: str = "Notification", **changes: Any) -> Posted:
    """What SNS posts to the README's webhook: body and headers."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    message = signing.message(kind, TopicArn=TOPIC, Timestamp=now, **changes)
    return json.dumps(message).encode(), {
        **signing.headers_of(message),
        **signing.basic("user:password"),
    }


def notified(document: Any) -> Posted:
    """The same for an event of SES."""
    return posted(Message=json.dumps(document))


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the certificate of `signing`, valid now, instead of fetching Amazon's."""
    now = datetime.now(UTC)
    file = signing.pem(
        signing.certificate(start=now - timedelta(days=1), end=now + timedelta(days=1))
    )
    for module in ("sesmail", "sesmail.receiving.verification.certificates"):
        monkeypatch.setattr(f"{module}.fetch_certificate", lambda url: file)


def test_first_screen_sends(moto_server: "MotoServer", monkeypatch: pytest.MonkeyPatch) -> None:
    moto_server.verify("example.com")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server.url)
    exec(compile(SENDING, "README.md", "exec"), {})
    [mail] = moto_server.sent()
    assert mail.recipients == ("alice@example.com",)
    assert mail.mime is not None
    for line in (
        b"X-Tag: order",
        b'X-Metadata: {"order_id": 12345}',
        b"<p>It is <b>on its way</b>.</p>",
    ):
        assert line in mail.mime.splitlines()


@pytest.mark.usefixtures("certificate")
def test_first_screen_receives(capsys: pytest.CaptureFixture[str]) -> None:
    async def serve(webhook: Any, receiver: sesmail.Receiver) -> None:
        for body, headers in (notified(ses_events.published("Bounce")), notified(RECEIVED)):
            without = {name: value for name, value in headers.items() if name != "Authorization"}
            status, challenge = await webhook(receiver, body, without)
            assert (status, list(challenge)) == (401, ["WWW-Authenticate"])
            assert await webhook(
                receiver, body.replace(b"example.com", b"example.org"), headers
            ) == (403, {})
            assert await webhook(receiver, body, headers) == (204, {})

    known: dict[str, Any] = {"serve": serve}
    exec(compile(RECEIVING, "README.md", "exec"), known)
    anyio.run(known["main"])
    never = [f"Never again: {address}" for address in (ses_events.ALICE, ses_events.BOB)]
    assert capsys.readouterr().out.split("\n")[:3] == [*never, "Help Help!"]


def aws(request: Request) -> Answer:
    """Answer for SES, SNS and S3."""
    if request.form.get("Action") == "ConfirmSubscription":
        arn = answers.element("SubscriptionArn", f"{TOPIC}:c9135db0-26c4-47ec-8998-413945fb5a96")
        return answers.raw(200, answers.XML, answers.result(request, arn))
    if request.target.startswith("/example-inbound/"):
        return answers.raw(204) if request.method == "DELETE" else answers.raw(200, body=MAIL)
    return answers.ok()


@pytest.mark.usefixtures("certificate")
def test_all_other_code(
    fault_server: StartFaultServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    server = fault_server(aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    # What a block is about, by a word in it; an event of a sent mail where no word is in it.
    bodies = {
        "sesmail.Received": notified(STORED),
        "auto_confirm=False": posted("SubscriptionConfirmation"),
    }
    bounce = notified(ses_events.published("Bounce"))
    done: list[tuple[object, ...]] = []

    async def do(*given: object) -> None:
        done.append(given)

    async def read_on() -> dict[str, Any]:
        async with sesmail.Client() as client:
            known: dict[str, Any] = {"sesmail": sesmail, "client": client, "topics": [TOPIC]}
            known |= dict.fromkeys(("store", "suppress", "save"), do)
            for block in LATER:
                known["body"], known["headers"] = next(
                    (bodies[word] for word in bodies if word in block), bounce
                )
                code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                result = eval(code, known)
                if inspect.isawaitable(result):
                    await result
            return known

    known = anyio.run(read_on)
    assert [
        request.method for request in server.requests if "/example-inbound/" in request.target
    ] == ["GET", "DELETE"]
    assert [
        request.form["TopicArn"] for request in server.requests if "TopicArn" in request.form
    ] == [TOPIC]
    assert len(server.requests) == 16 + 3
    events = known["receive"](*bounce)
    recipients = [event.recipient for event in events]
    assert recipients == [ses_events.ALICE, ses_events.BOB]
    assert done == [
        *((event.dedup_key, event.to_json()) for event in known["events"]),
        *zip(recipients),
    ]
    [confirmation] = known["receive"](*posted("SubscriptionConfirmation"))
    assert isinstance(confirmation, sesmail.SubscriptionConfirmation)
    known["handler"](ses_events.WRAPPINGS["Lambda from SNS"](ses_events.published("Bounce")), None)
    printed = capsys.readouterr().out
    assert "('help@example.com', 'sales@example.com') Help Help!" in printed
    assert [line for line in printed.splitlines() if line.startswith(TOPIC)] == [
        f"{TOPIC} wants to post here"
    ]
    assert printed.count("Bounced(") == 2


POLICIES = [
    policy
    for language, text in BLOCKS
    if language == "json"
    if "Statement" in (policy := json.loads(text))
]
STATEMENTS = [statement for policy in POLICIES for statement in policy["Statement"]]


def test_rights() -> None:
    cells = [
        cell
        for beginning in ("To send", "To receive")
        for row in table(beginning)
        for cell in row[1:]
    ]
    rights = {right for cell in cells for right in re.findall(r"\b(?:ses|sns|s3|kms):\w+", cell)}
    allowed = {
        action
        for each in STATEMENTS
        if "Principal" not in each
        for action in as_list(each["Action"])
    }
    assert allowed == rights - {"ses:GetAccount", "ses:GetSendQuota"}


def test_what_ses_may_do_it_may_for_one_account() -> None:
    granted = [each for each in STATEMENTS if "Principal" in each]
    assert {each["Action"] for each in granted} == {"sns:Publish", "s3:PutObject"}
    for each in granted:
        assert each["Principal"] == {"Service": "ses.amazonaws.com"}
        assert each["Condition"]["StringEquals"]["aws:SourceAccount"] == "111122223333"


def test_retries() -> None:
    """They end before SNS would end them, and not before the receiver would take the message for a replay."""
    [policy] = [
        json.loads(text)
        for language, text in BLOCKS
        if language == "json" and "RetryPolicy" in text
    ]
    retries = policy["healthyRetryPolicy"]
    shortest, longest, times = (
        retries[name] for name in ("minDelayTarget", "maxDelayTarget", "numRetries")
    )
    assert retries["backoffFunction"] == "geometric"
    minutes = (
        sum(shortest * (longest / shortest) ** (time / (times - 1)) for time in range(times)) / 60
    )
    assert round(minutes) == 45
    assert "goes on for some 45 minutes" in README
    assert minutes * 60 < inspect.signature(sesmail.Receiver).parameters["max_age"].default


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
    fields = [
        name for row in table("Field | Message") if row[column] == "✓" for name in names(row[0])
    ]
    assert sorted(fields) == sorted(model.model_fields)


@pytest.mark.parametrize(
    "model",
    [
        sesmail.Attachment,
        sesmail.Alternative,
        sesmail.Recipient,
        sesmail.InlineTemplate,
        sesmail.ListManagement,
    ],
)
def test_every_field_of_a_part(model: type[BaseModel]) -> None:
    section = README.split(f"\n#### {model.__name__}\n")[1].split("\n#")[0]
    fields = [
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in names(line.split("|")[1])
    ]
    assert sorted(fields) == sorted(model.model_fields)


@pytest.mark.parametrize(
    ("beginning", "door"),
    [("Argument |", sesmail.Client), ("Argument of the receiver", sesmail.Receiver)],
)
def test_every_setting(beginning: str, door: type) -> None:
    settings = [name for row in table(beginning) for name in names(row[0])]
    own = set(inspect.signature(door).parameters) - {"params"}
    assert sorted(settings) == sorted(own | set(ClientParams.__annotations__))


def test_every_argument_of_send_many() -> None:
    settings = [name for row in table("Of `send_many`") for name in names(row[0])]
    assert settings == list(inspect.signature(sesmail.Client.send_many).parameters)[2:]


@pytest.mark.parametrize("kind", [sesmail.MessageResult, sesmail.SendProgress])
def test_everything_of_many(kind: type) -> None:
    section = README.split(f"\n#### {kind.__name__}\n")[1].split("\n#")[0]
    fields = [
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in names(line.split("|")[1])
    ]
    assert sorted(fields) == sorted(name for name in dir(kind) if not name.startswith("_"))


def test_everything_that_a_listener_hears() -> None:
    section = README.split("\n## Watching\n")[1].split("\n## ")[0]
    told = members(sesmail.Listener) | field_names(sesmail.CallInfo)
    assert told <= set(names(section))


def test_numbers_of_receiving() -> None:
    arguments = {names(row[0])[0]: row[1] for row in table("Argument of the receiver")}
    defaults = {
        name: each.default for name, each in inspect.signature(sesmail.Receiver).parameters.items()
    }
    assert f"{defaults['max_age']:,.0f}" in arguments["max_age"]
    assert f"{defaults['timeout']:.0f};" in arguments["timeout"]
    assert f"leaves {defaults['timeout']:.0f}," in README
    assert f"of SNS of {json_body.MAX_EVENT >> 20} MiB at most" in README
    limits = f"{parts.MAX_BYTES >> 20} MiB, {parts.MAX_PARTS:,} parts, {parts.MAX_DEPTH} levels"
    assert [row for row in table("Of the mail") if limits in row[1]]


ERRORS = {name: getattr(sesmail, name) for name in sesmail.__all__ if name.endswith("Error")}
OF_WEBHOOKS = {name for name, error in ERRORS.items() if issubclass(error, sesmail.WebhookError)}


def test_every_error_of_sending() -> None:
    rows = {names(row[0])[0]: row[1:3] for row in table("Error | outcome")}
    assert rows.pop("pydantic.ValidationError") == ["", ""]
    assert set(rows) == set(ERRORS) - OF_WEBHOOKS - {"SesmailError", "SendError", "BulkSendError"}
    for name, (outcome, retryable) in rows.items():
        error = ERRORS[name]()
        assert (f"`{error.outcome}`", "yes" if error.retryable else "no") == (outcome, retryable), (
            name
        )


def test_every_error_of_receiving() -> None:
    rows = {names(row[0])[0]: int(row[1]) for row in table("Error | Status")}
    assert rows == {name: ERRORS[name].status for name in OF_WEBHOOKS - {"WebhookError"}}
    after = list(rows)[list(rows).index("ContentMissingError") :]
    assert {name for name in rows if issubclass(ERRORS[name], sesmail.ContentError)} == {
        "ContentError",
        *after,
    }


def field_names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def members(kind: type) -> set[str]:
    """The public names of a class's own."""
    return {name for name in vars(kind) if not name.startswith("_")}


def test_every_field_of_all_events() -> None:
    rows = [name for row in table("Field of all") for name in names(row[0])]
    assert sorted(rows) == sorted(field_names(sesmail.BaseEvent) | {"dedup_key"})


def test_every_field_of_tracking_events() -> None:
    rows = [name for row in table("Field of tracking") for name in names(row[0])]
    assert sorted(rows) == sorted(
        field_names(sesmail.TrackingEvent) - field_names(sesmail.BaseEvent)
    )


def test_every_event() -> None:
    rows = {names(kind)[0]: names(cell) for kind, _, cell in table("Kind")}
    assert list(rows) == [kind.__name__ for kind in get_args(sesmail.Event)]
    for name, own in rows.items():
        kind = getattr(sesmail, name)
        base = (
            sesmail.TrackingEvent if issubclass(kind, sesmail.TrackingEvent) else sesmail.BaseEvent
        )
        properties = {each for each in members(kind) if isinstance(vars(kind)[each], property)}
        assert sorted(own) == sorted(field_names(kind) - field_names(base) | properties), name


def test_every_part_of_an_event() -> None:
    rows = {names(part)[0]: names(cell) for part, cell in table("Part of an event")}
    for name, own in rows.items():
        assert sorted(own) == sorted(field_names(getattr(sesmail, name))), name
    kinds = [sesmail.SnsOrigin, sesmail.TopicPreferences, sesmail.Verdicts]
    kinds += [sesmail.S3Action, sesmail.SnsAction, sesmail.OtherAction]
    assert list(rows) == [kind.__name__ for kind in kinds]


def test_everything_of_a_send_log() -> None:
    rows = [name for row in table("Of a send log") for name in re.findall(r"`(\w+)\(", row[0])]
    assert (
        set(rows) == members(sesmail.SqliteSendLog) == members(sesmail.MemorySendLog) | {"aclose"}
    )
    assert members(sesmail.SendLog) < set(rows)
    assert field_names(sesmail.SendRecord) <= {
        name for row in table("Of a send log") for name in names(row[1])
    }


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [("Of the mail", sesmail.InboundMail), ("Of an attachment", sesmail.InboundAttachment)],
)
def test_everything_of_a_mail(beginning: str, kind: type) -> None:
    rows = [name for row in table(beginning) for name in names(row[0])]
    made = sesmail.read_mail(b"Content-Disposition: attachment\n\nHello")
    one: object = made if kind is sesmail.InboundMail else made.attachments[0]
    assert sorted(rows) == sorted(name for name in dir(one) if not name.startswith("_"))


def test_everything_in_a_mail() -> None:
    cells = {name: cell for row, cell in table("Of the mail") for name in names(row)}
    assert field_names(sesmail.Mailbox) <= set(names(cells["from_"]))
    assert members(sesmail.MailHeaders) - {"plain"} <= set(names(cells["headers"]))


@pytest.mark.parametrize(
    "result", [sesmail.SendResult, sesmail.RecipientResult, sesmail.BulkResult]
)
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
    "send_id": "id-1",
    "from_arn": "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
    "InlineTemplate": sesmail.InlineTemplate(subject="Hello"),
}
WHERE = {
    "all": {"message", "raw", "template", "bulk"},
    "template, bulk": {"template", "bulk"},
    "template": {"template"},
    "bulk": {"bulk"},
}
BASE: dict[str, Any] = {"from_email": "shop@example.com", "to": "alice@example.com"}


def builders(name: str, value: Any, cell: str) -> dict[str, Callable[[Any], object]]:
    """What builds each kind of message that has a field, with a value in that field."""
    if "recipient's" in cell:
        alice = sesmail.Recipient.model_validate({"to": "alice@example.com", name: value})
        message = sesmail.BulkMessage(
            from_email="shop@example.com", template="T", recipients=[alice]
        )
        return {"bulk": lambda api: api.build_bulk(message)}
    field = "template" if name == "InlineTemplate" else name
    mime = b"From: shop@example.com\n\nHello"
    kinds: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
        "message": (sesmail.Message, BASE),
        "raw": (sesmail.RawMessage, {"content": mime, "to": "alice@example.com"}),
        "template": (sesmail.TemplateMessage, {**BASE, "template": "T"}),
        "bulk": (
            sesmail.BulkMessage,
            {
                "from_email": "shop@example.com",
                "template": "T",
                "recipients": [sesmail.Recipient("alice@example.com")],
            },
        ),
    }

    def builder(kind: str) -> Callable[[Any], object]:
        model, fields = kinds[kind]
        message = model.model_validate({**fields, field: value})
        return lambda api: (api.build_bulk if kind == "bulk" else api.build)(message)

    return {
        kind: builder(kind) for kind, (model, _) in kinds.items() if field in model.model_fields
    }


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


LINKS = set(re.findall(r"\]\(([^)]+)\)", README))


def test_links_within_lead_somewhere() -> None:
    anchors = [
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in HEADINGS
    ]
    unambiguous = {anchor for anchor in anchors if anchors.count(anchor) == 1}
    assert {link[1:] for link in LINKS if link.startswith("#")} <= unambiguous


def test_links_to_files_lead_somewhere() -> None:
    files = {link for link in LINKS if not link.startswith(("#", "https://"))}
    assert {link for link in files if not (ROOT / link).exists()} == set()


def test_every_example_is_linked() -> None:
    linked = set(re.findall(r"\(examples/(\w+)\.py\)", README))
    programs = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert linked == {name for name in programs if not name.startswith("embedded_")}


def test_python_and_commands() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README
    sessions = re.findall(
        r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {"quickstart"} <= set(re.findall(r"nox -s (\w+)", README)) <= set(sessions)
