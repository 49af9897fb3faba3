"""Shares of a headline above chance, and the verdict that follows."""

import json
from dataclasses import replace

import numpy as np
import pytest

from leanlung.evaluation.sampling import Sampling
from leanlung.evaluation.shortcuts import Baseline, Scored, baseline
from leanlung.evaluation.verdict import judge
from leanlung.foundations.errors import StatisticsError, UsageError
from leanlung.statistics import Estimate, Predictions, measure

FEW = Sampling(resamples=300, seed=4)


def scored(strength: float, metric: str = "macro_auc", seed: int = 0) -> Scored:
    generator = np.random.default_rng(seed)
    labels = np.arange(200) % 2
    p = 1 / (1 + np.exp(-(strength * (2 * labels - 1) + generator.normal(size=200))))
    ids = tuple(f"s{n}" for n in range(200))
    patients = tuple(f"p{n // 2}" for n in range(200))
    shares = np.stack([1 - p, p], axis=1)
    answers = Predictions(f"m{strength}", ("a", "b"), ids, patients, labels, shares)
    return Scored.of(answers, metric, FEW)


def against(of: Scored, headline: Scored, name: str = "border") -> Baseline:
    return baseline(
        name, "seen", without_lungs=name != "whole", of=of, whole=headline, headline=headline
    )


@pytest.mark.parametrize("metric", ["macro_auc", "auc:b"])
def test_the_area_is_that_of_the_room_of_statistics(metric: str) -> None:
    one = scored(0.7, metric)
    [found] = measure(one.predictions, metrics=[metric], resamples=300, seed=4)
    assert one.value == pytest.approx(found.value)
    assert np.quantile(one.resampled, [0.025, 0.975]) == pytest.approx([found.low, found.high])


def test_the_share_is_of_what_the_headline_has_above_one_half() -> None:
    weak, strong = scored(0.3), scored(1.5, seed=1)
    found = against(weak, strong)
    assert found.share.value == pytest.approx((weak.value - 0.5) / (strong.value - 0.5))
    assert found.share.low < found.share.value < found.share.high
    assert found.short_of_whole.value == pytest.approx(strong.value - weak.value)
    assert "paired" in found.share.method
    assert Baseline.from_dict(json.loads(json.dumps(found.as_dict()))) == found


def test_what_is_paired_is_surer_than_what_is_not() -> None:
    strong = scored(1.5)
    nearly = scored(1.4)  # the same noise: right and wrong about the same films
    width = against(nearly, strong).short_of_whole
    alone = nearly.estimate("macro_auc")
    assert width.high - width.low < 0.5 * (alone.high - alone.low)


def test_a_headline_that_knows_nothing_has_no_share() -> None:
    found = against(scored(1.0), scored(-0.5))
    assert found.share.value is None
    assert "no better than chance" in found.share.method


def test_other_studies_cannot_be_set_beside() -> None:
    one = scored(1.0)
    fewer = Scored.of(one.predictions.subset(np.arange(200) < 100), "macro_auc", FEW)
    with pytest.raises(StatisticsError, match="different studies"):
        against(fewer, one)


@pytest.mark.parametrize("metric", ["accuracy", "auc:c", "macro_au"])
def test_only_an_area_has_a_share_above_chance(metric: str) -> None:
    with pytest.raises(UsageError, match="an AUC, one of") as caught:
        scored(1.0, metric)
    assert caught.value.exit_code == 2


def like(one: Baseline, auc: float, share: float, short: float, **changes) -> Baseline:
    def at(estimate: Estimate, value: float) -> Estimate:
        return replace(estimate, value=value, low=value - 0.04, high=value + 0.04)

    return replace(
        one,
        auc=at(one.auc, auc),
        share=at(one.share, share),
        short_of_whole=at(one.short_of_whole, short),
        **changes,
    )


@pytest.fixture(scope="module")
def border() -> Baseline:
    return against(scored(0.5), scored(1.5))


@pytest.mark.parametrize(
    ("auc", "share", "short", "level"),
    [
        (0.87, 0.82, 0.08, "alarm"),  # most of the headline
        (0.80, 0.70, 0.04, "alarm"),  # as good as the whole film
        (0.80, 0.70, 0.06, "nothing_found"),
        (0.59, 0.95, 0.00, "nothing_found"),  # too little to rest a headline on
    ],
)
def test_close_to_the_headline_or_to_the_whole_film_is_an_alarm(
    border: Baseline, auc: float, share: float, short: float, level: str
) -> None:
    assert judge([like(border, auc, share, short)], [], [], "the model").level == level


def test_an_area_that_chance_may_give_raises_no_alarm(border: Baseline) -> None:
    unsure = like(border, 0.7, 0.9, 0.0)
    unsure = replace(unsure, auc=replace(unsure.auc, low=0.45))
    assert judge([unsure], [], [], "the model").level == "nothing_found"


def test_lungs_alone_may_be_as_good_as_the_whole_film(border: Baseline) -> None:
    lungs = like(border, 0.9, 1.0, 0.0, name="lungs_only", without_lungs=False)
    assert judge([lungs], [], [], "the model").level == "nothing_found"


def test_metadata_ask_for_care_and_raise_no_alarm(border: Baseline) -> None:
    metadata = like(border, 0.9, 1.0, 0.0, name="metadata", in_picture=False)
    found = judge([metadata], [], [], "the model")
    assert found.level == "caution"
    assert "metadata" in found.cautions[0]
