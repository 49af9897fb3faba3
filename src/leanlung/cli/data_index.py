"""``leanlung data index``: an archive's folder becomes a manifest."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from leanlung.studies.archives.indexing import Indexed

_TOLD = 12


class Uncertain(StrEnum):
    """What -1 means."""

    ones = "ones"
    zeros = "zeros"
    ignore = "ignore"


def index(
    where: Annotated[
        list[str],
        typer.Argument(
            metavar="[LAYOUT] ROOT",
            help="The archive's folder as it was unzipped; LAYOUT (leanlung list layouts) is "
            "guessed if not named.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The manifest to write.")],
    frontal: Annotated[
        bool, typer.Option("--frontal/--all-views", help="Leave out lateral views and CT.")
    ] = True,
    adults: Annotated[bool, typer.Option("--adults", help="Leave out children.")] = False,
    license_allow: Annotated[
        list[str] | None,
        typer.Option(help="Only images under this licence, such as 'CC BY'; give it again."),
    ] = None,
    revision: Annotated[
        str, typer.Option(help="covid_chestxray: a day, 2020-06-30, or a git commit.")
    ] = "",
    mapping: Annotated[
        Path | None, typer.Option(help="rsna2018, covidx: the JSON file of NIH images.")
    ] = None,
    uncertain: Annotated[
        Uncertain | None, typer.Option(help="chexpert, mimic_cxr: what -1 means.")
    ] = None,
    finding: Annotated[
        str,
        typer.Option(help="nih14, chexpert, mimic_cxr: this finding against all others."),
    ] = "",
    list_: Annotated[
        list[str] | None, typer.Option("--list", help="covidx: a list to read; give it again.")
    ] = None,
    label: Annotated[str, typer.Option(help="plain: the class of all images.")] = "",
    source: Annotated[str, typer.Option(help="plain: where they come from.")] = "",
    merge_series: Annotated[
        bool,
        typer.Option("--merge-series", help="kermany: NORMAL2-IM-0027 is IM-0027's patient."),
    ] = False,
    infected_pixels: Annotated[
        int,
        typer.Option(min=1, help="covid19_ct: from so many pixels on a slice is infected."),
    ] = 1,
    images: Annotated[
        Path | None,
        typer.Option(help="Folder for images that are written; else beside the manifest."),
    ] = None,
    hash_: Annotated[
        bool, typer.Option("--hash", help="Decode every image; add pixel_sha256 and phash.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Turn an archive's folder into a manifest; what is left out is counted and listed."""
    from leanlung.foundations.tables import write_table
    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.indexing import index as read
    from leanlung.studies.manifest import write_manifest

    if len(where) > 2:
        msg = f"{len(where)} words; a layout and a folder were expected, or a folder alone"
        raise UsageError(msg)
    asked = Asked(
        frontal=frontal,
        adults=adults,
        licences=tuple(license_allow or ()),
        revision=revision,
        mapping=mapping,
        uncertain=uncertain.value if uncertain else None,
        finding=finding,
        lists=tuple(list_ or ()),
        label=label,
        source=source,
        merge_series=merge_series,
        infected_pixels=infected_pixels,
        images=images or out.with_name(f"{out.stem}-images"),
    )
    found = read(Path(where[-1]), where[0] if len(where) == 2 else "", asked)
    facts, told = _hashes(found) if hash_ else ({}, {})
    write_manifest(out, found.cohort, facts=facts)
    listed = out.with_name(f"{out.stem}.left-out.csv")
    rows = [{"image": one.image, "reason": one.reason} for one in found.left_out]
    write_table(listed, ("image", "reason"), rows)
    answer = found.as_dict() | {"manifest": str(out), "left_out_list": str(listed)} | told
    if as_json:
        answer_json(answer)
    else:
        tell(answer)


def _hashes(found: Indexed) -> tuple[dict[str, dict[str, str]], dict[str, Any]]:
    """Decode every image; give the columns by study, and what is told beyond them."""
    from leanlung.studies.archives.checking import alike_of, pictures_of

    with watching(asides()) as bars, bars.task("hashing", len(found.cohort.studies)) as done:
        seen, bad = pictures_of(found.cohort, done)
    facts = {
        name: {"pixel_sha256": one.sha256, "phash": one.look.hash} for name, one in seen.items()
    }
    pairs = alike_of(seen)
    told = {
        "identical": sum(kind == "identical" for kind, _, _ in pairs),
        "near_identical": sum(kind == "near_identical" for kind, _, _ in pairs),
        "unreadable": [{"image": str(one.image), "reason": one.reason} for one in bad],
    }
    return facts, told


def tell(answer: dict[str, Any]) -> None:
    """Print what was found: the cohort, what was left out, what to know."""
    console = answers()
    console.print(
        f"{answer['archive']}: {answer['images']} images of {answer['patients']} patients"
    )
    console.print(
        "classes: " + ", ".join(f"{count} {name}" for name, count in answer["classes"].items())
    )
    known = ", ".join(f"{count} {how}" for how, count in answer["confidence"].items() if count)
    console.print(f"patients known: {known}; lung masks: {answer['masks']}")
    for one in answer["left_out"][:_TOLD]:
        console.print(f"left out: {one['images']} {one['reason']} ({one['first'][0]} …)")
    if (more := len(answer["left_out"]) - _TOLD) > 0:
        console.print(f"left out: for {more} further reasons")
    for line in answer["notes"]:
        console.print(f"note: {line}")
    if "identical" in answer:
        console.print(
            f"pairs of look-alikes: {answer['identical']} identical, "
            f"{answer['near_identical']} nearly; unreadable: {len(answer['unreadable'])}"
        )
        for bad in answer["unreadable"][:_TOLD]:
            console.print(f"unreadable: {bad['reason']}")
    console.print(f"licence: {answer['licence']}; from {answer['where']}")
    console.print(f"left out, by name: {answer['left_out_list']}", soft_wrap=True)
    console.print(f"manifest: {answer['manifest']}", soft_wrap=True)
