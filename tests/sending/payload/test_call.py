"""What both APIs share: defaults, recipients, template data."""

from typing import Any

import pytest

from sesmail import (
    Address,
    Alternative,
    Attachment,
    BulkMessage,
    InvalidMessageError,
    ListManagement,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sending.limits import check_mail_size
from sesmail.sending.payload import v1, v2
from sesmail.sending.payload.call import (
    apply_defaults,
    destination,
    drop_empty,
    estimated_size,
    finish,
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

# Client-wide defaults


@pytest.mark.parametrize("message", KINDS.values(), ids=KINDS)
def test_without_defaults_a_message_stays(message: Any) -> None:
    assert apply_defaults(message, None) is message


SCALARS: dict[str, tuple[Any, Any, tuple[str, ...]]] = {
    "from_email": ("a@example.com", "b@example.com", WRITTEN),
    "sender": ("a@example.com", "b@example.com", ("Message",)),
    "to": ("a@example.com", "b@example.com", ("Message", "RawMessage", "TemplateMessage")),
    "cc": ("a@example.com", "b@example.com", ("Message", "RawMessage", "TemplateMessage")),
    "bcc": ("a@example.com", "b@example.com", ("Message", "RawMessage", "TemplateMessage")),
    "reply_to": ("a@example.com", "b@example.com", WRITTEN),
    "subject": ("default", "own", ("Message",)),
    "text": ("default", "own", ("Message",)),
    "html": ("default", "own", ("Message",)),
    "attachments": ([Attachment("a", b"x")], [Attachment("b", b"y")], WRITTEN),
    "configuration_set": ("default", "own", tuple(KINDS)),
    "envelope_sender": ("a@example.com", "b@example.com", tuple(KINDS)),
    "track_opens": (True, False, tuple(KINDS)),
    "track_clicks": (False, True, tuple(KINDS)),
    "tenant": ("default", "own", tuple(KINDS)),
    "endpoint_id": ("default", "own", tuple(KINDS)),
    "source_arn": (ARN, f"{ARN}.own", tuple(KINDS)),
    "from_arn": (ARN, f"{ARN}.own", tuple(KINDS)),
    "return_path_arn": (ARN, f"{ARN}.own", tuple(KINDS)),
    "list_management": (
        ListManagement(contact_list="default"),
        ListManagement(contact_list="own"),
        ("Message", "RawMessage", "TemplateMessage"),
    ),
}
PLACES = [(field, kind) for field, (_, _, kinds) in SCALARS.items() for kind in kinds]


def with_field(message: Any, **fields: Any) -> Any:
    return type(message)(
        **{name: getattr(message, name) for name in message.model_fields_set} | fields
    )


@pytest.mark.parametrize(
    ("field", "kind"), PLACES, ids=[f"{kind}.{field}" for field, kind in PLACES]
)
def test_a_default_fills_a_gap_and_nothing_else(field: str, kind: str) -> None:  # R4, R7
    default, own, _ = SCALARS[field]
    defaults = Message(**{field: default})
    filled = apply_defaults(KINDS[kind], defaults)
    assert getattr(filled, field) == getattr(with_field(KINDS[kind], **{field: default}), field)
    overridden = with_field(KINDS[kind], **{field: own})
    assert apply_defaults(overridden, defaults) == overridden


def test_none_given_on_purpose_stands() -> None:
    message = Message(configuration_set=None, reply_to=())
    laid = apply_defaults(message, Message(configuration_set="default", reply_to="a@example.com"))
    assert (laid.configuration_set, laid.reply_to) == (None, ())


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_place_stays_out(kind: str) -> None:  # R7
    everything = Message(
        **{field: default for field, (default, _, _) in SCALARS.items()},
        alternatives=(),
        tags=["t"],
        metadata={"a": 1},
        message_tags={"a": "b"},
        headers={"X-One": "1"},
        extra={"a": 1},
        send_id="id-1",
    )
    laid = apply_defaults(KINDS[kind], everything)
    assert type(laid) is type(KINDS[kind])
    assert set(laid.__dict__) == set(type(laid).model_fields)
    assert type(laid)(**laid.model_dump()) == laid
    assert getattr(laid, "send_id", None) is None


def test_copies_are_not_laid_on_bulk_messages() -> None:  # R7
    laid = apply_defaults(
        KINDS["BulkMessage"],
        Message(cc="c@example.com", bcc="d@example.com", reply_to="r@example.com"),
    )
    assert (laid.cc, laid.bcc, laid.reply_to) == ((), (), (Address("r@example.com"),))
    own = with_field(KINDS["BulkMessage"], cc="x@example.com")
    assert apply_defaults(own, Message(cc="c@example.com")).cc == (Address("x@example.com"),)


@pytest.mark.parametrize("kind", WRITTEN)
def test_tags_are_joined(kind: str) -> None:  # R7
    message = with_field(KINDS[kind], tags=["own"])
    assert apply_defaults(message, Message(tags=["default"])).tags == ("default", "own")
    assert apply_defaults(KINDS[kind], Message(tags=["default"])).tags == ("default",)


@pytest.mark.parametrize("field", ["metadata", "message_tags", "headers", "extra"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_mappings_are_merged(kind: str, field: str) -> None:  # R7, R8
    message = with_field(KINDS[kind], **{field: {"b": "own", "c": "own"}})
    laid = getattr(
        apply_defaults(message, Message(**{field: {"a": "default", "b": "default"}})), field
    )
    assert laid == {"a": "default", "b": "own", "c": "own"}
    with pytest.raises(TypeError, match="make a new model"):
        laid["d"] = "x"


def test_header_names_are_the_same_in_any_case() -> None:  # R7
    laid = apply_defaults(
        Message(headers={"x-one": "own"}), Message(headers={"X-One": "default", "X-Two": "2"})
    )
    assert laid.headers == {"X-Two": "2", "x-one": "own"}


def test_raw_messages_take_call_settings_alone() -> None:  # R7
    laid = apply_defaults(
        KINDS["RawMessage"],
        Message(from_email="a@example.com", tags=["t"], metadata={"a": 1}, extra={"X": 1}),
    )
    assert laid == with_field(KINDS["RawMessage"], extra={"X": 1})


def test_several_default_authors_do_not_fit_a_template() -> None:
    defaults = Message(from_email=["a@example.com", "b@example.com"])
    for kind in ("TemplateMessage", "BulkMessage"):
        with pytest.raises(InvalidMessageError, match="several authors") as caught:
            apply_defaults(KINDS[kind], defaults)
        assert caught.value.field == "from_email"
        assert apply_defaults(with_field(KINDS[kind], from_email="c@example.com"), defaults)


def test_no_default_author_is_none() -> None:
    assert apply_defaults(KINDS["TemplateMessage"], Message(from_email=())).from_email is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_from_json_takes_the_same_defaults(kind: str) -> None:  # R4, R7
    """As it will after a rest in a queue."""
    message = KINDS[kind]
    read = type(message).model_validate_json(message.model_dump_json())
    defaults = Message(
        from_email="a@example.com",
        configuration_set="tracking",
        track_opens=True,
        reply_to="r@example.com",
    )
    assert apply_defaults(read, defaults) == apply_defaults(message, defaults)


def test_defaults_reach_the_call() -> None:  # R4, R7, R8
    defaults = Message(
        from_email="Shop <shop@example.com>",
        bcc="archive@example.com",
        configuration_set="tracking",
        extra={"A": 1, "B": 1},
    )
    call = v2.build(apply_defaults(Message(to="a@example.com", extra={"B": 2}), defaults))
    assert call.params["Destination"] == {
        "ToAddresses": ["a@example.com"],
        "BccAddresses": ["archive@example.com"],
    }
    assert call.params["ConfigurationSetName"] == "tracking"
    assert (call.params["A"], call.params["B"]) == (1, 2)
    assert call.params["Content"]["Raw"]["Data"].startswith(b"From: Shop <shop@example.com>\r\n")


# Recipients


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
def test_51_recipients_are_refused(kind: str, to: int, cc: int, bcc: int) -> None:  # R21
    fields = {"to": crowd(to, "t"), "cc": crowd(cc, "c"), "bcc": crowd(bcc, "b")}
    with pytest.raises(InvalidMessageError, match="this one has 51") as caught:
        recipients_of(with_field(KINDS[kind], **fields))
    assert (caught.value.limit, caught.value.actual) == (50, 51)
    one_less = next(name for name in fields if fields[name])
    assert (
        len(recipients_of(with_field(KINDS[kind], **fields | {one_less: fields[one_less][1:]})))
        == 50
    )


def test_recipients_have_an_order() -> None:  # R12
    message = Message(
        bcc="d@example.com", cc="c@example.com", to=["a@example.com", "b@example.com"]
    )
    assert [address.email[0] for address in recipients_of(message)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("kind", ["Message", "RawMessage", "TemplateMessage"])
def test_a_recipient_is_needed(kind: str) -> None:
    with pytest.raises(InvalidMessageError, match="at least one recipient") as caught:
        recipients_of(KINDS[kind])
    assert caught.value.field == "to"


def test_destination_has_only_what_is_given() -> None:  # R18
    assert destination(["a"], [], []) == {"ToAddresses": ["a"]}
    assert destination([], ["b"], ["c"]) == {"CcAddresses": ["b"], "BccAddresses": ["c"]}


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
def test_template_data(data: dict[str, Any], text: str) -> None:  # R26
    assert template_data(data, "data") == text


def test_template_data_of_262_144_characters_passes() -> None:  # R21
    assert len(template_data({"a": "é" * (262_144 - len('{"a":""}'))}, "data")) == 262_144


def test_template_data_of_262_145_characters_is_refused() -> None:  # R21
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
def test_template_data_is_json(value: object) -> None:
    with pytest.raises(InvalidMessageError, match=r"^data: it can't be written as JSON"):
        template_data({"a": value}, "data")


@pytest.mark.parametrize("api", [v1, v2], ids=["v1", "v2"])
def test_too_much_data_of_a_recipient_is_told_by_its_number(api: Any) -> None:  # R21
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
def test_the_encoded_mail_has_a_limit(api: Any, limit: int) -> None:  # R21
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
def test_an_attachment_counts_as_it_is_encoded(api: Any, limit: int) -> None:  # R21
    with pytest.raises(InvalidMessageError, match=f"{limit:,}"):
        api.build(
            Message(
                from_email="a@example.com",
                to="b@example.com",
                attachments=[Attachment("a", bytes(limit * 3 // 4))],
            )
        )


def test_given() -> None:  # R18
    assert drop_empty({"a": None, "b": [], "c": {}, "d": "", "e": 0, "f": False, "g": b""}) == {
        "d": "",
        "e": 0,
        "f": False,
        "g": b"",
    }


def test_extra_is_laid_over_last() -> None:  # R8
    call = finish("SendEmail", {"A": 1, "B": None}, {"A": 2, "C": None}, 5)
    assert (call.operation, call.params, call.size) == ("SendEmail", {"A": 2, "C": None}, 5)


@pytest.mark.parametrize(
    "name",
    ["Destination", "Destinations", "BulkEmailEntries", "Content", "DefaultContent", "RawMessage"],
)
def test_extra_does_not_replace_what_was_checked(name: str) -> None:  # R8
    with pytest.raises(InvalidMessageError, match=name) as caught:
        finish("SendEmail", {"A": 1}, {"B": 2, name: {}}, 5)
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
        pytest.param(
            BulkMessage(template="a", recipients=[Recipient("a@example.com")] * 3),
            3072,
            id="recipients",
        ),
    ],
)
def test_what_has_to_be_written(message: Any, size: int) -> None:
    assert estimated_size(message) == size
