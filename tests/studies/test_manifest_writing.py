"""A manifest is written so that it reads back as the same cohort."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanlung.studies.manifest import COLUMNS, NOBODY, read_manifest, write_manifest
from leanlung.studies.study import Cohort, Study


def test_images_below_the_manifest_are_written_relative_and_others_absolute(tmp_path):
    studies = (
        Study("s1", "ann", tmp_path / "run" / "x" / "1.png", "covid"),
        Study(
            "s2", "bob", tmp_path / "far.png", "covid", lung_mask=tmp_path / "run" / "mask.png"
        ),
    )
    write_manifest(tmp_path / "run" / "cohort.csv", Cohort("c", ("covid",), studies))
    with (tmp_path / "run" / "cohort.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["image_path"] for row in rows] == ["x/1.png", str(tmp_path / "far.png")]
    assert [row["mask_path"] for row in rows] == ["", "mask.png"]


def test_a_link_is_written_as_itself_and_not_as_what_it_leads_to(tmp_path):
    (tmp_path / "annex").mkdir()
    (tmp_path / "annex" / "4f2a").touch()
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "1.png").symlink_to(tmp_path / "annex" / "4f2a")
    studies = (Study("s1", "ann", tmp_path / "films" / "1.png", "covid"),)
    write_manifest(tmp_path / "cohort.csv", Cohort("c", ("covid",), studies))
    assert "films/1.png" in (tmp_path / "cohort.csv").read_text()


def test_relative_paths_mean_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    studies = (Study("s1", "ann", Path("data/1.png"), "covid"),)
    write_manifest(Path("run/cohort.csv"), Cohort("c", ("covid",), studies))
    [study] = read_manifest(Path("run/cohort.csv")).studies
    assert study.image == tmp_path / "data" / "1.png"


def test_parts_and_facts_stand_in_their_columns_and_further_ones_at_the_end(tmp_path):
    attributes = {"ward": "7", "split": "of the archive", "phash": "old"}
    studies = (
        Study("s1", "ann", tmp_path / "1.png", "covid", attributes=attributes),
        Study("s2", "bob", tmp_path / "2.png", "covid"),
    )
    write_manifest(
        tmp_path / "cohort.csv",
        Cohort("c", ("covid",), studies),
        {"s1": "train", "s2": "test"},
        {"s1": {"phash": "0f", "codec": "JPEG"}},
    )
    header, first, second = (tmp_path / "cohort.csv").read_text().splitlines()
    assert header == ",".join([*COLUMNS, "ward", "codec"])
    assert first == "s1,1.png,,covid,ann,exact,,,,,,,,train,,0f,7,JPEG"
    assert second == "s2,2.png,,covid,bob,exact,,,,,,,,test,,,,"


word = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=5)
file = word.map(lambda name: f"{name}.png")
attributes = st.dictionaries(
    word.filter(lambda name: name not in COLUMNS)
    | st.sampled_from(["view", "license", "split", "path", "licence"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)
    .map(str.strip)
    .filter(bool),
    max_size=3,
)
described = st.tuples(
    word.filter(lambda name: name.casefold() not in NOBODY),
    file,
    st.sampled_from(["covid", "normal"]),
    st.sampled_from(["exact", "derived", "image_only"]),
    st.none() | file,
    attributes,
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(described, min_size=1, max_size=4), st.booleans())
def test_what_is_written_reads_back(tmp_path, described, below):
    folder = tmp_path / "run" if below else tmp_path / "elsewhere"
    studies = tuple(
        Study(
            f"s{place}",
            patient,
            folder / image,
            label,
            confidence,
            folder / mask if mask else None,
            {name: " ".join(text.split()) or "x" for name, text in attributes.items()},
        )
        for place, (patient, image, label, confidence, mask, attributes) in enumerate(described)
    )
    classes = tuple(dict.fromkeys(study.label for study in studies))
    cohort = Cohort("cohort", classes, studies)
    write_manifest(tmp_path / "run" / "cohort.csv", cohort)
    assert read_manifest(tmp_path / "run" / "cohort.csv") == cohort
