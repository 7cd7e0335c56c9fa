"""How a request proves that SNS sent it, step by step, and a subscription that a human confirms."""

from datetime import UTC, datetime

import anyio
from embedded_ses import amazon, some_ses
from embedded_sns import TOPIC, certificate, confirmation, notification, post

import sesmail

CLICK = {"timestamp": "2026-03-06T19:55:38Z", "link": "https://example.com"}
MAIL = {
    "timestamp": "2026-03-06T19:50:00Z",
    "messageId": "0102019525f6a3c1",
    "destination": ["alice@example.com"],
}
EVENT = {"eventType": "Click", "mail": MAIL, "click": CLICK}


async def receive() -> None:
    async def fetch(url: str) -> bytes:  # in place of Amazon's certificate, or by way of a proxy
        return certificate()

    recent = sesmail.SeenMessages()  # of this process; with several, ask a database
    async with sesmail.Receiver(
        secret=["sns:new", "sns:old"],  # both, until every subscription has the new one
        topics=[TOPIC],
        auto_confirm=False,
        seen=recent,
        fetch_certificate=fetch,
    ) as receiver:
        request = post(notification(EVENT), "sns:old")
        for _ in range(2):  # SNS sends again what it got no answer to in time
            events = await receiver.receive(*request)
            print(len(events), "events")
            recent.add(events)  # once they are handled, not before

        try:
            await receiver.receive(*post(confirmation("2336412f37fb687f"), "sns:new"))
        except sesmail.UnexpectedSubscriptionError as error:
            print(error.status, error)
            print(
                "confirmed:", await receiver.confirm(error)
            )  # or later, or elsewhere: it can be pickled


def prove() -> None:
    """The same checks, one by one and without an event loop; ``sesmail.verify`` makes all of them."""
    body, headers = post(notification(EVENT), "sns:secret")
    sesmail.check_secret(headers, "sns:secret")
    message = sesmail.check_signature(body, certificate(), now=datetime.now(UTC))
    print(
        "signed by Amazon, from",
        "our topic" if message.topic_arn == TOPIC else "a stranger's topic",
    )
    try:
        sesmail.check_secret({}, "sns:secret")
    except sesmail.UnauthenticatedError as error:
        print(error.status, *error.headers.items(), error)
    try:
        sesmail.check_signature(
            body.replace(b"alice", b"mallo"), certificate(), now=datetime.now(UTC)
        )
    except sesmail.SignatureError as error:
        print(error.status, error)


async def main() -> None:
    async with amazon("sns") as sns:
        await sns.create_topic(Name=TOPIC.rpartition(":")[2])
    await receive()
    prove()


if __name__ == "__main__":
    with some_ses():
        anyio.run(main)
