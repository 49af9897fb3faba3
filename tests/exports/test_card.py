"""The card says what the model is, what it is not, and nothing that was not measured."""

from dataclasses import replace
from pathlib import Path

from leanlung.exports import Bundle, save_bundle
from leanlung.pixels import PixelSpec

SIZE = {"stored": 2000, "trainable": 2000, "nonzero": 2000, "buffers": 0, "macs": 9}
SIZE |= {"file_bytes": 8}
ESTIMATE = {
    "name": "accuracy", "value": 0.9, "low": 0.85, "high": 0.94, "level": 0.95,
    "method": "Clopper-Pearson", "studies": 200, "patients": 150,
}  # fmt: skip
DATA = {
    "studies": 1000, "patients": 700, "cohort": "films",
    "confounding": {"cramers_v": 0.76, "told_by_source": 0.826},
}  # fmt: skip


def card_of(bundle: Bundle, folder: Path) -> str:
    save_bundle(folder / "b", bundle)
    return (folder / "b" / "README.md").read_text(encoding="utf-8")


def test_every_card_says_what_it_is_not_for(bundle: Bundle, tmp_path: Path) -> None:
    card = card_of(bundle, tmp_path)
    assert "Not a medical device" in card
    assert "normal, bacterial, covid" in card
    assert "made up" not in card.lower()


def test_a_model_of_phantoms_is_stamped(bundle: Bundle, tmp_path: Path) -> None:
    assert "Made up" in card_of(replace(bundle, made_up=True), tmp_path)


def test_who_crops_to_the_lungs_says_so(bundle: Bundle, tmp_path: Path) -> None:
    assert "lung masks" not in card_of(bundle, tmp_path)
    crops = replace(bundle, pixels=PixelSpec(size=32, crop="lungs"))
    assert "give `answer` their lung masks" in card_of(crops, tmp_path)


def test_what_was_not_measured_is_not_mentioned(bundle: Bundle, tmp_path: Path) -> None:
    card = card_of(bundle, tmp_path)
    assert "## Verdict" not in card
    assert "## Size" not in card


def test_what_was_measured_is_told(bundle: Bundle, tmp_path: Path) -> None:
    undefined = ESTIMATE | {"name": "precision:covid", "value": None, "low": None, "high": None}
    metrics = {
        "size": SIZE, "whole_size": SIZE | {"stored": 48142}, "comparison": {},
        "sentence": "small is non-inferior within 0.02.", "data": DATA,
        "estimates": [ESTIMATE, undefined],
    }  # fmt: skip
    card = card_of(replace(bundle, metrics=metrics), tmp_path)
    for told in (
        "| parameters | 48,142 | 2,000 |",
        "small is non-inferior within 0.02.",
        "| accuracy | 0.9000 | [0.8500, 0.9400] | Clopper-Pearson | 200 | 150 |",
        "| precision:covid | – | – |",
        "Cramér's V 0.76",
        "82.6 %",
        "- prune: round 3",
    ):
        assert told in card
