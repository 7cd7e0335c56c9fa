"""The walls of the house: who may import what, read from the source."""

import ast
import graphlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

DOORS = ["aws/", "receiving/receiver.py", "receiving/storage.py", "sending/calling.py", "sending/client.py"]

# What only some may name: their files, or folders, which end in "/". `await` stands for everything that is async.
WALLS: dict[str, list[str]] = {
    "sesmail": [],
    "sesmail.aws": DOORS,
    "sesmail.receiving": ["__init__.py", "receiving/"],
    "sesmail.sending": ["__init__.py", "sending/"],
    "aiobotocore": ["aws/"],
    "aiohttp": ["aws/"],
    "botocore": ["aws/"],
    "httpx2": ["aws/"],
    "anyio": [
        *DOORS,
        *("event_loop.py", "threads.py"),
        *("receiving/certificates.py", "sending/account.py", "sending/ledger.py", "sending/limiter.py"),
        *("sending/many.py", "sending/sender.py", "sending/source.py", "sending/sqlite_log.py"),
    ],
    "await": [
        *DOORS,
        *("receiving/certificates.py", "receiving/recent.py", "receiving/settling.py", "send_log.py", "threads.py"),
        *("sending/account.py", "sending/ledger.py", "sending/limiter.py", "sending/many.py", "sending/memory_log.py"),
        *("sending/records.py", "sending/sender.py", "sending/source.py", "sending/sqlite_log.py"),
    ],
    "cryptography": ["receiving/decrypting.py", "receiving/verify.py"],
    "email": ["sending/message.py", "sending/raw.py"],
    "asyncio": [],
    "trio": [],
    "import_module": [],  # would hide what it imports from this test
    "__import__": [],
}


def module_of(file: str) -> str:
    """The dotted name of a file of the package."""
    return ".".join(["sesmail", *file.removesuffix(".py").removesuffix("__init__").strip("/").split("/")]).rstrip(".")


def named_in(file: str, source: str, modules: set[str]) -> Iterator[str]:
    """What a file imports, at whatever depth, as dotted names of modules; and the words that WALLS has besides."""
    package = module_of(file) if file.endswith("__init__.py") else module_of(file).rpartition(".")[0]
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
            case ast.Name(id=word) | ast.Attribute(attr=word) if word in ("import_module", "__import__"):
                yield word


def breaches(sources: Mapping[str, str]) -> list[str]:
    """What stands against the walls in these files of the package, given by path and text."""
    modules = {module_of(file) for file in sources}
    named = {file: set(named_in(file, source, modules)) for file, source in sources.items()}
    found = [
        f"{file} names {name}"
        for file, names in named.items()
        for name in sorted(names)
        for wall, allowed in WALLS.items()
        if (name == wall or (name.startswith(f"{wall}.") and wall != "sesmail"))
        and not any(file == place or (place.endswith("/") and file.startswith(place)) for place in allowed)
    ]
    try:
        graphlib.TopologicalSorter({module_of(file): names for file, names in named.items()}).prepare()
    except graphlib.CycleError as error:
        found.append("circle: " + " <- ".join(error.args[1]))
    return found


def test_the_house_keeps_its_walls() -> None:
    spec = importlib.util.find_spec("sesmail")
    assert spec is not None
    assert spec.origin is not None
    house = Path(spec.origin).parent
    sources = {path.relative_to(house).as_posix(): path.read_text("utf-8") for path in house.rglob("*.py")}
    assert {"__init__.py", "errors.py", "sending/client.py"} <= sources.keys()
    assert breaches(sources) == []


@pytest.mark.parametrize(
    ("file", "source", "breach"),
    [
        ("sending/mime.py", "from ..receiving.events import Sent", "sending/mime.py names sesmail.receiving.events"),
        ("sending/mime.py", "from .. import receiving", "sending/mime.py names sesmail.receiving"),
        ("receiving/shape.py", "import sesmail.sending.client", "receiving/shape.py names sesmail.sending.client"),
        ("labels.py", "from .sending import mime", "labels.py names sesmail.sending.mime"),
        ("sending/mime.py", "from .. import Client", "sending/mime.py names sesmail"),
        ("sending/mime.py", "import sesmail", "sending/mime.py names sesmail"),
        ("aws/http.py", "from sesmail import Client", "aws/http.py names sesmail"),
        ("sending/mime.py", "from ..aws import Aws", "sending/mime.py names sesmail.aws"),
        ("sending/mime.py", "def f():\n    from ..aws.http import x", "sending/mime.py names sesmail.aws.http"),
        ("sending/client.py", "import aiobotocore.config", "sending/client.py names aiobotocore.config"),
        ("sending/client.py", "def f():\n    import aiohttp", "sending/client.py names aiohttp"),
        ("sending/client.py", "from botocore import exceptions", "sending/client.py names botocore"),
        ("errors.py", "if TYPE_CHECKING:\n    import httpx2 as http", "errors.py names httpx2"),
        ("receiving/shape.py", "from cryptography import x509", "receiving/shape.py names cryptography"),
        ("sending/mime.py", "from email.header import Header", "sending/mime.py names email.header"),
        ("aws/http.py", "import ssl, asyncio", "aws/http.py names asyncio"),
        ("aws/http.py", "from trio.lowlevel import in_trio_run", "aws/http.py names trio.lowlevel"),
        ("errors.py", "import anyio", "errors.py names anyio"),
        ("errors.py", "async def f(): ...", "errors.py names await"),
        ("aws/http.py", "importlib.import_module('trio')", "aws/http.py names import_module"),
        ("aws/http.py", "__import__('trio')", "aws/http.py names __import__"),
    ],
)
def test_a_breach_is_found(file: str, source: str, breach: str) -> None:
    house = {"__init__.py": "", "receiving/__init__.py": "", "sending/mime.py": "", "aws/http.py": "", file: source}
    assert breaches(house) == [breach]


def test_a_circle_is_found() -> None:
    house = {
        "address.py": "from . import errors",
        "errors.py": "def f():\n    from .sending import mime",
        "sending/mime.py": "from ..address import Address",
    }
    breach, circle = breaches(house)
    assert breach == "errors.py names sesmail.sending.mime"
    assert circle.startswith("circle: ")
    assert {"sesmail.address", "sesmail.errors", "sesmail.sending.mime"} == set(circle.split()[1::2])


def test_what_is_allowed_is_no_breach() -> None:
    house = {
        "__init__.py": "from .sending.client import Client",
        "aws/__init__.py": "from .http import session",
        "aws/http.py": "import anyio\nasync def f():\n    from aiobotocore.session import AioSession",
        "emails.py": "import emails, asyncio_like",
        "sending/client.py": "from .. import version\nfrom ..aws import Aws\nfrom . import mime",
        "sending/mime.py": "from ..version import __version__",
        "version.py": "",
    }
    assert breaches(house) == []
