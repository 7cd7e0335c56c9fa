"""Parts of calls that both APIs share: recipients, template data, size, extra."""

from typing import Any

import pytest

from sesmail import (
    Address,
    Alternative,
    Attachment,
    BulkMessage,
    InvalidMessageError,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sending.limits import check_mail_size
from sesmail.sending.payload import v1, v2
from sesmail.sending.payload.call import (
    destination,
    drop_empty,
    estimated_size,
    make_call,
    recipients_of,
    template_data,
)

MAIL = b"From: a@example.com\r\n\r\n"
ARN = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
KINDS: dict[str, Any] = {
    "Message": Message(),
    "RawMessage": RawMessage(content=MAIL),
    "TemplateMessage": TemplateMessage(template="T"),
    "BulkMessage": BulkMessage(template="T", recipients=[Recipient("a@example.com")]),
}
WRITTEN = ("Message", "TemplateMessage", "BulkMessage")

# Recipients


def with_field(message: Any, **fields: Any) -> Any:
    return type(message)(
        **{name: getattr(message, name) for name in message.model_fields_set} | fields
    )


def crowd(count: int, prefix: str = "r") -> list[str]:
    return [f"{prefix}{number}@example.com" for number in range(count)]


@pytest.mark.parametrize("kind", ["Message", "RawMessage", "TemplateMessage"])
@pytest.mark.parametrize(
    ("to", "cc", "bcc"),
    [
        (51, 0, 0),
        (0, 51, 0),
        (0, 0, 51),
        (50, 1, 0),
        (50, 0, 1),
        (1, 50, 0),
        (17, 17, 17),
        (49, 1, 1),
    ],
    ids=lambda count: str(count),
)
def test_rejects_51_recipients(kind: str, to: int, cc: int, bcc: int) -> None:
    fields = {"to": crowd(to, "t"), "cc": crowd(cc, "c"), "bcc": crowd(bcc, "b")}
    with pytest.raises(InvalidMessageError, match="this one has 51") as caught:
        recipients_of(with_field(KINDS[kind], **fields))
    assert (caught.value.limit, caught.value.actual) == (50, 51)
    one_less = next(name for name in fields if fields[name])
    assert (
        len(recipients_of(with_field(KINDS[kind], **fields | {one_less: fields[one_less][1:]})))
        == 50
    )


def test_recipients_are_in_the_order_to_cc_bcc() -> None:
    message = Message(
        bcc="d@example.com", cc="c@example.com", to=["a@example.com", "b@example.com"]
    )
    assert [address.email[0] for address in recipients_of(message)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("kind", ["Message", "RawMessage", "TemplateMessage"])
def test_rejects_message_without_recipient(kind: str) -> None:
    with pytest.raises(InvalidMessageError, match="at least one recipient") as caught:
        recipients_of(KINDS[kind])
    assert caught.value.field == "to"


def addresses(*letters: str) -> list[Address]:
    return [Address(f"{letter}@example.com") for letter in letters]


def test_destination_has_only_given_fields() -> None:
    assert destination(addresses("a"), [], []) == {"ToAddresses": ["a@example.com"]}
    assert destination([], addresses("b"), addresses("c")) == {
        "CcAddresses": ["b@example.com"],
        "BccAddresses": ["c@example.com"],
    }


def test_address_given_twice_is_sent_at_its_first_place() -> None:
    to = [Address("a@example.com", "Alice"), *addresses("b", "a")]
    assert destination(to, addresses("b", "c"), addresses("a", "c", "d")) == {
        "ToAddresses": ["Alice <a@example.com>", "b@example.com"],
        "CcAddresses": ["c@example.com"],
        "BccAddresses": ["d@example.com"],
    }
    assert "CcAddresses" not in destination(addresses("a"), addresses("a"), [])


def test_recipient_given_twice_is_one_recipient() -> None:
    message = Message(
        to=["a@example.com", "A <a@EXAMPLE.com>"], cc="a@example.com", bcc="b@example.com"
    )
    assert [address.email for address in recipients_of(message)] == [
        "a@example.com",
        "b@example.com",
    ]


# Template data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({}, "{}"),
        (
            {"name": "Zoë", "n": 1.5, "list": [None, True]},
            '{"name":"Zoë","n":1.5,"list":[null,true]}',
        ),
        ({"a": '"\\\n\0'}, '{"a":"\\"\\\\\\n\\u0000"}'),
        ({"a": "NaN", "Infinity": 1}, '{"a":"NaN","Infinity":1}'),
    ],
    ids=["empty", "kinds", "escapes", "words"],
)
def test_template_data_as_json(data: dict[str, Any], text: str) -> None:
    assert template_data(data, "data") == text


def test_accepts_template_data_of_262_144_characters() -> None:
    assert len(template_data({"a": "é" * (262_144 - len('{"a":""}'))}, "data")) == 262_144


def test_rejects_template_data_of_262_145_characters() -> None:
    with pytest.raises(InvalidMessageError, match="262,144") as caught:
        template_data({"a": "é" * (262_145 - len('{"a":""}'))}, "recipients[3].data")
    assert (caught.value.field, caught.value.limit, caught.value.actual) == (
        "recipients[3].data",
        262_144,
        262_145,
    )


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("-inf"), "\ud800", object()],
    ids=["nan", "-inf", "half", "object"],
)
def test_rejects_template_data_that_is_not_json(value: object) -> None:
    with pytest.raises(InvalidMessageError, match=r"^data: it can't be encoded as JSON"):
        template_data({"a": value}, "data")


@pytest.mark.parametrize("api", [v1, v2], ids=["v1", "v2"])
def test_error_for_data_of_a_recipient_names_its_index(api: Any) -> None:
    bulk = BulkMessage(
        from_email="a@example.com",
        template="T",
        recipients=[
            Recipient("a@example.com"),
            Recipient("b@example.com", data={"a": "x" * 262_144}),
        ],
    )
    with pytest.raises(InvalidMessageError, match="262,144") as caught:
        api.build_bulk(bulk)
    assert caught.value.field == "recipients[1].data"


# Sizes and parameters


@pytest.mark.parametrize(
    ("api", "limit", "text"),
    [("v1", 10_485_760, "10,485,760"), ("v2", 41_943_040, "41,943,040")],
    ids=["v1", "v2"],
)
def test_rejects_mail_larger_than_the_limit_of_the_api(api: str, limit: int, text: str) -> None:
    check_mail_size(limit, api, "send less")
    with pytest.raises(
        InvalidMessageError, match=f"SES API {api} takes {text}; send less"
    ) as caught:
        check_mail_size(limit + 1, api, "send less")
    assert (caught.value.limit, caught.value.actual) == (limit, limit + 1)


@pytest.mark.parametrize(
    ("api", "limit"),
    [(v1, 10 * 1024 * 1024), (v2, 40 * 1024 * 1024)],
    ids=["10 MB on v1", "40 MB on v2"],
)
def test_rejects_encoded_mail_larger_than_the_limit(api: Any, limit: int) -> None:
    line = b"x" * 998 + b"\r\n"
    mail = MAIL + line * ((limit - len(MAIL)) // len(line))
    mail += b"y" * (limit - len(mail))
    assert api.build(RawMessage(content=mail, to="a@example.com")).size == limit
    with pytest.raises(InvalidMessageError, match=f"{limit:,}") as caught:
        api.build(RawMessage(content=mail + b"z", to="a@example.com"))
    assert (caught.value.limit, caught.value.actual) == (limit, limit + 1)


@pytest.mark.parametrize(
    ("api", "limit"), [(v1, 10 * 1024 * 1024), (v2, 40 * 1024 * 1024)], ids=["v1", "v2"]
)
def test_limit_applies_to_encoded_attachments(api: Any, limit: int) -> None:
    with pytest.raises(InvalidMessageError, match=f"{limit:,}"):
        api.build(
            Message(
                from_email="a@example.com",
                to="b@example.com",
                attachments=[Attachment("a", bytes(limit * 3 // 4))],
            )
        )


def test_drop_empty_keeps_zero_false_and_empty_text() -> None:
    assert drop_empty({"a": None, "b": [], "c": {}, "d": "", "e": 0, "f": False, "g": b""}) == {
        "d": "",
        "e": 0,
        "f": False,
        "g": b"",
    }


def test_extra_overrides_parameters() -> None:
    call = make_call("SendEmail", {"A": 1, "B": None}, {"A": 2, "C": None}, 5)
    assert (call.operation, call.params, call.size) == ("SendEmail", {"A": 2, "C": None}, 5)


@pytest.mark.parametrize(
    "name",
    ["Destination", "Destinations", "BulkEmailEntries", "Content", "DefaultContent", "RawMessage"],
)
def test_rejects_extra_that_replaces_recipients_or_content(name: str) -> None:
    with pytest.raises(InvalidMessageError, match=name) as caught:
        make_call("SendEmail", {"A": 1}, {"B": 2, name: {}}, 5)
    assert caught.value.field == "extra"


@pytest.mark.parametrize(
    ("message", "size"),
    [
        pytest.param(Message(), 0, id="nothing"),
        pytest.param(Message(text="abc", html="<p>"), 6, id="texts"),
        pytest.param(
            Message(alternatives=[Alternative(b"abcd", "text/calendar")]), 4, id="alternative"
        ),
        pytest.param(
            Message(text="a", attachments=[Attachment("a", b"12"), Attachment("b", b"3")]),
            4,
            id="files",
        ),
        pytest.param(
            TemplateMessage(template="a", attachments=[Attachment("a", b"12")]), 2, id="template"
        ),
        pytest.param(RawMessage(content=b"From: a@example.com\r\n\r\n"), 0, id="written already"),
    ],
)
def test_estimated_size_counts_bodies_and_files(message: Any, size: int) -> None:
    assert estimated_size(message) == size
