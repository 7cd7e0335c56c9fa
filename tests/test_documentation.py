"""The documentation: its code runs, its commands and JSON files are valid, its links work.

Rules for pages (README.md, examples/README.md, examples/guides/*.md, .github/*.md):

* A page is one program. Its ```python blocks run in order, in one namespace, against a fake of
  SES, SNS, S3, SQS and others (`support.amazon`). A block with `await`, `async for` or
  `async with` at top level runs as a coroutine; any other block runs in a thread without an event
  loop, so that it may call `asyncio.run`.
* A page may use these names without defining them: `sesmail`, `client` (an open Client),
  `message`, `topics`, `body` and `headers` (a request of SNS that brings a bounce), and the async
  functions `store`, `save` and `suppress`, which record their arguments. `database.execute(sql,
  *values)` is a coroutine that returns the number of rows; `database.fetch_one`, the first row. The
  working directory is empty but for `invoice.pdf` and `message.eml`.
* A block whose first line is a comment `# NAME.py` is a file, written to the working directory.
  Files named `test_*.py` run under pytest after the last block. Any other file but `conftest.py`
  is imported at its place, in a thread. Later blocks may import these files.
* A comment above a block changes that; one comment may hold several words:
      <!-- test: fresh -->      runs in a namespace of its own, with no name given.
      <!-- test: body=NAME -->  sets `body` and `headers`, for this block and later ones, to
                                another of `amazon.BODIES`: `bounce`, `click`, `inbound-sns`,
                                `inbound-s3`, `subscription`.
      <!-- test: post=/PATH --> posts `body` and `headers` afterwards to `app`, the ASGI
                                application of the block; the response has to be a 2xx.
      <!-- test: then=EXPR -->  evaluates an expression without spaces in a file, once imported.
* ```console blocks are checked: `nox` sessions, extras, paths and `file://` names exist; `aws`
  commands and their options exist in botocore's models. ```json and ```toml blocks are parsed.
  No other language is used, but `text`.
* Every file under examples/aws/ is valid JSON and is named by a guide.
* Links to pages, files and headings, relative or below `SOURCE`, exist.
* No page has more lines than `MAX_LINES` says.
"""

import asyncio
import json
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography", reason="pip install sesmail[signatures]")

from support import amazon, signing
from support.faults import FaultServer, StartFaultServer
from support.markdown import ROOT, Block, Page, pages
from support.program import Program

MAX_LINES = {
    "README.md": 200,
    "examples/README.md": 60,
    "examples/guides/sending.md": 236,
    "examples/guides/outcomes.md": 220,
    "examples/guides/receiving.md": 230,
    "examples/guides/events_from_sqs.md": 120,
    "examples/guides/inbound.md": 100,
    "examples/guides/aws.md": 160,
    "examples/guides/testing.md": 120,
    "examples/guides/desk.md": 120,
    "examples/guides/scaling.md": 160,
    "examples/guides/outbox.md": 190,
    "examples/guides/deploying.md": 120,
    "examples/guides/coming_from_anymail.md": 70,
    "tests/benchmarks/README.md": 60,
    "tests/simulation/README.md": 40,
    ".github/CONTRIBUTING.md": 100,
    ".github/SECURITY.md": 30,
}
PAGES = pages()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = re.compile(rf"{re.escape(PROJECT['urls']['Source'])}/(?:blob|tree)/main/")
AWS_FILES = sorted((ROOT / "examples" / "aws").glob("*"))

CACHE = ".receiving.verification.async_certificates"  # which imports the function
each_page = pytest.mark.parametrize("page", PAGES, ids=str)
each_aws_file = pytest.mark.parametrize("path", AWS_FILES, ids=lambda path: path.name)


# Python blocks


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a certificate of `signing` that is valid now instead of fetching Amazon's."""
    now, day = datetime.now(UTC), timedelta(days=1)
    file = signing.pem(signing.certificate(start=now - day, end=now + day))
    for module in ("", ".receiving.verification.certificates", CACHE):
        monkeypatch.setattr(f"sesmail{module}.fetch_certificate", lambda url: file)


@pytest.fixture
def server(fault_server: StartFaultServer, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """Fake AWS services at the URL in AWS_ENDPOINT_URL."""
    server = fault_server(amazon.respond)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    return server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory of a page, from which its blocks may import modules."""
    known = set(sys.modules)
    (tmp_path / "invoice.pdf").write_bytes(b"%PDF-1.7 ...")
    (tmp_path / "message.eml").write_bytes(amazon.MAIL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [path.stem for path in tmp_path.glob("*.py") if path.stem not in known]:
        sys.modules.pop(name, None)


@pytest.fixture
def run(server: FaultServer, folder: Path, certificate: None) -> Any:
    """Run the Python blocks of a page."""

    def run_page(page: Page) -> Program:
        program = Program(page, folder)
        asyncio.run(program.run())
        return program

    return run_page


@pytest.mark.parametrize("page", [page for page in PAGES if page.blocks("python")], ids=str)
def test_python_blocks_run(run: Any, page: Page) -> None:
    if str(page).endswith("outbox.md"):
        pytest.importorskip("sqlalchemy", reason="pip install sesmail[sql]")
    if "sesmail.testing" in page.text:
        pytest.importorskip("uvicorn", reason="pip install sesmail[testing]")
    program = run(page)
    assert all(status < 300 for status in program.statuses), program.statuses


def test_readme_sends_and_receives(
    run: Any, server: FaultServer, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Page(ROOT / "README.md"))
    sent = [request for request in server.requests if request.target.endswith("outbound-emails")]
    lines = sent[0].mime.splitlines()
    assert b"X-Tag: order" in lines
    assert b'X-Metadata: {"order_id": 12345}' in lines
    assert "alice@example.com" in capsys.readouterr().out


# Console blocks

EXTRAS = PROJECT["optional-dependencies"].keys()
SESSIONS = re.findall(
    r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.MULTILINE
)


def commands(block: Block) -> list[list[str]]:
    """Return the arguments of each command of a console block, without comments and prompts."""
    text = block.text.replace("\\\n", " ")
    return [
        words
        for line in text.splitlines()
        for part in re.split(r" && | \| ", line.removeprefix("$ "))
        if (words := shlex.split(part, comments=True))
    ]


@each_page
def test_console_commands_name_what_exists(page: Page) -> None:
    for block in page.blocks("console"):
        for words in commands(block):
            check_command(words)


def check_command(words: list[str]) -> None:
    """Check the names in a command of this project, of pip and of AWS."""
    program = words[0].rpartition("/")[2]
    if program == "nox" or words[:2] == ["uvx", "nox"]:
        sessions = words[words.index("-s") + 1 :] if "-s" in words else []
        assert set(sessions[: sessions.index("--") if "--" in sessions else None]) <= {*SESSIONS}
    for extras in re.findall(r"sesmail\[([\w,]+)\]", " ".join(words)):
        assert set(extras.split(",")) <= EXTRAS, extras
    for word in words:
        if re.match(r"(examples|tests|src)/", word):
            assert (ROOT / word).exists(), word
        for name in re.findall(r"file://([\w./-]+)", word):
            assert (ROOT / "examples" / "aws" / Path(name).name).exists(), name
    if program == "aws":
        check_aws_command(words[1:])


# The CLI renames options that resemble its global ones.
# https://github.com/aws/aws-cli/blob/develop/awscli/customizations/argrename.py
RENAMED_OPTIONS = {"--notification-endpoint": "--endpoint"}
GLOBAL_OPTIONS = {"--region", "--profile", "--query", "--output", "--endpoint-url"}


def check_aws_command(words: list[str]) -> None:
    """Check a command of the AWS CLI, whose names derive from botocore's models."""
    from botocore import xform_name
    from botocore.session import Session

    service, command, *options = words
    if service == "s3":  # written by hand in the CLI
        return
    model = Session().get_service_model({"s3api": "s3"}.get(service, service))
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert command in operations, words
    shape = model.operation_model(operations[command]).input_shape
    members = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
    given = {word.partition("=")[0] for word in options if word.startswith("--")}
    given = {RENAMED_OPTIONS.get(option, option) for option in given}
    unknown = given - members - GLOBAL_OPTIONS
    assert {re.sub("^--no-", "--", option) for option in unknown} <= members, unknown


# JSON and the rest


@each_page
def test_other_blocks_can_be_parsed(page: Page) -> None:
    for block in page.all_blocks:
        assert block.language in ("python", "console", "json", "toml", "text"), block
        if block.language == "json":
            json.loads(block.text)
        if block.language == "toml":
            tomllib.loads(block.text)


@each_aws_file
def test_aws_file_is_json_and_is_named_by_a_guide(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))
    assert [page for page in PAGES if "guides" in str(page) and path.name in page.text]


# Links


@each_page
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        target, _, anchor = SOURCE.sub("/", link).partition("#")
        if re.match(r"https?:|mailto:", target):
            continue
        path = ROOT / target[1:] if target.startswith("/") else page.path.parent / target
        path = path if target else page.path
        assert path.exists(), link
        if anchor and path.suffix == ".md":
            assert anchor in Page(path).anchors, link


def test_readme_has_absolute_links() -> None:
    """PyPI shows the README, where a relative link leads nowhere."""
    readme = Page(ROOT / "README.md")
    assert [link for link in readme.links if not link.startswith(("https://", "#"))] == []


def test_every_example_and_guide_is_in_the_index() -> None:
    index = Page(ROOT / "examples" / "README.md")
    programs = {path.name for path in (ROOT / "examples").glob("*.py")}
    expected = {name for name in programs if not name.startswith("embedded_")}
    expected |= {f"guides/{path.name}" for path in (ROOT / "examples" / "guides").glob("*.md")}
    assert {link.partition("#")[0] for link in index.links} >= expected


# Sizes and names


@each_page
def test_page_is_short(page: Page) -> None:
    lines = page.text.count("\n")
    assert lines <= MAX_LINES.get(str(page), lines)


def test_every_guide_has_a_limit() -> None:
    assert {str(page) for page in PAGES} - MAX_LINES.keys() <= {"CHANGELOG.md"}


def test_readme_names_the_oldest_python() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert f"Python {oldest} or newer" in (ROOT / "README.md").read_text(encoding="utf-8")
