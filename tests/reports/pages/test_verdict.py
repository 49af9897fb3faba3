"""The verdict comes first, in words, and never says more than the interval does."""

import pytest

from leanlung.reports import render
from leanlung.reports.seeds import Seed
from leanlung.reports.verdict import headline


def words(text):
    return " ".join(text.replace("\xa0", " ").split())


def test_what_must_be_known_first_is_on_the_first_screen_in_order(drawn):
    first = drawn("everything wrong").first_screen
    places = [
        first.index(text)
        for text in (
            "Research use only",
            "<h1>small</h1>",
            "Three classes, told apart by hand.",
            "MADE-UP IMAGES",
            "3 LEAKS ALLOWED",
            "TEST PART OPENED MORE THAN ONCE",
            '<p class="word">',
            "The source of an image tells its class",
            "What was lost",
            "Parameters</dt>",
            "Balanced accuracy</dt>",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("skill", "margin", "outcome", "word", "gloss"),
    [
        (3.0, 0.5, "non_inferior", "Non-inferior", "is ruled out by the 95 % interval."),
        (-1.0, 0.1, "inferior", "Inferior", "is shown by the 95 % interval."),
        (1.2, 0.05, "inconclusive", "Inconclusive", "is lost, these studies cannot tell."),
    ],
)
def test_each_verdict_has_its_word_its_meaning_and_its_sentence(
    make, skill, margin, outcome, word, gloss
):
    facts = make(skills=(skill,), plan={"margin": margin})
    found = headline([Seed.of(facts.seeds[0])])
    assert facts.seeds[0].measured["comparison"]["verdict"] == outcome
    assert (found.outcome, found.word) == (outcome, word)
    assert found.gloss.endswith(gloss)
    assert f"more than {margin:g} of macro AUC" in found.gloss
    assert found.sentence == facts.seeds[0].measured["sentence"]


def test_the_headline_is_the_largest_thing_on_the_page(drawn, read):
    wrong = drawn("everything wrong")
    assert '<section class="verdict inferior"' in wrong.html
    assert '<p class="word">Inferior</p>' in wrong.html
    assert wrong.facts.seeds[0].measured["sentence"] in read(wrong.first_screen).text


def test_a_network_that_was_kept_whole_is_not_compared_with_itself(drawn):
    kept = drawn("whole network kept")
    assert '<p class="word">Whole network kept</p>' in kept.html
    assert kept.facts.seeds[0].measured["reason"] in kept.page.text
    assert kept.facts.seeds[0].measured["sentence"] not in kept.page.text
    assert "What was lost" not in kept.page.text
    assert "nothing removed" in kept.page.text
    heads = [text for text, _ in kept.page.tables["All classes together"][0]]
    assert heads == ["", "unpruned"]
    assert len(kept.page.row("Size of the networks", "buffers")) == 2


def test_of_several_seeds_the_worst_is_the_headline_and_each_has_a_row(drawn, read):
    several = drawn("several seeds")
    facts, page = several.facts, several.page
    assert '<p class="word">Inferior</p>' in several.html
    tally = "The worst of 3 seeds (1 non-inferior, 1 inferior and 1 whole network kept)."
    assert tally in page.text
    assert "What was lost, seed 1" in page.text
    caption = "Every seed, trained and pruned anew"
    assert [page.row(caption, number)[1][0] for number in "012"] == [
        "Non-inferior",
        "Inferior",
        "Whole network kept",
    ]
    assert page.row(caption, "2")[3] == ("–", "")
    assert facts.seeds[1].measured["sentence"] in read(several.first_screen).text


def test_every_seed_tells_its_own_verdict_and_what_it_lost(drawn):
    several = drawn("several seeds")
    for seed in several.facts.seeds[:2]:
        assert seed.measured["sentence"] in several.page.text
        assert several.html.count(f"<caption>{seed.chosen.model} minus unpruned</caption>") == 1
    assert several.facts.seeds[2].measured["reason"] in several.page.text


def test_sections_of_further_seeds_are_folded_away(drawn):
    html = drawn("several seeds").html
    assert html.count('<details class="seed" open>') == 1
    assert html.count('<details class="seed">') == 2
    places = [html.index(f"<summary>Seed {number}: ") for number in range(3)]
    assert places == sorted(places)


def test_a_network_kept_whole_is_worse_news_than_a_smaller_one_that_does_as_well(make):
    facts = make(chosen=("round-02", "unpruned"), skills=(3.0, 1.5), plan={"margin": 0.5})
    seeds = [Seed.of(one) for one in facts.seeds]
    assert seeds[0].outcome == "non_inferior"
    assert headline(seeds).word == "Whole network kept"


def test_of_seeds_with_one_outcome_the_headline_is_the_one_that_may_have_lost_most(make):
    facts = make(chosen=("round-02", "round-01"), skills=(-1.0, -3.0))
    seeds = [Seed.of(one) for one in facts.seeds]
    assert {seed.outcome for seed in seeds} == {"inferior"}
    assert headline(seeds).gloss.startswith("The same in all 2 seeds. A loss of more than")
    lows = [seed.comparison.difference.low for seed in seeds]
    assert headline(seeds).seed == lows.index(min(lows))


def test_a_difference_without_an_interval_is_inconclusive_and_worst_of_its_kind(make):
    plan = {"metric": "sensitivity:covid"}
    facts = make(absent="covid", chosen=("round-02", "round-01"), skills=(1.0, 2.0), plan=plan)
    found = headline([Seed.of(one) for one in facts.seeds])
    assert (found.outcome, found.seed) == ("inconclusive", 0)
    assert "has no interval" in found.sentence
    assert "–" in render(facts)


def test_harm_to_one_class_is_named_beside_the_verdict(drawn, read):
    text = read(drawn("everything wrong").first_screen).text
    assert "Of 8 other differences, 8 show a loss of more than 0.1" in text
    assert "(accuracy, balanced accuracy, sensitivity: normal, " in text
    assert "sensitivity: pneumonia and 4 more)" in text
    assert "not corrected for multiplicity, for reading only" in text


def test_key_figures_give_before_and_after_and_what_guessing_reaches(drawn, read):
    absent = drawn("a class without a study")
    text = words(read(absent.first_screen).text)
    assert "Parameters 2.00 M → 1.40 M 0.700 of it left" in text
    assert "File 8.20 MB → 5.74 MB 0.700 of it left" in text
    majority = absent.facts.seeds[0].measured["majority"]["value"]
    assert f"always the commonest class: {majority:.3f}" in text
    # Two of the three classes occur, so that always answering one of them is half right.
    assert "always the commonest class: 0.500" in text.split("Balanced accuracy")[1]
