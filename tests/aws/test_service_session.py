"""The session has the handlers of a service like botocore's once it has a client of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiobotocore.session import AioSession
from botocore.handlers import BUILTIN_HANDLERS

from sesmail.aws.service_session import ServiceSession

pytestmark = pytest.mark.anyio

# Those that sesmail calls, and those that botocore's providers of credentials call.
SERVICES = [
    *("dynamodb", "kms", "s3", "ses", "sesv2", "signin", "sns", "sqs"),
    *("sso", "sso-oidc", "sts"),
]
SEND = "before-call.sesv2.SendEmail"


def handlers(session: AioSession, event: str) -> list[Any]:
    """The handlers of an event, in their order."""
    emitter: Any = session.get_component("event_emitter")
    return list(emitter._emitter._handlers.prefix_search(event))


def events_of(service: str) -> Iterator[str]:
    """Each event that has a built-in handler of a service, or of all services."""
    for name, *_ in BUILTIN_HANDLERS:
        kind, *rest = name.split(".")
        if kind != "docs" and (not rest or rest[0] == service):
            operation = "".join(rest[1:]) or "AnyOperation"
            yield f"{kind}.{service}.{operation.replace('*', 'AnyOperation')}"


async def create_client(session: AioSession, service: str) -> Any:
    async with session.create_client(
        service, "eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    ) as client:
        return client


@pytest.mark.parametrize("service", SERVICES)
async def test_client_has_the_handlers_that_botocore_registers(service: str) -> None:
    session, theirs = ServiceSession(), AioSession()
    client = await create_client(session, service)
    assert client.meta.service_model.service_id.hyphenize() == service
    for event in events_of(service):
        found = list(client.meta.events._emitter._handlers.prefix_search(event))
        assert set(handlers(theirs, event)) <= set(found)
        assert handlers(session, event) == handlers(theirs, event)


async def test_new_session_has_the_handlers_of_all_services_only() -> None:
    session, theirs = ServiceSession(), AioSession()
    event = "before-parameter-build.s3.CopyObject"
    assert len(handlers(session, event)) < len(handlers(theirs, event))
    assert handlers(session, SEND) == handlers(theirs, SEND) != []


@pytest.mark.parametrize("event", [SEND, "before-call.sesv2", "before-call.*.SendEmail"])
@pytest.mark.parametrize("is_open", [False, True])
async def test_registered_handler_is_called(event: str, is_open: bool) -> None:
    session = ServiceSession()
    if is_open:
        await create_client(session, "sesv2")
    session.register(event, on_event)
    await create_client(session, "sesv2")
    assert handlers(session, SEND).count(on_event) == 1


async def test_handlers_keep_their_order() -> None:
    session = ServiceSession()
    session.register(SEND, on_event)
    session.register(SEND, on_event_2)
    await create_client(session, "sesv2")
    found = handlers(session, SEND)
    assert found.index(on_event_2) == found.index(on_event) + 1


async def test_old_name_of_a_service_is_one_of_its_names() -> None:
    session = ServiceSession()
    session.register("before-call.email.SendRawEmail", on_event)
    await create_client(session, "ses")
    assert on_event in handlers(session, "before-call.ses.SendRawEmail")


async def test_unique_id_registers_one_handler() -> None:
    session = ServiceSession()
    session.register(SEND, on_event, unique_id="one")
    session.register(SEND, on_event_2, unique_id="one")
    await create_client(session, "sesv2")
    assert on_event in handlers(session, SEND)
    assert on_event_2 not in handlers(session, SEND)


async def test_removed_handler_is_not_called() -> None:
    session = ServiceSession()
    session.register(SEND, on_event)
    session.unregister(SEND, on_event)
    await create_client(session, "sesv2")
    assert on_event not in handlers(session, SEND)


def on_event(**_: object) -> None: ...


def on_event_2(**_: object) -> None: ...
