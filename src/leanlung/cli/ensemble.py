"""``leanlung ensemble``: several models that answer as one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.bars import watching
from leanlung.cli.speaking import answer_json, answers, asides
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def ensemble(
    models: Annotated[
        list[Path],
        typer.Argument(help="Two or more bundles, or predictions CSVs of any framework."),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder of the ensemble; of CSVs, the predictions CSV.")
    ],
    combine: Annotated[
        str, typer.Option(help="mean, vote, weighted or stacking; see leanlung list combiners.")
    ] = "mean",
    weights: Annotated[
        str | None,
        typer.Option(
            help="Of weighted: a metric, log_loss, published (0.5, 0.3, 0.2 by accuracy), or "
            "numbers such as 0.5,0.3,0.2 in the order of the models.",
            show_default="macro_auc",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="For bundles: labelled images to choose on; their validation part."),
    ] = None,
    validation: Annotated[
        list[Path] | None,
        typer.Option(help="For CSVs: predictions to choose on; again for each, in order."),
    ] = None,
    out_of_fold: Annotated[
        list[Path] | None,
        typer.Option(
            help="Of stacking: predictions CSV with a column fold; again for each, in order."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of stacking.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda …")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Combine models: bundles to one that predicts, compares and evaluates, or tables to one.

    What is chosen is chosen on validation; a test part is refused.
    """
    tables = [path for path in models if not path.is_dir()]
    if missing := [path for path in tables if not path.exists()]:
        msg = f"{missing[0]}: no such file or folder; bundles or predictions CSVs are expected"
        raise UsageError(msg)
    if tables and len(tables) < len(models):
        msg = f"{tables[0]} is no folder, others are; give bundles alone or tables alone"
        raise UsageError(msg)
    chosen = _weights(weights)
    folds = out_of_fold or []
    _require_options(models, combine, chosen, data, validation or [], folds, bool(tables))
    if tables:
        told = _of_tables(models, out, combine, chosen, validation or [], folds, seed)
    else:
        told = _of_bundles(models, out, combine, chosen, data, folds, seed, device)
    if as_json:
        answer_json(told | {"out": str(out)})
    else:
        _tell(told, out, models, of_tables=bool(tables))


def _weights(given: str | None) -> str | tuple[float, ...] | None:
    """Read numbers where numbers are given, and the name of a way otherwise."""
    if given is None:
        return None
    try:
        return tuple(map(float, given.split(",")))
    except ValueError:
        return given


def _require_options(
    models: Sequence[Path],
    combine: str,
    weights: str | tuple[float, ...] | None,
    data: Path | None,
    validation: Sequence[Path],
    out_of_fold: Sequence[Path],
    tables: bool,
) -> None:
    """Refuse options that do not fit together before any file is read.

    Raises:
        UsageError: If they do not.
    """
    from leanlung.ensembles.ensemble import require_combiner

    require_combiner(combine)
    kind, of_kind = ("tables", "--validation") if tables else ("bundles", "--data")
    if (data if tables else validation) not in (None, []):
        msg = f"{kind} are given: labelled validation answers come with {of_kind}"
        raise UsageError(msg)
    for option, given in (("--validation", validation), ("--out-of-fold", out_of_fold)):
        if given and len(given) != len(models):
            msg = (
                f"{option} stands {len(given)} times for {len(models)} models; give it again "
                f"for each, in their order: {option} A.csv {option} B.csv …"
            )
            raise UsageError(msg)
    if weights is not None and combine != "weighted":
        msg = f"--weights is of --combine weighted; {combine} has none"
        raise UsageError(msg)
    if isinstance(weights, tuple) and len(weights) != len(models):
        msg = f"--weights: {len(weights)} numbers for {len(models)} models; give one for each"
        raise UsageError(msg)
    if bool(out_of_fold) != (combine == "stacking"):
        msg = (
            "--out-of-fold and --combine stacking go together: a stacking learns from the "
            "answer to every training study by a model that was fitted without its patient"
        )
        raise UsageError(msg)
    chooses = combine == "stacking" or (
        combine == "weighted" and not isinstance(weights, tuple)
    )
    if chooses and data is None and not validation:
        msg = f"--combine {combine} chooses on validation: give {of_kind}" + (
            "" if combine == "stacking" else ", or numbers with --weights"
        )
        raise UsageError(msg)


def _of_tables(
    models: Sequence[Path],
    out: Path,
    combine: str,
    weights: str | tuple[float, ...] | None,
    validation: Sequence[Path],
    out_of_fold: Sequence[Path],
    seed: int,
) -> dict[str, Any]:
    """Combine predictions; this needs no torch."""
    from leanlung.ensembles import (
        Ensemble,
        choose_combiner,
        figures,
        parts_of,
        read_out_of_fold,
        require_apart,
    )
    from leanlung.ensembles.members import aligned
    from leanlung.statistics import read_predictions, write_predictions

    if out.resolve() in {path.resolve() for path in [*models, *validation, *out_of_fold]}:
        msg = f"{out}: this would replace one of the tables; choose another --out"
        raise UsageError(msg)
    found = aligned([read_predictions(path) for path in models])
    chosen_on = [read_predictions(path) for path in validation]
    learnt = [read_out_of_fold(path) for path in out_of_fold]
    for one in [*chosen_on[:1], *(each.predictions for each in learnt[:1])]:
        require_apart(one, found[0])
    combiner = choose_combiner(
        combine, chosen_on, weights=weights, out_of_fold=learnt, seed=seed
    )
    names = tuple(str(path) for path in models)
    together = Ensemble(names, found[0].classes, combiner, out.stem)
    answered = together.combine(found)
    write_predictions(out, answered)
    validated = dict(zip(names, chosen_on, strict=True)) if chosen_on else {}
    measured = {name: figures(one) for name, one in validated.items()}
    if chosen_on:
        measured[str(out)] = figures(together.combine(chosen_on))
    return {
        "name": together.name,
        "members": list(names),
        "combiner": parts_of(combiner)[0],
        "studies": len(answered),
        "patients": answered.patient_count,
        "validation": measured,
        "chosen_on": _counted(chosen_on),
    }


def _counted(chosen_on: Sequence[Any]) -> dict[str, int] | None:
    if not chosen_on:
        return None
    return {"studies": len(chosen_on[0]), "patients": chosen_on[0].patient_count}


def _of_bundles(
    models: Sequence[Path],
    out: Path,
    combine: str,
    weights: str | tuple[float, ...] | None,
    data: Path | None,
    out_of_fold: Sequence[Path],
    seed: int,
    device: str,
) -> dict[str, Any]:
    from leanlung.runs.bundle_ensemble import EnsemblePlan, ensemble_bundles

    plan = EnsemblePlan(combine, weights, data, tuple(out_of_fold), seed)
    with watching(asides()) as bars:
        found = ensemble_bundles(models, out, plan, device=device, progress=bars)
    return found.as_dict()


def _tell(
    told: Mapping[str, Any], out: Path, models: Sequence[Path], *, of_tables: bool
) -> None:
    from rich.table import Table

    console = answers(uncut=True)
    weights = told["combiner"].get("weights")
    sizes = told.get("size", {}).get("members", {})
    console.print(f"{told['combiner']['combiner']} of {len(told['members'])} models")
    table = Table(box=None)
    table.add_column("")
    columns = [*["weight"] * bool(weights), *["parameters", "MACs"] * bool(sizes)]
    measured = ["accuracy", "balanced_accuracy", "macro_auc", "log_likelihood"]
    columns += measured if told["validation"] else []
    for heading in columns:
        table.add_column(heading, justify="right")
    for place, name in enumerate([*told["members"], "together"]):
        last = place == len(told["members"])
        cells = []
        if weights:
            cells.append("" if last else f"{weights[place]:.3f}")
        if sizes:
            size = told["size"]["sum"] if last else sizes[name]
            cells += [f"{size['stored']:,}", f"{size['macs']:,}"]
        if told["validation"]:
            found = list(told["validation"].values())[place]
            cells += ["–" if found[key] is None else f"{found[key]:.4f}" for key in measured]
        table.add_row(name, *cells)
    if columns:
        console.print(table)
    if told["chosen_on"]:
        on = told["chosen_on"]
        console.print(
            f"measured on {on['studies']} validation studies of {on['patients']} patients"
            + (
                "; the ensemble was chosen on them"
                if told["combiner"]["combiner"] in {"weighted", "stacking"}
                else ""
            )
            + ": no verdict. For one:"
        )
        with_data = "" if of_tables else " --data IMAGES, of other patients"
        console.print(f"  leanlung compare {models[0]} {out}{with_data}")
    if of_tables:
        console.print(
            f"predictions: {out} ({told['studies']} studies of {told['patients']} patients)"
        )
    else:
        console.print(f"ensemble: {out}")
        asides().print("Research use only; not a medical device.")
