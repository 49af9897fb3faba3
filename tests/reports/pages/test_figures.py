"""Every number on the page is the number of the facts."""

import numpy as np
import pytest

from leanlung.reports import render
from leanlung.statistics import Estimate, brier_score, compare


def written(entry):
    """Write an estimate of the facts as value and interval, in its own words."""
    text = str(Estimate.from_dict(entry)).replace("-", "−")
    return tuple(text.split(" ", 1))


def estimates(facts, model):
    found = facts.seeds[0].measured["models"][model]["estimates"]
    return {entry["name"]: entry for entry in found}


def test_sizes_are_those_of_the_facts_with_what_is_left_of_them(page, facts):
    models = facts.seeds[0].measured["models"]
    before, after = models["unpruned"]["size"], models["round-02"]["size"]
    names = {
        "parameters stored": "stored",
        "parameters trainable": "trainable",
        "parameters not zero": "nonzero",
        "buffers": "buffers",
        "MACs": "macs",
        "bytes of the file": "file_bytes",
    }
    for name, key in names.items():
        _, *cells = page.row("Size of the networks", name)
        assert [text.replace(",", "") for text, _ in cells] == [
            str(before[key]), str(after[key]), f"{after[key] / before[key]:.3f}"
        ]  # fmt: skip


def test_every_estimate_over_all_classes_is_there_for_both_networks(page, facts):
    words = {"macro_auc": "macro AUC", "mcc": "MCC", "macro_f": "macro F"}
    for name in estimates(facts, "unpruned"):
        if ":" not in name:
            row = page.row("All classes together", words.get(name, name.replace("_", " ")))
            assert row[1:] == [
                written(estimates(facts, model)[name]) for model in ("unpruned", "round-02")
            ]


def test_the_majority_baseline_stands_beside_the_accuracy(page, facts):
    rows = page.tables["All classes together"]
    names = [row[0][0] for row in rows if row]
    assert names.index("majority baseline") == names.index("accuracy") + 1
    baseline = written(facts.seeds[0].measured["majority"])
    assert page.row("All classes together", "majority baseline")[1:] == [baseline, baseline]


def test_every_estimate_by_class_is_there_for_both_networks(page, facts):
    rows = iter(row for row in page.tables["Class by class"][1:] if row)
    for name in facts.data["classes"]:
        for model in ("unpruned", "round-02"):
            cells = next(rows)
            if model == "unpruned":
                assert cells.pop(0) == (name, "10 studies")
            assert cells.pop(0) == (model, "")
            assert cells == [
                written(estimates(facts, model)[f"{family}:{name}"])
                for family in ("auc", "sensitivity", "specificity", "precision", "f")
            ]


def test_candidates_are_listed_with_their_validation_metrics(page, facts):
    for entry in facts.seeds[0].measured["candidates"]:
        name = f"round-{entry['round']:02d}" if entry["round"] else "unpruned"
        row = page.row("Candidates on the validation part", name)
        assert row[0][1] == ("chosen" if name == "round-02" else "")
        assert row[1][0].replace(",", "") == str(entry["size"]["stored"])
        assert [text for text, _ in row[5:]] == [
            f"{value:.3f}".replace("-", "−") for value in entry["validation"].values()
        ]


def test_accuracy_by_source_is_there_for_both_networks(page, facts):
    rows = [row for row in page.tables["Accuracy within each source"] if row]
    for source in ("hospital 0", "hospital 1"):
        place = [row[0][0] for row in rows].index(source)
        for offset, model in enumerate(("unpruned", "round-02"), start=1):
            entry = facts.seeds[0].measured["models"][model]["accuracy_by_source"][source]
            name, _, accuracy = rows[place + offset]
            assert name == (model, "")
            assert accuracy == written(entry)
            studies, patients = entry["studies"], entry["patients"]
            assert rows[place][0][1] == f"{studies} studies of {patients} patients"


@pytest.mark.parametrize("model", ["unpruned", "chosen"])
def test_confusion_counts_every_study_once_with_its_share_of_the_row(page, facts, model):
    found = getattr(facts.seeds[0], model)
    rows = [row for row in page.tables[found.model] if row and row[0][0] in found.classes]
    for true, row in enumerate(rows):
        here = found.labels == true
        assert row[0] == (found.classes[true], f"{here.sum()} studies")
        for answered, (count, share) in enumerate(row[1:]):
            both = np.sum(here & (found.probabilities.argmax(axis=1) == answered))
            assert (count, share) == (str(both), f"{both / here.sum():.3f}")


def test_the_difference_by_class_is_paired_and_uses_the_verdicts_margin(page, facts):
    seed = facts.seeds[0]
    assert page.row("round-02 minus unpruned", "macro AUC")[2] == written(
        seed.measured["comparison"]["difference"]
    )
    rows = [row for row in page.tables["round-02 minus unpruned"] if len(row) == 3]
    by_class = [row for row in rows if row[0][0] in facts.data["classes"]]
    # DeLong's intervals need no seed, so they can be found again from the predictions alone.
    for name, row in zip(facts.data["classes"], by_class[3:], strict=True):
        again = compare(seed.unpruned, seed.chosen, metric=f"auc:{name}", margin=0.1)
        assert row[2] == written(again.difference.as_dict())


def test_sensitivity_by_class_is_the_difference_of_the_two(page, facts):
    rows = [row for row in page.tables["round-02 minus unpruned"] if len(row) == 3]
    by_class = [row for row in rows if row[0][0] in facts.data["classes"]][:3]
    for name, row in zip(facts.data["classes"], by_class, strict=True):
        before, after = (
            estimates(facts, model)[f"sensitivity:{name}"]["value"]
            for model in ("unpruned", "round-02")
        )
        assert float(row[2][0].replace("−", "-")) == pytest.approx(after - before, abs=5e-4)


def test_a_verdict_on_a_class_stands_first_and_once(drawn):
    rows = drawn("verdict on a class").page.tables["round-02 minus unpruned"]
    assert rows[1][0][0] == "sensitivity: covid"
    names = [row[0][0] for row in rows]
    begin = names.index("Sensitivity to a class")
    assert names[begin + 1 : begin + 3] == ["normal", "pneumonia"]
    assert names[begin + 3] == "AUC, a class against the rest"


def test_the_strips_say_in_words_what_each_difference_shows(drawn):
    labels = [entry.get("aria-label") for entry in drawn("everything wrong").page.attributes]
    assert labels.count("loss beyond the margin shown") == 1 + 8


def test_calibration_errors_are_those_of_the_predictions(page, facts):
    for predictions in (facts.seeds[0].unpruned, facts.seeds[0].chosen):
        assert f"Brier score {brier_score(predictions):.3f}" in page.text


def test_bins_of_the_reliability_diagram_hold_every_study(page):
    bins = page.tables["Figures behind the diagram"]
    assert sum(int(row[1][0]) for row in bins if row[1][0].isdigit()) == 2 * 30


def test_roc_legends_give_the_auc_with_its_interval(html, facts):
    for model in ("unpruned", "round-02"):
        for name in facts.data["classes"]:
            value, interval = written(estimates(facts, model)[f"auc:{name}"])
            assert f"{model}: AUC {value} {interval}</div>" in html


def test_sources_beside_classes_are_counted_in_the_order_of_the_network(page, facts):
    table = facts.seeds[0].measured["confounding"]
    assert table["classes"] == sorted(table["classes"]) != facts.data["classes"]
    head, *rows = page.tables["The test part"]
    assert [text for text, _ in head] == ["source", *facts.data["classes"], "all"]
    for source, counts in zip(table["sources"], table["counts"], strict=True):
        [row] = [row for row in rows if row[0][0] == source]
        by_class = dict(zip(table["classes"], counts, strict=True))
        expected = [by_class[name] for name in facts.data["classes"]]
        assert [int(text) for text, _ in row[1:]] == [*expected, sum(counts)]
    assert f"Cramér’s V {table['cramers_v']:.3f}" in page.text


def test_parts_are_counted_by_class(page, facts):
    for part, entry in facts.data["parts"].items():
        row = page.row("Patients and studies of by hand", part)
        studies = list(entry["studies"].values())
        expected = [entry["patients"], sum(studies), *studies]
        assert [int(text) for text, _ in row[1:]] == expected
    row = page.row("Patients and studies of by hand", "all")
    assert [int(text) for text, _ in row[1:3]] == [
        facts.data["patients"],
        facts.data["studies"],
    ]


def test_one_method_is_told_once_and_several_are_marked(drawn, html):
    repeated = drawn("several studies a patient")
    told = "95 % intervals; 30 studies of 15 patients; patient-cluster bootstrap"
    assert told in repeated.page.text
    table = repeated.html.split("All classes together</caption>")[1].split("</table>")[0]
    assert "<sup>" not in table
    section = html.split("All classes together</caption>")[1].split('id="answers"')[0]
    assert "<sup>a</sup>&nbsp;Clopper-Pearson</span>" in section
    assert "<sup>b</sup>" in section


def test_a_class_without_a_study_has_dashes(drawn):
    page = drawn("a class without a study").page
    rows = page.tables["Class by class"]
    [row] = [row for row in rows if row and row[0] == ("covid", "0 studies")]
    assert row[2:4] == [("–", ""), ("–", "")]
    assert "undefined: it takes a study of the class" in page.text
    difference = [row for row in page.tables["round-02 minus unpruned"] if row[0][0] == "covid"]
    assert [row[2] for row in difference] == [("–", ""), ("–", "")]
    assert [share for _, share in page.row("unpruned", "covid")[1:]] == ["–", "–", "–"]


def test_published_figures_stand_beside_ours(make, read):
    published = {"Xception": {"accuracy": 0.9, "macro_auc": "0.95 (0.93–0.97)"}, "images": 500}
    facts = make(recipe={"published": published})
    page = read(render(facts))
    ours = [written(estimates(facts, model)["accuracy"]) for model in ("unpruned", "round-02")]
    caption = "Published figures beside ours"
    assert page.row(caption, "Xception · accuracy")[1:] == [("0.9", ""), *ours]
    assert page.row(caption, "Xception · macro_auc")[1] == ("0.95 (0.93–0.97)", "")
    assert page.row(caption, "images")[1:] == [("500", ""), ("–", ""), ("–", "")]
