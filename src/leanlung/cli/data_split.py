"""``leanlung data split``: a part for every image of a manifest, by patient."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from leanlung.studies.study import Cohort


def split(
    manifest: Annotated[Path, typer.Argument(help="A manifest.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The manifest to write.")],
    train: Annotated[float, typer.Option(help="Share of every class.", min=0, max=1)] = 0.7,
    validation: Annotated[float, typer.Option(help="Share of it.", min=0, max=1)] = 0.1,
    test: Annotated[float, typer.Option(help="Share of it.", min=0, max=1)] = 0.2,
    seed: Annotated[int, typer.Option(help="Draws the parts.", min=0)] = 0,
    class_: Annotated[
        list[str] | None,
        typer.Option("--class", help="Only images of this class; give it again."),
    ] = None,
    look_alikes: Annotated[
        bool,
        typer.Option(
            "--look-alikes", help="Decode every image; keep look-alike films in one part."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Write the column split: all images of a patient go to one part, alike in its classes."""
    from leanlung.foundations.seeds import Seeds
    from leanlung.studies.manifest import read_manifest, write_manifest
    from leanlung.studies.split import PARTS, Shares, assign_parts

    shares = Shares(train, validation, test)
    if abs(sum(shares) - 1.0) > 1e-6:
        msg = f"--train, --validation and --test add up to {sum(shares):g}; 1 was expected"
        raise UsageError(msg)
    cohort = whole = read_manifest(manifest)
    if class_:
        cohort = whole.of_classes(class_)
    left_out = len(whole.studies) - len(cohort.studies)
    together, how = _together(cohort, look=look_alikes)
    parts = assign_parts(cohort, shares, Seeds(seed), together)
    write_manifest(out, cohort, parts)
    counted = Counter((parts[study.study_id], study.label) for study in cohort.studies)
    patients = {
        part: len({s.patient_id for s in cohort.studies if parts[s.study_id] == part})
        for part in PARTS
    }
    images = {part: {label: counted[part, label] for label in cohort.classes} for part in PARTS}
    if as_json:
        answer_json(
            {
                "manifest": str(out),
                "seed": seed,
                "left_out": left_out,
                "look_alikes": {"found_by": how, "pairs_kept_together": len(together)},
                "parts": {
                    part: {"patients": patients[part], "images": images[part]} for part in PARTS
                },
            }
        )
        return
    console = answers()
    for part in PARTS:
        told = ", ".join(f"{count} {label}" for label, count in images[part].items())
        console.print(f"{part}: {patients[part]} patients, {told}")
    if left_out:
        console.print(f"left out, of other classes: {left_out} images")
    console.print(f"look-alikes: {how}; pairs kept together: {len(together)}")
    console.print(f"manifest: {out}", soft_wrap=True)


def _together(cohort: Cohort, *, look: bool) -> tuple[list[tuple[str, str]], str]:
    """Give pairs of studies that must share a part, and how they were found."""
    from leanlung.studies.leaks import look_alikes
    from leanlung.studies.pictures.hashes import near_pairs

    if look:
        from leanlung.studies.archives.checking import alike_of, pictures_of

        with watching(asides()) as bars, bars.task("looking", len(cohort.studies)) as done:
            seen, _ = pictures_of(cohort, done)
        return [(one, other) for _, one, other in alike_of(seen)], "found in the pixels"
    hashed = [s for s in cohort.studies if {"pixel_sha256", "phash"} <= s.attributes.keys()]
    if not hashed:
        return [], "not looked for (give --look-alikes, or index with --hash)"
    ids = [study.study_id for study in hashed]
    near = near_pairs([study.attributes["phash"] for study in hashed])
    alike = look_alikes(
        {study.study_id: study.attributes["pixel_sha256"] for study in hashed},
        [(ids[one], ids[other]) for one, other in near],
    )
    missing = len(cohort.studies) - len(hashed)
    how = "found by the hashes" + (f", which {missing} images lack" if missing else "")
    return [(one, other) for _, one, other in alike], how
