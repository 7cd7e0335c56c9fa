"""JSON bodies: size limits, and errors that hold no body."""

import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from sesmail.errors import MalformedBodyError
from sesmail.receiving.parsing.parser import parse
from sesmail.receiving.transports.json_body import (
    MAX_EVENT,
    body_bytes,
    check_size,
    decode,
    excerpt,
)
from support.ses_events import sns_message, sqs_records


@pytest.mark.parametrize("character", ["x", "é", "€", "😀", "\ud83d"])
@pytest.mark.parametrize("limit", [120, 121, 239, 240, 359, 360, 479, 480, 481])
def test_size_is_counted_in_utf8_bytes(character: str, limit: int) -> None:
    text = character * 120
    size = len(text.encode(errors="surrogatepass"))
    if size <= limit:
        check_size(text, limit)
        check_size(text.encode(errors="surrogatepass"), limit)
    else:
        with pytest.raises(MalformedBodyError, match=f"{limit:,}"):
            check_size(text, limit)


@pytest.mark.parametrize(
    ("wrap", "path"),
    [
        (lambda text: text, ""),
        (lambda text: text + "\n" + text, "line 1"),
        (sqs_records, "Records[0].body"),
        (lambda text: {"Records": [{"Sns": sns_message(text)}]}, "Records[0].Sns.Message"),
        (lambda text: sqs_records(json.dumps(sns_message(text))), "Records[0].body"),
    ],
)
def test_refuses_event_over_the_limit_in_bytes(wrap: Callable[[str], Any], path: str) -> None:
    """They have fewer characters than the limit, and more bytes."""
    text = json.dumps({"eventType": "Teleport", "x": "😀" * (MAX_EVENT // 4)}, ensure_ascii=False)
    assert len(text) < MAX_EVENT / 3
    with pytest.raises(MalformedBodyError, match="size") as caught:
        parse(wrap(text))
    assert caught.value.path == path


CANARY = "canary" * 5
HALF = f'{{"{CANARY}": "\ud83d"}}'


@pytest.mark.parametrize(
    "fails",
    [
        lambda: body_bytes(HALF, 1000),
        lambda: body_bytes({CANARY: "\ud83d"}, 1000),
        lambda: body_bytes({CANARY: object()}, 1000),
        lambda: body_bytes({CANARY: float("nan")}, 1000) and decode(f'{{"{CANARY}": NaN}}'),
        lambda: decode(HALF),
        lambda: decode(HALF.encode(errors="surrogatepass")),
        lambda: decode(f'{{"{CANARY}": "'),
        lambda: decode(f'{{"{CANARY}": 1e999}}'),
        lambda: parse(sns_message(f'{{"{CANARY}": "')),
    ],
    ids=range(9),
)
def test_errors_hold_no_body(fails: Callable[[], object]) -> None:
    with pytest.raises(MalformedBodyError) as caught:
        fails()
    links: list[BaseException] = []
    error: BaseException | None = caught.value
    while error is not None:
        links.append(error)
        error = error.__cause__ or error.__context__
    assert all(isinstance(link, MalformedBodyError) for link in links)
    assert not any("canary" in repr(vars(link)) + repr(link.args) for link in links)
    assert (
        "canary"
        not in "".join(traceback.format_exception(caught.value))
        .replace(__file__, "")
        .split("Error:")[-1]
    )


def test_excerpt_has_at_most_200_characters() -> None:
    assert excerpt("x" * 63) == "x" * 63
    assert excerpt("x " * 500) == "x " * 100
    assert [excerpt(value) for value in (True, 5, 1.5, None, [], {}, 10**1000)] == [
        "True",
        "5",
        "1.5",
        "",
        "",
        "",
        "",
    ]
