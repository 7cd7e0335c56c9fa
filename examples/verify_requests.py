"""Verification of SNS requests: secret rotation, signature, topic, replay, manual confirmation.

Run: pip install 'sesmail[signatures]'; python examples/verify_requests.py
"""

from datetime import UTC, datetime

import anyio
from embedded_ses import aws_client, ses_server
from embedded_sns import TOPIC, certificate, confirmation, notification, request

import sesmail

MAIL = {
    "timestamp": "2026-03-06T19:50:00Z",
    "messageId": "0102019525f6a3c1",
    "destination": ["alice@example.com"],
}
CLICK = {"timestamp": "2026-03-06T19:55:38Z", "link": "https://example.com"}
EVENT = {"eventType": "Click", "mail": MAIL, "click": CLICK}


async def receive() -> None:
    async def fetch(url: str) -> bytes:  # replaces the download of Amazon's certificate
        return certificate()

    seen = sesmail.SeenMessages()  # of this process; several processes share a database
    async with sesmail.Receiver(
        secret=["sns:new", "sns:old"],  # both, until each subscription has the new secret
        topics=[TOPIC],
        auto_confirm=False,
        seen=seen,
        fetch_certificate=fetch,
    ) as receiver:
        body, headers = request(notification(EVENT), "sns:old")
        for _ in range(2):  # SNS delivers again if the response is lost
            events = await receiver.receive(body, headers)
            print(len(events), "events")
            seen.add(events)  # after they have been handled

        body, headers = request(confirmation("2336412f37fb687f"), "sns:new")
        try:
            await receiver.receive(body, headers)
        except sesmail.UnexpectedSubscriptionError as error:
            print(error.status, error)
            # The error can be pickled, and confirmed later or in another process.
            print("confirmed:", await receiver.confirm(error))


def check() -> None:
    """The single checks, without an event loop; ``sesmail.verify`` performs all of them."""
    now = datetime.now(UTC)
    body, headers = request(notification(EVENT), "sns:secret")
    sesmail.check_secret(headers, "sns:secret")
    message = sesmail.check_signature(body, certificate(), now=now)
    print("signed by Amazon, topic allowed:", message.topic_arn == TOPIC)
    try:
        sesmail.check_secret({}, "sns:secret")
    except sesmail.UnauthenticatedError as error:
        print(error.status, *error.headers.items(), error)
    try:
        sesmail.check_signature(body.replace(b"alice", b"mallo"), certificate(), now=now)
    except sesmail.SignatureError as error:
        print(error.status, error)


async def main() -> None:
    async with aws_client("sns") as sns:
        await sns.create_topic(Name=TOPIC.rpartition(":")[2])
    await receive()
    check()


if __name__ == "__main__":
    with ses_server():
        anyio.run(main)
