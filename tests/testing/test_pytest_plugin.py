"""The pytest plugin: each runner, xdist, and the time of a test."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = """
import pytest
import sesmail

ORDER = sesmail.Message(from_email="a@example.com", to="b@example.org", subject="x", text="x")


async def send_and_bounce(ses, client, receiver, outbox):
    ses.verify("example.com")
    await client.send(ORDER)
    assert len(outbox) == 1
    (event,) = await receiver.receive(*ses.bounce(outbox.latest(to="b@example.org")).request())
    assert event.permanent


{decorator}
@pytest.mark.parametrize("number", range(3))
async def test_async(ses, ses_client, ses_receiver, outbox, number):
    await send_and_bounce(ses, ses_client, ses_receiver, outbox)


def test_blocking(ses, outbox):
    ses.verify("example.com")
    with sesmail.BlockingClient(rate_limit=None) as client:
        client.send(ORDER)
    assert outbox.wait_blocking(to="b@example.org").subject == "x"


def test_client_that_is_not_opened(ses_client, ses_receiver):
    assert ses_client is not ses_receiver
"""
ANYIO = "\n\n@pytest.fixture\ndef anyio_backend():\n    return {backend!r}\n"


def run(path: Path, *options: str) -> str:
    """Run the tests of a folder in a new process, as a program that uses sesmail would."""
    scope = "" if "no:asyncio" in options else "asyncio_default_fixture_loop_scope = function\n"
    (path / "pytest.ini").write_text(f"[pytest]\nfilterwarnings = error\n{scope}")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(path)]
    done = subprocess.run(command, cwd=path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.once
def test_runner_of_anyio(tmp_path: Path) -> None:
    for backend in ("asyncio", "trio"):
        text = TESTS.format(decorator="@pytest.mark.anyio") + ANYIO.format(backend=backend)
        (tmp_path / f"test_on_{backend}.py").write_text(text)
    assert "10 passed" in run(tmp_path, "-p", "no:asyncio")


@pytest.mark.once
def test_runner_of_pytest_asyncio_in_auto_mode(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(TESTS.format(decorator=""))
    assert "5 passed" in run(tmp_path, "--asyncio-mode=auto")


@pytest.mark.once
def test_runner_of_pytest_asyncio_and_workers_of_xdist_with_servers_of_their_own(
    tmp_path: Path,
) -> None:
    for number in range(2):
        text = TESTS.format(decorator="@pytest.mark.asyncio")
        (tmp_path / f"test_shop_{number}.py").write_text(text)
    assert "10 passed" in run(tmp_path, "--asyncio-mode=strict", "-n", "2")


def test_plugin_starts_nothing_unless_asked() -> None:
    code = (
        "import sesmail.testing.pytest_plugin, sys\n"
        "print({'starlette', 'uvicorn', 'botocore', 'cryptography'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_plugin_without_pytest_asyncio() -> None:
    code = (
        "import sys\nsys.modules['pytest_asyncio'] = None\n"
        "import sesmail.testing.pytest_plugin as plugin\nprint(plugin._asyncio_fixture.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "fixture\n"


@pytest.mark.asyncio
async def test_fixtures_in_a_test_of_pytest_asyncio(ses, ses_client, ses_receiver) -> None:  # type: ignore[no-untyped-def]
    ses.verify("example.com")
    assert await ses_client.call("GetAccount")
    assert ses_receiver is not None


@pytest.mark.anyio
async def test_fixtures_in_a_test_of_anyio(ses: Any, ses_client: Any) -> None:
    ses.verify("example.com")
    assert await ses_client.call("GetAccount")


def test_fixtures_in_a_test_without_an_event_loop(ses_client: Any, outbox: Any) -> None:
    """A client that was never opened needs no closing."""
    assert ses_client is not None
    assert len(outbox) == 0
