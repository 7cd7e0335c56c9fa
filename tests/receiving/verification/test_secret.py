"""The webhook's secret: accepted and refused credentials, and secrets in errors."""

import base64
import logging
import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from sesmail.errors import ConfigurationError, UnauthenticatedError
from sesmail.receiving.verification.http_headers import header_values
from sesmail.receiving.verification.secret import Secrets, check_secret
from support.frames import package_frames
from support.signing import basic

SECRET = "sns:canary-7Qx!"
OTHER = "sns:canary-rotated"


class Repeating(Mapping[str, str]):
    """A multi-dict, whose `items` repeats names, as in several frameworks."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.pairs = pairs

    def __getitem__(self, name: str) -> str:
        return dict(self.pairs)[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(dict(self.pairs))

    def __len__(self) -> int:
        return len(self.pairs)

    def items(self) -> Any:
        return list(self.pairs)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "x"},
        {"AUTHORIZATION": "x"},
        {b"authorization": b"x"},
        [("Host", "y"), ("authorization", "x")],
        ((b"Authorization", b"x"),),
        {"authorization": ["x"]},
        Repeating(("Authorization", "x")),
    ],
)
def test_reads_headers_of_any_framework(headers: Any) -> None:
    assert header_values(headers, "authorization") == ["x"]


def test_reads_repeated_and_absent_headers() -> None:
    assert header_values(Repeating(("A", "1"), ("a", "2")), "a") == ["1", "2"]
    assert header_values({"a": ["1", "2"]}, "a") == ["1", "2"]
    assert header_values({"a": None, "b": "1"}, "a") == []
    assert header_values([], "a") == []
    assert header_values([(b"a", b"\xff")], "a") == ["\xff"]


@pytest.mark.parametrize(
    "secret", [SECRET, SecretStr(SECRET), [OTHER, SECRET], (SecretStr(SECRET), OTHER)]
)
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_accepts_the_secret(secret: Any, scheme: str) -> None:
    check_secret(basic(SECRET, scheme), secret)
    check_secret(basic(SECRET, scheme), Secrets(secret))


def test_secret_may_have_colons_spaces_and_non_ascii_letters() -> None:
    for secret in ("a:b:c", "søn:pässwörd €", ":only", "a: b"):
        check_secret(basic(secret), secret)


def refusal(headers: Any, secret: Any = SECRET) -> UnauthenticatedError:
    with pytest.raises(UnauthenticatedError) as caught:
        check_secret(headers, secret)
    assert caught.value.status == 401
    assert caught.value.headers == {"WWW-Authenticate": 'Basic realm="sesmail"'}
    return caught.value


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({}, "no Authorization header"),
        ({"Authorization": None}, "no Authorization header"),
        ([("Authorization", "Basic eDp5"), ("authorization", "Basic eDp5")], "more than one"),
        ({"Authorization": ""}, "isn't HTTP basic"),
        ({"Authorization": "Basic"}, "isn't HTTP basic"),
        ({"Authorization": "Basic "}, "isn't HTTP basic"),
        (
            {"Authorization": f"Bearer {base64.b64encode(SECRET.encode()).decode()}"},
            "isn't HTTP basic",
        ),
        (
            {"Authorization": f"Basic\t{base64.b64encode(SECRET.encode()).decode()}"},
            "isn't HTTP basic",
        ),
        ({"Authorization": base64.b64encode(SECRET.encode()).decode()}, "isn't HTTP basic"),
        ({"Authorization": SECRET}, "isn't HTTP basic"),
        ({"Authorization": f"Basic {SECRET}"}, "isn't HTTP basic"),
        (
            {"Authorization": f"Basic =={base64.b64encode(SECRET.encode()).decode()}"},
            "isn't HTTP basic",
        ),
        (
            {"Authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}==="},
            "isn't HTTP basic",
        ),
        (
            {"Authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}\n"},
            "isn't HTTP basic",
        ),
        (
            {"Authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}!"},
            "isn't HTTP basic",
        ),
        ({"Authorization": "Basic Zm9vé"}, "isn't HTTP basic"),
        (basic(b"sns:\xff\xfe"), "isn't HTTP basic"),
        (basic("no colon"), "isn't HTTP basic"),
        (basic(""), "isn't HTTP basic"),
        (basic(":"), "wrong"),
        (basic(SECRET[:-1]), "wrong"),
        (basic(SECRET + "x"), "wrong"),
        (basic(SECRET + "\0"), "wrong"),
        (basic(SECRET.upper()), "wrong"),
        (basic(SECRET.encode("utf-16")), "isn't HTTP basic"),
        (basic("sns:canary-7Qx\uff01"), "wrong"),
        (basic("sns:****"), "asterisks"),
        (basic("sns:********"), "asterisks"),
        (basic(":*"), "asterisks"),
        (basic("sns:***x"), "wrong"),
    ],
)
def test_refusal_has_a_reason(headers: Any, word: str) -> None:
    assert word in str(refusal(headers))


def test_refusal_of_masked_secret_names_the_console() -> None:
    assert "SNS console" in str(refusal(basic("ffGEvyuIJ0IMWXuZ:****")))


@pytest.mark.parametrize(
    "secret",
    [
        *(
            "",
            "   ",
            "canary",
            ":",
            "canary:",
            "canary: ",
            "canary:\t",
            "canary:x\n",
            "canary\x7f:x",
            "canary:\ud800",
        ),
        *(b"canary:x", [b"canary:x"], [SECRET, None], [None]),
        *(
            "canary:********",
            SecretStr(""),
            SecretStr("canary"),
            [],
            [SECRET, ""],
            ["canary"],
            [SECRET, "canary:"],
        ),
    ],
)
def test_refuses_invalid_secrets(secret: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Secrets(secret).check()
    assert "canary" not in all_text(caught.value)
    with pytest.raises(ConfigurationError):
        check_secret(basic(SECRET), secret)


def all_text(error: BaseException) -> str:
    """Returns all text of an error, with log record, traceback and variables of the package."""
    told = "".join(traceback.TracebackException.from_exception(error).format(chain=True))
    frames = package_frames(error)
    assert frames
    told += "".join(repr(dict(frame.f_locals)) for frame in frames)
    logged = logging.LogRecord("x", 40, "x", 1, "%s %r", (error, error), None).getMessage()
    cause: BaseException | None = error
    while cause is not None:
        told += repr(cause) + str(cause) + repr(vars(cause))
        cause = cause.__cause__ or cause.__context__
    return told + logged


@pytest.mark.parametrize(
    "sent", [OTHER, "nobody:else", "canary-without-colon", b"canary:\xff", SECRET + "x"]
)
@pytest.mark.parametrize(
    "secret", [SECRET, SecretStr(SECRET), [SECRET, "x:canary-three"], Secrets(SECRET)]
)
def test_errors_show_no_secret(sent: Any, secret: Any) -> None:
    headers = basic(sent)
    told = all_text(refusal(headers, secret))
    assert "canary" not in told
    assert headers["Authorization"].split()[1] not in told


def test_repr_shows_no_secret() -> None:
    assert repr(Secrets([SECRET, OTHER])) == "Secrets(2)"
    assert "canary" not in str(Secrets(SECRET)) + repr(Secrets(SECRET)._digests)
