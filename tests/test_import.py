"""`import sesmail` imports nothing else, and each public name only what it needs."""

import pickle
import subprocess
import sys
from unittest import mock

import pytest

import sesmail
from support.faults import StartFaultServer
from support.responses import ok

SLOW = {
    "aiobotocore", "aiohttp", "anyio", "asyncio", "botocore", "cryptography", "email", "hashlib",
    "httpx2", "idna", "json", "pydantic", "pydantic_core", "ssl", "trio", "typing",
}  # fmt: skip
# What a public name may import of these.
ALLOWED = {
    "__version__": "",
    "parse": "json pydantic_core typing",
    "read_mail": "json typing",
    "verify": "hashlib json pydantic_core typing",
    "Receiver": "anyio hashlib json pydantic_core typing",
    "EventQueue": "anyio hashlib json pydantic_core typing",
    "DynamoSendLog": "anyio json pydantic_core typing",
    "Message": "email hashlib json pydantic pydantic_core typing",
    "Client": "anyio email hashlib json pydantic pydantic_core typing",
}


def loaded_by(code: str) -> set[str]:
    """Return the modules that a new interpreter has loaded after this code, without warnings."""
    command = [sys.executable, "-I", "-S", "-W", "error", "-c"]
    path = f"import sys; sys.path = {sys.path!r}\n"
    code = f"{path}{code}\nimport sys\nprint(*sys.modules)"
    return set(
        subprocess.run([*command, code], check=True, capture_output=True, text=True).stdout.split()
    )


def test_import_loads_the_version_only() -> None:
    loaded = loaded_by("import sesmail") - loaded_by("pass")
    assert loaded == {"sesmail", "sesmail.version"}


@pytest.fixture(scope="module")
def loaded_by_anyio() -> set[str]:
    """Return the modules that anyio loads; ssl is one of them in early releases."""
    return loaded_by("import anyio, anyio.abc, anyio.lowlevel")


@pytest.mark.parametrize("name", ALLOWED)
def test_name_imports_no_more_than_it_needs(name: str, loaded_by_anyio: set[str]) -> None:
    allowed = {*ALLOWED[name].split()}
    if "anyio" in allowed:
        allowed |= loaded_by_anyio & {"ssl"}
    assert loaded_by(f"from sesmail import {name}") & SLOW <= allowed


# What one mail needs neither of, besides the modules of `receiving`.
UNUSED_BY_A_SEND = {
    "sesmail.aws.roles",
    "sesmail.aws.httpx_session",
    "sesmail.send_log.protocol",
    *(
        f"sesmail.sending.{name}"
        for name in (
            *("bulk", "bulk_result", "many", "message.bulk_message", "message.raw_message"),
            *("message.recipient", "message.stored_object", "message.template_message"),
            *("mime.seven_bit", "payload.v1", "references.reader", "source"),
        )
    ),
}
SEND = """
import asyncio, sesmail

async def main():
    async with sesmail.Client("eu-west-1", endpoint_url={url!r}) as client:
        await client.send(sesmail.Message(from_email="a@example.com", to="b@example.com", text=""))

asyncio.run(main())
"""


def test_send_loads_no_module_that_it_does_not_use(fault_server: StartFaultServer) -> None:
    server = fault_server(ok())
    loaded = loaded_by(SEND.format(url=server.url))
    assert len(server.requests) == 1
    assert "sesmail.sending.payload.v2" in loaded
    assert loaded & UNUSED_BY_A_SEND == set()
    assert not any(name.startswith("sesmail.receiving") for name in loaded)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'sesmail' has no attribute 'Mesage'"):
        sesmail.Mesage  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Mesage'"):
        from sesmail import Mesage  # type: ignore[attr-defined]  # noqa: F401


def test_every_public_name_is_listed_before_it_is_imported() -> None:
    code = "import sesmail; assert {*sesmail.__all__} <= {*dir(sesmail)}"
    assert "sesmail.errors" not in loaded_by(code)
    assert {*sesmail.__all__} <= {*dir(sesmail)}


def test_star_import_has_every_public_name() -> None:
    code = "from sesmail import *; import sesmail; assert {*sesmail.__all__} <= {*globals()}"
    assert "sesmail.receiving.receiver" in loaded_by(code)


def test_names_can_be_replaced_in_tests() -> None:
    original = sesmail.parse
    vars(sesmail).pop("parse", None)
    with mock.patch("sesmail.parse") as replaced:
        assert sesmail.parse is replaced
    assert sesmail.parse is original


def test_classes_are_pickled_by_their_module() -> None:
    vars(sesmail).pop("Message", None)
    assert pickle.loads(pickle.dumps(sesmail.Message)) is sesmail.Message


def test_threads_get_the_same_objects() -> None:
    code = """
    import threading
    import sesmail
    found, together = [], threading.Barrier(20)
    def get():
        together.wait()
        found.append((sesmail.Client, sesmail.parse, sesmail.Message))
    threads = [threading.Thread(target=get) for _ in range(20)]
    for each in threads: each.start()
    for each in threads: each.join()
    assert len(found) == 20 and len(set(found)) == 1
    """
    loaded_by("\n".join(line[4:] for line in code.splitlines()))
