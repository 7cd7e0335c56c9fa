"""Tags and texts of HTML: as browsers read them, and in linear time."""

import pytest

from sesmail.testing.html import find_links
from sesmail.testing.html_tokens import read_tokens


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", []),
        ("a &lt; b", ["a < b"]),
        ("1 < 2 <3", ["1 < 2 <3"]),
        ("<P>x</P >", ["<p>", "x", "</p>"]),
        ("<a HREF=x&amp;y title='it&#39;s' b=\"c\" d>", ["<a href=x&y title=it's b=c d=None>"]),
        ("<a href=1 href=2/>", ["<a href=1>"]),
        ("<a href = 'x'id=y / >z", ["<a href=x id=y>", "z"]),
        ("<a =x>", ["<a =x=None>"]),
        ("<a b=>c", ["<a b=None>", "c"]),
        ("<br/><img/src=x>", ["<br>", "<img src=x>"]),
        ("a<!-- <p> > -->b<!doctype html>c<?x?>d</>e", ["a", "b", "c", "d", "e"]),
        ("a<!-- <p>", ["a"]),
        ("a<!x", ["a"]),
        ("a<p b", ["a"]),
        ("a<p b='c>d", ["a"]),
        ('a<p b="c>d', ["a"]),
        (
            "<script>a < b</Script><p>",
            ["<script>", "a < b", "</script>", "<p>"],
        ),
        ("<style></p></styles>&lt;", ["<style>", "</p></styles>&lt;"]),
        ("a<", ["a<"]),
    ],
)
def test_tokens(html: str, expected: list[str]) -> None:
    found: list[str] = []
    for kind, value, attributes in read_tokens(html):
        fields = "".join(f" {name}={text}" for name, text in attributes.items())
        mark = {"start": "<", "end": "</"}.get(kind)
        found.append(value if mark is None else f"{mark}{value}{fields}>")
    assert found == expected


@pytest.mark.parametrize(
    "piece",
    [
        *("<a ", "<a x", "<a b='", '<a b="', "<!--", "<!-- --", "<![", "<?", "<", "</", "</a", "&"),
        *("<script>", "</script ", "<a href=", "<a\n", "<textarea><", "= ", "<a />", "&#", "<a =="),
    ],
)
def test_repeated_pieces_take_linear_time(piece: str) -> None:
    html = piece * 50_000
    assert sum(1 for _ in read_tokens(html)) <= len(html)
    assert find_links(html, None) == ()
