"""Sessions of nox: `nox` runs all checks and tests, `nox -s quickstart` the first example.

Times on two cores: `quick` 3 min (with a path: less), `lint` 5 s, `types` 30 s, `tests` 3 min for
the first Python and 2 for each other, `minimal` 1.5 min, `nox` as a whole 10 min on three Pythons;
`coverage` 4 min, `once` 2.5 min, `quickstart` 40 s, `docs` 20 s, `simulate` 3 min, `bench` 15 min
(`--quick`: 5 min), `outbox` 5 min, `nightly` an hour, `mutants` 25 min, `conformance` 2 min,
`browser` 30 s. CI runs `nox`, `coverage`, `once` and `quick`.
"""

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.10"
nox.options.sessions = ["lint", "types", "tests", "minimal"]
nox.options.error_on_missing_interpreters = False  # in CI too: on every Python that is installed
nox.options.download_python = "never"
nox.options.default_venv_backend = "uv|virtualenv"  # uv installs ten times as fast (nox[uv])

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
FIRST = next((version for version in PYTHONS if shutil.which(f"python{version}")), None)
ANY_EXIT_CODE = range(256)  # for what a session can do without
PYPROJECT = nox.project.load_toml("pyproject.toml")
# These compute on text and bytes by the standard library and cryptography, with equal results on
# every Python. They run on the first one; other files of their folders run on all.
PURE = {
    "receiving/inbound": "body chunks date header hostile_texts mail_text mailbox parameters parts"
    " report rfc_5322_examples",
    "receiving/storage": "decrypting inbound_storage",
    "receiving/transports": "classify documents json_body set_up_notice sns",
    "receiving/verification": "checks secret signature",
    "sending": "wire",
    "sending/mime": "attached_mail header header_field seven_bit transfer_encoding",
    "testing": "documents handlebars history html_tokens mail_check preview resources shapes sns",
    "testing/desk": "previews security",
    ".": "aws_guide documentation_tables encoded_word mutants simulation tagging",
}


# Tests with random steps or killed processes, which reach no line that others don't.
UNTRACED = ("sql/test_crash.py", "system/test_events_crash.py", "system/test_state_machine.py")


def group(*names: str) -> tuple[str, ...]:
    """The requirements of dependency groups; pip resolves groups only since 25.1."""
    return nox.project.dependency_groups(PYPROJECT, *names)


def pytest(session: nox.Session, *options: str) -> list[str]:
    """The command that runs pytest in three processes more than there are cores."""
    # Compiled files are shared by the processes: uv compiles nothing when it installs.
    session.env["PYTHONDONTWRITEBYTECODE"] = None
    workers = (os.cpu_count() or 1) + 3  # tests that wait for a deadline leave their core to others
    return ["pytest", "-n", f"{workers}", "--dist=worksteal", *options, *session.posargs]


def without_pure() -> list[str]:
    """Options of pytest that leave out the files of `PURE`, and the tests of one Python."""
    files = [f"{folder}/test_{name}.py" for folder, names in PURE.items() for name in names.split()]
    return ["-m", "not once and not first", *(f"--ignore=tests/{file}" for file in files)]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting with ruff."""
    session.install(*group("lint"))
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy and pyright, both strict, and that every public name has one."""
    session.install(".[all]", *group("test", "types"))
    session.run("mypy", *session.posargs)
    session.run("pyright", *session.posargs)
    session.run("pyright", "--verifytypes", "sesmail", "--ignoreexternal")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each Python, except for those marked `once`.

    Those marked `first` run on the first Python only, as do the files of `PURE`. A path as argument
    runs all of its tests.
    """
    session.install("-e", ".[all]", *group("test"))
    if session.posargs:
        session.run(*pytest(session))
        return
    left_out = ["-m", "not once"] if session.python == FIRST else without_pure()
    # Rewritten assertions, which take seconds to compile, explain failures: with a path.
    session.run(*pytest(session, "--assert=plain", *left_out))


@nox.session(python=FIRST)
def coverage(session: nox.Session) -> None:
    """Run the tests with coverage, except for those marked `once` and the files of `UNTRACED`."""
    session.install("-e", ".[all]", *group("test"))
    session.env["COVERAGE_FILE"] = f"{session.create_tmp()}/coverage"
    session.run("coverage", "erase")
    ignored = [f"--ignore=tests/{file}" for file in UNTRACED]
    session.run("coverage", "run", "-m", *pytest(session, "-m", "not once", *ignored))
    session.run("coverage", "combine", "-q")
    session.run("coverage", "report")


@nox.session(python=FIRST)
def once(session: nox.Session) -> None:
    """Run the tests marked `once`, which take long and reach no line that others don't."""
    session.install("-e", ".[all]", *group("test"))
    session.run(*pytest(session, "-m", "once"))


@nox.session
def quick(session: nox.Session) -> None:
    """Run ruff and the fast tests on one Python, or of one path: `nox -s quick -- tests/aws`."""
    session.install("-e", ".[all]", *group("lint", "test"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run(*pytest(session, "-m", "not slow and not once and not first"))


@nox.session(python="3.11")
def minimal(session: nox.Session) -> None:
    """Run the tests with the lowest supported versions, no extras, and no patches by the tests.

    The reader of received mail is left out, as it uses no package, and `sesmail.testing`, which
    needs its extra.
    """
    lowest = [
        requirement.replace(">=", "==") for requirement in PYPROJECT["project"]["dependencies"]
    ]
    session.install(".", *lowest, *group("test"))
    session.env["SESMAIL_TESTS_UNPATCHED"] = "1"
    session.run(
        *pytest(
            session,
            *without_pure(),
            "--ignore=tests/receiving/inbound",
            "--ignore=tests/testing",
        ),
    )


@nox.session(python=FIRST)
def nightly(session: nox.Session) -> None:
    """Run 10,000 random steps of sending, compare 20,000 random mails, and kill event workers.

    Workers of the outbox send 20,000 mails while they are killed, three times.
    """
    session.install("-e", ".[all]", *group("test"))
    session.env["HYPOTHESIS_PROFILE"] = "nightly"
    session.env |= {"SESMAIL_CRASH_MAILS": "20000", "SESMAIL_CRASH_SEEDS": "1,2,3"}
    modules = (
        "system/test_state_machine.py",
        "system/test_events_crash.py",
        "receiving/inbound/test_other_readers.py",
        "sql/test_crash.py",
        "sql/test_model.py",
    )
    session.run(*pytest(session, *(f"tests/{module}" for module in modules)))


@nox.session
def quickstart(session: nox.Session) -> None:
    """Run the first example, which sends to a local SES inside the process."""
    session.install(".[testing]")
    session.run("python", "examples/quickstart.py", *session.posargs)


@nox.session(python=FIRST)
def browser(session: nox.Session) -> None:
    """Use the page of the desk in Chromium, which has to be installed: apt install chromium."""
    session.install("-e", ".[all]", *group("test", "browser"))
    session.run("pytest", "tests/testing/desk/test_browser.py", *session.posargs)


@nox.session(python=FIRST)
def conformance(session: nox.Session) -> None:
    """Compare the fake SES with the AWS CLI, Handlebars, aws-ses-v2-local and verifiers of SNS.

    It needs Node and npm.
    """
    session.install("-e", ".[all]", *group("test"))
    peers = Path(session.create_tmp()).absolute() / "peers"
    # An environment of its own: the AWS CLI requires another botocore.
    session.run("python", "-m", "venv", str(peers))
    pip = (str(peers / "bin" / "python"), "-m", "pip", "install", "-q")
    session.run(*pip, "awscli", "cryptography", "django-ses", "requests", external=True)
    # Its requirements are too old to run.
    session.run(*pip, "--no-deps", "sns-message-validator", external=True)
    packages = ("aws-ses-v2-local", "handlebars", "sns-validator")
    session.run("npm", "install", "--silent", "--prefix", str(peers), *packages, external=True)
    session.env["SESMAIL_PEERS"] = str(peers)
    session.run(*pytest(session, "-m", "once", "tests/testing"))


@nox.session
def docs(session: nox.Session) -> None:
    """Write the API reference from the docstrings to `site/`."""
    session.install(".[all]", *group("docs"))
    session.run(
        "pdoc", "--docformat=google", "--output-directory=site", *session.posargs, "sesmail"
    )


@nox.session
def mutants(session: nox.Session) -> None:
    """Break the rules of sending one by one, and print which test fails for each."""
    session.install("-e", ".[all]", *group("test"))
    with session.chdir("tests"):
        session.run("python", "-m", "mutation", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure sesmail beside its alternatives, in their newest versions.

    Options: `--quick`, `--only WORDS`, `--json FILE`, `--markdown FILE`; `--instructions` counts
    instructions, too, with valgrind; `--readme FILE` writes tests/benchmarks/README.md.
    """
    session.install("--upgrade", "-e", ".[all]", *group("bench"))
    tmp = Path(session.create_tmp()).absolute()
    session.env["PYTHONPATH"] = str(Path("tests").absolute())
    peers = with_aioboto3(session, tmp)
    if shutil.which("npm"):
        npm = ("npm", "install", "--silent", "--no-save", f"--prefix={tmp}", "nodemailer@latest")
        session.run_install(*npm, external=True, success_codes=ANY_EXIT_CODE)
        peers.append(f"--node-modules={tmp}/node_modules")
    session.run("python", "-m", "benchmarks", *peers, *session.posargs)


def with_aioboto3(session: nox.Session, tmp: Path) -> list[str]:
    """Create an environment for aioboto3, which pins an older aiobotocore than sesmail needs."""
    scripts = tmp / "aioboto3" / ("Scripts" if os.name == "nt" else "bin")
    session.run_install("python", "-m", "venv", str(tmp / "aioboto3"), success_codes=ANY_EXIT_CODE)
    python = shutil.which("python", path=scripts)
    if python is None:
        return []
    pip = (python, "-m", "pip", "install", "-q", "--upgrade", "aioboto3>=15.5")
    session.run_install(*pip, external=True, success_codes=ANY_EXIT_CODE)
    return [f"--aioboto3={python}"]


@nox.session(python=FIRST)
def outbox(session: nox.Session) -> None:
    """Measure the outbox on PostgreSQL: throughput, statements, memory, claims from a large table.

    Options: `--mails N`, `--rows N`, `--large N`.
    """
    session.install("-e", ".[all]", *group("test"))
    with session.chdir("tests"):
        session.run("python", "-m", "benchmarks.outbox", *session.posargs)


@nox.session
def simulate(session: nox.Session) -> None:
    """Simulate how workers share the sending rate of an account: a table, and a plot in plots/."""
    session.install(".", *group("simulate"))
    plot = f"{session.invoked_from}/plots/sharing.png"
    with session.chdir("tests"):
        session.run("python", "-m", "simulation", "--plot", plot, *session.posargs)
