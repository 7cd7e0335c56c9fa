"""Clients for the tests, over each HTTP session that sesmail can send by."""

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


def new_client(url: str, session: str = "aiohttp", *, attempts: int = 1, **settings: Any) -> Client:
    """A client for a server on loopback, by aiohttp or by httpx; one attempt and no pacing, unless told otherwise."""
    config = settings.pop("config", {})
    settings = {
        "retry": RetryPolicy(attempts=attempts, first_delay=0.01),
        "rate_limit": None,
        **settings,
    }
    if session == "httpx":
        from aiobotocore.httpxsession import HttpxSession

        config = {**config, "http_session_cls": HttpxSession}
    return Client(endpoint_url=url, config=config, **settings)
