"""``leanlung list``: what can be asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from leanlung.cli.speaking import answer_json, answers
from leanlung.foundations.errors import UsageError
from leanlung.foundations.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable


def list_(
    kind: Annotated[
        str,
        typer.Argument(
            help="layouts, backbones, criteria, schedules, combiners, metrics or recipes."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """List what can be asked for by name."""
    if kind not in KINDS:
        msg = f"nothing called {kind!r} to list; there are {list(KINDS)}"
        raise UsageError(msg + did_you_mean(kind, KINDS))
    if as_json:
        answer_json({kind: DETAILS.get(kind, KINDS[kind])()})
        return
    from rich.table import Table

    table = Table(box=None, show_header=False)
    for entry in KINDS[kind]():
        table.add_row(*entry.values())
    answers(uncut=True).print(table)


Entries = list[dict[str, Any]]


def _layouts() -> Entries:
    from leanlung.studies.layouts import LAYOUTS

    return [{"name": name, "about": layout.about} for name, layout in LAYOUTS.items()]


def _described_layouts() -> Entries:
    """Add licence, source, what lies in the folder, and which options an archive takes."""
    from leanlung.studies.archives import ARCHIVES

    described = {
        name: {
            "licence": one.licence,
            "where": one.where,
            "expected": one.expected,
            "takes": sorted(one.takes),
        }
        for name, one in ARCHIVES.items()
    }
    return [entry | described.get(entry["name"], {}) for entry in _layouts()]


def _backbones() -> Entries:
    from leanlung.networks import BACKBONES

    named = [
        {"name": one.name, "library": one.library, "about": one.about}
        for one in BACKBONES.values()
    ]
    others = [
        {"name": f"{library}/NAME", "library": library, "about": f"any classifier of {library}"}
        for library in ("timm", "torchvision")
    ]
    return named + others


def _counted_backbones() -> Entries:
    """Add trainable parameters for 2 and 3 classes, computed and as printed."""
    from leanlung.networks import BACKBONES, PUBLISHED

    return [
        {
            "name": name,
            "library": BACKBONES[name].library,
            "about": BACKBONES[name].about,
            "head": row.head,
            "channels": row.channels,
            "trainable": {str(k): n for k, n in row.counted(name, 2, 3).items()},
            "published": {str(k): row.trainable.get(k) for k in (2, 3)},
            "note": row.note,
        }
        for name, row in PUBLISHED.items()
    ]


def _criteria() -> Entries:
    from leanlung.pruning import CRITERIA

    return [{"name": name, "about": _first_line(kind)} for name, kind in CRITERIA.items()]


def _schedules() -> Entries:
    from leanlung.pruning import SCHEDULES

    return [{"name": name, "about": _first_line(kind)} for name, kind in SCHEDULES.items()]


def _combiners() -> Entries:
    from leanlung.ensembles import COMBINERS

    return [{"name": name, "about": _first_line(kind)} for name, kind in COMBINERS.items()]


def _metrics() -> Entries:
    from leanlung.statistics import METRICS, OPERATING

    described = {name: one.description for name, one in METRICS.items()} | OPERATING
    return [{"name": name, "about": about} for name, about in described.items()]


def _recipes() -> Entries:
    import tomllib

    from leanlung.runs import shipped_recipes
    from leanlung.runs.reading import shipped_series, shipped_variants

    kinds = {"run": shipped_recipes(), "reproduce": shipped_series() | shipped_variants()}
    return [
        {
            "name": name,
            "verb": f"leanlung {verb}",
            "about": tomllib.loads(path.read_text(encoding="utf-8")).get("about", ""),
        }
        for verb, found in kinds.items()
        for name, path in found.items()
    ]


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


KINDS: dict[str, Callable[[], Entries]] = {
    "layouts": _layouts,
    "backbones": _backbones,
    "criteria": _criteria,
    "schedules": _schedules,
    "combiners": _combiners,
    "metrics": _metrics,
    "recipes": _recipes,
}

DETAILS: dict[str, Callable[[], Entries]] = {
    "layouts": _described_layouts,
    "backbones": _counted_backbones,
}
"""What programs are told beyond the table."""
