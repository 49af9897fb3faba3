"""Drawings stand in the page: no ids in common, no styles of their own, text as text."""

import re

from matplotlib.figure import Figure

from leanlung.reports import render
from leanlung.reports.svg import drawing, inline


def two_lines(name):
    with drawing():
        figure = Figure(figsize=(2, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], marker="o")
        axes.set_xlabel("left & right")
        return inline(figure, name, 'a "line" <up>')


def test_what_a_drawing_refers_to_is_its_own():
    svg = two_lines("first")
    ids = set(re.findall(r' id="([^"]*)"', svg))
    assert ids
    assert all(name.startswith("first-") for name in ids)
    assert set(re.findall(r'(?:href="|url\()#([^")]*)', svg)) == ids


def test_a_drawing_brings_no_style_no_comment_and_no_address():
    svg = two_lines("first")
    for surplus in ("<style", "<!--", "<?xml", "<metadata", "http", "xlink"):
        assert surplus not in svg
    assert svg.startswith(
        '<svg class="plot" role="img" aria-label="a &quot;line&quot; &lt;up&gt;"'
    )
    assert re.search(r'viewBox="0 0 144 144"', svg)


def test_text_stays_text():
    assert ">left &amp; right</text>" in two_lines("first")


def test_a_drawing_does_not_depend_on_the_users_own_settings(monkeypatch):
    import matplotlib

    before = two_lines("first")
    monkeypatch.setitem(matplotlib.rcParams, "lines.linewidth", 9.0)
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "path")
    assert two_lines("first") == before
    assert matplotlib.rcParams["lines.linewidth"] == 9.0


def test_a_tie_of_the_rounds_is_drawn_too(make):
    facts = make(rounds=1, chosen=("round-01",))
    for candidate in facts.seeds[0].measured["candidates"]:
        candidate["size"]["stored"] = 1000
        candidate["validation"]["macro_auc"] = 0.9
    assert 'id="choice"' in render(facts)
