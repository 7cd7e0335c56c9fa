"""The import rules of the package, read from the source; run as a program, it prints the structure.

``python tests/test_import_rules.py`` prints the number of modules of each package, and the levels
and edges of the import graph.
"""

import ast
import graphlib
import importlib.util
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

# The units of the package, each with the units that it may import besides itself. A unit is a
# package, or a module between packages; a module belongs to the unit with the longest prefix.
BASE = [
    "address",
    "arguments",
    "background",
    "concurrency",
    "encoded_word",
    "error_codes",
    "errors",
    "object_names",
    "patterns",
    "private_names",
    "strict",
    "tagging",
    "unsubscribe",
    "values",
    "version",
]
# The parts of MIME that message models need, too: header fields and transfer encodings.
FIELDS = [
    "sending.limits",
    "sending.mime.header",
    "sending.mime.header_field",
    "sending.mime.seven_bit",
    "sending.mime.transfer_encoding",
    "sending.wire",
]
MESSAGE = [*FIELDS, "sending.message"]
MIME = [*MESSAGE, "sending.mime"]
PAYLOAD = [*MIME, "sending.payload"]
RESULTS = ["sending.bulk_result", "sending.result"]
ATTEMPTS = [*PAYLOAD, *RESULTS, "sending.attempts", "sending.rate", "send_log", "aws"]
SENDING = [
    *ATTEMPTS,
    "sending.building",
    "sending.bulk",
    "sending.many",
    "sending.references",
    "sending.sender",
    "sending.source",
]
RECEIVING = [
    *(
        "receiving.dedup",
        "receiving.events",
        "receiving.fetching",
        "receiving.inbound",
        "receiving.options",
        "receiving.parsing",
        "receiving.settling",
        "receiving.storage",
        "receiving.subscriptions",
        "receiving.transports",
        "receiving.verification",
    ),
]
UNITS: dict[str, list[str]] = {
    **dict.fromkeys(BASE, BASE),
    "aws": BASE,
    "send_log": [*BASE, "aws"],
    "sending.limits": BASE,
    "sending.wire": [*BASE, "sending.limits"],
    "sending.result": BASE,
    "sending.bulk_result": [*BASE, "sending.result"],
    **{unit: [*BASE, *FIELDS] for unit in FIELDS if ".mime." in unit},
    "sending.message": [*BASE, *MESSAGE],
    "sending.mime": [*BASE, *MESSAGE],
    "sending.payload": [*BASE, *MIME],
    "sending.rate": BASE,
    "sending.attempts": [*BASE, *ATTEMPTS],
    "sending.source": [*BASE, "sending.message"],
    "sending.many": [
        *BASE,
        *MESSAGE,
        "sending.attempts",
        "sending.rate",
        "sending.result",
        "sending.source",
    ],
    "sending.references": [*BASE, *MIME, "aws"],
    "sending.bulk": [*BASE, *ATTEMPTS, "sending.references"],
    "sending.building": BASE,
    "sending.sender": [
        *BASE,
        *ATTEMPTS,
        "sending.building",
        "sending.bulk",
        "sending.references",
    ],
    "sending.settings": [*BASE, *ATTEMPTS],
    "sending.client": [*BASE, *SENDING, "sending.settings"],
    "sending.blocking_many": [
        *BASE,
        *MESSAGE,
        "sending.client",
        "sending.many",
    ],
    "sending.blocking": [*BASE, *SENDING, "sending.blocking_many", "sending.client"],
    "receiving.events": BASE,
    "receiving.transports": [*BASE, "receiving.events"],
    "receiving.parsing": [*BASE, "receiving.events", "receiving.transports"],
    "receiving.verification": [*BASE, "receiving.events", "receiving.transports"],
    "receiving.inbound": [*BASE, "receiving.events"],
    "receiving.storage": [*BASE, "receiving.events", "aws"],
    "receiving.settling": [*BASE, "receiving.events"],
    "receiving.subscriptions": [
        *BASE,
        "receiving.storage",
        "receiving.transports",
        "receiving.verification",
        "aws",
    ],
    "receiving.dedup": [*BASE, "receiving.events"],
    "receiving.options": [*BASE, "receiving.storage"],
    "receiving.fetching": [
        *BASE,
        "receiving.events",
        "receiving.inbound",
        "receiving.storage",
        "aws",
    ],
    "receiving.queue": [*BASE, *RECEIVING, "aws"],
    "receiving.receiver": [*BASE, *RECEIVING, "aws"],
    "sending": [],
    "receiving": [],
    # Above sending; imported by no other, since it needs its extra.
    "sql": [*BASE, *SENDING, "send_log", "sending.client"],
    # Above all others, which never import it; only its own __init__ is light.
    "testing": [
        *BASE,
        *SENDING,
        *RECEIVING,
        "send_log",
        "sending.client",
        "receiving.receiver",
    ],
    "cli": [*BASE, "testing"],
    "__main__": ["cli"],
    "": [
        *BASE,
        *SENDING,
        *RECEIVING,
        "send_log",
        "sending.blocking",
        "sending.blocking_many",
        "sending.client",
        "receiving.queue",
        "receiving.receiver",
    ],
}

ASYNC = [
    *(
        "background.py",
        "concurrency.py",
        "sending/blocking_many.py",
        "receiving/fetching.py",
        "receiving/queue/",
        "receiving/receiver.py",
        "receiving/subscriptions.py",
        "receiving/verification/async_certificates.py",
        "send_log/dynamodb.py",
        "send_log/sqlite.py",
        "sql/",
    ),
    *(
        "sending/attempts/listener.py",
        "sending/attempts/log_writer.py",
        "sending/attempts/runner.py",
        "sending/building.py",
        "sending/client.py",
        "sending/many.py",
    ),
    *("sending/rate/", "sending/references/", "sending/sender.py", "sending/source.py"),
    "receiving/storage/s3.py",
]
# Names that only some files may import or use; folders end in "/". `await` is any async syntax.
RESTRICTED: dict[str, list[str]] = {
    "aiobotocore": ["aws/", "testing/client_settings.py"],
    "aiohttp": ["aws/"],
    "botocore": ["aws/", "testing/wire/", "testing/dispatch.py"],
    "httpx2": ["aws/"],
    "anyio": ["aws/", "testing/", *ASYNC],
    "await": [
        "aws/",
        "testing/",
        *ASYNC,
        "receiving/dedup.py",
        "receiving/settling.py",
        "send_log/",
    ],
    "cryptography": [
        "testing/signing.py",
        "testing/storage.py",
        "receiving/storage/decrypting.py",
        "receiving/verification/signing_certificate.py",
    ],
    "email": [
        "sending/message/raw_message.py",
        "sending/message/raw.py",
        "testing/compose.py",
        "testing/desk/receiving.py",
    ],
    "sqlalchemy": ["sql/"],
    "pytest": ["testing/pytest_plugin.py"],
    "pytest_asyncio": ["testing/pytest_plugin.py"],
    "starlette": ["testing/app.py", "testing/desk/"],
    "uvicorn": ["testing/server.py", "cli/desk.py"],
    "asyncio": [],
    "trio": [],
    # Elsewhere it would hide an import from this test. Messages have methods that encode them, and
    # the encoder imports messages; previews are functions of an application.
    "import_module": [
        "__init__.py",
        "sending/message/output.py",
        "testing/__init__.py",
        "testing/desk/previews.py",
    ],
    "__import__": [],
}


def module_of(file: str) -> str:
    """The dotted name of a file of the package."""
    return ".".join(
        ["sesmail", *file.removesuffix(".py").removesuffix("__init__").strip("/").split("/")]
    ).rstrip(".")


def unit_of(module: str) -> str:
    """The unit of a module, without ``sesmail.``."""
    name = module.removeprefix("sesmail").lstrip(".")
    while name not in UNITS:
        name = name.rpartition(".")[0]
    return name


def names_in(file: str, source: str, modules: set[str]) -> Iterator[str]:
    """Yield the modules that a file imports anywhere, and the names of RESTRICTED that it uses."""
    package = (
        module_of(file) if file.endswith("__init__.py") else module_of(file).rpartition(".")[0]
    )
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module, names, level):
                origin = importlib.util.resolve_name("." * level + (module or ""), package)
                for alias in names:
                    inner = f"{origin}.{alias.name}"
                    yield inner if inner in modules else origin
            case ast.AsyncFunctionDef() | ast.AsyncFor() | ast.AsyncWith() | ast.Await():
                yield "await"
            case ast.Name(id=word) | ast.Attribute(attr=word) if word in (
                "import_module",
                "__import__",
            ):
                yield word


def imports_of(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """The names of each file, given by path and text."""
    modules = {module_of(file) for file in sources}
    return {file: set(names_in(file, source, modules)) for file, source in sources.items()}


def is_within(name: str, module: str) -> bool:
    """Return whether a dotted name is a module or a name in it."""
    return name == module or name.startswith(f"{module}.")


def violations(sources: Mapping[str, str]) -> list[str]:
    """The violations of the rules in these files of the package, given by path and text."""
    found: list[str] = []
    imports = imports_of(sources)
    for file, names in imports.items():
        unit = unit_of(module_of(file))
        for name in sorted(names):
            target = unit_of(name) if is_within(name, "sesmail") else unit
            if target != unit and target not in UNITS[unit]:
                found.append(f"{file} imports {name}")
            found += [
                f"{file} uses {name}"
                for restricted, allowed in RESTRICTED.items()
                if is_within(name, restricted)
                if not any(
                    file == place or (place.endswith("/") and file.startswith(place))
                    for place in allowed
                )
            ]
    try:
        graphlib.TopologicalSorter(
            {module_of(file): names for file, names in imports.items()}
        ).prepare()
    except graphlib.CycleError as error:
        found.append("cycle: " + " <- ".join(error.args[1]))
    return found


def package_sources() -> dict[str, str]:
    """The files of the installed package, by path and text."""
    spec = importlib.util.find_spec("sesmail")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    return {
        path.relative_to(package).as_posix(): path.read_text("utf-8")
        for path in package.rglob("*.py")
    }


def structure(sources: Mapping[str, str]) -> str:
    """Return a report with the modules of each package, and the levels and edges of the imports."""
    modules = {module_of(file) for file in sources}
    graph = {
        module_of(file): names & modules - {module_of(file)}
        for file, names in imports_of(sources).items()
    }
    level: dict[str, int] = {}
    for module in graphlib.TopologicalSorter(graph).static_order():
        level[module] = 1 + max((level[name] for name in graph[module]), default=0)
    packages = Counter(file.rpartition("/")[0] or "." for file in sources)
    edges = {(unit_of(module), unit_of(name)) for module, names in graph.items() for name in names}
    return "\n".join(
        [
            *(f"{count:4} modules in {package}" for package, count in sorted(packages.items())),
            f"{max(level.values()):4} levels of imports, longest chain of modules",
            f"{sum(map(len, graph.values())):4} edges between modules",
            f"{sum(one != other for one, other in edges):4} edges between units of the rules",
        ]
    )


def test_package_follows_the_import_rules() -> None:
    sources = package_sources()
    assert {"__init__.py", "errors.py", "sending/client.py"} <= sources.keys()
    assert violations(sources) == []


def test_parsing_and_verification_are_independent() -> None:
    assert "receiving.parsing" not in UNITS["receiving.verification"]
    assert "receiving.verification" not in UNITS["receiving.parsing"]


def test_units_exist_and_the_report_counts_every_module() -> None:
    sources = package_sources()
    assert {unit_of(module_of(file)) for file in sources} == UNITS.keys()
    report = structure(sources)
    assert sum(
        int(line.split()[0]) for line in report.splitlines() if " modules in " in line
    ) == len(sources)


@pytest.mark.parametrize(
    ("file", "source", "violation"),
    [
        (
            "sending/mime/mail.py",
            "from ...receiving.events.event import Sent",
            "imports sesmail.receiving.events",
        ),
        ("sending/mime/mail.py", "from ... import receiving", "imports sesmail.receiving"),
        ("sending/mime/mail.py", "from ..payload import call", "imports sesmail.sending.payload"),
        ("sending/mime/mail.py", "from ... import Client", "imports sesmail"),
        ("sending/mime/mail.py", "import sesmail", "imports sesmail"),
        ("sending/client.py", "from ..testing import FakeSES", "imports sesmail.testing"),
        ("__init__.py", "def f():\n    import sesmail.testing", "imports sesmail.testing"),
        ("testing/fake.py", "import uvicorn", "uses uvicorn"),
        ("sending/client.py", "from ..sql import Outbox", "imports sesmail.sql"),
        ("send_log/sqlite.py", "import sqlalchemy", "uses sqlalchemy"),
        ("sending/mime/mail.py", "from ...aws import Aws", "imports sesmail.aws"),
        (
            "sending/mime/mail.py",
            "def f():\n    from ...aws.sessions import x",
            "imports sesmail.aws",
        ),
        ("sending/message/message.py", "from ..mime import mail", "imports sesmail.sending.mime"),
        (
            "sending/rate/pace.py",
            "from ..result import SendResult",
            "imports sesmail.sending.result",
        ),
        (
            "receiving/parsing/parser.py",
            "from ..verification.policy import verify",
            "imports sesmail.receiving.verif",
        ),
        (
            "receiving/verification/policy.py",
            "from ..parsing import parser",
            "imports sesmail.receiving.parsing",
        ),
        (
            "receiving/inbound/mail.py",
            "from ..transports import sns",
            "imports sesmail.receiving.transports",
        ),
        (
            "receiving/receiver.py",
            "import sesmail.sending.client",
            "imports sesmail.sending.client",
        ),
        ("tagging.py", "from .sending.mime import mail", "imports sesmail.sending.mime"),
        ("aws/sessions.py", "from sesmail import Client", "imports sesmail"),
        ("sending/client.py", "import aiobotocore.config", "uses aiobotocore.config"),
        ("sending/client.py", "def f():\n    import aiohttp", "uses aiohttp"),
        ("sending/client.py", "from botocore import exceptions", "uses botocore"),
        ("errors.py", "if TYPE_CHECKING:\n    import httpx2 as http", "uses httpx2"),
        ("receiving/transports/classify.py", "from cryptography import x509", "uses cryptography"),
        ("sending/mime/mail.py", "from email.header import Header", "uses email.header"),
        ("aws/sessions.py", "import ssl, asyncio", "uses asyncio"),
        ("aws/sessions.py", "from trio.lowlevel import in_trio_run", "uses trio.lowlevel"),
        ("errors.py", "import anyio", "uses anyio"),
        ("errors.py", "async def f(): ...", "uses await"),
        ("aws/sessions.py", "importlib.import_module('trio')", "uses import_module"),
        ("aws/sessions.py", "__import__('trio')", "uses __import__"),
    ],
)
def test_violation_is_reported(file: str, source: str, violation: str) -> None:
    package = dict.fromkeys(
        ["__init__.py", "receiving/__init__.py", "sending/__init__.py", "aws/sessions.py"], ""
    )
    package |= {"sending/mime/mail.py": "", "receiving/parsing/parser.py": "", file: source}
    (found,) = violations(package)
    assert found.startswith(f"{file} {violation}")


def test_import_cycle_is_reported() -> None:
    package = {
        "address.py": "from . import errors",
        "errors.py": "def f():\n    from .sending.mime import mail",
        "sending/mime/mail.py": "from ...address import Address",
    }
    violation, cycle = violations(package)
    assert violation == "errors.py imports sesmail.sending.mime.mail"
    assert cycle.startswith("cycle: ")
    assert {"sesmail.address", "sesmail.errors", "sesmail.sending.mime.mail"} == set(
        cycle.split()[1::2]
    )


def test_allowed_imports_are_accepted() -> None:
    package = {
        "__init__.py": "from .sending.client import Client",
        "aws/__init__.py": "from .sessions import session",
        "aws/sessions.py": (
            "import anyio\nasync def f():\n    from aiobotocore.session import AioSession"
        ),
        "values.py": "import emails, asyncio_like",
        "sending/client.py": (
            "from .. import version\nfrom ..aws import Aws\nfrom .sender import Sender"
        ),
        "sending/mime/mail.py": "from ...version import __version__\nfrom . import part",
        "sending/mime/part.py": "",
        "version.py": "",
    }
    assert violations(package) == []


if __name__ == "__main__":
    print(structure(package_sources()))
