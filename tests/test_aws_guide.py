"""The AWS guides: policies grant the listed permissions, and parameter files are valid."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.model import Shape
from botocore.session import Session
from botocore.validate import ParamValidator

ROOT = Path(__file__).parent.parent
FILES = {path.name: path for path in (ROOT / "examples" / "aws").iterdir()}
GUIDE = "\n".join(
    (ROOT / "examples" / "guides" / name).read_text(encoding="utf-8")
    for name in ("aws.md", "events_from_sqs.md")
)
COMMANDS = [
    shlex.split(line)[1:]
    for block in re.findall(r"^```console\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("aws ")
]
MODELS = {"s3api": "s3"}
RENAMED = {"notification-endpoint": "endpoint"}  # by the CLI, which has a global --endpoint-url


def read(name: str) -> Any:
    return json.loads(FILES[name].read_text(encoding="utf-8"))


def statements(name: str) -> list[Any]:
    document = read(name)
    return document["Statement"] if isinstance(document, dict) and "Statement" in document else []


def actions(statement: Any) -> set[str]:
    allowed = statement["Action"]
    return {allowed} if isinstance(allowed, str) else set(allowed)


def parameters() -> Iterator[tuple[str, Shape, str]]:
    """Yields the file parameters of the commands: operation, shape of the parameter, file name."""
    for service, command, *options in COMMANDS:
        model = Session().get_service_model(MODELS.get(service, service))
        operation = {xform_name(name, "-"): name for name in model.operation_names}[command]
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        members = {xform_name(name, "-"): name for name in shape.members}
        for option, value in zip(options, [*options[1:], ""], strict=True):
            if option.startswith("--") and value.startswith("file://"):
                member = members[option.removeprefix("--")]
                yield operation, shape.members[member], value.removeprefix("file://")


PARAMETERS = list(parameters())


@pytest.mark.parametrize(
    ("shape", "name"), [each[1:] for each in PARAMETERS], ids=[each[2] for each in PARAMETERS]
)
def test_parameter_file_fits_the_model(shape: Shape, name: str) -> None:
    if shape.type_name != "string":  # such as a policy, which is a text to the API
        report = ParamValidator().validate(read(name), shape)
        assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_command_has_the_required_parameters(command: list[str]) -> None:
    service, name, *options = command
    model = Session().get_service_model(MODELS.get(service, service))
    operation = {xform_name(each, "-"): each for each in model.operation_names}[name]
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    given = {option.removeprefix("--") for option in options if option.startswith("--")}
    given = {RENAMED.get(option, option).removeprefix("no-") for option in given}
    assert {xform_name(each, "-") for each in shape.required_members} <= given
    assert given <= {xform_name(each, "-") for each in shape.members}


def test_each_file_is_used_by_a_command_or_linked() -> None:
    used = {name for _, _, name in PARAMETERS} | set(re.findall(r"\(\.\./aws/([\w.-]+)\)", GUIDE))
    assert used == FILES.keys()


def test_policies_allow_the_actions_of_the_table() -> None:
    rows = re.findall(r"^\| .* \| \[([\w.-]+)\]\(\.\./aws/[\w.-]+\) \| (.*) \|$", GUIDE, re.M)
    assert len(rows) == 10
    for name, cell in rows:
        allowed = {action for statement in statements(name) for action in actions(statement)}
        assert allowed == set(re.findall(r"`(\w+:\w+)`", cell)), name


TOPIC = "arn:aws:sns:eu-west-1:111122223333:mail"


def test_dead_letter_queue_accepts_the_topic_only() -> None:
    [statement] = json.loads(read("dead-letter-queue.json")["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == TOPIC
    [queue] = {statement["Resource"]}
    assert read("redrive-policy.json") == {"deadLetterTargetArn": queue}


def test_queue_accepts_the_sources_of_the_other_files_only() -> None:
    attributes = read("events-queue.json")
    [receiving] = statements("receive-sqs.json")
    allowed = json.loads(attributes["Policy"])["Statement"]
    sources = {
        each["Principal"]["Service"]: each["Condition"]["ArnEquals"]["aws:SourceArn"]
        for each in allowed
    }
    [action] = read("receipt-rule.json")["Actions"]
    assert sources.pop("sns.amazonaws.com") == TOPIC
    assert sources.pop("s3.amazonaws.com") == f"arn:aws:s3:::{action['S3Action']['BucketName']}"
    assert sources == {"events.amazonaws.com": "arn:aws:events:eu-west-1:111122223333:rule/mail"}
    assert {each["Resource"] for each in allowed} == {receiving["Resource"]}
    assert {each["Action"] for each in allowed} == {"sqs:SendMessage"}
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"] == read("redrive-policy.json")["deadLetterTargetArn"]
    assert redrive["maxReceiveCount"] >= 5


def test_policy_of_the_send_log_names_the_table_of_the_command() -> None:
    [statement] = statements("send-log-dynamodb.json")
    [create] = [command for command in COMMANDS if command[1] == "create-table"]
    assert statement["Resource"].endswith(f":table/{create[create.index('--table-name') + 1]}")


def test_files_name_the_same_resources() -> None:
    assert read("event-destination.json")["SnsDestination"]["TopicArn"] == TOPIC
    [action] = read("receipt-rule.json")["Actions"]
    assert action["S3Action"]["TopicArn"] == TOPIC
    bucket = f"arn:aws:s3:::{action['S3Action']['BucketName']}"
    assert [each["Resource"] for each in statements("receive-s3.json")] == [f"{bucket}/*", bucket]
    [statement] = statements("bucket-policy.json")
    assert statement["Resource"] == f"{bucket}/*"
    source = statement["Condition"]["StringEquals"]["aws:SourceArn"]
    assert source.endswith(
        f"receipt-rule-set/inbound:receipt-rule/{read('receipt-rule.json')['Name']}"
    )


def test_event_destination_publishes_all_events() -> None:
    model = Session().get_service_model("sesv2")
    assert read("event-destination.json")["MatchingEventTypes"] == model.shape_for("EventType").enum
