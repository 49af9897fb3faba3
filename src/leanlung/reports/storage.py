"""Storage: the bytes of the networks in every form they could be written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.tables import Table, heads, label, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leanlung.reports.seeds import Seed

_DENSE, _REDUCTION = "dense", "reduction"
_NOT_LOSSLESS = "not lossless"


def storage_table(seed: Seed, published: Mapping[str, Any]) -> Table | None:
    """List the forms, each with its bytes and their share of the unpruned dense file.

    Args:
        seed: With its networks.
        published: Figures of the recipe's source; what is called a reduction is told below.

    Returns:
        None where a run tells of no forms.
    """
    found = [network.storage for network in seed.networks]
    if any(one is None for one in found):
        return None
    stored = [one for one in found if one is not None]
    forms = [{form["name"]: form for form in one["forms"]} for one in stored]
    dense = forms[0][_DENSE]["bytes"]
    rows = []
    for name in dict.fromkeys(name for own in forms for name in own):
        first = next(own[name] for own in forms if name in own)
        lossless = first["lossless"]
        notes = [note for note in (first["note"], "" if lossless else _NOT_LOSSLESS) if note]
        cells = []
        for own in forms:
            told = own.get(name)
            size = None if told is None else told["bytes"]
            cells.append(number(numbers.NOTHING if size is None else numbers.count(size)))
            share = numbers.NOTHING if size is None else numbers.ratio(size, dense)
            cells.append(number(share))
        rows.append((label(name, "; ".join(notes)), *cells))
    heading = [
        text for network in seed.networks for text in (f"{network.name}, bytes", "of dense")
    ]
    return Table(
        "Storage forms",
        heads("", *heading),
        tuple(rows),
        notes=tuple(("", text) for text in _notes(stored, published)),
    )


def _notes(stored: list[Mapping[str, Any]], published: Mapping[str, Any]) -> Iterator[str]:
    yield "Bytes of whole files; shares are of the unpruned network’s dense file."
    yield stored[-1]["sentence"]
    reductions = list(_reductions(published, ()))
    for names, value in reductions:
        yield f"Published: {' · '.join(names)} {value}."
    wrapped = stored[0]["wrapped"]
    if reductions and wrapped:
        yield wrapped["sentence"]


def _reductions(
    published: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Find the published figures that are called a reduction, or stand below that name."""
    for name, value in published.items():
        if isinstance(value, dict):
            yield from _reductions(value, (*above, name))
        elif any(_REDUCTION in one.casefold() for one in (*above, name)):
            yield (*above, name), str(value)
