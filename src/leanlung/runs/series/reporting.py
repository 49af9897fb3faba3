"""The page of a series, from what is on disk alone."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from leanlung.foundations.files import write_text
from leanlung.reports.series import AttentionFigure, SeriesFacts, render_series
from leanlung.runs.environment import environments, together
from leanlung.runs.explaining import OVERLAYS
from leanlung.runs.folder import RunFolder
from leanlung.runs.series.flaws import NOT_REPEATED
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.runs.series.folder import SeriesFolder

_MOST = 12
"""Overlays that the page shows."""


def write_series_report(folder: SeriesFolder) -> None:
    """Write ``report.html`` of a series whose tables are there."""
    results = _read(folder.results)
    facts = SeriesFacts(
        run=folder.path.name,
        series=_read(folder.resolved),
        data=_read(folder.data),
        results=results,
        environment=together(environments(RunFolder(folder.path))),
        openings=read_openings(folder.openings),
        runs=_read(folder.runs),
        not_repeated=NOT_REPEATED if results["as_published"] else "",
        figures=_figures(folder.attention / OVERLAYS),
    )
    write_text(folder.report, render_series(facts))


def _figures(overlays: Path) -> tuple[AttentionFigure, ...]:
    """Take up the first overlays that `leanlung explain` drew for the series."""
    found = sorted(overlays.glob("*.png"))[:_MOST]
    return tuple(
        AttentionFigure(
            title=path.stem,
            source=f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}",
            told="the film, then where each network looks",
        )
        for path in found
    )


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
