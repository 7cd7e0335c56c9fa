"""The page of the desk in headless Chromium: what a person sees and does.

It needs Chromium, such as Debian's package, and Playwright, which drives it: `nox -s browser`.
"""

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import sesmail
from sesmail.testing import desk
from support.desk import Site

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]

HOSTILE = "<img src=x onerror=\"document.title='hit'\">"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        # Chromium's own sandbox can't be used by root, as which CI runs.
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, site: Site) -> Iterator[Callable[..., Any]]:
    """Opens the page, and checks at the end that nothing failed and nothing left the machine."""
    pages: list[Any] = []
    errors: list[str] = []
    hosts: set[str] = set()

    def start(width: int = 1280, url: str = site.url) -> Any:
        page = chromium.new_page(viewport={"width": width, "height": 800})
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", lambda response: hosts.add(response.url.partition("/api")[0]))
        page.goto(f"{url}/")
        page.locator(".live:not(.off)").wait_for(state="attached")
        return page

    yield start
    for page in pages:
        page.close()
    assert errors == []
    assert {host for host in hosts if "127.0.0.1" not in host and not host.startswith("data:")} == (
        set()
    )


@pytest.fixture
def remote(listen: Callable[..., None]) -> tuple[str, list[str]]:
    """A server of remote images, and the paths that were requested."""
    requested: list[str] = []

    async def respond(request: Request) -> Response:
        requested.append(request.url.path)
        return Response(b"<svg xmlns='http://www.w3.org/2000/svg'/>", media_type="image/svg+xml")

    listening = socket.create_server(("127.0.0.1", 0))
    listen(Starlette(routes=[Route("/{path:path}", respond)]), listening)
    return f"http://127.0.0.1:{listening.getsockname()[1]}", requested


@pytest.fixture
def webhook(site: Site, listen: Callable[..., None]) -> list[sesmail.Event]:
    """The events that an application received, which is subscribed to the desk."""
    events: list[sesmail.Event] = []

    async def receive(request: Request) -> Response:
        async with sesmail.Receiver(**desk.trust(site.url)) as receiver:
            try:
                found = await receiver.receive(await request.body(), dict(request.headers))
            except sesmail.WebhookError as err:
                return Response(status_code=err.status, headers=dict(err.headers))
        events.extend(found)
        return JSONResponse({"stored": [type(each).__name__ for each in found]})

    listening = socket.create_server(("127.0.0.1", 0))
    listen(Starlette(routes=[Route("/ses", receive, methods=["POST"])]), listening)
    port = listening.getsockname()[1]
    subscription = site.fake.subscribe(f"http://127.0.0.1:{port}/ses")
    site.fake.state.feed.wait_blocking(lambda: subscription.is_confirmed or None, 30)
    return events


def test_mail_appears_without_a_reload(site: Site, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.get_by_text("No mails yet").wait_for()
    assert f"AWS_ENDPOINT_URL={site.url}" in page.locator("#detail").inner_text()
    site.send(subject="Order 1", html="<h1>Thank you</h1>")
    page.get_by_text("Order 1").click()
    frame = page.frame_locator("iframe")
    assert frame.locator("h1").inner_text() == "Thank you"
    page.get_by_role("tab", name="Text").click()
    page.locator("pre.text").get_by_text("A text.").wait_for()
    page.get_by_role("tab", name="Source").click()
    page.get_by_text("MIME-Version: 1.0").wait_for()
    page.get_by_role("tab", name="Headers").click()
    page.get_by_text("SendEmail (v2)").wait_for()


def test_buttons_reach_the_webhook_and_show_its_response(
    site: Site, open_page: Callable[..., Any], webhook: list[sesmail.Event]
) -> None:
    site.send(to=["alice@example.com", "bob@example.com"])
    page = open_page()
    page.locator(".item").click()
    page.get_by_label("recipients").select_option("bob@example.com")
    page.get_by_label("type of bounce").select_option(label="Transient, MailboxFull")
    page.get_by_role("button", name="Bounce").click()
    page.get_by_text('{"stored":["Bounced"]}').wait_for()
    bounced = next(event for event in webhook if isinstance(event, sesmail.Bounced))
    assert (bounced.recipient, bounced.bounce_subtype) == ("bob@example.com", "MailboxFull")
    page.locator("#items .chip", has_text="bounced").wait_for()
    page.get_by_label("recipients").select_option("")
    page.get_by_role("button", name="Deliver").click()
    page.get_by_text('{"stored":["Delivered","Delivered"]}').wait_for()
    assert page.get_by_role("button", name="Open", exact=True).is_disabled()  # it has no HTML


def test_script_and_remote_image_of_a_mail_do_nothing(
    site: Site, open_page: Callable[..., Any], remote: tuple[str, list[str]]
) -> None:
    url, requested = remote
    html = (
        f"<p id=text>Hello</p><img src='{url}/pixel.gif'><script src='{url}/x.js'></script>"
        "<script>document.body.textContent='ran'</script>"
        "<img src=x onerror=\"top.document.title='hit'\">"
        f"<link rel=stylesheet href='{url}/x.css'><iframe src='{url}/frame'></iframe>"
        f"<meta http-equiv=refresh content='0;url={url}/refresh'><form action='{url}/form'><button>"
        f"<div style=\"background:url('{url}/background')\">x</div><object data='{url}/o'></object>"
    )
    site.send(subject="Hostile", html=html)
    page = open_page()
    page.locator(".item").click()
    frame = page.frame_locator("iframe")
    assert frame.locator("#text").inner_text() == "Hello"
    page.wait_for_load_state("networkidle")
    assert page.title() == "sesmail desk"
    assert requested == []
    page.get_by_role("button", name="Load remote images").click()
    page.get_by_text("Remote images are loaded").wait_for()
    frame.locator("#text").wait_for()
    page.wait_for_load_state("networkidle")
    assert set(requested) == {"/pixel.gif", "/background"}


def test_contents_of_mails_are_text(site: Site, open_page: Callable[..., Any]) -> None:
    site.send(
        subject=HOSTILE,
        text=HOSTILE,
        from_email=sesmail.Address("a@example.com", HOSTILE),
        headers={"X-Note": HOSTILE},
        attachments=[sesmail.Attachment("img src=x onerror=1.txt", b"x")],
    )
    page = open_page()
    page.locator(".item").click()
    assert page.locator("h1").inner_text() == HOSTILE
    for tab in ("Text", "Source", "Headers", "Attachments", "Checks"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_load_state("networkidle")
    assert page.locator("#detail img, #items img, #events img").count() == 0
    assert page.title() == "sesmail desk"


def test_keyboard(site: Site, open_page: Callable[..., Any]) -> None:
    for number in (1, 2, 3):
        site.send(subject=f"Order {number}")
    page = open_page()
    page.locator(".item").nth(2).wait_for()
    heading = page.locator("#detail h1")
    for key, number in (("j", 3), ("j", 2), ("ArrowDown", 1), ("ArrowDown", 1), ("k", 2)):
        page.keyboard.press(key)
        heading.get_by_text(f"Order {number}").wait_for()
    page.keyboard.press("4")
    page.get_by_text("Header fields, decoded").wait_for()
    page.keyboard.press("Escape")
    page.get_by_text("Choose a mail").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("order 1")
    page.locator(".item").nth(1).wait_for(state="detached")
    page.keyboard.press("Enter")
    heading.get_by_text("Order 1").wait_for()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    page.locator(".item").nth(2).wait_for()


def test_mail_is_composed_and_received(
    open_page: Callable[..., Any], webhook: list[sesmail.Event], tmp_path: Path
) -> None:
    page = open_page()
    page.keyboard.press("c")
    page.get_by_label("To", exact=True).fill("")
    page.get_by_role("button", name="Receive", exact=True).last.click()
    page.get_by_text("to: give at least one recipient").wait_for()
    page.get_by_label("To", exact=True).fill("help@example.com")
    page.get_by_label("Subject").fill("A question")
    page.get_by_role("button", name="Receive", exact=True).last.click()
    page.locator("#detail h1", has_text="A question").wait_for()
    page.get_by_text('{"stored":["Received"]}').wait_for()
    eml = tmp_path / "x.eml"
    eml.write_bytes(b"From: a@example.org\r\nTo: b@example.com\r\nSubject: A file\r\n\r\nx\r\n")
    page.get_by_role("button", name="Receive a mail").click()
    page.locator("#file").set_input_files(eml)
    page.locator("#detail h1", has_text="A file").wait_for()
    received = [event for event in webhook if isinstance(event, sesmail.Received)]
    assert [event.subject for event in received] == ["A question", "A file"]


def test_mails_are_deleted(site: Site, open_page: Callable[..., Any]) -> None:
    site.send(subject="Order 1")
    site.send(subject="Order 2")
    page = open_page()
    page.get_by_text("Order 1").click()
    page.get_by_role("button", name="Delete this mail").click()
    page.get_by_text("1 mail", exact=True).wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete all").click()
    page.get_by_text("No mails yet").wait_for()
    assert len(site.fake.outbox) == 0


def test_narrow_page_shows_one_column(site: Site, open_page: Callable[..., Any]) -> None:
    site.send(subject="Order 1")
    page = open_page(390)
    assert not page.locator("#detail").is_visible()
    page.get_by_text("Order 1").click()
    page.locator("#detail h1").wait_for()
    assert not page.locator("#items").is_visible()
    page.get_by_role("tab", name="Events").click()
    page.get_by_role("button", name="Delay").click()
    page.get_by_text("Delayed", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Back").click()
    page.locator("#items").wait_for()


def test_previews_follow_the_source(
    serve: Callable[..., Site],
    open_page: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sesmail.testing.desk.stream._WATCH", 0.05)
    source = (
        "import pathlib, sesmail\n"
        "def welcome():\n"
        "    html = pathlib.Path(__file__).with_name('welcome.html').read_text()\n"
        "    return sesmail.Message(from_email='a@example.com', to='b@example.com',\n"
        "                           subject='Welcome', html=html)\n"
        "def news():\n"
        "    people = [{'to': f'{x}@example.com', 'data': {'x': x}} for x in ('ann', 'bob')]\n"
        "    template = sesmail.InlineTemplate(subject='News', text='Dear {{x}}')\n"
        "    return sesmail.BulkMessage(from_email='a@example.com', recipients=people,\n"
        "                               template=template)\n"
    )
    (tmp_path / "desk_pages.py").write_text(source)
    (tmp_path / "welcome.html").write_text("<p>First</p>")
    monkeypatch.syspath_prepend(tmp_path)
    page = open_page(url=serve(desk.Desk(previews="desk_pages")).url)
    page.get_by_role("button", name="Previews").click()
    page.locator(".item", has_text="welcome").click()
    frame = page.frame_locator("iframe")
    frame.get_by_text("First").wait_for()
    (tmp_path / "welcome.html").write_text("<p>Second</p>")
    frame.get_by_text("Second").wait_for()
    page.keyboard.press("j")
    page.get_by_text("Dear ann").wait_for()
    page.get_by_label("Recipient of the preview").focus()
    page.get_by_label("Recipient of the preview").select_option("bob@example.com")
    page.get_by_text("Dear bob").wait_for()
    assert page.locator(".item[aria-current=true]").inner_text().startswith("news")
    assert page.evaluate("document.activeElement.id") == "recipient"
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    frame.get_by_text("Second").wait_for()
