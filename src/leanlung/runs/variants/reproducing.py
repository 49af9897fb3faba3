"""Reproduce a recipe with its variants: all stages, each found again if it was done before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.runs.progress import Progress, Silent
from leanlung.runs.until import require_stage
from leanlung.runs.variants.carrying import begin, carry
from leanlung.runs.variants.counting import count_images
from leanlung.runs.variants.elsewhere import answer_elsewhere
from leanlung.runs.variants.looking import look
from leanlung.runs.variants.opening import open_tests
from leanlung.runs.variants.reading import read_variants
from leanlung.runs.variants.reporting import write_paper_report
from leanlung.runs.variants.storing import store_all
from leanlung.runs.variants.tables import write_tables

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.run import Options
    from leanlung.runs.variants.folder import VariantsFolder

STAGES = ("data", "fit", "choose", "evaluate", "report")
"""What ``--until`` may name; test parts are opened in ``evaluate``, and not before."""


def vary(file: Path, options: Options, progress: Progress | None = None) -> VariantsFolder:
    """Carry out a recipe with its variants; done stages are found again, a killed one goes on.

    Args:
        file: The recipe with variants.
        options: Data, folder, changes and the rest; ``until`` is one of `STAGES`.
        progress: Told what is going on.

    Returns:
        The folder of the paper.

    Raises:
        LeanlungError: One of its kinds, if something is wrong with file, data or machine.
    """
    progress = progress or Silent()
    require_stage(options.until, STAGES)
    last = STAGES.index(options.until)
    paper = read_variants(file, options.changes)
    now = begin(paper, file.read_text(encoding="utf-8"), options, progress)
    if last == STAGES.index("data"):
        return now.folder
    until = "fit" if last == STAGES.index("fit") else "choose"
    for name in now.recipes:
        carry(now, name, until)
    if last >= STAGES.index("evaluate"):
        open_tests(now)
        why_not = answer_elsewhere(now)
        look(now)
        count_images(now)
        store_all(now)
        if last >= STAGES.index("report"):
            write_tables(now, why_not)
            write_paper_report(now.folder)
    return now.folder
