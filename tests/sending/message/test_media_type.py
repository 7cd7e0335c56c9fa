"""Media types of file names, and extensions that SES rejects."""

import mimetypes

import pytest
from pydantic import ValidationError

from sesmail import Attachment

OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("filename", "media_type"),
    [
        ("offer.docx", f"{OFFICE}wordprocessingml.document"),
        ("list.xlsx", f"{OFFICE}spreadsheetml.sheet"),
        ("talk.pptx", f"{OFFICE}presentationml.presentation"),
        ("invite.ics", "text/calendar"),
        ("photo.webp", "image/webp"),
        ("pass.pkpass", "application/vnd.apple.pkpass"),
        ("mail.eml", "message/rfc822"),
        ("Data: Q1, Q2.pdf", "application/pdf"),
        ("data: a/b, c.pdf", "application/pdf"),
        ("data:text/html,x.png", "image/png"),
        ("Re: offer.pdf", "application/pdf"),
        ("https://example.com/a.pdf?x=b.png#c.gif", "image/gif"),
        ("OFFER.PDF", "application/pdf"),
        ("a.tar.gz", "application/gzip"),
        ("a.tgz", "application/gzip"),
        ("a.tar.Z", "application/octet-stream"),
        ("Größe.pdf", "application/pdf"),
        ("pdf", "application/octet-stream"),
        (".pdf", "application/octet-stream"),
        ("...pdf", "application/octet-stream"),
        ("a.pdf.", "application/pdf"),
        ("a.unknown", "application/octet-stream"),
    ],
)
def test_media_type_is_that_of_the_extension(
    filename: str, media_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("wrong/type", None))
    assert Attachment(filename, b"x").media_type == media_type


@pytest.mark.parametrize(
    "filename", ["a.exe", "a.EXE", "a.js", "a.pdf.vbs", "a.exe.", "a.exe ", "a. exe.ps1", "Ä.url"]
)
def test_rejects_extensions_that_ses_rejects(filename: str) -> None:
    with pytest.raises(ValidationError, match=r"dg/mime-types\.html") as caught:
        Attachment(filename, b"x")
    assert caught.value.errors()[0]["loc"] == ("filename",)


@pytest.mark.parametrize("filename", ["exe", ".exe", "a.exe.txt", "a.executable", "a_js"])
def test_accepts_names_without_such_an_extension(filename: str) -> None:
    assert Attachment(filename, b"x").filename == filename
