"""Takes the pictures of the desk for its guide: ``python tests/support/desk_pictures.py``.

It needs Playwright, Chromium, and pngquant, which makes the files small.
"""

import json
import shutil
import socket
import struct
import subprocess
import threading
import zlib
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, sync_playwright  # type: ignore[import-not-found]

import sesmail
from sesmail.testing import FakeSES
from sesmail.testing.desk import Desk

FOLDER = Path(__file__).parents[2] / "examples" / "guides" / "desk"
GREEN = (29, 107, 82)
SHOP = "Shop <shop@example.com>"
HTML = """<!DOCTYPE html><html>
<body style="margin:0;background:#f3f1ec;font-family:Helvetica,Arial,sans-serif;color:#2a2a2a">
<div style="padding:28px 12px"><div style="max-width:456px;margin:auto;padding:28px 32px;
 background:#fff;border-radius:10px"><img src="cid:logo" alt="Shop" width="96" height="28">
<h1 style="font-size:24px;margin:20px 0 12px">Your order is on its way</h1>
<p style="line-height:1.6;margin:0 0 16px">Hello Alice, order <b>12345</b> left our warehouse this
morning. It arrives on Thursday.</p>
<p style="margin:0 0 24px"><a href="https://shop.example.com/orders/1" style="background:#1d6b52;
 color:#fff;padding:12px 22px;border-radius:6px;text-decoration:none;display:inline-block">
Track the parcel</a></p>
<table width="100%" style="border-top:1px solid #e7e3da;font-size:14px">
<tr><td style="padding:12px 0">Coffee grinder</td><td align="right">79.00</td></tr>
<tr><td>Filter papers</td><td align="right">6.50</td></tr></table>
<p style="font-size:12px;color:#777;margin:28px 0 0">You get this mail because you ordered at
shop.example.com. <a href="http://shop.example.com/help" style="color:#777">Help</a>
<img src="https://images.example.net/p.gif" width="1" height="1" alt=""></p></div></div>
</body></html>"""


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """Returns an image of one colour."""
    rows = (b"\0" + bytes(colour) * width) * height
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def webhook(body: bytes, headers: dict[str, str]) -> Any:
    """Responds as an application that stores each event."""
    event = json.loads(json.loads(body)["Message"])
    stored = json.dumps({"stored": event.get("eventType") or event["notificationType"]}).encode()

    class Stored:
        status_code = 200
        content = stored

    return Stored()


def fill(fake: FakeSES) -> None:
    """Sends and receives mails, and makes events happen."""
    subscription = fake.subscribe(post=webhook, confirm=False)
    subscription.endpoint.name = "http://127.0.0.1:8000/ses"
    fake.template("Weekly", "News of the week, {{name}}", "Dear {{name}}, new roasts are here.")
    code = "Your code is 483920. It is valid for ten minutes."
    invoice = sesmail.Attachment("invoice-117.pdf", b"%PDF-1.7" + b"x" * 48_000)
    logo = sesmail.Attachment("logo.png", png(96, 28, GREEN), content_id="logo")
    label = sesmail.Attachment("label.pdf", b"%PDF-1.7" + b"x" * 20_000)
    order = sesmail.Message(
        from_email=SHOP,
        to=["alice@example.com", "bob@example.org"],
        subject="Your order 12345 is on its way",
        text="Hello Alice, order 12345 left our warehouse this morning.",
        html=HTML,
        attachments=[logo, label],
    )
    news: dict[str, Any] = {"from_email": SHOP, "template": "Weekly"}
    with sesmail.BlockingClient(**fake.client_settings()) as client:
        for message in (
            sesmail.Message(
                from_email=SHOP,
                to="dave@example.net",
                subject="Your invoice 2026-117",
                text="Dear Dave, your invoice is attached.",
                attachments=[invoice],
            ),
            sesmail.Message(
                from_email=SHOP,
                to="carol@example.org",
                subject="Reset your password",
                text=code,
                html=f"<p>{code}</p>",
            ),
            sesmail.TemplateMessage(**news, to="bob@example.org", data={"name": "Bob"}),
            sesmail.TemplateMessage(**news, to="erin@example.org"),
            order,
        ):
            client.send(message)
    first, second, third, _, last = fake.outbox
    for event in (
        *(fake.deliver(first), fake.deliver(second), fake.open(second), fake.complain(third)),
        *(fake.deliver(last), fake.open(last), fake.bounce(last, "bob@example.org")),
        fake.receive(
            b"From: Frank <frank@example.net>\r\nTo: support@example.com\r\n"
            b"Subject: The grinder makes a noise\r\n\r\nHello, since yesterday it is loud.\r\n"
        ),
    ):
        event.wait_blocking()


def take(browser: Browser, url: str, name: str, width: int, *, scheme: str, tab: str) -> None:
    """Takes one picture; without a tab of the list."""
    height = 780 if width > 1000 else 844
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(url)
    page.locator(".item").first.wait_for()
    if tab:
        page.get_by_text("Your order 12345").first.click()
        page.locator("#detail h1").wait_for()
        page.get_by_role("tab", name=tab).click()
        page.wait_for_load_state("networkidle")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    page.close()
    subprocess.run(["pngquant", "--force", "--ext=.png", "--speed=1", "128", path], check=True)


def main() -> None:
    """Takes all pictures."""
    FOLDER.mkdir(exist_ok=True)
    desk = Desk()
    listening = socket.create_server(("127.0.0.1", 0))
    url = desk.fake.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(desk, ws="none", log_level="warning"))
    threading.Thread(target=server.run, args=[[listening]], daemon=True).start()
    fill(desk.fake)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--lang=en-GB"]
        executable = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        take(browser, url, "wide-light", 1280, scheme="light", tab="HTML")
        take(browser, url, "wide-dark", 1280, scheme="dark", tab="HTML")
        take(browser, url, "narrow-light", 390, scheme="light", tab="")
        take(browser, url, "narrow-dark", 390, scheme="dark", tab="Events")
        browser.close()


if __name__ == "__main__":
    main()
