"""One page that needs nothing else, says only what the facts say, and never breaks."""

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from leanlung.reports import render


def test_a_page_is_drawn_whole(any_case):
    html, page = any_case.html, any_case.page
    assert page.problems == []
    assert html.startswith("<!doctype html>")
    for heading in ("Verdict", "Sizes", "Choice on the validation part", "By source", "Data"):
        assert f">{heading}<" in html
    ids = Counter(entry["id"] for entry in page.attributes if "id" in entry)
    assert max(ids.values()) == 1
    anchors = {entry["href"] for entry in page.attributes if "href" in entry}
    assert {anchor.removeprefix("#") for anchor in anchors} <= set(ids)
    for undefined in ("None", "nan", "Undefined", "{%"):
        assert undefined not in page.text


def test_names_of_a_user_are_text_and_never_markup(drawn):
    odd = drawn("odd names")
    elements = {entry[""] for entry in odd.page.attributes}
    assert not elements & {"script", "b"}
    assert '<script>alert("x")</script>' in odd.page.text
    for name in odd.facts.data["classes"]:
        assert name in odd.page.text
        assert any(name in entry.get("aria-label", "") for entry in odd.page.attributes)


@pytest.mark.parametrize("case", ["plain", "evidence", "evidence, several seeds"])
def test_the_page_needs_no_other_file_no_network_and_no_script(drawn, case):
    html, page = drawn(case).html, drawn(case).page
    for entry in page.attributes:
        assert entry[""] not in {"script", "link", "iframe", "object"}
        for name in ("src", "href"):
            assert entry.get(name, "#").startswith(("#", "data:image/jpeg;base64,"))
        assert not any(name.startswith(("on", "xmlns")) for name in entry)
    assert "@import" not in html
    assert set(re.findall(r"url\(([^)]{2})", html)) <= {"#c", "#r"}
    assert "http" not in html


def test_the_same_facts_give_the_same_bytes(make, html):
    assert render(make()) == html


def test_the_page_is_light_even_with_many_studies(make):
    facts = make()
    seed = facts.seeds[0]
    chance = np.random.default_rng(0)
    studies = 4000
    labels = np.arange(studies) % 3
    ids = tuple(str(row) for row in range(studies))

    def many(of):
        shares = chance.dirichlet((1, 1, 1), size=studies)
        return replace(of, study_ids=ids, patient_ids=ids, labels=labels, probabilities=shares)

    seed = replace(seed, unpruned=many(seed.unpruned), chosen=many(seed.chosen))
    html = render(replace(facts, seeds=(seed,)))
    assert len(html.encode()) < 500_000


def test_drawings_are_named_for_those_who_cannot_see_them(page):
    plots = [entry for entry in page.attributes if entry.get("class") == "plot"]
    # The curve, a ROC curve a class, the bars of the test part, a diagram a network.
    assert len(plots) == 1 + 3 + 1 + 2
    assert all(entry["role"] == "img" and entry["aria-label"] for entry in plots)


def test_headings_descend_one_level_at_a_time(page):
    levels = [int(entry[""][1]) for entry in page.attributes if re.fullmatch(r"h\d", entry[""])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    steps = [after - before for before, after in pairwise(levels)]
    assert max(steps) == 1


def test_the_chosen_candidate_and_the_tolerance_are_in_the_curves_legend(drawn, html):
    assert "lowest that was accepted: 0.01 below it" in html
    assert "round 0 to 2; round-02 is chosen" in html
    assert "lowest that was accepted" not in drawn("chosen as the best").html


def test_what_became_of_every_image_is_told(drawn):
    text = drawn("everything wrong").page.text
    assert "other: 12" in text
    assert "image-8.png: empty" in text
    assert text.count("image-9.png") == 1
    assert "image-10.png" not in text
    assert "and 3 more" in text
    assert "4; each counts as a patient of its own" in text
    assert "p 2" in text


def test_a_test_part_without_a_record_is_said_to_have_none(drawn):
    assert "No opening is on record." in drawn("one round, no opening").page.text
