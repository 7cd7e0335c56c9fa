"""Results of sends."""

import copy
import pickle

import pytest

from sesmail import (
    BulkResult,
    BulkSendError,
    MessageRejectedError,
    RecipientResult,
    SendResult,
    ThrottledError,
    UnknownOutcomeError,
)
from sesmail.tagging import rfc5322_message_id

THROTTLED = RecipientResult(
    "b@example.com", "rejected", status="ACCOUNT_THROTTLED", error=ThrottledError("slow")
)
UNKNOWN = RecipientResult("c@example.com", "unknown", error=UnknownOutcomeError("hm"))
ACCEPTED = RecipientResult(
    "a@example.com", "accepted", "0100-id", "<0100-id@eu-west-1.amazonses.com>", "SUCCESS"
)
REJECTED = RecipientResult("d@example.com", "rejected", error=MessageRejectedError("virus"))
BULK = BulkResult((THROTTLED, ACCEPTED, UNKNOWN, REJECTED))


def test_accepted_and_failed_keep_the_order() -> None:
    assert BULK.accepted == (ACCEPTED,)
    assert BULK.failed == (THROTTLED, UNKNOWN, REJECTED)


def test_raise_for_failed() -> None:
    with pytest.raises(BulkSendError, match="3 of 4 recipients failed") as caught:
        BULK.raise_for_failed()
    assert caught.value.exceptions == (THROTTLED.error, UNKNOWN.error, REJECTED.error)


@pytest.mark.parametrize(
    "result", [BulkResult((ACCEPTED, ACCEPTED)), BulkResult(())], ids=["all accepted", "nobody"]
)
def test_raise_for_failed_without_failures(result: BulkResult) -> None:
    result.raise_for_failed()
    assert result.failed == ()


@pytest.mark.parametrize(
    ("region", "header"),
    [
        ("eu-west-1", "<0100-id@eu-west-1.amazonses.com>"),
        ("us-east-1", "<0100-id@email.amazonses.com>"),
        ("us-gov-west-1", "<0100-id@us-gov-west-1.amazonses.com>"),
    ],
)
def test_rfc5322_message_id(region: str, header: str) -> None:
    assert rfc5322_message_id("0100-id", region) == header


def test_results_are_immutable_hashable_and_picklable() -> None:
    single = SendResult("0100-id", "<0100-id@email.amazonses.com>", (ACCEPTED,), "r-1")
    for result in (single, ACCEPTED, BulkResult((ACCEPTED,))):
        assert pickle.loads(pickle.dumps(result)) == copy.deepcopy(result) == result
        assert hash(result) == hash(copy.copy(result))
    with pytest.raises(AttributeError):
        single.message_id = "other"  # type: ignore[misc]
    assert str(pickle.loads(pickle.dumps(BULK)).failed[0].error) == "slow"
