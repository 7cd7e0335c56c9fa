"""The subset of Handlebars, compared with Handlebars itself where Node has it."""

import json
from pathlib import Path
from typing import Any

import pytest

from sesmail.testing.handlebars import (
    RenderingError,
    TemplateSyntaxError,
    is_plain,
    parse,
    render,
)
from support.peers import run_node

DATA: dict[str, Any] = {
    "name": "Zoë <b>",
    "empty": "",
    "none": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "one": 1.0,
    "half": 0.5,
    "big": 1e21,
    "small": 1e-7,
    "tiny": 0.00001,
    "large": 1e20,
    "negative": -12,
    "list": ["a", 1, True, None, ["b", "c"], {"x": 1}],
    "nothing": [],
    "object": {},
    "person": {"first": "Ann", "address": {"city": "Bonn"}, "odd key": "odd"},
    "people": [
        {"first": "Ann", "tags": ["x", "y"]},
        {"first": "Bob", "tags": []},
    ],
    "map": {"k1": {"v": 1}, "k2": {"v": 2}},
}

# Templates whose result with DATA is that of Handlebars with `noEscape` and `strict`.
SAME = [
    "plain text { } } {",
    "{{name}} {{{name}}} {{& name}} {{ name }}",
    "{{person.first}} {{person/address/city}} {{person.address.city}} {{person.[odd key]}}",
    "{{this.name}} {{./name}}",
    "{{yes}} {{no}} {{zero}} {{one}} {{half}} {{big}} {{small}} {{tiny}} {{large}} {{negative}}",
    "{{list}} {{list.length}} {{list.[1]}} {{list.[4].[1]}} {{object}}",
    "{{#if name}}a{{/if}}{{#if empty}}b{{/if}}{{#if missing}}c{{else}}d{{/if}}",
    "{{#if zero}}a{{else}}b{{/if}}{{#if nothing}}a{{else}}b{{/if}}{{#if object}}a{{/if}}",
    "{{#if no}}1{{else if yes}}2{{else}}3{{/if}}{{#if no}}1{{else if no}}2{{else}}3{{/if}}",
    "{{#if yes}}{{#if no}}1{{else if yes}}2{{/if}}{{/if}}",
    "{{#if no}}1{{^}}2{{/if}}",
    "{{#unless no}}a{{/unless}}{{#unless yes}}b{{else}}c{{/unless}}",
    "{{#each people}}{{@index}}:{{first}}{{#unless @last}}, {{/unless}}{{/each}}",
    "{{#each people}}{{#if @first}}!{{/if}}{{#each tags}}{{../first}}{{this}}{{@index}}"
    "{{else}}none{{/each}} {{/each}}",
    "{{#each people}}{{../name}} {{@root.name}} {{/each}}",
    "{{#each map}}{{@key}}={{v}};{{/each}}{{#each nothing}}x{{else}}y{{/each}}",
    "{{#each missing}}x{{else}}y{{/each}}{{#each name}}x{{else}}y{{/each}}",
    "{{#each list}}[{{#if this}}{{this}}{{/if}}]{{/each}}",
    "{{#with person}}{{first}} {{address.city}} {{../name}}{{/with}}",
    "{{#with missing}}x{{else}}y{{/with}}{{#with zero}}[{{this}}]{{/with}}",
    "{{#with person}}{{#with address}}{{city}} {{../first}} {{../../name}}{{/with}}{{/with}}",
    "{{#if yes}}{{#with this}}{{name}}{{/with}}{{/if}}",
    "{{#people}}{{first}}{{/people}}{{#nothing}}x{{else}}y{{/nothing}}",
    "{{#person}}{{first}}{{/person}}{{#yes}}{{name}}{{/yes}}{{#no}}x{{else}}y{{/no}}",
    "{{^no}}a{{/no}}{{^yes}}b{{/yes}}{{^nothing}}c{{/nothing}}",
    "a{{! comment }}b{{!-- with }} in it --}}c",
    "a\n{{! alone }}\nb\n  {{!-- alone --}}  \nc {{! not alone }}\nd",
    "{{#if yes}}\nyes\n{{/if}}\nend",
    "start\n  {{#each people}}\n  - {{first}}\n  {{/each}}\nend\n",
    "{{#if no}}\nno\n{{else}}\nyes\n{{/if}}",
    "a {{#if yes}}\nb\n{{/if}} c\n",
    "{{#if yes}}\n\n  {{#if yes}}\n x\n  {{/if}}\n\n{{/if}}\n\n",
    "\r\n{{#if yes}}\r\nx\r\n{{/if}}\r\ny",
    "a  {{~name~}}  b {{~#if yes~}}  c  {{~/if~}}  d {{~! x ~}} e {{~{name}~}} f",
    "{{#if yes}}{{/if}}\n{{#if yes}}\n{{/if}}",
]


RESULTS: dict[str, str] = json.loads(
    Path(__file__).with_name("handlebars_results.json").read_text("utf-8")
)
"""The results of Handlebars 4.7 by template."""

PROGRAM = """
const Handlebars = require('handlebars');
const {templates, data} = JSON.parse(require('fs').readFileSync(0));
const options = {noEscape: true, strict: true};
const render = each => { try { return Handlebars.compile(each, options)(data) }
                         catch (error) { return {error: `${error}`} } };
console.log(JSON.stringify(templates.map(render)));
"""


def rendered_by_node(templates: list[str], peers: Path) -> dict[str, str]:
    document = {"templates": templates, "data": DATA}
    return dict(zip(templates, run_node(PROGRAM, document, peers), strict=True))


@pytest.mark.parametrize("template", SAME)
def test_renders_as_handlebars_does(template: str) -> None:
    assert render(parse(template), DATA) == RESULTS[template]


@pytest.mark.once
def test_expected_results_are_those_of_handlebars(peers: Path) -> None:
    assert rendered_by_node(SAME, peers) == RESULTS


@pytest.mark.parametrize(
    ("template", "missing"),
    [
        ("{{person.first.length}}", "person.first.length"),
        ("{{missing}}", "missing"),
        ("{{person.missing.first}}", "person.missing.first"),
        ("{{none}}", "none"),
        ("{{../name}}", "../name"),
        ("{{..}}", ".."),
        ("{{@index}}", "@index"),
        ("{{list.[9]}}", "list.[9]"),
        ("{{name.x}}", "name.x"),
        ("{{#missing}}x{{/missing}}", "missing"),
    ],
)
def test_missing_value_is_an_error_as_in_ses(template: str, missing: str) -> None:
    with pytest.raises(RenderingError) as caught:
        render(parse(template), DATA)
    assert str(caught.value) == f"Attribute '{missing}' is not present in the rendering data."


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{name", "the tag at character 0 isn't closed"),
        ("{{{name}}", "isn't closed"),
        ("{{!-- x }}", "isn't closed"),
        ("{{#if a}}", "the block 'if' isn't closed"),
        ("{{#if a}}{{/each}}", "'each' closes the block 'if'"),
        ("{{/if}}", "'if' closes no block"),
        ("{{#if a}}{{else if b}}", "isn't closed"),
        ("{{else}}", "an else that belongs to no block"),
        ("{{#if a}}{{else}}{{else}}{{/if}}", "an else that belongs to no block"),
        ("{{#if}}{{/if}}", "the block 'if' has no argument"),
        ("{{#repeat 3}}{{/repeat}}", "the helper 'repeat' isn't supported"),
        ("{{lookup a b}}", "isn't supported"),
        ("{{log}}", "isn't supported"),
        ("{{> partial}}", "isn't supported"),
        ("{{}}", "isn't a path"),
        ("{{a..b}}", "isn't a path"),
        ("{{a.}}", "isn't a path"),
        ("{{a[b]}}", "isn't a path"),
        ("{{'text'}}", "isn't a path"),
        ("{{a.0}}", r"write the index in 'a.0' as \[0\]"),
        ("{{#if a}}" * 51, "more than 50 nested blocks"),
        ("{{#if a}}" + "{{else if b}}" * 51, "more than 50 nested blocks"),
    ],
)
def test_invalid_or_unsupported_template(template: str, text: str) -> None:
    with pytest.raises(TemplateSyntaxError, match=text):
        parse(template)


def test_result_and_time_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sesmail.testing.handlebars.renderer._MAX_STEPS", 1_000)
    nested = "{{#each items}}" * 4 + "{{@index}}" + "{{/each}}" * 4
    items: list[Any] = [0]
    for _ in range(4):
        items = [{"items": items}] * 40
    with pytest.raises(RenderingError, match="more than 1,000 steps"):
        render(parse(nested), {"items": items})
    with pytest.raises(RenderingError, match="more than 10,485,760 characters"):
        render(
            parse("{{#each items}}{{../text}}{{/each}}"), {"items": [1] * 11, "text": "x" * 10**6}
        )


@pytest.mark.parametrize(
    ("template", "plain"), [("a {{b}} {{! c }}", True), ("{{#if a}}x{{/if}}", False)]
)
def test_plain_templates_have_no_blocks(template: str, plain: bool) -> None:
    assert is_plain(template) is plain
