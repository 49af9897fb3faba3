"""``leanlung reproduce``: a published method from end to end, its tables beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.options import AsJson, DeviceName  # noqa: TC001 - typer reads them
from leanlung.cli.speaking import answer_json, answers, asides, tell_stamps

if TYPE_CHECKING:
    from leanlung.runs.series import SeriesFolder


def reproduce(
    series: Annotated[
        str, typer.Argument(help="A TOML file, or the name of a shipped series.")
    ],
    data: Annotated[
        Path | None, typer.Option(help="Folder below which the archives lie.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the folder of the series goes.")] = Path(
        "runs"
    ),
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change a field: a.b=c; a network, a task or a variant by its name."
        ),
    ] = None,
    until: Annotated[
        str,
        typer.Option(
            help="Stop after data, pretrain, top, tasks, ensembles, open, attention or report; "
            "of a recipe with variants after data, fit, choose, evaluate or report."
        ),
    ] = "report",
    as_published: Annotated[
        bool,
        typer.Option("--as-published", help="Repeat the source's flaws; stamped everywhere."),
    ] = False,
    allow: Annotated[
        bool, typer.Option("--allow", help="Go on in spite of leaks; stamped on the pages.")
    ] = False,
    device: DeviceName = "auto",
    jobs: Annotated[int, typer.Option(help="So many seeds of a variant at a time.", min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Carry out a published method: a series of runs, or one recipe in several variants.

    Says what data are missing and how to get them. What was stopped goes on when it is started
    again; test parts are opened once, when everything is chosen.
    """
    from leanlung.foundations.errors import UsageError
    from leanlung.runs import Options
    from leanlung.runs.reading import kind_of, paper_path

    path = paper_path(series)
    changes = [*(set_ or ()), *(["as_published=true"] if as_published else [])]
    options = Options(
        data=data,
        out=out,
        changes=changes,
        until=until,
        allow=allow,
        device=device,
        jobs=jobs,
    )
    if kind_of(path) == "variants":
        from leanlung.cli.reproduce_variants import reproduce_variants

        reproduce_variants(path, options, as_json=as_json)
        return
    if jobs > 1:
        msg = f"--jobs {jobs}: a series has one seed; leave --jobs out"
        raise UsageError(msg)
    from leanlung.runs.series import reproduce as carry_out

    with watching(asides()) as bars:
        folder = carry_out(path, options, bars)
    if as_json:
        answer_json(outcome(folder))
    else:
        tell(folder, until)


def outcome(folder: SeriesFolder) -> dict[str, Any]:
    """Give what a series came to, as a value that JSON can hold."""
    from leanlung.runs.records import read_record

    found: dict[str, Any] = {"series": str(folder.path)}
    archives = read_record(folder.data).get("archives", [])
    found["missing"] = [one["told"] for one in archives if one["state"] == "missing"]
    if folder.top.is_file():
        found["top"] = read_record(folder.top)
    if folder.results.is_file():
        found |= {"report": str(folder.report), "results": read_record(folder.results)}
    return found


def tell(folder: SeriesFolder, until: str) -> None:
    """Say what a series came to."""
    console = answers()
    found = outcome(folder)
    for one in found["missing"]:
        console.print(f"missing: {one}")
    if "results" not in found:
        console.print(f"done until {until}: {folder.path}")
        return
    results = found["results"]
    tell_stamps(as_published=bool(results["as_published"]), made_up=results["made_up"])
    if "lungs" in results:
        _tell_lungs(results["lungs"])
    console.print(f"going on after the pre-training: {', '.join(results['top']['chosen'])}")
    for task in results["tasks"]:
        console.print(f"{task['name']}:")
        for network, row in task["rows"].items():
            whole = row["models"]["unpruned"]
            console.print(f"  {network}: {_figures(whole['estimates'])}")
            if task["pruned"]:
                console.print(f"    {row['chosen']}: {row['sentence']}")
        for one in task["ensembles"]:
            name = f"{one['combiner']} of {one['members']} networks"
            console.print(f"  {name}: {_figures(one['estimates'])}")
    if "attention" in results:
        _tell_attention(results["attention"])
    console.print(f"report: {found['report']}")


def _figures(estimates: list[dict[str, Any]]) -> str:
    """Write accuracy and AUC with their intervals."""
    from leanlung.statistics import Estimate

    found = {one["name"]: Estimate.from_dict(one) for one in estimates}
    return f"accuracy {found['accuracy']}, macro AUC {found['macro_auc']}"


def _tell_lungs(lungs: dict[str, Any]) -> None:
    """Say how many films are cropped, and by whose masks."""
    of = lungs["cropped"] + lungs["whole"]
    answers().print(f"cropped to the lungs: {lungs['cropped']} of {of} films")
    pairs = lungs.get("segmenter", {}).get("pairs")
    if pairs is not None:
        answers().print(f"  segmenter: {pairs['told']}")


def _tell_attention(attention: dict[str, Any]) -> None:
    """Say how much of the maps lies inside the lungs, and what was missing."""
    from leanlung.statistics import Estimate

    films, patients = attention["films"], attention["patients"]
    answers().print(f"where the networks look, {films} test films of {patients} patients:")
    for name, model in attention["models"].items():
        for one in model["measures"]:
            if one["region"] == "lungs" and one["measure"] == "share":
                share = Estimate.from_dict(one["estimate"])
                answers().print(f"  {name}: share inside the lungs {share}")
    for one in attention["missing"]:
        answers().print(f"  {one}")
