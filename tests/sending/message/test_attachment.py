"""Attachments and alternatives: validation, and values that are guessed."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sesmail import Alternative, Attachment, Message
from support.hostile import SPOOFS


@pytest.mark.parametrize(
    ("filename", "media_type"),
    [
        ("a.pdf", "application/pdf"),
        ("A.PDF", "application/pdf"),
        ("a.png", "image/png"),
        ("a.txt", "text/plain"),
        ("a.html", "text/html"),
        ("a.tar.gz", "application/gzip"),
        ("a.gz", "application/gzip"),
        ("a.tar.bz2", "application/x-bzip2"),
        ("a.xz", "application/x-xz"),
        ("a.Z", "application/octet-stream"),
        ("a.eml", "message/rfc822"),
        ("a", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
def test_media_type_is_guessed_from_file_name(filename: str, media_type: str) -> None:
    assert Attachment(filename, b"x").media_type == media_type


def test_accepts_positional_arguments() -> None:
    assert Attachment("a", b"x", "text/x") == Attachment(
        filename="a", content=b"x", media_type="text/x"
    )
    assert Alternative("x", "text/x") == Alternative(content=b"x", media_type="text/x")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Attachment("a", b"x", "text/x", "id"), "at most 3 positional"),
        (lambda: Alternative("x", "text/x", "y"), "at most 2 positional"),
        (lambda: Attachment("a", b"x", filename="b"), "multiple values for filename"),
    ],
    ids=["attachment", "alternative", "twice"],
)
def test_rejects_too_many_positional_arguments(make: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        make()


def test_encodes_text_as_utf_8() -> None:
    assert Attachment("a.txt", "Zoë").content == "Zoë".encode()
    assert Alternative("Zoë", "text/calendar").content == "Zoë".encode()


@pytest.mark.parametrize(
    ("fields", "disposition"),
    [
        ({}, "attachment"),
        ({"content_id": "logo"}, "inline"),
        ({"content_id": "logo", "disposition": "attachment"}, "attachment"),
        ({"disposition": "inline"}, "inline"),
    ],
    ids=["file", "image", "file with an id", "inline without an id"],
)
def test_disposition_depends_on_content_id(fields: dict[str, Any], disposition: str) -> None:
    assert Attachment("a", b"x", **fields).disposition == disposition


GOOD_TYPES = [
    "text/plain", "application/vnd.ms-excel", "text/calendar; method=REQUEST",
    "text/calendar;method=REQUEST",
    'text/plain; charset="utf-8"; format=flowed', "image/svg+xml", "x-a/b!#$&^_.+-",
    f"a/{'b' * 76}",
    'text/plain; name="a b; c"',
]  # fmt: skip
BAD_TYPES = [
    "", "text", "text/", "/plain", "text/plain;", "text/plain; ", "text/plain; charset",
    "text/plain; charset=",
    "text /plain", "text/plain ", "text/plain; charset=\"a", "text/plain; a=\"\\\"\"",
    "text/plain, text/html",
    "text/plain\r\nX-Evil: 1", "text/plain; a=\"\r\n\"", "text/pläin",
    "text/plain; charset=\"ü\"", "text/plain;  a=b",
    f"a/{'b' * 77}", "multipart/mixed", "Multipart/Alternative; boundary=x",
]  # fmt: skip


@pytest.mark.parametrize("media_type", GOOD_TYPES)
def test_accepts_media_types(media_type: str) -> None:
    assert (
        Attachment("a", b"x", media_type).media_type
        == Alternative("x", media_type).media_type
        == media_type
    )


@pytest.mark.parametrize("media_type", BAD_TYPES, ids=repr)
def test_rejects_invalid_media_types(media_type: str) -> None:
    for make in (lambda: Attachment("a", b"x", media_type), lambda: Alternative("x", media_type)):
        with pytest.raises(ValidationError, match="media_type"):
            make()


@pytest.mark.parametrize(
    "content_id", ["logo", "a@b.example", "!#$%&'*+-/=?^_`{|}~.:;,()[]\\\"", "x" * 78]
)
def test_accepts_content_ids(content_id: str) -> None:
    assert Attachment("a", b"x", content_id=content_id).content_id == content_id


@pytest.mark.parametrize(
    "content_id", ["", "a b", "<a>", "a<", "ä", "x" * 79, "a\r\n", "a\0"], ids=repr
)
def test_rejects_invalid_content_ids(content_id: str) -> None:
    with pytest.raises(ValidationError, match="content id"):
        Attachment("a", b"x", content_id=content_id)


@pytest.mark.parametrize(
    ("fields", "limit"),
    [({"filename": ""}, 1), ({"filename": "x" * 256}, 255), ({"description": "x" * 1001}, 1000)],
    ids=["no name", "long name", "long description"],
)
def test_rejects_values_that_are_too_long(fields: dict[str, Any], limit: int) -> None:
    with pytest.raises(ValidationError, match=f"{limit} character") as caught:
        Attachment(**{"filename": "a", "content": b"x"} | fields)
    assert caught.value.errors()[0]["loc"] == (next(iter(fields)),)


def test_accepts_values_of_maximum_length() -> None:
    Attachment("x" * 255, b"", description="x" * 1000)


def test_reports_one_error_for_one_invalid_field() -> None:
    with pytest.raises(ValidationError) as caught:
        Attachment("a\r\nb", b"x")
    assert [error["loc"] for error in caught.value.errors()] == [("filename",)]


@pytest.mark.parametrize("disposition", ["inlined", "", "Attachment"])
def test_rejects_unknown_disposition(disposition: Any) -> None:
    with pytest.raises(ValidationError, match="disposition"):
        Attachment("a", b"x", disposition=disposition)


@pytest.mark.parametrize("content", [None, 5, ["x"]], ids=repr)
def test_rejects_content_that_is_neither_bytes_nor_text(content: Any) -> None:
    with pytest.raises(ValidationError, match="content"):
        Attachment("a", content)


@pytest.mark.parametrize("charset", ["iso-8859-1", '"UTF-16"'])
def test_rejects_text_with_charset_that_differs_from_utf_8(charset: str) -> None:
    with pytest.raises(ValidationError, match="give bytes"):
        Alternative("Zoë", f"text/calendar; charset={charset}")
    assert Alternative(b"Zo\xeb", f"text/calendar; charset={charset}").content == b"Zo\xeb"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii"])
def test_accepts_text_with_charset_utf_8(charset: str) -> None:
    assert Alternative("text", f"text/calendar; charset={charset}").content == b"text"


@pytest.mark.parametrize("charset", ["utf-16", "UTF-16LE", "utf-7", "unheard-of"])
def test_rejects_ascii_text_with_charset_that_encodes_it_differently(charset: str) -> None:
    with pytest.raises(ValidationError, match="give bytes"):
        Alternative("1 + 1", f"text/calendar; charset={charset}")


def test_ignores_other_parameters_than_charset() -> None:
    assert Alternative("Zoë", "text/calendar; x-charset=latin1").content == "Zoë".encode()


def test_rejects_non_ascii_text_with_charset_ascii() -> None:
    with pytest.raises(ValidationError, match="give bytes"):
        Alternative("Zoë", "text/calendar; charset=us-ascii")


def test_rejects_control_and_bidirectional_characters_in_file_name() -> None:
    for character in SPOOFS.values():
        with pytest.raises(ValidationError, match="filename"):
            Attachment(f"annual{character}fdp.exe", b"x")


def test_rejects_unknown_fields() -> None:
    for make in (
        lambda: Attachment("a", b"x", encoding="x"),
        lambda: Alternative("x", "a/b", encoding="x"),
    ):
        with pytest.raises(ValidationError, match="encoding"):
            make()  # type: ignore[no-untyped-call]


def test_content_stays_out_of_repr_and_errors() -> None:
    assert "secret" not in repr(Attachment("a", b"secret"))
    with pytest.raises(ValidationError) as caught:
        Attachment("a\n", b"secret", content_id="also secret")
    assert "secret" not in str(caught.value)


def test_rejects_duplicate_content_ids() -> None:
    with pytest.raises(ValidationError, match="same content id"):
        Message(
            attachments=[
                Attachment("a", b"x", content_id="i"),
                Attachment("b", b"y", content_id="i"),
            ]
        )
    Message(
        attachments=[
            Attachment("a", b"x", content_id="i"),
            Attachment("a", b"x"),
            Attachment("a", b"x"),
        ]
    )


def test_from_path_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "Zoë.png"
    path.write_bytes(b"\x89PNG")
    assert Attachment.from_path(path) == Attachment("Zoë.png", b"\x89PNG", "image/png")
    assert Attachment.from_path(
        str(path),
        filename="logo.gif",
        media_type="image/x",
        content_id="logo",
        disposition="attachment",
        description="Logo",
    ) == Attachment(
        "logo.gif",
        b"\x89PNG",
        "image/x",
        content_id="logo",
        disposition="attachment",
        description="Logo",
    )
    assert Attachment.from_path(path, filename="logo.gif").media_type == "image/gif"


def test_from_path_raises_for_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Attachment.from_path(tmp_path / "missing.png")


@pytest.mark.parametrize("text", ["-_8=", "+/8="], ids=["URL-safe base64", "base64"])
def test_content_in_json_is_base64(text: str) -> None:
    assert (
        Attachment.model_validate_json(f'{{"filename": "a", "content": "{text}"}}').content
        == b"\xfb\xff"
    )


def test_json_and_pickle_round_trip() -> None:
    for item in (
        Attachment("Zoë", bytes(range(256)), content_id="i", description="ü"),
        Alternative(b"\xff", "a/b"),
        Alternative(b"\xe9", "text/calendar; charset=iso-8859-1"),
    ):
        assert type(item).model_validate_json(item.model_dump_json()) == item
        assert pickle.loads(pickle.dumps(item)) == item


def test_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Attachment("a", b"x").filename = "b"  # type: ignore[misc]
