"""The page of a recipe with variants, from what is on disk alone."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from leanlung.foundations.files import write_text
from leanlung.reports.series import AttentionFigure
from leanlung.reports.variants import VariantsFacts, render_variants
from leanlung.reports.variants_beyond import images_table
from leanlung.runs.environment import environments, together
from leanlung.runs.explaining.explain import OVERLAYS
from leanlung.runs.explaining.explain import TOLD as ATTENTION
from leanlung.runs.folder import RunFolder
from leanlung.runs.records import read_record
from leanlung.runs.variance import TOLD
from leanlung.runs.variants.looking import BY_EPOCH
from leanlung.studies.seal import read_openings

if TYPE_CHECKING:
    from pathlib import Path

    from leanlung.reports.tables import Table
    from leanlung.runs.variants.folder import VariantsFolder

_MOST, _GRIDS = 12, 3
"""Overlays that the page shows, and grids of epochs and layers."""

WHOLE = "the film, then where each network looks"
GRID = "the film, then where the network looks: a row an epoch, a column a layer"


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
        maps=_maps(folder.attention),
    )
    write_text(folder.report, render_variants(facts))


def _beyond(folder: VariantsFolder) -> tuple[Table, ...]:
    told = folder.images / TOLD
    return (images_table(read_record(told)),) if told.is_file() else ()


def _maps(attention: Path) -> dict[str, dict[str, Any]]:
    """Read what was measured where networks look, by the folder that tells it."""
    found = sorted(attention.glob(f"*/{ATTENTION}"))
    return {path.parent.name: read_record(path) for path in found}


def _figures(attention: Path) -> tuple[AttentionFigure, ...]:
    """Take up overlays: films that several variants were shown first, side by side."""
    films: dict[str, list[Path]] = {}
    epochs = []
    for path in sorted(attention.glob(f"*/{OVERLAYS}/*.png")):
        if path.parents[1].name.endswith(BY_EPOCH):
            epochs.append(path)
        else:
            films.setdefault(path.stem, []).append(path)
    shared_first = sorted(films.values(), key=lambda paths: -len(paths))
    chosen = [path for paths in shared_first for path in paths][:_MOST]
    return tuple(_figure(path, WHOLE) for path in chosen) + tuple(
        _figure(path, GRID) for path in epochs[:_GRIDS]
    )


def _figure(path: Path, told: str) -> AttentionFigure:
    source = base64.b64encode(path.read_bytes()).decode()
    title = f"{path.parents[1].name}: {path.stem}"
    return AttentionFigure(title, f"data:image/png;base64,{source}", told)
