"""Messages, and clients on each transport."""

from typing import Any

from sesmail import BulkMessage, Client, Message, Recipient, RetryPolicy

ORDER = Message(
    from_email="Shop <shop@example.com>",
    to="alice@example.com",
    subject="Your order",
    text="On its way.",
)
NEWS = BulkMessage(
    from_email="shop@example.com",
    template="News",
    data={"month": "May"},
    recipients=[
        Recipient("alice@example.com", data={"name": "Alice"}),
        Recipient("bob@example.com"),
    ],
)

TIMEOUTS = (0.5, 2.0, 8.0)
"""Deadlines in seconds, to try until a request is sent within one, however busy the machine is."""


def new_client(url: str, session: str = "aiohttp", *, attempts: int = 1, **settings: Any) -> Client:
    """Return a client for a server on loopback, by default with one attempt and no rate limit.

    `session` is the HTTP library, `aiohttp` or `httpx`; `-generic` after it turns the fast path
    off. `aws_session` is the client's argument `session`.
    """
    library, _, path = session.partition("-")
    config = settings.pop("config", {})
    settings = {
        "retry": RetryPolicy(attempts=attempts, first_delay=0.01),
        "rate_limit": None,
        "fast_path": path != "generic",
        "session": settings.pop("aws_session", None),
        **settings,
    }
    if library == "httpx":
        from aiobotocore.httpxsession import HttpxSession

        config = {**config, "http_session_cls": HttpxSession}
    return Client(endpoint_url=url, config=config, **settings)
