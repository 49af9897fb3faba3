"""The page of a recipe with variants, from what is on disk alone."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from leanlung.foundations.files import write_text
from leanlung.reports.series import AttentionFigure
from leanlung.reports.variants import VariantsFacts, render_variants
from leanlung.reports.variants_beyond import images_table
from leanlung.runs.environment import environments, together
from leanlung.runs.folder import RunFolder
from leanlung.runs.records import read_record
from leanlung.runs.variance import TOLD
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.reports.tables import Table
    from leanlung.runs.variants.folder import VariantsFolder

_MOST = 12
"""Overlays that the page shows."""


def write_paper_report(folder: VariantsFolder) -> None:
    """Write ``report.html`` of a paper whose tables are there."""
    data = read_record(folder.data)
    facts = VariantsFacts(
        run=folder.path.name,
        paper=read_record(folder.resolved),
        data=data,
        results=read_record(folder.results),
        environment=together(environments(RunFolder(folder.path))),
        openings={name: read_openings(folder.openings(name)) for name in data["datasets"]},
        runs=read_record(folder.runs),
        figures=_figures(folder.attention),
        beyond=_beyond(folder),
    )
    write_text(folder.report, render_variants(facts))


def _beyond(folder: VariantsFolder) -> tuple[Table, ...]:
    told = folder.images / TOLD
    return (images_table(read_record(told)),) if told.is_file() else ()


def _figures(attention: Path) -> tuple[AttentionFigure, ...]:
    """Take up the first overlays that were drawn for the paper."""
    found = sorted(attention.rglob("*.png"))[:_MOST]
    return tuple(
        AttentionFigure(
            title=f"{path.relative_to(attention).parts[0]}: {path.stem}",
            source=f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}",
            told="the film, then where each network looks",
        )
        for path in found
    )
