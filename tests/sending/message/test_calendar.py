"""Calendar invitations."""

from typing import Any

import pytest

from sesmail import Alternative, Attachment, InvalidMessageError, Message
from sesmail.sending.mime.mail import write_mime
from support.mail import parsed

ICS = "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nSUMMARY:Größe\nEND:VCALENDAR\n"


@pytest.mark.parametrize("method", [None, "REQUEST", "request"])
@pytest.mark.parametrize(
    "ics",
    [ICS, ICS.encode(), b"\xef\xbb\xbf" + ICS.encode(), ICS.replace("\n", "\r\n")],
    ids=["text", "bytes", "byte order mark", "CRLF"],
)
def test_calendar_alternative_and_attachment(ics: str | bytes, method: str | None) -> None:
    lines = ICS.replace("\n", "\r\n").encode()
    form = Alternative.calendar(ics, method)
    assert (form.content, form.media_type) == (lines, "text/calendar; method=REQUEST")
    file = Attachment.calendar(ics)
    assert (file.filename, file.content, file.media_type) == (
        "invite.ics",
        lines,
        "application/ics",
    )
    wire = write_mime(
        Message(
            from_email="a@example.com",
            to="b@example.com",
            text="t",
            alternatives=[form],
            attachments=[file],
        )
    )
    part = list(parsed(wire).walk())[3]
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "REQUEST"
    assert part.get_content_charset() == "utf-8"


@pytest.mark.parametrize(
    "line",
    ["METHOD:CANCEL", "method:cancel ", "METHOD;X-A=b:CANCEL", "METHOD:CANCEL\nMETHOD:CANCEL"],
)
def test_method_is_read_from_the_calendar(line: str) -> None:
    form = Alternative.calendar(f"BEGIN:VCALENDAR\n{line}\nEND:VCALENDAR\n")
    assert form.media_type == "text/calendar; method=CANCEL"


@pytest.mark.parametrize(
    ("ics", "method", "field", "problem"),
    [
        (ICS, "CANCEL", "method", "METHOD:REQUEST"),
        (ICS.replace("METHOD:REQUEST\n", ""), None, "ics", "METHOD:REQUEST, this object has 0"),
        (ICS.replace("METHOD", " METHOD"), "REPLY", "ics", "METHOD:REPLY, this object has 0"),
        (ICS.replace("SUMMARY", "METHOD:REPLY\nX"), None, "ics", "this object has 2"),
        (ICS.replace("REQUEST", "INVITE"), None, "ics", "none of ADD, CANCEL"),
        ("VERSION:2.0\nMETHOD:REQUEST\n", None, "ics", "begins with BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\n\xfc", None, "ics", "UTF-8"),
        ("BEGIN:VCALENDAR\n\ud800", None, "ics", "UTF-8"),
        (None, None, "ics", "NoneType"),
        (["BEGIN:VCALENDAR"], None, "ics", "list"),
    ],
)
def test_rejects_invalid_calendars(ics: Any, method: str | None, field: str, problem: str) -> None:
    with pytest.raises(InvalidMessageError, match=problem) as caught:
        Alternative.calendar(ics, method)
    assert caught.value.field == field
