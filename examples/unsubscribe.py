"""One-click unsubscribing: signed links in the mails, and the endpoint that they lead to.

Run: pip install starlette uvicorn; uvicorn --app-dir examples unsubscribe:app
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

import sesmail

# A real program reads them from its configuration; the second one is from before the rotation.
SECRETS = ["a secret of 16 bytes or more, 2026", "a secret of 16 bytes or more, 2025"]
LINKS = sesmail.Unsubscribe(secrets=SECRETS, url="https://shop.example.com/unsubscribe")
unsubscribed: set[tuple[str, str]] = set()

PAGE = '<form method="post"><button>Unsubscribe {recipient} from {list_name}</button></form>'


def newsletter(recipient: str) -> sesmail.Message:
    link = LINKS.link(recipient, "news")
    return sesmail.Message(
        from_email="Shop <shop@example.com>",
        to=recipient,
        subject="News",
        text=f"New shoes.\n\nUnsubscribe: {link}",
        unsubscribe=link,
    )


async def unsubscribe(request: Request) -> Response:
    try:
        found = LINKS.read(request.query_params.get("token", ""))
    except sesmail.InvalidTokenError as error:
        return PlainTextResponse(str(error), error.status)
    if request.method != "POST":  # a person, or a scanner: only the button unsubscribes
        return HTMLResponse(PAGE.format(recipient=found.recipient, list_name=found.list_name))
    unsubscribed.add((found.recipient, found.list_name))
    return PlainTextResponse("You are unsubscribed.")


app = Starlette(routes=[Route("/unsubscribe", unsubscribe, methods=["GET", "POST"])])
