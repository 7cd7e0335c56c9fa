"""The desk as an application: mounted in another one, and its names."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import sesmail
from sesmail.testing import desk
from sesmail.testing.desk import application
from support.desk import HEADER, Site


async def other(_: Request) -> PlainTextResponse:
    return PlainTextResponse("of the application")


def test_application_mounts_the_desk(serve: Callable[..., Site]) -> None:
    mounted = desk.Desk()
    routes = [Mount("/debug/mail", mounted), Route("/api/mails", other)]
    site = serve(mounted, Starlette(routes=routes))
    assert site.get("/debug/mail").status == 307
    assert b"<title>sesmail desk</title>" in site.get("/debug/mail/").body
    mounted.fake.url = f"{site.url}/debug/mail"
    mail_id = site.send()
    assert site.get(f"/debug/mail/api/mails/{mail_id}").json["subject"] == "Hello"
    assert site.get("/debug/mail/api/status").json["endpoint"] == f"{site.url}/debug/mail"
    assert site.get("/api/mails").body == b"of the application"
    assert site.request("DELETE", "/debug/mail/api/mails", headers=HEADER).status == 200


@pytest.mark.anyio
async def test_receiver_trusts_a_mounted_desk(serve: Callable[..., Site]) -> None:
    mounted = desk.Desk()
    site = serve(mounted, Starlette(routes=[Mount("/debug/mail", mounted)]))
    raw = b"From: a@example.org\r\nTo: b@example.com\r\n\r\n"
    request = mounted.fake.receive(raw).request()
    async with sesmail.Receiver(**desk.trust(f"{site.url}/debug/mail/")) as receiver:
        (event,) = await receiver.receive(*request)
    assert isinstance(event, sesmail.Received)


def test_default_application_is_created_once() -> None:
    assert isinstance(desk.app, desk.Desk)
    assert desk.app is desk.app
    assert desk.app.fake.service.is_strict is False
    with pytest.raises(AttributeError, match="has no attribute 'none'"):
        desk.none  # type: ignore[attr-defined]  # noqa: B018


def test_threads_get_the_same_default_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(desk), "app", None)
    del vars(desk)["app"]
    together = threading.Barrier(2)

    class Slow(desk.Desk):
        """Its constructor returns once both threads have called it."""

        def __init__(self) -> None:
            super().__init__()
            together.wait(timeout=10)

    monkeypatch.setattr(application, "Desk", Slow)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: desk.app, range(2))
    assert first is second is desk.app


def test_every_name_is_listed_before_it_is_imported() -> None:
    assert {*desk.__all__} <= {*dir(desk)}


def test_lifespan_of_a_server() -> None:
    events = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": next(events)}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    anyio.run(desk.Desk(), {"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
