"""Fixtures: AWS settings of the tests, and the servers that they send to."""

import functools
import gc
import importlib.util
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from support.faults import FaultServer, StartFaultServer, Step

if TYPE_CHECKING:
    from support.moto import MotoServer

TRIO_IS_MISSING = [name for name in ("trio", "httpx2") if not importlib.util.find_spec(name)]
UNPATCHED = bool(os.environ.get("SESMAIL_TESTS_UNPATCHED"))
FOREIGN_SETTINGS = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(scope="session", autouse=True)
def cached_botocore() -> Iterator[None]:
    """Cache what botocore reads and computes for each client: the tests open hundreds of clients.

    Functions that depend only on their arguments keep their results for the session: reading a
    service model, the list of services, the alias of an event name, and whether a handler accepts
    ``**kwargs``.
    `SESMAIL_TESTS_UNPATCHED=1` runs the tests without this fixture, as `nox -s minimal` does.
    """
    if UNPATCHED:
        yield
        return
    from botocore import hooks, loaders

    from sesmail.aws import service_models

    load = functools.cache(service_models._Files().load_file)
    load_ordered = functools.cache(loaders.JSONFileLoader().load_file)
    list_services = loaders.Loader.list_available_services
    builtin = loaders.Loader().search_paths
    services = functools.cache(lambda type_name: list_services(loaders.Loader(), type_name))
    alias = functools.cache(hooks.EventAliaser(None)._alias_event_name)
    accepts_kwargs = functools.cache(hooks.accepts_kwargs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service_models._Files, "load_file", lambda _, path: load(path))
        patch.setattr(loaders.JSONFileLoader, "load_file", lambda _, path: load_ordered(path))
        patch.setattr(
            loaders.Loader,
            "list_available_services",
            lambda self, type_name: (
                services(type_name)
                if self.search_paths == builtin
                else list_services(self, type_name)
            ),
        )
        patch.setattr(hooks.EventAliaser, "_alias_event_name", lambda _, name: alias(name))
        # By the function, so that no object is kept alive by its bound method.
        patch.setattr(
            hooks,
            "accepts_kwargs",
            lambda handler: accepts_kwargs(getattr(handler, "__func__", handler)),
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def aws_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set the same AWS settings for every test, and none of the machine's own.

    The authorities are one certificate instead of hundreds, which every client would read and which
    are a third of its opening; with `SESMAIL_TESTS_UNPATCHED=1` they are botocore's own.
    """
    from botocore.httpsession import DEFAULT_CA_BUNDLE

    nowhere: Path = tmp_path_factory.mktemp("aws")
    bundle = Path(DEFAULT_CA_BUNDLE)
    if not UNPATCHED:
        first, end, _ = bundle.read_bytes().partition(b"-----END CERTIFICATE-----\n")
        bundle = nowhere / "authorities.pem"
        bundle.write_bytes(first + end)
    settings = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(nowhere / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(nowhere / "credentials"),
        "AWS_CA_BUNDLE": str(bundle),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith(FOREIGN_SETTINGS)]:
            patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(
    scope="module",
    params=[
        "asyncio",
        pytest.param(
            "trio",
            marks=pytest.mark.skipif(
                bool(TRIO_IS_MISSING),
                reason=f"{' and '.join(TRIO_IS_MISSING)} not installed: pip install sesmail[trio]",
            ),
        ),
    ],
)
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run each test that is marked anyio on both event loops."""
    name: str = request.param
    return name


@pytest.fixture
def fault_server() -> Iterator[StartFaultServer]:
    """Start servers that respond by a script of `support.responses`."""
    with ExitStack() as servers:

        def start(*script: Step) -> FaultServer:
            return servers.enter_context(FaultServer(*script))

        yield start


@pytest.fixture(scope="session")
def running_moto() -> "Iterator[MotoServer]":
    """Start moto's server once for all tests; its KMS keys share one RSA key unless unpatched."""
    # Imported here, so that only the tests that need moto wait for it.
    from moto.kms import models as kms

    from support.moto import MotoServer

    with MotoServer() as server, pytest.MonkeyPatch.context() as patch:
        # moto creates an RSA key for each KMS key, which is slow; encryption doesn't use it.
        if not UNPATCHED:
            patch.setattr(kms, "generate_private_key", functools.cache(kms.generate_private_key))
        yield server


@pytest.fixture
def moto_server(running_moto: "MotoServer") -> "MotoServer":
    """Provide moto's server, empty at the start of each test."""
    running_moto.reset()
    return running_moto


@pytest.fixture(scope="module", autouse=True)
def frozen_objects() -> None:
    """Exclude what earlier modules imported and cached from garbage collection.

    Tests that collect garbage to find leaks take a second otherwise.
    """
    gc.collect()
    gc.freeze()


def pytest_collection_finish() -> None:
    """Exclude modules and collected tests from garbage collection: they live until the end."""
    gc.collect()
    gc.freeze()


# Without randomness each run has the same examples; `HYPOTHESIS_PROFILE=nightly` has new ones.
PHASES = set(hypothesis.Phase) - {hypothesis.Phase.explain}  # which takes minutes for a whole mail
hypothesis.settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, database=None, phases=PHASES
)
hypothesis.settings.register_profile(
    "nightly", max_examples=5_000, deadline=None, database=None, phases=PHASES
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
