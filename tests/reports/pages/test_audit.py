"""The audit: red on the first screen when a baseline without lungs comes close."""

import pytest

from leanlung.reports import render
from leanlung.reports.cautions import cautions
from leanlung.reports.seeds import Seed


def titles(facts):
    return [(one.kind, one.title) for one in cautions(facts, Seed.of(facts.seeds[0]))]


def test_an_alarm_is_stamped_on_the_first_screen(drawn):
    found = drawn("evidence")
    assert ("stamp", "THE CLASS IS TOLD WITHOUT THE LUNGS") in titles(found.facts)
    stamp = found.first_screen.split('class="stamp"')[1].split("</aside>")[0]
    assert "lungs_out: lungs black: AUC 0.880, near the headline." in stamp
    assert 'href="#audit"' in stamp


@pytest.mark.parametrize(
    ("verdict", "kind"), [("alarm", "stamp"), ("caution", "box"), ("nothing_found", None)]
)
def test_the_first_screen_is_as_loud_as_the_verdict(drawn, make, verdict, kind):
    audit = drawn("evidence").facts.audit
    cautious = [] if verdict == "nothing_found" else audit["cautions"]
    facts = make(
        audit=audit | {"verdict": verdict, "alarm": verdict == "alarm", "cautions": cautious}
    )
    found = cautions(facts, Seed.of(facts.seeds[0]))
    assert [one.kind for one in found] == [kind] * (kind is not None)


def test_leaks_that_an_audit_finds_undo_the_figures(drawn, make):
    audit = drawn("evidence").facts.audit
    leakage = audit["leakage"] | {"between": ["a and b are one patient", "c and d too"]}
    facts = make(audit=audit | {"leaks": True, "leakage": leakage})
    assert titles(facts)[0] == ("stamp", "2 LEAKS FOUND BY THE AUDIT")
    html = render(facts)
    assert "a and b are one patient … No figure on this page counts" in html
    assert "<li>c and d too</li>" in html


def test_every_baseline_stands_beside_the_headline(drawn):
    page = drawn("evidence").page
    row = page.row("What tells the class", "lungs out ◂ close")
    assert row[1] == ("0.880", "[0.830, 0.930]")
    assert row[3] == ("0.950", "[0.900, 1.000]")
    assert row[4] == ("0.020", "[−0.030, 0.070]")
    assert page.row("What tells the class", "whole")[1][0] == "0.900"
    assert "round-02, 0.900 [0.850, 0.950]" in page.text


def test_columns_tell_how_far_they_tell_the_class_and_whether_they_can_be_seen(drawn):
    row = drawn("evidence").page.row("What is written beside the film", "source")
    assert [text for text, _ in row[1:]] == ["0.800", "–", "0.900", "0.500", "0.910"]
    assert row[5][1] == "[0.860, 0.960] chance 0.500"


def test_who_did_not_audit_is_told_how(drawn):
    text = drawn("plain").page.text
    assert "Not audited for shortcuts. leanlung audit small-1234abcd" in text
    assert "Not audited for shortcuts." not in drawn("evidence").page.text
