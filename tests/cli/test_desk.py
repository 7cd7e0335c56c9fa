"""``python -m sesmail desk``: arguments, errors, and a run until it is interrupted."""

import http.client
import importlib.metadata
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="pip install 'sesmail[testing]'")

from sesmail.cli import main


def get(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@pytest.mark.slow
def test_program_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "desk_mails.py").write_text("def welcome(): ...\n")
    command = [sys.executable, "-m", "sesmail", "desk", "--port", "0", "--previews", "desk_mails"]
    command += ["--webhook", "http://127.0.0.1:9/ses", "--region", "us-east-1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.stdout is not None
            port = int(re.findall(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())[0])
            assert (
                process.stdout.readline() == f"clients: AWS_ENDPOINT_URL=http://127.0.0.1:{port}\n"
            )
            status = get(port, "/api/status")
            assert (status["region"], status["webhooks"]) == (
                "us-east-1",
                [{"endpoint": "http://127.0.0.1:9/ses", "confirmed": False}],
            )
            assert get(port, "/api/previews")["previews"][0]["name"] == "welcome"
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(("strict", "sent"), [([], True), (["--strict"], False)])
def test_senders_need_no_verification_unless_strict(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    strict: list[str],
    sent: bool,
) -> None:
    import uvicorn

    desks: list[Any] = []

    def run(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        desks.append(server.config.app)
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", run)
    arguments = ["desk", "--port", "0", "--verify", "example.com", *strict]
    arguments += ["--webhook", "http://127.0.0.1:9/"]
    assert main(arguments) == 0
    (served,) = desks
    assert served.fake.url in capsys.readouterr().out
    assert served.fake.service.is_strict is not sent
    assert "example.com" in served.fake.state.identities
    assert served.fake.service.sns.subscriptions == ()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--region", "nowhere"], "region must be one of AWS"),
        (["--webhook", "x"], "url must be an http or https URL"),
    ],
)
def test_invalid_values_are_reported(
    capsys: pytest.CaptureFixture[str], arguments: list[str], error: str
) -> None:
    assert main(["desk", "--port", "0", *arguments]) == 1
    assert capsys.readouterr().err.startswith(f"python -m sesmail desk: {error}")


def test_port_in_use_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert main(["desk", "--port", str(other.getsockname()[1])]) == 1
    assert "Address already in use" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["starlette", "other"])
def test_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    def run(options: object) -> None:
        raise ModuleNotFoundError("missing", name=name)

    monkeypatch.setattr("sesmail.cli.run", run)
    if name == "other":
        with pytest.raises(ModuleNotFoundError):
            main(["desk"])
        return
    assert main(["desk"]) == 1
    assert "pip install 'sesmail[testing]'" in capsys.readouterr().err


@pytest.mark.slow
def test_version() -> None:
    command = [sys.executable, "-m", "sesmail", "--version"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == f"sesmail {importlib.metadata.version('sesmail')}"
