"""Evidence as tables: groups, flips, calibration, thresholds and exemplars, a row an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row = dict[str, Any]

_ENDS = ("value", "low", "high")

COLUMNS: dict[str, tuple[str, ...]] = {
    "groups": (
        "seed", "metric", "group", "studies", "patients", "baseline", "candidate",
        "difference", "low", "high", "level", "margin", "verdict", "p", "p_holm", "too_few",
        "method",
    ),
    "flips": (
        "seed", "study_id", "patient_id", "label", "before", "after", "direction", "missed",
        "share_before", "share_after", "change", "other_studies",
    ),
    "flip-counts": (
        "seed", "of_class", "studies", "newly_wrong", "newly_right", "missed",
        "patients_worse", "patients_better", "share_worse", "low", "high", "level", "p",
        "method",
    ),
    "calibration": (
        "seed", "model", "probabilities", "figure", "of_class", *_ENDS, "method",
    ),
    "thresholds": (
        "seed", "model", "of_class", "rule", "threshold", "figure", "prevalence", *_ENDS,
        "level", "method",
    ),
    "exemplars": (
        "study_id", "patient_id", "label", "before", "after", "share_before", "share_after",
        "differs", "distance",
    ),
}  # fmt: skip
"""Columns of every table, by name."""


def evidence_rows(results: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Give the rows of every table of `COLUMNS`; some may have none.

    Args:
        results: As in ``metrics.json``.
    """
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    for seed, measured in results["seeds"].items():
        of_seed = {
            "groups": _groups(measured),
            "flips": _flips(measured),
            "flip-counts": iter(measured["flips"]["counts"]),
            "calibration": _calibration(measured),
            "thresholds": _thresholds(measured),
        }
        for name, found in of_seed.items():
            rows[name] += [{"seed": seed, **row} for row in found]
    exemplars = results["exemplars"]
    rows["exemplars"] += exemplars["cases"] if exemplars else []
    return rows


def _groups(measured: Mapping[str, Any]) -> Iterator[Row]:
    for table in measured["groups"]:
        for group in table["groups"]:
            row = {
                "metric": group["metric"],
                "group": group["name"],
                **{
                    key: group[key] for key in ("studies", "patients", "p", "p_holm", "too_few")
                },
                "margin": table["margin"],
            }
            if (found := group["comparison"]) is not None:
                difference = found["difference"]
                row |= {
                    "baseline": found["baseline"]["value"],
                    "candidate": found["candidate"]["value"],
                    "difference": difference["value"],
                    "verdict": found["verdict"],
                    **{key: difference[key] for key in ("low", "high", "level", "method")},
                }
            yield row


def _flips(measured: Mapping[str, Any]) -> Iterator[Row]:
    for case in measured["flips"]["cases"]:
        yield {**case, "other_studies": "; ".join(case["other_studies"])}


def _calibration(measured: Mapping[str, Any]) -> Iterator[Row]:
    for model, found in measured["models"].items():
        whose = {"model": model}
        temperature = found["calibration"]["temperature"]
        yield {
            **whose,
            "figure": "temperature",
            "value": temperature["value"],
            "method": temperature["caveat"] or "fitted on the validation part",
        }
        for probabilities in ("raw", "calibrated"):
            figures = found["calibration"][probabilities]
            which = {**whose, "probabilities": probabilities}
            for name in ("ece", "brier"):
                yield {**which, "figure": name, "value": figures[name]}
            for name in ("reliability", "resolution", "uncertainty", "within_bins"):
                yield {
                    **which,
                    "figure": f"brier_{name}",
                    "value": figures["brier_parts"][name],
                }
            yield {**which, "figure": "slope", **_told(figures["slope"])}
            for line in figures["lines"]:
                for name in ("slope", "intercept", "in_the_large"):
                    yield {
                        **which,
                        "figure": name,
                        "of_class": line["of_class"],
                        **_told(line[name]),
                    }


def _thresholds(measured: Mapping[str, Any]) -> Iterator[Row]:
    for model, found in measured["models"].items():
        for point in found["calibration"]["thresholds"]:
            frozen = point["threshold"]
            which = {
                "model": model,
                "of_class": frozen["of_class"],
                "rule": frozen["rule"],
                "threshold": frozen["value"],
            }
            for name in ("sensitivity", "specificity"):
                yield {**which, "figure": name, **_told(point[name], "level")}
            for values in point["predictive_values"]:
                for figure, name in (("ppv", "positive"), ("npv", "negative")):
                    yield {
                        **which,
                        "figure": figure,
                        "prevalence": values["prevalence"],
                        **_told(values[name], "level"),
                    }


def _told(estimate: Mapping[str, Any], *further: str) -> Row:
    return {key: estimate[key] for key in (*_ENDS, "method", *further)}
