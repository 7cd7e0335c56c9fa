"""Verification of SNS requests: secret rotation, signature, topic, replay, manual confirmation.

Requires: pip install 'sesmail[testing]', for the SNS that signs the requests; a program that
receives from Amazon requires sesmail[signatures]
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import anyio

import sesmail
from sesmail.testing import FakeSES, sns

TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
EVENT = sesmail.Clicked(
    message_id="0102019525f6a3c1",
    recipient="alice@example.com",
    timestamp=datetime(2026, 3, 6, 19, 55, 38, tzinfo=UTC),
    link="https://example.com",
)


async def receive() -> None:
    seen = sesmail.SeenMessages()  # of this process; several processes share a database
    async with sesmail.Receiver(
        secret=["sns:new", "sns:old"],  # both, until each subscription has the new secret
        topics=[TOPIC],
        seen=seen,
        fetch_certificate=sns.trust()["fetch_certificate"],  # instead of Amazon's
    ) as receiver:
        body, headers = sns.post(EVENT, topic=TOPIC, secret="sns:old", version="2")
        for _ in range(2):  # SNS delivers again if the response is lost
            events = await receiver.receive(body, headers)
            print(len(events), "events")
            seen.add(events)  # after they have been handled


async def confirm() -> None:
    """Confirms a subscription by hand."""
    unexpected: list[sesmail.UnexpectedSubscriptionError] = []
    arrived = anyio.Event()
    async with (
        FakeSES() as fake,
        sesmail.Receiver(**fake.trust(), auto_confirm=False) as receiver,
    ):

        async def webhook(body: bytes, headers: Mapping[str, str]) -> int:
            try:
                await receiver.receive(body, headers)
            except sesmail.UnexpectedSubscriptionError as error:
                # The error can be pickled, and confirmed later or in another process.
                unexpected.append(error)
                arrived.set()
                return error.status
            except sesmail.WebhookError as error:
                return error.status
            return 204

        subscription = fake.subscribe(post=webhook)
        await arrived.wait()
        print(unexpected[0].status, unexpected[0])
        print("confirmed:", await receiver.confirm(unexpected[0]) == subscription.arn)


async def check() -> None:
    """The single checks; ``sesmail.verify`` performs all of them, without an event loop."""
    now = datetime.now(UTC)
    body, headers = sns.post(EVENT, topic=TOPIC, secret="sns:secret")
    certificate = await sns.trust()["fetch_certificate"]("https://sns.eu-west-1.amazonaws.com/")
    sesmail.check_secret(headers, "sns:secret")
    message = sesmail.check_signature(body, certificate, now=now)
    print("signed by Amazon, topic allowed:", message.topic_arn == TOPIC)
    try:
        sesmail.check_secret({}, "sns:secret")
    except sesmail.UnauthenticatedError as error:
        print(error.status, *error.headers.items(), error)
    try:
        sesmail.check_signature(body.replace(b"alice", b"mallo"), certificate, now=now)
    except sesmail.SignatureError as error:
        print(error.status, error)


async def main() -> None:
    await receive()
    await confirm()
    await check()


if __name__ == "__main__":
    anyio.run(main)
