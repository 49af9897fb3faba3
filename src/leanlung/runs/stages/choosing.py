"""Stage 4: choose a candidate on the validation part, and write the choice down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanlung.foundations.files import write_json
from leanlung.pruning import choose
from leanlung.runs.candidates import candidate_as_dict, load_candidate
from leanlung.runs.folder import CHOICE, READOUTS, VALIDATION
from leanlung.runs.steps import fingerprint, step
from leanlung.statistics import read_predictions
from leanlung.statistics.readout import Readout

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.work import Work


def candidate_folders(work: Work) -> list[Path]:
    """List the folders of all candidates, the whole network's first."""
    backbone = work.recipe.network.backbone
    rounds = range(1, work.recipe.rounds + 1)
    return [work.here.fit(backbone), *(work.here.round(backbone, n) for n in rounds)]


def choose_candidate(work: Work) -> None:
    """Choose, and fix on disk what the test part will be opened for."""
    recipe = work.recipe
    folders = candidate_folders(work)
    inputs = work.inputs(
        candidates=[fingerprint(folder) for folder in folders],
        choose=recipe.choose.model_dump(),
        evaluate=recipe.evaluate.model_dump(),
    )

    def do(here: Path) -> None:
        candidates = [load_candidate(folder) for folder in folders]
        choice = choose(
            candidates,
            rule=recipe.choose.rule,
            metric=recipe.choose.metric,
            tolerance=recipe.choose.tolerance,
        )
        write_json(
            here / CHOICE,
            {
                "chosen": choice.candidate.name,
                "round": choice.candidate.round,
                "reason": choice.reason,
                "rule": recipe.choose.model_dump(),
                "verdict_by": recipe.evaluate.model_dump(),
                "candidates": [candidate_as_dict(folder) for folder in folders],
            },
        )
        write_json(here / READOUTS, _readouts(folders[0], folders[choice.candidate.round]))

    step(work.here.choose, inputs, do)


def _readouts(whole: Path, chosen: Path) -> dict[str, Any]:
    """Fix how both networks are to be read before any test study is seen."""
    return {
        load_candidate(folder).name: Readout.of(read_predictions(folder / VALIDATION)).as_dict()
        for folder in (whole, chosen)
    }


def readouts_of(choose: Path) -> dict[str, Readout]:
    """Read what was fixed of both networks, by name."""
    found = json.loads((choose / READOUTS).read_text(encoding="utf-8"))
    return {name: Readout.from_dict(entries) for name, entries in found.items()}
