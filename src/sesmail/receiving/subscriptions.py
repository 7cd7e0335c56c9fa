"""Confirmation of SNS subscriptions."""

from __future__ import annotations

from ..aws import Aws
from ..errors import ConfirmationError, MalformedBodyError, SendError, TemporaryError
from .storage.s3 import is_temporary
from .transports.json_body import excerpt
from .verification.topic import read_topic

__all__ = ["confirm_subscription"]


async def confirm_subscription(aws: Aws, topic_arn: str, token: str, *, deadline: float) -> str:
    """Confirms a subscription in the region of its topic, and returns the subscription's ARN.

    Args:
        aws: AWS clients.
        topic_arn: ARN of the topic, which may be invalid.
        token: Token of the SNS message.
        deadline: Time on anyio's clock when the call, with its retries, is given up.

    Raises:
        ConfirmationError: SNS rejected the call.
        TemporaryError: A later attempt may succeed.
        MalformedBodyError: `topic_arn` isn't the ARN of a topic.
        ConfigurationError: There are no AWS credentials, for instance.
    """
    topic = read_topic(topic_arn)
    if topic is None:
        raise MalformedBodyError(
            "it isn't the ARN of an SNS topic", path="TopicArn", input=excerpt(topic_arn)
        )
    # With AuthenticateOnUnsubscribe, the unsubscribe URL in each message needs AWS credentials.
    params = {"TopicArn": topic_arn, "Token": token, "AuthenticateOnUnsubscribe": "true"}
    try:
        response = await aws.call(
            "sns", "ConfirmSubscription", params, deadline=deadline, region=topic.region
        )
    except SendError as err:
        if is_temporary(err):
            raise TemporaryError(f"{topic_arn} can't be confirmed now: {err}") from err
        raise ConfirmationError(
            f"{topic_arn} was not confirmed: {err}", topic_arn=topic_arn, token=token
        ) from err
    subscription_arn = response.get("SubscriptionArn")
    if not isinstance(subscription_arn, str):
        raise TemporaryError(f"{topic_arn} may not be confirmed: the response names no ARN")
    return subscription_arn
