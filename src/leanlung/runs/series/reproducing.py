"""Reproduce a series: all stages in order, each found again if it was done before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.runs.progress import Progress, Silent
from leanlung.runs.series.attending import attend, tables_of
from leanlung.runs.series.carrying import begin, gather_stages
from leanlung.runs.series.exporting import export_ensembles
from leanlung.runs.series.fixing import fix_ensembles
from leanlung.runs.series.opening import open_test
from leanlung.runs.series.reading import read_series
from leanlung.runs.series.reporting import write_series_report
from leanlung.runs.series.stages import choose_networks, pretrain, tune
from leanlung.runs.series.tables import write_tables
from leanlung.runs.until import require_stage

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.run import Options
    from leanlung.runs.series.folder import SeriesFolder

STAGES = ("data", "pretrain", "top", "tasks", "ensembles", "open", "attention", "report")
"""What ``--until`` may name; the test part is opened in ``open``, and not before."""


def reproduce(file: Path, options: Options, progress: Progress | None = None) -> SeriesFolder:
    """Carry out a series; done stages are found again, a killed one goes on.

    Args:
        file: The series.
        options: Data, folder, changes and the rest; ``until`` is one of `STAGES`.
        progress: Told what is going on.

    Returns:
        The folder of the series.

    Raises:
        LeanlungError: One of its kinds, if something is wrong with file, data or machine.
    """
    progress = progress or Silent()
    require_stage(options.until, STAGES)
    last = STAGES.index(options.until)
    series = read_series(file, options.changes)
    now = begin(series, file.read_text(encoding="utf-8"), options, progress)
    gather_stages(now)
    if series.attention is not None:
        for told in tables_of(now, series.attention).told:  # not after hours of fitting
            progress.note(f"attention: {told}")
    if last >= STAGES.index("pretrain"):
        pretrain(now)
    if last < STAGES.index("top"):
        return now.folder
    top = choose_networks(now)
    if last >= STAGES.index("tasks"):
        tune(now, top)
    if last >= STAGES.index("ensembles"):
        fix_ensembles(now, top)
    if last >= STAGES.index("open"):
        open_test(now, top)
        export_ensembles(now, top)
    if last >= STAGES.index("attention"):
        attend(now, top)
    if last >= STAGES.index("report"):
        write_tables(now, top)
        write_series_report(now.folder)
    return now.folder
