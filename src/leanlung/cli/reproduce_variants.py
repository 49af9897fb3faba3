"""``leanlung reproduce`` of one recipe, varied: what every variant came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides, tell_stamps

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs import Options
    from leanlung.runs.variants import VariantsFolder


def reproduce_variants(path: Path, options: Options, *, as_json: bool) -> None:
    """Carry out a recipe with its variants, and say what came out."""
    from leanlung.runs.variants import vary

    with watching(asides()) as bars:
        folder = vary(path, options, bars)
    if as_json:
        answer_json(_outcome(folder))
    else:
        _tell(folder, options.until)


def _outcome(folder: VariantsFolder) -> dict[str, Any]:
    """Give what a recipe with variants came to, as a value that JSON can hold."""
    from leanlung.runs.records import read_record

    data = read_record(folder.data)
    cut = data.get("slices", {})
    found: dict[str, Any] = {
        "variants": str(folder.path),
        "skipped": data["skipped"],
        "data": {
            name: {"studies": one["studies"], "patients": one["patients"]}
            for name, one in data["variants"].items()
        },
        **({"slices": cut} if cut else {}),
    }
    if folder.results.is_file():
        found |= {"report": str(folder.report), "results": read_record(folder.results)}
    return found


def _tell(folder: VariantsFolder, until: str) -> None:
    from leanlung.reports.variants_beyond import always_answering
    from leanlung.reports.variants_patients import leakage_lines

    console = answers()
    found = _outcome(folder)
    for name, why in found["skipped"].items():
        console.print(f"skipped: {name}: {why}")
    for name, cut in found.get("slices", {}).items():
        left = sum(one["images"] for one in cut["left_out"])
        console.print(
            f"{name}: {cut['images']} pictures of {cut['slices']} slices, {left} left out "
            f"({cut['left_out_list']})",
            soft_wrap=True,
        )
    for name, counts in found["data"].items():
        console.print(f"{name}: {counts['studies']} studies of {counts['patients']} patients")
    if "results" not in found or until != "report":
        console.print(f"done until {until}: {folder.path}")
        return
    results = found["results"]
    tell_stamps(as_published=bool(results["as_published"]), made_up=results["made_up"])
    for name, row in results["variants"].items():
        if "beside" in row:
            continue  # told by itself below, without a verdict
        for line in (
            ["every seed kept its whole network"]
            if row["change"] is None
            else row["change"]["sentences"]
        ):
            console.print(f"{name}: {line}")
    for line in leakage_lines(results):
        console.print(line)
    for pair in results["compare"]:
        for line in [pair["told"]] if pair["told"] else []:
            console.print(f"{pair['name']}: {line}")
        for side, one in pair["sides"].items():
            for line in one["sentences"] or [one["told"]]:
                console.print(f"{pair['name']}, {side}: {line}")
    external = results["external"]
    if external and external["told"]:
        console.print(f"films of other hospitals: {external['told']}")
    for name, one in ((external or {}).get("variants") or {}).items():
        for seed, models in one["seeds"].items():
            console.print(f"{name}, seed {seed}, elsewhere: {_accuracy(models['chosen'])}")
        for always, base in always_answering(one["baselines"]).items():
            console.print(f"{name}, elsewhere, always {always}: accuracy {base}")
    console.print(f"report: {found['report']}")


def _accuracy(measured: dict[str, Any]) -> str:
    found = {one["name"]: one for one in measured["estimates"]}
    both = ("accuracy", "balanced_accuracy")
    return ", ".join(f"{name.replace('_', ' ')} {_estimate(found[name])}" for name in both)


def _estimate(entries: dict[str, Any]) -> str:
    from leanlung.statistics import Estimate

    return str(Estimate.from_dict({k: v for k, v in entries.items() if k != "class"}))
