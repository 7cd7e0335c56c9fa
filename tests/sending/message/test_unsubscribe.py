"""One-click unsubscribe, and unsubscribe links that SES writes."""

from typing import Any

import pytest
from pydantic import ValidationError

from sesmail import (
    BulkMessage,
    InlineTemplate,
    InvalidMessageError,
    ListManagement,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sending.payload import v1, v2

BASE: dict[str, Any] = {"from_email": "a@example.com", "to": "b@example.com"}
URL = "https://example.com/u/1"
LINK = "{{amazonSESUnsubscribeUrl}}"
LIST = ListManagement(contact_list="news")
POST = {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"}


def link(url: str) -> dict[str, str]:
    return {"Name": "List-Unsubscribe", "Value": f"<{url}>"}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "HTTPS://example.com:8443/u?x=?y=1,2&z=(a)#f",
        "https://[2001:db8::1]/u",
        f"https://example.com/{'u' * 958}",
    ],
    ids=lambda url: url[:40],
)
def test_accepts_https_addresses(url: str) -> None:
    assert Message(unsubscribe=url).unsubscribe == url
    assert Recipient("a@example.com", unsubscribe=url).unsubscribe == url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com/u", "requires https"),
        ("HTTP://example.com/u", "requires https"),
        ("mailto:u@example.com", "absolute address"),
        ("example.com/u", "absolute address"),
        ("https://", "absolute address"),
        ("https:///u", "absolute address"),
        ("https://user:password@example.com/u", "absolute address"),
        ("<https://example.com/u>", "absolute address"),
        ("https://example.com/u>, <http://example.org", "ASCII without spaces"),
        ("https://example.com/u>", "absolute address"),
        ("https://example.com/{id}", "percent-encode"),
        ("https://example.com/=?utf-8?q?u?=", "absolute address"),
        ("https://bücher.example/u", "Punycode"),
        ("https://example.com/ü", "percent-encode"),
        ("https://example.com/u\r\nBcc: c@example.com", "ASCII without spaces"),
        ("", "absolute address"),
        (f"https://example.com/{'u' * 959}", "978"),
    ],
    ids=lambda text: text[:40],
)
def test_rejects_other_addresses(url: str, problem: str) -> None:
    for make in (
        lambda: Message(unsubscribe=url),
        lambda: TemplateMessage(template="T", unsubscribe=url),
        lambda: BulkMessage(template="T", recipients=["a@example.com"], unsubscribe=url),
        lambda: Recipient("a@example.com", unsubscribe=url),
    ):
        with pytest.raises(ValidationError, match=problem) as caught:
            make()
        assert caught.value.errors()[0]["loc"] == ("unsubscribe",)


def test_raw_message_has_no_such_field() -> None:
    with pytest.raises(ValidationError, match="put it into content"):
        RawMessage(content=b"From: a@example.com\n\n", unsubscribe=URL)  # type: ignore[call-arg]


def test_headers_of_a_template_message() -> None:
    message = TemplateMessage(template="T", unsubscribe=URL, tags=["t"], **BASE)
    headers = v2.build(message).params["Content"]["Template"]["Headers"]
    assert headers == [link(URL), POST, {"Name": "X-Tag", "Value": "t"}]


def test_headers_of_a_recipient_replace_those_of_the_bulk_message() -> None:
    bulk = BulkMessage(
        from_email="a@example.com",
        template="T",
        unsubscribe=URL,
        recipients=["b@example.com", Recipient("c@example.com", unsubscribe=f"{URL}/c")],
    )
    params = v2.build_bulk(bulk).params
    assert params["DefaultContent"]["Template"]["Headers"] == [link(URL), POST]
    assert [entry.get("ReplacementHeaders") for entry in params["BulkEmailEntries"]] == [
        None,
        [link(f"{URL}/c"), POST],
    ]


def test_headers_count_to_the_limit_of_templates() -> None:
    headers = {f"X-{number}": "x" for number in range(14)}
    with pytest.raises(InvalidMessageError, match="unsubscribe included"):
        v2.build(TemplateMessage(template="T", unsubscribe=URL, headers=headers, **BASE))


@pytest.mark.parametrize("name", ["List-Unsubscribe", "list-unsubscribe-post"])
@pytest.mark.parametrize("of_message", [True, False], ids=["message", "recipient"])
@pytest.mark.parametrize("headers_of_message", [True, False], ids=["message's", "recipient's"])
def test_rejects_bulk_with_headers_of_its_own(
    name: str, of_message: bool, headers_of_message: bool
) -> None:
    given: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    given[of_message]["unsubscribe"] = URL
    given[headers_of_message]["headers"] = {name: "x"}
    bulk = BulkMessage(
        from_email="a@example.com",
        template="T",
        recipients=["b@example.com", Recipient("c@example.com", **given[False])],
        **given[True],
    )
    with pytest.raises(InvalidMessageError, match="give one of the two") as caught:
        v2.build_bulk(bulk)
    assert caught.value.field == ("headers" if headers_of_message else "recipients[1].headers")


def test_rejects_template_message_with_headers_of_its_own() -> None:
    headers = {"List-Unsubscribe": "<mailto:u@example.com>"}
    with pytest.raises(InvalidMessageError, match="give one of the two"):
        v2.build(TemplateMessage(template="T", unsubscribe=URL, headers=headers, **BASE))


@pytest.mark.parametrize("api", [v1, v2], ids=["v1", "v2"])
def test_message_has_the_headers_on_both_apis(api: Any) -> None:
    params = api.build(Message(text="t", unsubscribe=URL, **BASE)).params
    raw = params["RawMessage"] if api is v1 else params["Content"]["Raw"]
    assert f"List-Unsubscribe: <{URL}>\r\nList-Unsubscribe-Post: Li".encode() in raw["Data"]


# Contact lists


@pytest.mark.parametrize(
    "fields",
    [
        {"text": LINK},
        {"html": f"<a href='{LINK}'>"},
        {"text": LINK, "html": LINK},
        {"text": f"{LINK} {LINK}", "html": "none"},
    ],
    ids=["text", "html", "both", "twice in one"],
)
def test_accepts_one_or_two_placeholders(fields: dict[str, str]) -> None:
    v2.build(Message(list_management=LIST, **BASE, **fields))  # type: ignore[typeddict-item]
    template = InlineTemplate(subject="s", **fields)
    v2.build(TemplateMessage(list_management=LIST, template=template, **BASE))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"text": "t", "html": "{{amazonsesunsubscribeurl}}"}, "only if text or html has"),
        ({"text": f"{LINK}{LINK}", "html": LINK}, "only 2 times, text and html have it 3 times"),
    ],
    ids=["none", "three"],
)
def test_rejects_other_numbers_of_placeholders(fields: dict[str, str], problem: str) -> None:
    messages: list[Any] = [
        Message(list_management=LIST, **BASE, **fields),  # type: ignore[typeddict-item]
        TemplateMessage(
            list_management=LIST, template=InlineTemplate(subject="s", **fields), **BASE
        ),
    ]
    for message in messages:
        with pytest.raises(InvalidMessageError, match=problem) as caught:
            v2.build(message)
        assert caught.value.field == "list_management"


def test_stored_templates_and_raw_messages_are_not_checked() -> None:
    v2.build(TemplateMessage(list_management=LIST, template="T", **BASE))
    raw = RawMessage(content=b"From: a@example.com\n\n", to="b@example.com", list_management=LIST)
    v2.build(raw)


@pytest.mark.parametrize(
    "more", [{"cc": "c@example.com"}, {"bcc": "c@example.com"}, {"to": ["b@a.com", "c@a.com"]}]
)
def test_rejects_contact_list_with_several_recipients(more: dict[str, Any]) -> None:
    messages: list[Any] = [
        Message(list_management=LIST, text=LINK, **BASE | more),
        TemplateMessage(list_management=LIST, template="T", **BASE | more),
        RawMessage(
            **{"content": b"From: a@a.com\n\n", "to": "b@a.com", "list_management": LIST} | more
        ),
    ]
    for message in messages:
        with pytest.raises(InvalidMessageError, match="one recipient") as caught:
            v2.build(message)
        assert (caught.value.field, caught.value.limit, caught.value.actual) == (
            "list_management",
            1,
            2,
        )


def test_recipient_given_twice_is_one_for_a_contact_list() -> None:
    v2.build(Message(list_management=LIST, text=LINK, cc="b@example.com", **BASE))


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"unsubscribe": URL}, "unsubscribe"), ({"headers": {"List-Unsubscribe": "x"}}, "headers")],
)
def test_rejects_contact_list_beside_own_headers(fields: dict[str, Any], field: str) -> None:
    """SES replaces them."""
    with pytest.raises(InvalidMessageError, match="list_management") as caught:
        v2.build(Message(list_management=LIST, text=LINK, **BASE, **fields))
    assert caught.value.field == field
