"""Previews of an application's own messages, from a module."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sesmail.testing import FakeSES
from sesmail.testing.desk import Desk, previews, stream
from sesmail.testing.desk.previews import PreviewError, Previews
from support.desk import Site

MAILS = """
from __future__ import annotations
import sesmail
from . import words

FIELDS = {"from_email": "shop@example.com", "to": "alice@example.com"}

def welcome() -> sesmail.Message:
    return sesmail.Message(**FIELDS, subject=words.WELCOME, html="<p>Dear {name}</p>")

def guessed(order=1):
    return sesmail.Message(**FIELDS, subject=f"Order {order}", text="x")

async def later(*args, **kwargs) -> sesmail.RawMessage:
    raw = b"From: shop@example.com\\r\\nSubject: Raw\\r\\n\\r\\nx\\r\\n"
    return sesmail.RawMessage(content=raw, to="alice@example.com")

def news() -> sesmail.BulkMessage:
    people = [{"to": f"{name}@example.com", "data": {"name": name}} for name in ("ann", "bob")]
    template = sesmail.InlineTemplate(subject="Hi {{name}}", text="x")
    return sesmail.BulkMessage(from_email="shop@example.com", recipients=people, template=template)

def stored() -> sesmail.TemplateMessage:
    return sesmail.TemplateMessage(**FIELDS, template="Hi", data={"name": "Ann"})

def broken():
    raise KeyError("order")

def nothing(): ...

def number() -> int: ...

def required(order): ...

def _private(): ...

class Shop: ...
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package ``desk_shop`` with a module ``mails``."""
    folder = tmp_path / "desk_shop"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "words.py").write_text("WELCOME = 'Welcome'\n")
    (folder / "mails.py").write_text(MAILS)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "desk_shop"]:
        del sys.modules[name]


def change(file: Path, text: str) -> None:
    """Writes a file with a later time, which compiled files are compared by in seconds."""
    file.write_text(text)
    later = time.time() + 10
    os.utime(file, (later, later))


@pytest.fixture
def found(shop: Path) -> Previews:
    fake = FakeSES()
    fake.template("Hi", "Hi {{name}}", "Dear {{name}}", "<p>Dear {{name}}")
    return Previews("desk_shop.mails", fake.state)


def test_functions_that_return_messages(found: Previews) -> None:
    names = ["welcome", "guessed", "later", "news", "stored", "broken", "nothing"]
    assert found.names() == names


@pytest.mark.parametrize(
    ("name", "subject", "to"),
    [
        ("welcome", "Welcome", "alice"),
        ("guessed", "Order 1", "alice"),
        ("later", "Raw", "alice"),
        ("news", "Hi ann", "ann"),
        ("news:1", "Hi bob", "bob"),
        ("stored", "Hi Ann", "alice"),
    ],
)
def test_message_is_previewed(found: Previews, name: str, subject: str, to: str) -> None:
    item = found.item(f"preview:{name}")
    assert item is not None
    assert (item.kind, item.parsed.subject, item.to) == (
        "preview",
        subject,
        (f"{to}@example.com",),
    )


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("broken", r"broken: KeyError: 'order' \(mails.py, line 27\)"),
        ("nothing", "nothing returned NoneType instead of a message"),
        ("news:2", "news: recipient must be 0 to 1"),
    ],
)
def test_failures_are_described(found: Previews, name: str, error: str) -> None:
    with pytest.raises(PreviewError, match=error):
        found.item(f"preview:{name}")


def test_unknown_template_is_described(shop: Path) -> None:
    with pytest.raises(PreviewError, match="stored: the message only has the name 'Hi'"):
        Previews("desk_shop.mails", FakeSES().state).item("preview:stored")


def test_unknown_previews(found: Previews) -> None:
    assert found.item("preview:none") is None
    assert found.item("preview:number") is None
    assert found.item("welcome") is None


def test_module_that_cannot_be_imported(tmp_path: Path) -> None:
    missing = Previews("desk_shop_missing", FakeSES().state)
    with pytest.raises(PreviewError, match="desk_shop_missing: ModuleNotFoundError"):
        missing.names()
    assert missing.changed() is False


def test_changed_module_is_imported_again(found: Previews, shop: Path) -> None:
    assert found.names()[0] == "welcome"
    change(shop / "mails.py", MAILS.replace("def welcome", "def hello"))
    assert "welcome" not in found.names()
    assert found.item("preview:hello") is not None


def test_change_of_another_module_of_the_package(found: Previews, shop: Path) -> None:
    found.names()
    change(shop / "words.py", "WELCOME = 'Hello there'\n")
    item = found.item("preview:welcome")
    assert item is not None
    assert item.parsed.subject == "Hello there"


def test_module_that_is_broken_for_a_while(found: Previews, shop: Path) -> None:
    found.names()
    change(shop / "mails.py", "def x(:\n")
    with pytest.raises(PreviewError, match="SyntaxError"):
        found.names()
    (shop / "mails.py").unlink()
    with pytest.raises(PreviewError):
        found.names()
    change(shop / "mails.py", MAILS + "\n\n")
    os.utime(shop / "mails.py", (time.time() + 20,) * 2)
    assert found.names()[0] == "welcome"


def test_changes_of_files_are_noticed(
    found: Previews, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found.names()
    found.changed()
    assert found.changed() is False
    (shop / "welcome.html").write_text("<p>")
    (shop / "gone").symlink_to(shop / "nothing")
    assert found.changed() is True
    monkeypatch.setattr(previews, "_MAX_FILES", 1)
    assert found.changed() is True
    assert found.changed() is False


def test_previews_are_served(
    serve: Callable[..., Site], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_WATCH", 0.01)
    site = serve(Desk(previews="desk_shop.mails"))
    listed = site.get("/api/previews").json["previews"]
    assert listed[0] == {"id": "preview:welcome", "name": "welcome"}
    mail = site.get("/api/mails/preview:welcome").json
    assert (mail["kind"], mail["history"]) == ("preview", [])
    assert "placeholder" in {each["code"] for each in mail["problems"]}
    assert site.get("/api/mails/preview:welcome/html").body.endswith(b"<p>Dear {name}</p>")
    bulk = site.get("/api/mails/preview:news:1").json
    assert (mail["choices"], bulk["choices"]) == ([], ["ann@example.com", "bob@example.com"])
    assert bulk["to"] == ["bob@example.com"]
    response = site.get("/api/mails/preview:broken")
    assert (response.status, response.json["error"]) == (
        422,
        "broken: KeyError: 'order' (mails.py, line 27)",
    )
    assert site.get("/api/mails/preview:none").status == 404
    assert site.post("/api/mails/preview:welcome/events", {"kind": "open"}).status == 409
    assert site.get("/api/status").json["previews"] == "desk_shop.mails"
    assert len(site.fake.outbox) == 0
    with site.events() as events:
        assert events.named("previews")[1] == "data: {}"
        assert events.event() == [":"]
        (shop / "welcome.html").write_text("<p>")
        assert events.named("previews")[1] == "data: {}"
