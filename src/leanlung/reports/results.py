"""Results: every estimate on the test part, overall, by class and by source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanlung.reports import numbers
from leanlung.reports.axis import Axis
from leanlung.reports.methods import basis, level, marks_of, notes_of
from leanlung.reports.tables import Cell, Table, figure, heads, label, number
from leanlung.statistics import METRICS

if TYPE_CHECKING:
    from leanlung.reports.seeds import Seed

_BY_CLASS = ("auc", "sensitivity", "specificity", "precision", "f")


def overall_table(seed: Seed) -> Table:
    """Give every figure that is about all classes at once, and the majority baseline."""
    names = [name for name in seed.unpruned.estimates if ":" not in name]
    every = [network.estimates[name] for network in seed.networks for name in names]
    marks = marks_of([*every, seed.majority])
    rows = [
        (
            label(numbers.metric(name), METRICS[name].description),
            *(
                figure(found, marks[found.method])
                for found in (network.estimates[name] for network in seed.networks)
            ),
        )
        for name in names
    ]
    baseline = figure(seed.majority, marks[seed.majority.method])
    meaning = "accuracy of always answering the commonest class of the test part"
    rows.insert(1, (label("majority baseline", meaning), *[baseline] * len(seed.networks)))
    return Table(
        "All classes together",
        heads("", *(network.name for network in seed.networks)),
        tuple(rows),
        notes_of(basis(every), marks),
    )


def class_table(seed: Seed) -> Table:
    """Give every figure that is about one class: a row a class and network."""
    every = [
        network.estimates[f"{family}:{name}"]
        for network in seed.networks
        for family in _BY_CLASS
        for name in seed.classes
    ]
    marks = marks_of(every)
    rows = []
    for index, name in enumerate(seed.classes):
        studies = numbers.counted(seed.studies_of(index), "study", "studies")
        for place, network in enumerate(seed.networks):
            found = [network.estimates[f"{family}:{name}"] for family in _BY_CLASS]
            first = [label(name, studies, rows=len(seed.networks))] if place == 0 else []
            cells = [figure(one, marks[one.method]) for one in found]
            rows.append((*first, label(network.name), *cells))
    families = [numbers.metric(family) for family in _BY_CLASS]
    return Table(
        "Class by class",
        heads("class", "network", *families, labels=2),
        tuple(rows),
        notes_of(basis(every), marks),
    )


def source_table(seed: Seed) -> Table:
    """Give the accuracy within every source."""
    axis = Axis(0.0, 1.0)
    every = [found for network in seed.networks for found in network.by_source.values()]
    marks = marks_of(every)
    rows: list[tuple[Cell, ...]] = []
    for source, measured in seed.unpruned.by_source.items():
        counted = (
            f"{numbers.counted(measured.studies, 'study', 'studies')} of "
            f"{numbers.counted(measured.patients, 'patient', 'patients')}"
        )
        rows.append((Cell(source, counted, kind="group", columns=3),))
        for network in seed.networks:
            found = network.by_source[source]
            strip = Cell("", kind="strip", strip=axis.strip(found, network.look))
            rows.append((label(network.name), strip, figure(found, marks[found.method])))
    return Table(
        "Accuracy within each source",
        (*heads(""), Cell("", kind="strip"), number("accuracy")),
        tuple(rows),
        notes_of(level(every), marks),
        axis=axis,
    )
