"""``leanlung compare``: is B as good as A on the same patients?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from leanlung.cli.compare_groups import group_table, require_one_each
from leanlung.cli.compare_predictions import (
    compare_predictions,
    predictions_from,
    require_numbers,
)
from leanlung.cli.compare_runs import compare_paired, require_alone
from leanlung.cli.compare_seeds import compare_several, predictions_by_seed
from leanlung.cli.per_patient import both_per_patient, require_rules, tell_aggregated
from leanlung.cli.speaking import asides
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanlung.cli.per_patient import BySeed
    from leanlung.statistics import Aggregated, Predictions

T = TypeVar("T")

MARGIN = 0.02
"""If none is given: a habit and no law."""

METRIC = "macro_auc"
"""If none is given."""


def compare(
    a: Annotated[
        Path | None,
        typer.Argument(
            help="The baseline: predictions CSV, folder of one a seed, run, bundle."
        ),
    ] = None,
    b: Annotated[
        Path | None, typer.Argument(help="The candidate, of the same kind or another.")
    ] = None,
    paired: Annotated[
        Path | None,
        typer.Option(help="Repeated runs in place of A and B: a CSV of group, before, after."),
    ] = None,
    test_train_ratio: Annotated[
        float | None,
        typer.Option(help="Of --paired, if every run draws its parts anew: corrects t."),
    ] = None,
    margin: Annotated[
        list[float] | None,
        typer.Option(
            help="Largest loss that still counts as non-inferior; of --paired in its unit. One "
            "for all metrics, or again for each.",
            show_default="0.02, or 2 of percent",
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="See leanlung list metrics; again for more, the first is primary.",
            show_default=METRIC,
        ),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(help="CLASS=0.31, CLASS=0.31/0.28 of A and B, or a JSON file of them."),
    ] = None,
    validation: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Predictions of A and B on other studies, to choose thresholds on."),
    ] = None,
    equivalence: Annotated[
        bool, typer.Option("--equivalence", help="Ask for no gain beyond the margin either.")
    ] = False,
    level: Annotated[float, typer.Option(help="Of the two-sided intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(help="Of the bootstrap.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    data: Annotated[
        Path | None, typer.Option(help="Labelled images, if A or B is a bundle.")
    ] = None,
    groups: Annotated[
        Path | None, typer.Option(help="A manifest that tells what --by groups by.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Compare within sex, age, source … too; sex,age for both together."),
    ] = None,
    per_patient: Annotated[
        str | None,
        typer.Option(help="One row a patient first: mean, max, share or noisy-or of studies."),
    ] = None,
    patient_label: Annotated[
        str, typer.Option(help="Of --per-patient: given, any study of the class, or majority.")
    ] = "given",
    of_class: Annotated[
        str,
        typer.Option(help="Of --per-patient: the class looked for.", show_default="not normal"),
    ] = "",
    junit: Annotated[
        Path | None, typer.Option(help="Write the verdicts as JUnit XML to this file too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Compare two models on the same studies: a paired difference and a verdict.

    Exit code 0 if B is non-inferior within the margin by every metric, 4 if not.
    """
    of_one_each: dict[str, object] = {
        "--groups": groups,
        "--by": by,
        "--threshold": threshold,
        "--validation": validation,
        "--equivalence": equivalence,
    }
    if paired is not None:
        require_alone(a, b, data)
        require_one_each({"--metric": metric} | of_one_each)
        compare_paired(
            paired,
            margin=one_of("--margin", margin),
            level=level,
            test_train_ratio=test_train_ratio,
            seed=seed,
            junit=junit,
            as_json=as_json,
        )
        return
    if a is None or b is None or test_train_ratio is not None:
        msg = (
            "give A and B, two to compare, or --paired TABLE alone (--test-train-ratio is its)"
        )
        raise UsageError(msg)
    metrics = metric or [METRIC]
    require_numbers(metrics, margin or [MARGIN], level, resamples)
    require_rules(per_patient, patient_label, of_class, groups, by)
    baselines: BySeed = predictions_by_seed(a, data)
    candidates: BySeed = predictions_by_seed(b, data)
    several = len(baselines) > 1 or len(candidates) > 1
    if several:
        require_one_each(
            of_one_each | {"--threshold": threshold if per_patient != "share" else ()}
        )
    chosen_on = None
    if validation is not None:
        one, two = (_to_choose_on(path, data) for path in validation)
        chosen_on = (one, two)
    aggregated: list[Aggregated] = []
    if per_patient is not None:
        baselines, candidates, chosen_on, aggregated = both_per_patient(
            baselines,
            candidates,
            per_patient,
            labels=patient_label,
            of_class=of_class,
            thresholds=threshold or [],
            validation=chosen_on,
        )
        if per_patient == "share":
            threshold = None  # it was for single studies
        if not as_json:
            tell_aggregated(aggregated)
    if several:
        compare_several(
            baselines,
            candidates,
            one_of("--metric", metrics) or METRIC,
            margin=one_of("--margin", margin) or MARGIN,
            level=level,
            resamples=resamples,
            seed=seed,
            junit=junit,
            as_json=as_json,
            aggregated=aggregated,
        )
        return
    [baseline], [candidate] = baselines.values(), candidates.values()
    table = None
    if groups is not None or by:
        table = group_table(
            baseline,
            candidate,
            groups=groups,
            by=by or [],
            metric=metrics[0],
            margin=(margin or [MARGIN])[0],
            level=level,
            resamples=resamples,
            seed=seed,
        )
    compare_predictions(
        baseline,
        candidate,
        metrics=metrics,
        margins=margin or [MARGIN],
        level=level,
        resamples=resamples,
        seed=seed,
        thresholds=threshold or [],
        validation=chosen_on,
        equivalence=equivalence,
        groups=table,
        junit=junit,
        as_json=as_json,
        aggregated=aggregated,
    )


def _to_choose_on(path: Path, data: Path | None) -> Predictions:
    """Get predictions to choose thresholds on; of a run with several seeds, say whose."""
    if path.is_dir():
        from leanlung.runs.sources import one_seed_note

        if note := one_seed_note(path):
            asides().print(f"note: {note}", soft_wrap=True)
    return predictions_from(path, data)


def one_of(name: str, given: Sequence[T] | None) -> T | None:
    """Give the only value of an option that may come several times elsewhere.

    Raises:
        UsageError: If there are several.
    """
    if given is not None and len(given) > 1:
        msg = f"{name} stands {len(given)} times; repeated runs and seeds take one"
        raise UsageError(msg)
    return given[0] if given else None
