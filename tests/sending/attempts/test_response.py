"""SES's answers: an id is the only proof that it took a mail."""

from typing import Any

import pytest

from sesmail import (
    Address,
    MessageRejectedError,
    NotVerifiedError,
    QuotaExceededError,
    RecipientResult,
    RejectedError,
    SendError,
    SendResult,
    ThrottledError,
    UnknownOutcomeError,
)
from sesmail.sending.attempts.response import read_bulk, read_single

ANN, BOB = Address("ann@example.com", "Ann"), Address("bob@example.com")
META = {"ResponseMetadata": {"RequestId": "r-1", "HTTPStatusCode": 200}}
ID, HEADER = "0102018e-000000", "<0102018e-000000@eu-west-1.amazonses.com>"


def single(answer: dict[str, Any]) -> SendResult:
    return read_single(answer, [ANN, BOB], operation="SendEmail", region="eu-west-1")


def entry(**fields: Any) -> RecipientResult | SendError:
    (end,) = read_bulk({**META}, [fields], [ANN], operation="SendBulkEmail", region="eu-west-1")
    return end


def failed_entry(**fields: Any) -> SendError:
    end = entry(**fields)
    assert isinstance(end, SendError)
    return end


def test_a_single_mail() -> None:  # R22
    assert single({"MessageId": ID, **META}) == SendResult(
        ID,
        HEADER,
        (
            RecipientResult("ann@example.com", "accepted", ID, HEADER),
            RecipientResult("bob@example.com", "accepted", ID, HEADER),
        ),
        "r-1",
    )


def test_a_request_id_may_be_missing() -> None:
    assert single({"MessageId": ID, "ResponseMetadata": {"HTTPStatusCode": 200}}).request_id is None


@pytest.mark.parametrize(
    "meta", [{}, {"ResponseMetadata": {}}, {"ResponseMetadata": {"HTTPStatusCode": 204}}], ids=repr
)
def test_an_id_with_another_status_proves_nothing(meta: dict[str, Any]) -> None:  # R22
    with pytest.raises(UnknownOutcomeError):
        single({"MessageId": ID, **meta})


NO_IDS = [None, "", " ", "a b", "<id>", "a@b", "ü", "x" * 256, "a\n", 5, b"id", ["id"], {}]


@pytest.mark.parametrize("message_id", NO_IDS, ids=lambda value: repr(value)[:12])
def test_without_an_id_the_outcome_is_unknown(message_id: Any) -> None:  # R22
    answer = {"MessageId": message_id, **META}
    with pytest.raises(UnknownOutcomeError, match="no message id") as caught:
        single(answer)
    assert caught.value.answer == answer
    assert (caught.value.operation, caught.value.request_id) == ("SendEmail", "r-1")


def test_an_empty_answer_is_kept() -> None:  # R22
    with pytest.raises(UnknownOutcomeError) as caught:
        single({})
    assert caught.value.answer == {}


@pytest.mark.parametrize("status", ["SUCCESS", "Success", None])
def test_an_accepted_entry(status: str | None) -> None:  # R30
    assert entry(Status=status, MessageId=ID) == RecipientResult(
        "ann@example.com", "accepted", ID, HEADER, status
    )


@pytest.mark.parametrize(
    ("status", "message", "kind", "retryable"),
    [
        ("MESSAGE_REJECTED", "virus", MessageRejectedError, False),
        ("MessageRejected", "Email address is not verified.", NotVerifiedError, False),
        ("ACCOUNT_THROTTLED", "Maximum sending rate exceeded.", ThrottledError, True),
        ("AccountThrottled", "Daily message quota exceeded.", QuotaExceededError, False),
        ("TRANSIENT_FAILURE", "try again", RejectedError, True),
        ("FAILED", None, RejectedError, False),
    ],
)
def test_a_rejected_entry(
    status: str, message: str | None, kind: type[RejectedError], retryable: bool
) -> None:  # R30
    failed = failed_entry(Status=status, Error=message)
    assert type(failed) is kind
    assert (failed.outcome, failed.retryable, failed.message) == (
        "rejected",
        retryable,
        message or "",
    )
    assert (failed.code, failed.operation, failed.request_id) == (status, "SendBulkEmail", "r-1")


def test_a_rejected_entry_with_an_id_is_unknown() -> None:
    assert failed_entry(Status="FAILED", MessageId=ID).outcome == "unknown"


@pytest.mark.parametrize(
    "fields",
    [{"Status": 5}, {"Status": {}, "Error": []}, {"Status": "FAILED", "Error": 5}],
    ids=str,
)
def test_an_entry_of_odd_types_is_no_crash(fields: dict[str, Any]) -> None:
    assert entry(**fields).outcome in ("unknown", "rejected")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "says nothing, without"),
        ({"Status": "SUCCESS"}, "says SUCCESS, without"),
        ({"Status": "SUCCESS", "MessageId": "<bad id>"}, "says SUCCESS, without"),
        ({"Status": "QUEUED_FOR_LATER"}, "says QUEUED_FOR_LATER, without"),
        ({"Status": "QUEUED_FOR_LATER", "MessageId": ID}, "says QUEUED_FOR_LATER, with a"),
    ],
    ids=["nothing", "no id", "bad id", "new word", "new word and id"],
)
def test_an_entry_that_says_neither_is_unknown(fields: dict[str, str], says: str) -> None:  # R30
    failed = failed_entry(**fields)
    assert isinstance(failed, UnknownOutcomeError)
    assert says in str(failed)
    assert (failed.answer, failed.code) == (fields, fields.get("Status"))


def test_entries_keep_their_order() -> None:  # R29, R30
    entries = [{"Status": "FAILED"}, {"Status": "SUCCESS", "MessageId": ID}]
    first, second = read_bulk(
        META, entries, [ANN, BOB], operation="SendBulkEmail", region="us-east-1"
    )
    assert isinstance(first, RejectedError)
    assert isinstance(second, RecipientResult)
    assert (second.recipient, second.rfc5322_message_id) == (
        "bob@example.com",
        f"<{ID}@email.amazonses.com>",
    )


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_count_that_does_not_fit_is_unknown_for_all(count: int) -> None:  # R30
    answer = {**META, "BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": ID}] * count}
    with pytest.raises(UnknownOutcomeError, match=f"{count} entries answer 2 recipients") as failed:
        read_bulk(
            answer,
            answer["BulkEmailEntryResults"],
            [ANN, BOB],
            operation="SendBulkEmail",
            region="x",
        )
    assert (failed.value.answer, failed.value.request_id) == (answer, "r-1")
