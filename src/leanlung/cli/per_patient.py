"""``leanlung compare A B --per-patient mean``: one row a patient, and then the comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.cli.speaking import answers
from leanlung.foundations.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from leanlung.statistics import Aggregated, Predictions

    BySeed = Mapping[str, Predictions]
    Pair = tuple[Predictions, Predictions]


def require_rules(
    rule: str | None, labels: str, of_class: str, groups: Path | None, by: Sequence[str] | None
) -> None:
    """Refuse unknown rules, what does not go together, and what is alone.

    Raises:
        UsageError: If there is any of this.
    """
    from leanlung.foundations.suggestions import did_you_mean
    from leanlung.statistics.aggregation import LABEL_RULES, RULES

    rules = [one.replace("_", "-") for one in RULES]
    if rule is not None and rule not in rules:
        msg = f"--per-patient {rule}: there is {rules}{did_you_mean(rule, rules)}"
        raise UsageError(msg)
    if labels not in LABEL_RULES:
        hint = did_you_mean(labels, LABEL_RULES)
        msg = f"--patient-label {labels}: there is {list(LABEL_RULES)}{hint}"
        raise UsageError(msg)
    if rule is not None and (groups is not None or by):
        msg = (
            "--groups and --by look studies up, and --per-patient leaves one row a patient: "
            "give one or the other"
        )
        raise UsageError(msg)
    if rule is None and (labels != "given" or of_class):
        msg = "--patient-label and --of-class are of --per-patient; give it too"
        raise UsageError(msg)


def both_per_patient(
    baselines: BySeed,
    candidates: BySeed,
    rule: str,
    *,
    labels: str,
    of_class: str,
    thresholds: Sequence[str],
    validation: Pair | None,
) -> tuple[BySeed, BySeed, Pair | None, list[Aggregated]]:
    """Make one row a patient of all predictions.

    Args:
        baselines: Of A by seed.
        candidates: Of B by seed.
        rule: As on the command line.
        labels: Rule of the labels.
        of_class: Looked for; may be empty.
        thresholds: As `read_thresholds` takes them; of ``share`` alone, for single studies.
        validation: Studies of both models on other patients; for ``share`` its threshold is
            frozen on them if none is given.

    Returns:
        Predictions of both and the validation predictions by patient, and what was made of
        what, for baselines and candidates.

    Raises:
        UsageError: If ``share`` has no threshold, or a threshold cannot be read.
        StatisticsError: As `per_patient`.
        DataRefused: As `study_threshold`.
    """
    from leanlung.cli.thresholds import read_thresholds
    from leanlung.statistics import per_patient

    how = rule.replace("-", "_")
    cuts: tuple[float | None, float | None] = (None, None)
    if how == "share":
        named = read_thresholds(thresholds)
        of_class = of_class or next(iter(named), "")
        cuts = _cuts(baselines, candidates, of_class, named, validation)

    def made(one: Predictions, cut: float | None) -> Aggregated:
        return per_patient(
            one,
            how,  # type: ignore[arg-type]  # require_rules looked at both
            of_class=of_class,
            threshold=cut,
            labels=labels,  # type: ignore[arg-type]
        )

    first = {seed: made(one, cuts[0]) for seed, one in baselines.items()}
    second = {seed: made(one, cuts[1]) for seed, one in candidates.items()}
    chosen = None
    if validation is not None:
        chosen = (
            made(validation[0], cuts[0]).predictions,
            made(validation[1], cuts[1]).predictions,
        )
    return (
        {seed: one.predictions for seed, one in first.items()},
        {seed: one.predictions for seed, one in second.items()},
        chosen,
        [*first.values(), *second.values()],
    )


def tell_aggregated(found: Sequence[Aggregated]) -> None:
    """Say what was made of what."""
    for line in dict.fromkeys(one.sentence() for one in found):
        answers().print(f"per patient: {line}")


def _cuts(
    baselines: BySeed,
    candidates: BySeed,
    of_class: str,
    named: Mapping[str, tuple[float, float]],
    validation: Pair | None,
) -> tuple[float, float]:
    """Give the thresholds for single studies, of A and of B."""
    from leanlung.statistics import study_threshold

    if of_class in named:
        return named[of_class]
    if named or validation is None:
        msg = (
            "--per-patient share needs a threshold for single studies, frozen on validation: "
            "--threshold CLASS=0.31 of the class looked for, or --validation A.csv B.csv to "
            f"freeze it on; --of-class is {of_class!r}, thresholds are of {list(named)}"
        )
        raise UsageError(msg)
    sides = (next(iter(baselines.values())), next(iter(candidates.values())))
    one, two = (
        study_threshold(chosen, of_class, tested=tested)
        for chosen, tested in zip(validation, sides, strict=True)
    )
    return one, two
