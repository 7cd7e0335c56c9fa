"""Events from moto's SQS: sent by SNS, moved by a redrive policy, in order from a FIFO queue."""

import json
import time
from typing import Any

import anyio
import pytest

pytest.importorskip("moto", reason="pip install moto")

from botocore.session import Session

from sesmail import Bounced, Delivery, EventQueue
from support import ses_events
from support.moto import REGION, MotoServer
from support.sqs import BOUNCE, Recorder

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


class Amazon:
    """Clients of SQS and SNS that set up what a test needs."""

    def __init__(self, url: str) -> None:
        session = Session()
        self.sqs: Any = session.create_client("sqs", REGION, endpoint_url=url)
        self.sns: Any = session.create_client("sns", REGION, endpoint_url=url)

    def create(self, name: str, **attributes: str) -> tuple[str, str]:
        """Creates a queue; returns its URL and its ARN."""
        url: str = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def count(self, url: str) -> int:
        """Returns the number of messages in a queue, also those that are invisible."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))


@pytest.fixture
def amazon(moto_server: MotoServer) -> Amazon:
    return Amazon(moto_server.url)


def new_queue(server: MotoServer, url: str, **settings: Any) -> EventQueue:
    defaults = {"wait_time": 1, "visibility_timeout": 2, "first_delay": 0}
    return EventQueue(url, endpoint_url=server.url, **{**defaults, **settings})


async def receive(server: MotoServer, url: str, count: int, **settings: Any) -> list[Delivery]:
    """Acknowledges deliveries of a queue until there were so many."""
    found: list[Delivery] = []
    async with new_queue(server, url, **settings) as queue, queue.receive() as deliveries:
        async for delivery in deliveries:
            found.append(delivery)
            await delivery.ack()
            if len(found) == count:
                break
    return found


async def test_events_arrive_from_sns_wrapped_and_raw(
    moto_server: MotoServer, amazon: Amazon
) -> None:
    topic = amazon.sns.create_topic(Name="mail")["TopicArn"]
    url, arn = amazon.create("mail")
    for raw in ("false", "true"):
        options = {"Protocol": "sqs", "Attributes": {"RawMessageDelivery": raw}}
        subscription = amazon.sns.subscribe(
            TopicArn=topic, Endpoint=arn, ReturnSubscriptionArn=True, **options
        )
        amazon.sns.publish(TopicArn=topic, Message=BOUNCE)
        amazon.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    first, second = await receive(moto_server, url, 2, topics=[topic])
    assert first.events == second.events
    assert {type(event) for event in first.events} == {Bounced}
    origins = [each.events[0].sns for each in (first, second)]
    assert [origin.topic_arn for origin in origins if origin] == [topic]
    assert amazon.count(url) == 0


async def test_redrive_policy_takes_what_fails_and_what_cannot_be_read(
    moto_server: MotoServer, amazon: Amazon
) -> None:
    dead, dead_arn = amazon.create("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    url, _ = amazon.create("mail", RedrivePolicy=policy)
    amazon.sqs.send_message(QueueUrl=url, MessageBody=BOUNCE)
    amazon.sqs.send_message(QueueUrl=url, MessageBody="not JSON")
    recorder = Recorder()
    counts: list[int] = []
    queue = new_queue(moto_server, url, listener=recorder)
    async with queue, anyio.create_task_group() as tasks:

        async def handle(delivery: Delivery) -> None:
            counts.append(delivery.message.receive_count)
            await delivery.retry(after=0)

        tasks.start_soon(queue.run, handle)
        await anyio.to_thread.run_sync(wait_for_messages, amazon, dead, 2)
        queue.stop()
    assert counts == [1, 2, 3]
    assert recorder.counts["unreadable"] == 1
    assert amazon.count(url) == 0


def wait_for_messages(amazon: Amazon, url: str, count: int) -> None:
    while amazon.count(url) < count:
        time.sleep(0.1)


async def test_groups_of_a_fifo_queue_keep_their_order(
    moto_server: MotoServer, amazon: Amazon
) -> None:
    url, _ = amazon.create("mail.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    event = ses_events.published("Bounce")
    for number in range(5):
        for group in "ab":
            body = json.dumps(ses_events.changed(event, "mail.messageId", f"{group}-{number}"))
            amazon.sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group)
    found = await receive(moto_server, url, 10)
    ids = [each.events[0].message_id for each in found if isinstance(each.events[0], Bounced)]
    for group in "ab":
        assert [each for each in ids if each[0] == group] == [f"{group}-{n}" for n in range(5)]
    assert amazon.count(url) == 0
