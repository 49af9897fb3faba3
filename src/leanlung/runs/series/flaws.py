"""Flaws: what the source of a series did, switched on by ``as_published`` and stamped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leanlung.foundations.seeds import Seeds
from leanlung.studies.split import Shares, assign_parts_by_image

if TYPE_CHECKING:
    from leanlung.runs.series.recipe import Series
    from leanlung.studies.split import Part
    from leanlung.studies.study import Cohort

COPY = "@validation"
"""Ends the id of a test study's copy that stands in the validation part."""

FLAWS = (
    "Parts are drawn by file, so that a patient may stand in two of them.",
    "The validation part is the test part: the best epoch, the networks that go on, the pruned "
    "network and the weights of the ensembles are all chosen on the test images.",
    "Units are ranked by their activations on those images too.",
)
"""What is repeated, a sentence each. Rajaraman et al. 2020, II.A, II.E, III and their code."""

NOT_REPEATED = (
    "Published and not repeated: their stacking learnt from what the networks said of their "
    "own training images; here it learns out of fold."
)


def flawed(series: Series, cohort: Cohort) -> tuple[Cohort, dict[str, Part]]:
    """Part a cohort as the source did.

    The test images stand a second time in the validation part, under ids of their own, as the
    same file of the same patient: whatever looks for leaks finds every one of them.

    Args:
        series: With the shares; that of the validation part goes to the training part.
        cohort: Everything that was read.

    Returns:
        The cohort with the copies, and the part of every study.
    """
    split = series.split
    shares = Shares(split.train + split.validation, 0.0, split.test)
    parts = assign_parts_by_image(cohort, shares, Seeds(split.seed))
    copies = tuple(
        replace(one, study_id=f"{one.study_id}{COPY}")
        for one in cohort.studies
        if parts[one.study_id] == "test"
    )
    parts |= {one.study_id: "validation" for one in copies}
    return replace(cohort, studies=(*cohort.studies, *copies)), parts
