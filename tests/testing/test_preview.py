"""Messages as MIME, as files and as pages."""

import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest

from sesmail import (
    Attachment,
    BulkMessage,
    Client,
    ConfigurationError,
    InlineTemplate,
    InvalidMessageError,
    ListManagement,
    Message,
    RawMessage,
    Recipient,
    TemplateMessage,
)
from sesmail.sending.message import output
from sesmail.testing import FakeSES, preview

HTML = '<img src="cid:logo"><script>alert("x")</script><img src="https://example.com/x.png">'
LOGO = Attachment(filename="logo.png", content=b"x", content_id="logo", media_type="image/png")
ORDER = Message(
    from_email="Shop <shop@example.com>",
    to="alice@example.org",
    cc="bob@example.org",
    bcc="carol@example.org",
    subject="Order <1>",
    text="a < b",
    html=HTML,
    attachments=[LOGO, Attachment(filename="terms.txt", content=b"terms")],
)
NEWS = TemplateMessage(
    from_email="shop@example.com",
    to="alice@example.org",
    template="News",
    data={"name": "Alice", "items": [1, 2]},
    tags=["Zürich"],
    tenant="acme",
    configuration_set="tracking",
)
TEMPLATE = InlineTemplate(subject="Hi {{name}}", text="{{#each items}}[{{this}}]{{/each}}")


def test_message_as_mime(tmp_path: Path) -> None:
    raw = ORDER.to_bytes()
    assert message_from_bytes(raw)["Subject"] == "Order <1>"
    assert b"carol" not in raw
    path = ORDER.to_eml(tmp_path / "mail.eml")
    assert path.read_bytes() == raw
    mime = RawMessage(content=raw, to="a@example.org", send_id="order-1")
    assert mime.to_bytes() == b"X-Sesmail-Id: order-1\r\n" + raw
    assert mime.to_eml(str(path)).read_bytes() == mime.to_bytes()
    with pytest.raises(InvalidMessageError, match="author is missing"):
        Message(to="a@example.org", text="x").to_bytes()


def test_message_is_encoded_before_anything_is_sent() -> None:
    code = (
        "import sesmail\n"
        "message = sesmail.Message(from_email='a@example.com', to='b@example.org', text='x')\n"
        "print(len(message.to_bytes()) > 50)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_page_of_a_message() -> None:
    page = ORDER.preview()
    assert "<tr><th>Subject<td>Order &lt;1&gt;" in page
    assert "<tr><th>Bcc<td>carol@example.org" in page
    assert "<tr><th>Attachments<td>terms.txt" in page
    assert "<pre>a &lt; b</pre>" in page
    assert '<iframe sandbox srcdoc="&lt;img src=&quot;data:image/png;base64,eA==' in page
    assert "<script" not in page
    assert "default-src 'none'; img-src data:" in page


def test_page_of_raw_mime() -> None:
    page = RawMessage(content=ORDER.to_bytes(), to="dan@example.org").preview()
    assert "<tr><th>To<td>dan@example.org" in page


def test_page_of_a_template() -> None:
    page = NEWS.preview(template=TEMPLATE)
    assert "<tr><th>Subject<td>Hi Alice" in page
    assert "<pre>[1][2]</pre>" in page
    arn = NEWS.replace(template="arn:aws:ses:eu-west-1:123456789012:template/News")
    assert "Hi Alice" in arn.preview(template=InlineTemplate(subject="Hi {{name}}", html="<p>"))
    inline = NEWS.replace(template=InlineTemplate(subject="Dear {{name}}", text="x"))
    assert "Dear Alice" in inline.preview()


@pytest.mark.parametrize("topic", [None, "News"])
def test_page_of_a_message_with_list_management(topic: str | None) -> None:
    listed = ListManagement(contact_list="Customers", topic=topic)
    text = "leave: {{amazonSESUnsubscribeUrl}}"
    plain = {"text": text, "cc": (), "bcc": (), "html": None, "attachments": ()}
    assert "/unsubscribe/" in ORDER.replace(list_management=listed, **plain).preview()


def test_page_of_a_recipient_of_a_bulk_message() -> None:
    bulk = BulkMessage(
        from_email="shop@example.com",
        template="News",
        data={"name": "you", "items": []},
        recipients=["alice@example.org", Recipient(to="bob@example.org", data={"name": "Bob"})],
    )
    assert "Hi you" in bulk.preview(template=TEMPLATE)
    assert "Hi Bob" in bulk.preview(template=TEMPLATE, recipient=1)
    with pytest.raises(ConfigurationError, match="recipient must be 0 to 1, not 2"):
        bulk.preview(template=TEMPLATE, recipient=2)


def test_what_ses_would_refuse_has_no_page() -> None:
    with pytest.raises(ConfigurationError, match="only has the name 'News': pass template="):
        NEWS.preview()
    with pytest.raises(InvalidMessageError, match="can't be rendered: Attribute 'name' is not"):
        NEWS.replace(data={}).preview(template=TEMPLATE)
    with pytest.raises(InvalidMessageError, match="SES would refuse it: the tag at char"):
        NEWS.preview(template=TEMPLATE.replace(text="{{#if"))


@pytest.mark.anyio
async def test_page_of_an_accepted_mail(ses: FakeSES, ses_client: Client) -> None:
    ses.verify("example.com")
    await ses_client.send(ORDER)
    assert preview(ses.outbox[0]) == ORDER.preview()
    await ses_client.send(ORDER.replace(text=None, attachments=(), subject=None))
    page = preview(ses.outbox[1])
    assert ("<pre>" in page, "<title></title>" in page) == (False, True)


def test_preview_needs_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_previews", [])
    with pytest.raises(ConfigurationError, match=r"pip install 'sesmail\[testing\]', and import"):
        ORDER.preview()
