"""Studies that changed sides: missed disease first, each with its picture where it is there."""

import base64

import pytest

from leanlung.reports import films_wanted, render
from leanlung.reports.gallery import flip_gallery, shown_of
from leanlung.reports.seeds import Seed


def flips(facts):
    return facts.seeds[0].measured["flips"]


def images(page, name):
    return [entry for entry in page.attributes if entry.get("class", "").split()[:1] == [name]]


def test_counts_are_those_of_the_run(drawn):
    found = drawn("evidence")
    for one in flips(found.facts)["counts"]:
        row = found.page.row("Studies that changed sides", one["of_class"])
        names = ("studies", "newly_wrong", "newly_right", "missed")
        assert [int(text) for text, _ in row[1:5]] == [one[name] for name in names]


def test_missed_disease_comes_first_then_what_is_wrong_then_what_is_right(drawn):
    found = drawn("evidence")
    looks = [entry["class"] for entry in images(found.page, "case")]
    order = {"case missed": 0, "case worse": 1, "case better": 2}
    assert [order[look] for look in looks] == sorted(order[look] for look in looks)
    cases = flips(found.facts)["cases"]
    assert looks.count("case missed") == sum(case["missed"] for case in cases) > 0
    assert len(looks) == len(cases) <= 24


def test_every_case_tells_class_answers_and_both_probabilities(drawn):
    found = drawn("evidence")
    for case in flips(found.facts)["cases"]:
        assert f"{case['before']} → {case['after']}" in found.page.text
        assert f"{case['share_before']:.2f} → {case['share_after']:.2f}" in found.page.text
        row = found.page.row("All studies that changed sides", case["study_id"])
        assert [text for text, _ in row[3:6]] == [case["label"], case["before"], case["after"]]


def test_pictures_are_in_the_page_itself_and_named(drawn):
    found = drawn("evidence")
    first = flips(found.facts)["cases"][0]["study_id"]
    film = images(found.page, "film")[0]
    data = base64.b64decode(film["src"].removeprefix("data:image/jpeg;base64,"))
    assert data == b"picture of " + first.encode()
    assert film["alt"] == f"Film of {first}"
    assert "picture gone" not in found.page.text


def test_where_pictures_are_gone_the_page_says_so_and_keeps_the_figures(drawn):
    found = drawn("evidence, no picture")
    cases = flips(found.facts)["cases"]
    shown = min(len(cases), 24)
    assert f"{shown} of {shown} pictures are no longer there" in found.page.text
    assert not [entry for entry in found.page.attributes if entry[""] == "img"]
    assert f"{cases[0]['share_before']:.2f} → {cases[0]['share_after']:.2f}" in found.page.text


def test_other_films_of_the_patient_stand_beside(drawn):
    found = drawn("evidence, no picture")
    cases = flips(found.facts)["cases"][:24]
    assert all(len(case["other_studies"]) == 1 for case in cases)
    assert len(images(found.page, "other")) == len(cases)


def test_a_page_asks_for_no_more_pictures_than_it_shows(drawn):
    found = drawn("evidence, several seeds").facts
    results = {
        "seeds": {str(one.seed): one.measured for one in found.seeds},
        "exemplars": found.exemplars,
    }
    wanted = films_wanted(results)
    assert len(wanted) == len(set(wanted)) <= 24 + 12
    first = found.seeds[0].measured["flips"]["cases"][0]["study_id"]
    assert wanted[0] == first
    assert films_wanted({"seeds": {"0": {}}}) == []


@pytest.mark.parametrize(("seeds", "shown"), [(1, 24), (3, 8), (5, 4), (30, 4)])
def test_several_seeds_share_the_room(seeds, shown):
    assert shown_of(seeds) == shown


def test_what_is_not_shown_is_counted(make):
    facts = make(evidence=True, skills=(0.0,))
    gallery = flip_gallery(Seed.of(facts.seeds[0]), {}, 2)
    cases = len(flips(facts)["cases"])
    assert len(gallery.cases) == 2
    assert gallery.more == cases - 2 > 0
    assert flip_gallery(Seed.of(facts.seeds[0]), {}, cases).more == 0


def test_without_a_healthy_class_nothing_is_called_missed(drawn):
    text = drawn("evidence, nobody healthy and odd").page.text
    assert "No class is known to be healthy" in text
    found = drawn("evidence, nobody healthy and odd").page
    assert not [entry for entry in images(found, "case") if entry["class"] == "case missed"]


def test_exemplars_are_shown_for_several_seeds_alone(drawn):
    several = drawn("evidence, several seeds")
    found = several.facts.exemplars
    assert f"of {found['studies']} studies: what most of the 3 pairs" in several.page.text
    assert "Exemplars of pruning" not in drawn("evidence").page.text
    for name, one in found["by_class"].items():
        row = several.page.row("Exemplars by class", name)
        assert [int(text) for text, _ in row[1:]] == [one["exemplars"], one["studies"]]


def test_a_page_full_of_pictures_stays_below_three_megabytes(make):
    """The largest pictures that are kept, for as many studies as are ever shown."""
    facts = make(evidence=True, skills=(-3.0,), studies=60, repeated=True)
    for name in facts.seeds[0].unpruned.study_ids:
        facts.films[name] = b"x" * 25_000
    html = render(facts)
    assert html.count("<img") > 40
    assert len(html.encode()) < 3_000_000
