"""The settings on the page are the resolved recipe, and can be run again."""

import json
import tomllib

import pytest

from leanlung.reports.settings import as_toml, command


def without_defaults(value):
    if not isinstance(value, dict):
        return value
    kept = {key: without_defaults(inner) for key, inner in value.items()}
    return {key: inner for key, inner in kept.items() if inner is not None and inner != {}}


@pytest.mark.parametrize(
    "recipe",
    [
        {"name": "small", "seeds": [0, 1], "about": 'say "ä"\n\\ tab\t'},
        {"train": {"rate": 1e-5, "big": 1e22, "on": True, "off": False, "none": None}},
        {"prune": {"retrain": {"augment": {"flip": 0.0}, "empty": {}}, "rounds": 5}},
        {"published": {"a b": {"accuracy": 0.9}, 'odd "key"': 1, "é": [{"x": 1, "y": None}]}},
        {"deviations": ["They did one thing, at some length; we do another.", "Short."]},
        {"empty": [], "nested": [[1, 2], [3]]},
    ],
)
def test_toml_reads_back_as_the_recipe(recipe):
    expected = json.loads(json.dumps(without_defaults(recipe)).replace(', "y": null', ""))
    assert tomllib.loads(as_toml(recipe)) == expected


def test_the_page_holds_the_whole_recipe(facts, read, html):
    settings = html.split('<pre class="settings">')[1].split("</pre>")[0]
    assert tomllib.loads(read(settings).text) == without_defaults(facts.recipe)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "leanlung run small.toml --data DIR"),
        ({"recipe": {"data": {"phantoms": {"seed": 0}}}}, "leanlung run small.toml"),
        (
            {"data": {"leaks_allowed": [{"kind": "identical", "first": "a", "second": "b"}]}},
            "leanlung run small.toml --data DIR --allow",
        ),
    ],
)
def test_the_command_makes_the_page_again(make, changes, line):
    assert command(make(**changes)) == line


def test_the_command_is_on_the_page(html):
    assert "<pre>leanlung run small.toml --data DIR</pre>" in html


def test_versions_and_machine_are_listed(page):
    for word in ("numpy", "2.4.6", "Linux x86_64"):
        assert word in page.text
