"""The workshop: `nox` runs the checks and the tests, `nox -s quickstart` the first example."""

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.10"
nox.options.sessions = ["lint", "types", "tests", "minimal"]
nox.options.error_on_missing_interpreters = False  # in CI too: the tests run on every Python that is installed
nox.options.download_python = "never"
nox.options.default_venv_backend = "uv|virtualenv"  # uv installs ten times as fast, where it's there (nox[uv])

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
COVERED = next((version for version in PYTHONS if shutil.which(f"python{version}")), None)  # one says it all
READER = [f"tests/receiving/inbound/test_{room}.py" for room in ("header", "mail", "parts", "chunks")]
# What takes long, and of which one Python says as much as each: random data and moments, each fault beside all at once,
# the bench. It reaches no line that others don't, so it goes without coverage, which takes half as long again.
ONCE = [
    "tests/aws/test_request_body.py",
    "tests/system/transports/test_faults.py::test_each_fault_alone",
    "tests/aws/test_signature.py",
    "tests/system/test_cancellation.py",
    "tests/system/test_crash.py",
    "tests/system/test_state_machine.py",
    "tests/system/test_round_trip.py",
    "tests/send_log/test_sqlite_killed.py",
    "tests/test_benchmarks.py",
]
# What else `quick` leaves out: each of these takes seconds, most of them to wait for deadlines or to start processes.
SLOW = [
    *ONCE,
    "tests/aws/test_closing.py::test_closed_at_each_step",
    "tests/receiving/inbound/test_mail.py::test_hostile_mails_are_read",
    "tests/receiving/inbound/test_mail.py::test_reads_what_the_standard_library_reads",
    "tests/receiving/parsing/test_schema.py::test_what_fits_is_read_as_field_by_field",
    "tests/receiving/storage/test_s3.py::test_what_may_pass_is_told_as_such",
    "tests/receiving/test_receiver.py::test_what_fails_in_between_is_repeated",
    "tests/receiving/verification/test_https.py::test_an_answer_that_takes_its_time",
    "tests/send_log/test_protocol.py::test_answer_as_the_model_does",
    "tests/send_log/test_sqlite.py::test_processes_share_a_file",
    "tests/sending/test_bulk.py::test_any_number_of_recipients",
    "tests/sending/test_bulk.py::test_no_call_has_more_than_the_accounts_rate",
    "tests/sending/test_many.py::test_any_iterable",
    "tests/system/transports/test_faults.py",
    "tests/system/transports/test_memory.py",
    "tests/system/transports/test_no_connection.py::test_a_container_gives_no_credentials",
    "tests/system/transports/test_no_connection.py::test_a_handshake_that_hangs",
    "tests/system/transports/test_no_connection.py::test_a_name_does_not_resolve",
    "tests/system/transports/test_outcomes.py::test_the_deadline_grows_with_the_mail",
    "tests/system/transports/test_outcomes.py::test_waiting_for_a_connection_has_sent_nothing",
    "tests/test_examples.py::test_campaign",
    "tests/test_examples.py::test_quickstart",
    "tests/test_examples.py::test_settle_unknown",
]
MAY_FAIL = range(256)  # the bench does without
PYPROJECT = nox.project.load_toml("pyproject.toml")


def group(*names: str) -> tuple[str, ...]:
    # Resolved here, because pip knows dependency groups only since 25.1.
    return nox.project.dependency_groups(PYPROJECT, *names)


@nox.session
def lint(session: nox.Session) -> None:
    session.install(*group("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    session.install(".[all]", *group("test", "types"))
    session.run("mypy", *session.posargs)
    session.run("pyright", *session.posargs)
    session.run("pyright", "--verifytypes", "sesmail", "--ignoreexternal")


def pytest(session: nox.Session, *options: str) -> list[str]:
    # So that what is imported is compiled once, and not in each process: uv compiles nothing.
    session.env["PYTHONDONTWRITEBYTECODE"] = None
    workers = (os.cpu_count() or 1) + 1  # a test that waits for a socket leaves its core to another
    return ["pytest", "-n", f"{workers}", "--dist=worksteal", *options, *session.posargs]


def without(tests: list[str]) -> list[str]:
    for test in tests:  # pytest ignores what is not there
        assert Path(test.partition("::")[0]).is_file(), f"{test} was moved: change its path in noxfile.py"
    return [f"--deselect={test}" for test in tests]


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    session.install("-e", ".[all]", *group("test"))
    if session.posargs:
        session.run(*pytest(session))
        return
    if session.python != COVERED:
        session.run(*pytest(session), *without(ONCE))
        return
    session.env["COVERAGE_FILE"] = f"{session.create_tmp()}/coverage"
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", *pytest(session), *without(ONCE))
    session.run("coverage", "combine", "-q")
    session.run("coverage", "report")
    session.run(*pytest(session), *ONCE)


@nox.session
def quick(session: nox.Session) -> None:
    """ruff and the fast tests on one Python; accepts a path, and runs all tests of a file that is named."""
    session.install("-e", ".[all]", *group("lint", "test"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    named = {argument.partition("::")[0] for argument in session.posargs}
    slow = [test for test in SLOW if test.partition("::")[0] not in named]
    session.run(*pytest(session), *without(slow))


@nox.session(python=COVERED)
def nightly(session: nox.Session) -> None:
    """At least 10,000 random steps, other ones each time."""
    session.install("-e", ".[all]", *group("test"))
    session.env["HYPOTHESIS_PROFILE"] = "nightly"
    session.run(*pytest(session, "tests/system/test_state_machine.py"))


@nox.session(python="3.11")
def minimal(session: nox.Session) -> None:
    """The lowest versions that are promised, and no extras; without what takes no package, or takes long."""
    lowest = [requirement.replace(">=", "==") for requirement in PYPROJECT["project"]["dependencies"]]
    session.install(".", *lowest, *group("test"))
    session.run(*pytest(session), *without(READER + ONCE))


@nox.session
def quickstart(session: nox.Session) -> None:
    session.install(".", *group("moto"))
    session.run("python", "examples/quickstart.py", *session.posargs)


@nox.session
def mutants(session: nox.Session) -> None:
    """The rules of sending, broken on purpose one by one: which test notices each."""
    session.install("-e", ".[all]", *group("test"))
    with session.chdir("tests"):
        session.run("python", "-m", "mutation", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Side by side with what users would pick instead: `--quick`, `--only WORDS`, `--json FILE`, `--readme FILE`."""
    session.install("-e", ".[all]", *group("bench"))
    tmp = Path(session.create_tmp()).absolute()
    session.env["PYTHONPATH"] = str(Path("tests").absolute())
    peers = with_aioboto3(session, tmp)
    if shutil.which("npm"):
        npm = ("npm", "install", "--silent", "--no-save", f"--prefix={tmp}", "nodemailer")
        session.run_install(*npm, external=True, success_codes=MAY_FAIL)
        peers.append(f"--node-modules={tmp}/node_modules")
    session.run("python", "-m", "benchmarks", *peers, *session.posargs)


def with_aioboto3(session: nox.Session, tmp: Path) -> list[str]:
    """Tell the bench of an environment with aioboto3, which pins an older aiobotocore than sesmail needs."""
    scripts = tmp / "aioboto3" / ("Scripts" if os.name == "nt" else "bin")
    session.run_install("python", "-m", "venv", str(tmp / "aioboto3"), success_codes=MAY_FAIL)
    python = shutil.which("python", path=scripts)
    if python is None:
        return []
    pip = (python, "-m", "pip", "install", "-q", "aioboto3>=15.5")
    session.run_install(*pip, external=True, success_codes=MAY_FAIL)
    return [f"--aioboto3={python}"]


@nox.session
def simulate(session: nox.Session) -> None:
    """How well workers share an account: a table, and a plot in plots/."""
    session.install(".", *group("simulate"))
    plot = f"{session.invoked_from}/plots/sharing.png"
    with session.chdir("tests"):
        session.run("python", "-m", "simulation", "--plot", plot, *session.posargs)
