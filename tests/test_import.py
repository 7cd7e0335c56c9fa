"""`import sesmail` imports no module that only some applications need."""

import subprocess
import sys

import pytest

NOT_IMPORTED = [
    "aiobotocore",
    "aiohttp",
    "asyncio",
    "botocore",
    "cryptography",
    "httpx2",
    "idna",
    "trio",
]
PYDANTIC = "import pydantic\nclass Model(pydantic.BaseModel): pass"


def loaded_by(code: str) -> set[str]:
    """Return the modules that a new interpreter has loaded after this code, without warnings."""
    command = [sys.executable, "-W", "error", "-c", f"{code}\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    return loaded_by("import sesmail")


def test_public_names_are_imported(loaded: set[str]) -> None:
    assert {"sesmail", "sesmail.sending.client", "pydantic"} <= loaded


@pytest.mark.parametrize("name", NOT_IMPORTED)
def test_slow_packages_are_not_imported(name: str, loaded: set[str]) -> None:
    assert name not in loaded


def test_imports_no_more_of_email_than_pydantic(loaded: set[str]) -> None:
    assert not [name for name in loaded - loaded_by(PYDANTIC) if name.split(".")[0] == "email"]
