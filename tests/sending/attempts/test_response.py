"""Responses of SES: only a message id proves acceptance."""

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


def single(response: dict[str, Any]) -> SendResult:
    return read_single(response, [ANN, BOB], operation="SendEmail", region="eu-west-1")


def entry(**fields: Any) -> RecipientResult | SendError:
    (end,) = read_bulk({**META}, [fields], [ANN], operation="SendBulkEmail", region="eu-west-1")
    return end


def failed_entry(**fields: Any) -> SendError:
    end = entry(**fields)
    assert isinstance(end, SendError)
    return end


def test_reads_single_response() -> None:
    assert single({"MessageId": ID, **META}) == SendResult(
        ID,
        HEADER,
        (
            RecipientResult("ann@example.com", "accepted", ID, HEADER),
            RecipientResult("bob@example.com", "accepted", ID, HEADER),
        ),
        "r-1",
    )


def test_reads_response_without_request_id() -> None:
    assert single({"MessageId": ID, "ResponseMetadata": {"HTTPStatusCode": 200}}).request_id is None


@pytest.mark.parametrize(
    "meta", [{}, {"ResponseMetadata": {}}, {"ResponseMetadata": {"HTTPStatusCode": 204}}], ids=repr
)
def test_message_id_with_status_other_than_200_is_unknown(meta: dict[str, Any]) -> None:
    with pytest.raises(UnknownOutcomeError):
        single({"MessageId": ID, **meta})


INVALID_IDS = [None, "", " ", "a b", "<id>", "a@b", "ü", "x" * 256, "a\n", 5, b"id", ["id"], {}]


@pytest.mark.parametrize("message_id", INVALID_IDS, ids=lambda value: repr(value)[:12])
def test_response_without_valid_message_id_is_unknown(message_id: Any) -> None:
    answer = {"MessageId": message_id, **META}
    with pytest.raises(UnknownOutcomeError, match="no message id") as caught:
        single(answer)
    assert caught.value.answer == answer
    assert (caught.value.operation, caught.value.request_id) == ("SendEmail", "r-1")


def test_empty_response_is_kept_in_the_error() -> None:
    with pytest.raises(UnknownOutcomeError) as caught:
        single({})
    assert caught.value.answer == {}


@pytest.mark.parametrize("status", ["SUCCESS", "Success", None])
def test_reads_accepted_entry(status: str | None) -> None:
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
def test_reads_rejected_entry(
    status: str, message: str | None, kind: type[RejectedError], retryable: bool
) -> None:
    failed = failed_entry(Status=status, Error=message)
    assert type(failed) is kind
    assert (failed.outcome, failed.retryable, failed.message) == (
        "rejected",
        retryable,
        message or "",
    )
    assert (failed.code, failed.operation, failed.request_id) == (status, "SendBulkEmail", "r-1")


def test_rejected_entry_with_message_id_is_unknown() -> None:
    assert failed_entry(Status="FAILED", MessageId=ID).outcome == "unknown"


@pytest.mark.parametrize(
    "fields",
    [{"Status": 5}, {"Status": {}, "Error": []}, {"Status": "FAILED", "Error": 5}],
    ids=str,
)
def test_entry_with_fields_of_wrong_types_has_an_outcome(fields: dict[str, Any]) -> None:
    assert entry(**fields).outcome in ("unknown", "rejected")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "status None and no"),
        ({"Status": "SUCCESS"}, "status SUCCESS and no"),
        ({"Status": "SUCCESS", "MessageId": "<bad id>"}, "status SUCCESS and no"),
        ({"Status": "QUEUED_FOR_LATER"}, "status QUEUED_FOR_LATER and no"),
        ({"Status": "QUEUED_FOR_LATER", "MessageId": ID}, "status QUEUED_FOR_LATER and a"),
    ],
    ids=["nothing", "no id", "bad id", "undocumented status", "undocumented status with id"],
)
def test_entry_with_undocumented_status_or_no_message_id_is_unknown(
    fields: dict[str, str], text: str
) -> None:
    failed = failed_entry(**fields)
    assert isinstance(failed, UnknownOutcomeError)
    assert text in str(failed)
    assert (failed.answer, failed.code) == (fields, fields.get("Status"))


def test_entries_keep_the_order_of_recipients() -> None:
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
def test_wrong_number_of_entries_is_unknown(count: int) -> None:
    answer = {**META, "BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": ID}] * count}
    with pytest.raises(UnknownOutcomeError, match=f"{count} entries for 2 recipients") as failed:
        read_bulk(
            answer,
            answer["BulkEmailEntryResults"],
            [ANN, BOB],
            operation="SendBulkEmail",
            region="x",
        )
    assert (failed.value.answer, failed.value.request_id) == (answer, "r-1")


@pytest.mark.parametrize("status", ["SUCCESS", None, "FAILED"])
def test_message_id_of_several_entries_proves_nothing(status: str | None) -> None:
    entries = [
        {"Status": "SUCCESS", "MessageId": ID},
        {"Status": "SUCCESS", "MessageId": "another"},
        {"MessageId": ID} if status is None else {"Status": status, "MessageId": ID},
        {"Status": "FAILED"},
    ]
    results = read_bulk(META, entries, [ANN, BOB, ANN, BOB], operation="SendBulkEmail", region="x")
    outcomes = [result.outcome for result in results]
    assert outcomes == ["unknown", "accepted", "unknown", "rejected"]
    assert "the same message id" in str(results[0])


def test_unknown_region_gives_no_message_id_header() -> None:
    entries = [{"Status": "SUCCESS", "MessageId": ID}]
    (entry,) = read_bulk(META, entries, [ANN], operation="SendBulkEmail", region=None)
    single = read_single({**META, "MessageId": ID}, [ANN], operation="SendEmail", region=None)
    assert isinstance(entry, RecipientResult)
    for result in (entry, single, *single.recipients):
        assert (result.message_id, result.rfc5322_message_id) == (ID, None)
