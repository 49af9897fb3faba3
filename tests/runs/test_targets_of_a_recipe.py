"""A recipe may prune to a target, or by a limit of the score, instead of along a schedule."""

import json
from pathlib import Path

import pytest

from leanlung.foundations.errors import SurgeryError
from leanlung.runs import Options, Silent, run

SHORT = ["train.epochs=1", "prune.retrain.epochs=1"]


class Listening(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def recipe(recipe_file: Path) -> Path:
    text = recipe_file.read_text()
    recipe_file.write_text(
        "\n".join(line for line in text.splitlines() if "ceiling" not in line)
    )
    return recipe_file


def candidates(
    films: Path, recipe: Path, *changes: str, told: Listening | None = None
) -> list[dict]:
    options = Options(
        data=films, out=recipe.parent / "runs", device="cpu", until="prune",
        changes=[*SHORT, *changes],
    )  # fmt: skip
    folder = run(recipe, options, told).seed(0).path
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("candidate.json"))]


@pytest.mark.parametrize(
    ("target", "key", "share"),
    [("{ share = 0.4 }", "stored", 0.4), ("{ macs = 250000 }", "macs", None)],
)
def test_the_last_round_is_at_the_target_and_the_others_are_on_the_way(
    films: Path, recipe: Path, target: str, key: str, share: float | None
) -> None:
    found = candidates(films, recipe, f"prune.target={target}")
    whole, first, last = (one["size"][key] for one in found)
    limit = share * whole if share else 250_000
    assert 0.8 * limit < last <= limit
    assert (whole * limit) ** 0.5 == pytest.approx(first, rel=0.1)


def test_a_target_that_is_reached_leaves_nothing_to_remove(films: Path, recipe: Path) -> None:
    told = Listening()
    found = candidates(films, recipe, "prune.target={parameters=1000000}", told=told)
    assert [one.get("removed") for one in found] == [None, 0, 0]
    assert told.notes == [f"round {n}: the target is reached" for n in (1, 2)]


def test_a_target_out_of_reach_says_how_far_one_gets(films: Path, recipe: Path) -> None:
    with pytest.raises(SurgeryError, match="10 parameters is out of reach: the smallest"):
        candidates(films, recipe, "prune.target={parameters=10}")


def test_a_limit_takes_all_units_at_or_below_it(films: Path, recipe: Path) -> None:
    told = Listening()
    found = candidates(films, recipe, "prune.at_most=0.0", "prune.rounds=1", told=told)
    assert found[1]["removed"] == 0 or told.notes == []
    assert told.notes in ([], ["round 1: no unit that may go scores 0 or less"])
    found = candidates(films, recipe, "prune.at_most=1.0", "prune.rounds=1", "prune.minimum=5")
    assert {width[1] for width in found[1]["spec"]["widths"].values()} <= {5, 2, 3}
