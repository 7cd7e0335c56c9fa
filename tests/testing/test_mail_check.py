"""Checks of a mail: each finds its problem, and none finds one in a good mail."""

from typing import Any

import pytest

import sesmail
from sesmail import Attachment, BulkMessage, InlineTemplate, Message, RawMessage, TemplateMessage
from sesmail.testing import FakeSES, MailProblem, check_mail

PIXEL = Attachment("logo.png", b"\x89PNG", content_id="logo")
TEXT = "Your order 12345 left our warehouse today, and arrives on Thursday."
GOOD = (
    f'<p>{TEXT}</p><a name="top"></a><a href="#top">Top</a>'
    '<a href="https://example.com/">Track</a><a href="mailto:a@example.com">Mail</a>'
    '<img src="cid:logo" alt="Shop" width="96" height="28">'
    '<img src="https://example.com/x.png" alt="" style="width:1px;height:1px">'
    "<style>a {color: {{red}}}</style>"
)


def message(**fields: Any) -> Message:
    return Message(
        **{
            "from_email": "shop@example.com",
            "to": "alice@example.com",
            "subject": "Your parcel",
            "text": TEXT,
            **fields,
        }
    )


def found(**fields: Any) -> list[str]:
    return [problem.code for problem in check_mail(message(**fields))]


def test_good_mail_has_no_problems() -> None:
    assert check_mail(message()) == []
    assert check_mail(message(html=GOOD, attachments=[PIXEL])) == []


def body(html: str) -> str:
    return f"<p>{TEXT}</p>{html}"


@pytest.mark.parametrize(
    ("html", "codes"),
    [
        ('<img src="cid:no%20" alt="" width=1 height=1>', ["cid-missing"]),
        ("<td style=\"background: url('cid:none')\">", ["cid-missing"]),
        ('<img src="https://example.com/x" width=1 height=1>', ["image-alt"]),
        ('<img src="https://example.com/x" alt="" width=1>', ["image-size"]),
        (
            '<img src="https://example.com/x" alt style="max-width:1px">',
            ["image-alt", "image-size"],
        ),
        ('<img src="http://example.com/x" alt="" width=1 height=1>', ["image-insecure"]),
        ('<img src="/x.png" alt="" width=1 height=1>', ["image-source"]),
        ('<img alt="" width=1 height=1>', ["image-source"]),
        ('<a href="http://example.com/">', ["link-insecure"]),
        ('<a href="HTTP://example.com/"><area href="http://example.net/">', ["link-insecure"] * 2),
        ('<a href="/orders">', ["link-invalid"]),
        ('<a href="#">', ["link-invalid"]),
        ("<a href>", ["link-invalid"]),
        ('<a href=" javascript:alert(1)">', ["link-invalid"]),
        ("<script>a</script><form></form><script></script>", ["element-removed"] * 2),
        ("<p>Dear {{name}}", ["placeholder"]),
        ("<p>Dear {name}", ["placeholder"]),
        ("<p>{% if x %}", ["placeholder"]),
        ("<p><%= x %>", ["placeholder"]),
        ("<p>${x}", ["placeholder"]),
        ("<p>%(name)s", ["placeholder"]),
        ("<p>*|FNAME|*", ["placeholder"]),
        ("<p>Dear None,", ["placeholder"]),
        ("<p>[object Object]", ["placeholder"]),
        ('<a href="https://example.com/{{id}}">', ["placeholder"]),
        ('<a href="{{amazonSESUnsubscribeUrl}}">', ["link-invalid"]),
        ("x" * 102 * 1024, ["html-clipped"]),
        ("<p>{ not one }, 100%, {}, {{", []),
        ("</p></b>" + "<div>" * 2000 + "</p>", []),
    ],
)
def test_problem_of_html_is_found(html: str, codes: list[str]) -> None:
    assert found(html=body(html)) == codes


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"subject": ""}, ["subject-missing"]),
        ({"subject": "x" * 71}, ["subject-long"]),
        ({"subject": "Order {{number}}"}, ["placeholder"]),
        ({"text": "Dear {name}, hello undefined"}, ["placeholder"] * 2),
        ({"text": ""}, ["body-missing"]),
        ({"text": None, "html": body("")}, ["text-missing"]),
        ({"html": "<p>Hi"}, ["preheader-short"]),
        ({"html": "<head><title>A long title, which is not shown in the mail</title></head>Hi"},
         ["preheader-short"]),
        ({"subject": "Your order", "html": body("")}, ["preheader-repeats"]),
        ({"html": f"<div style='display:none'>{TEXT * 3}</div>x"}, ["preheader-long"]),
        ({"html": f"<div hidden>{TEXT}</div>x"}, []),
    ],
)  # fmt: skip
def test_problem_of_other_parts_is_found(fields: dict[str, Any], codes: list[str]) -> None:
    assert found(**fields) == codes


def test_refused_attachment_is_found() -> None:
    raw = (
        b"From: shop@example.com\r\nSubject: Your parcel\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nThe text.\r\n--b\r\n'
        b'Content-Disposition: attachment; filename="setup.exe"\r\n\r\nx\r\n--b--\r\n'
    )
    (problem,) = check_mail(RawMessage(content=raw, to="alice@example.com"))
    assert (problem.code, problem.level) == ("attachment-refused", "error")
    assert problem.text.startswith("setup.exe: SES rejects files that end in .exe")


def test_bulk_mail_has_to_have_unsubscribe() -> None:
    people = [{"to": "ann@example.com", "data": {"name": "Ann"}}]
    template = InlineTemplate(subject="News for {{name}}", text=TEXT)
    fields: dict[str, Any] = {"from_email": "shop@example.com", "template": template}
    news = BulkMessage(recipients=people, **fields)
    (problem,) = check_mail(news)
    assert problem == MailProblem(
        "unsubscribe-missing",
        "error",
        "bulk mail needs List-Unsubscribe: give unsubscribe= or list_management=",
    )
    assert check_mail(news, bulk=False) == []
    half = message(headers={"List-Unsubscribe": "<https://example.com/u>"})
    assert check_mail(half) == []
    assert [each.code for each in check_mail(half, bulk=True)] == ["unsubscribe-missing"]
    assert check_mail(message(unsubscribe="https://example.com/u"), bulk=True) == []
    leave = f"{TEXT} {{{{amazonSESUnsubscribeUrl}}}}"
    managed = message(text=leave, list_management=sesmail.ListManagement(contact_list="Customers"))
    assert check_mail(managed) == []


def test_template_is_rendered_first() -> None:
    template = InlineTemplate(subject="News", text="Hello None")
    named = TemplateMessage(from_email="a@example.com", to="b@example.com", template="News")
    assert [each.code for each in check_mail(named, template=template)] == ["placeholder"]
    with pytest.raises(sesmail.ConfigurationError, match="only has the name 'News'"):
        check_mail(named)


@pytest.mark.anyio
async def test_mail_of_the_outbox(ses: FakeSES, ses_client: sesmail.Client) -> None:
    ses.verify("example.com")
    ses.template("News", "News for {{name}}", TEXT)
    named = TemplateMessage(from_email="a@example.com", to="b@example.com", template="News")
    await ses_client.send(named.replace(data={"name": "Ann"}))
    await ses_client.send(named)
    assert check_mail(ses.outbox[0]) == []
    (problem,) = check_mail(ses.outbox[1])
    assert (problem.code, problem.level) == ("not-rendered", "error")


def test_texts_name_value_and_fix() -> None:
    problems = check_mail(message(html=body(f'<a href="http://example.com/{"x" * 100}">')))
    (problem,) = problems
    assert problem.level == "warning"
    assert problem.text.startswith("the link 'http://example.com/xxx")
    assert problem.text.endswith("...' has no https: use an https URL")
