"""A candidate is chosen on the validation part alone."""

import pytest

from leanlung.foundations.errors import SurgeryError
from leanlung.networks import ModelSize, NetworkSpec
from leanlung.pruning import Candidate, choose

SPEC = NetworkSpec("separable_cnn", classes=2)


def candidate(round_: int, stored: int, auc: float) -> Candidate:
    return Candidate(
        round_, SPEC, ModelSize(stored, stored, stored, 0, 1, 4), {"macro_auc": auc}
    )


CURVE = [
    candidate(0, 100, 0.950),
    candidate(1, 80, 0.960),
    candidate(2, 60, 0.945),
    candidate(3, 40, 0.941),
    candidate(4, 20, 0.900),
]


def test_best_is_the_highest_of_the_pruned() -> None:
    assert choose(CURVE, rule="best", metric="macro_auc").candidate.round == 1


def test_best_never_is_the_whole_network_where_a_pruned_one_exists() -> None:
    assert choose([CURVE[0], CURVE[4]], rule="best", metric="macro_auc").candidate.round == 4


@pytest.mark.parametrize(("tolerance", "round_"), [(0.0, 1), (0.005, 2), (0.0091, 3), (0.1, 4)])
def test_smallest_within_takes_the_smallest_that_qualifies(
    tolerance: float, round_: int
) -> None:
    choice = choose(CURVE, rule="smallest_within", metric="macro_auc", tolerance=tolerance)
    assert choice.candidate.round == round_


def test_where_none_qualifies_the_whole_network_is_kept_and_told() -> None:
    choice = choose([CURVE[0], CURVE[4]], rule="smallest_within", metric="macro_auc")
    assert choice.candidate.name == "unpruned"
    assert choice.reason == (
        "no pruned candidate reached macro_auc 0.9500 on validation; the whole network is kept"
    )


def test_the_reason_names_the_figures_it_rests_on() -> None:
    choice = choose(CURVE, rule="smallest_within", metric="macro_auc", tolerance=0.01)
    assert "0.9410" in choice.reason
    assert "0.9500" in choice.reason


def test_of_equals_the_smaller_then_the_earlier_is_taken() -> None:
    equals = [CURVE[0], candidate(1, 60, 0.9), candidate(2, 50, 0.9), candidate(3, 50, 0.9)]
    for rule in ("best", "smallest_within"):
        chosen = choose(equals, rule=rule, metric="macro_auc", tolerance=0.1).candidate
        assert chosen.round == 2


def test_no_candidates_are_refused() -> None:
    with pytest.raises(SurgeryError, match="no candidates to choose from"):
        choose([], rule="best", metric="macro_auc")


def test_a_metric_that_was_not_measured_is_refused() -> None:
    with pytest.raises(SurgeryError, match=r"no validation metric 'macro_uac'.*'macro_auc'\?"):
        choose(CURVE, rule="best", metric="macro_uac")


def test_a_candidate_is_read_back_equal() -> None:
    assert Candidate.from_dict(CURVE[2].as_dict()) == CURVE[2]
    assert [CURVE[0].name, CURVE[2].name] == ["unpruned", "round-02"]


def test_last_is_what_the_method_ends_with_however_good() -> None:
    choice = choose(CURVE, rule="last", metric="macro_auc")
    assert choice.candidate.round == 4
    assert "0.9000 on validation (unpruned 0.9500)" in choice.reason
    assert choose(CURVE[:1], rule="last", metric="macro_auc").candidate.round == 0
