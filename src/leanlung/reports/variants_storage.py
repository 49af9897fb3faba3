"""Storage of variants: every form on disk beside the published sizes, and eight bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.tables import Cell, Table, figure, heads, label, number, words
from leanlung.reports.variants_tables import comparison_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = {"held": "weights held at zero", "narrower": "units removed", "whole": "whole"}
_MIB = 2**20
_COUNTS = ("total parameters", "trainable parameters", "non-trainable parameters")


def storage_tables(results: Mapping[str, Any]) -> tuple[Table, ...]:
    """Give the tables of what networks take on disk; none if nobody asked."""
    storage = results.get("storage")
    if storage is None:
        return ()
    found = [_networks(storage), _published(storage, results["published"]), _forms(storage),
             _eight_bits(storage)]  # fmt: skip
    return tuple(one for one in found if one is not None)


def _networks(storage: Mapping[str, Any]) -> Table | None:
    rows = [
        (
            label(name, _KINDS[one["kind"]]),
            number(numbers.count(one["parameters"])),
            number(numbers.count(one["nonzero_kernel_weights"])),
            number(numbers.count(one["kernel_weights"])),
            number(numbers.count(one["macs"])),
            Cell(
                one["latency"]["verdict"] if one["latency"] else numbers.NOTHING,
                _ratio(one["latency"]),
            ),
        )
        for name, one in storage["forms"].items()
    ]
    if not rows:
        return None
    first = next(iter(storage["forms"].values()))
    return Table(
        "Weights that are not zero, operations and time",
        heads("chosen network", "parameters", "kernel weights not zero", "of", "MACs",
              "one image, against its whole network"),
        tuple(rows),
        notes=(
            ("", "A dense kernel multiplies by zeros as by any number: MACs are those of the "
                 "network as it is stored, and only units that are gone take none."),
            ("", f"Times in PyTorch on the CPU, {first['threads']} thread(s), in turn; where "
                 "the 95 % interval of the ratio includes 1 it is no faster."),
        ),
    )  # fmt: skip


def _ratio(latency: Mapping[str, Any] | None) -> str:
    if latency is None:
        return ""
    return f"ratio {latency['ratio']:.2f} [{latency['low']:.2f}, {latency['high']:.2f}]"


def _published(storage: Mapping[str, Any], published: Mapping[str, Any]) -> Table | None:
    """Set counts as a wrapper lists them beside the published table of sizes."""
    table = published.get(storage["published"])
    wrapped = [one["wrapped"] for one in storage["forms"].values() if one["wrapped"]]
    if table is None or not wrapped:
        return None
    counts = wrapped[0]
    rows: list[tuple[Cell, ...]] = []
    for (name, *printed), before, after in zip(
        table["rows"], counts["before"], counts["after"], strict=True
    ):
        less = 1 - after / before
        rows.append(
            (
                label(str(name), rows=2),
                label("published"),
                *(words(str(one)) for one in printed),
            )
        )
        rows.append((
            label("the same network, in its wrapper and without"),
            words(f"{before:,} ({4 * before / _MIB:.2f} MiB)"),
            words(f"{after:,} ({4 * after / _MIB:.2f} MiB)"),
            words(f"{100 * less:.3f} %"),
        ))  # fmt: skip
    return Table(
        f"{table['title']}: what it counts",
        heads("", "", *table["columns"], labels=2),
        tuple(rows),
        notes=(
            ("", "Before is the network inside the wrapper of the pruning toolkit, whose "
                 "masks, thresholds and step counters are listed as not trainable; "
                 "after is the same network without it. The difference is the same for a mask "
                 "that holds 50 %, 90 % or nothing at zero: the network was never smaller."),
            *((("", table["note"]),) if table.get("note") else ()),
        ),
    )  # fmt: skip


def _forms(storage: Mapping[str, Any]) -> Table | None:
    names = list(storage["forms"])
    by_form: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, one in storage["forms"].items():
        for form in one["forms"]:
            by_form.setdefault(form["name"], {})[name] = form
    if not names:
        return None
    rows = [
        (
            label(form, "" if next(iter(of.values()))["lossless"] else "not lossless"),
            *(
                Cell(numbers.count(of[name]["bytes"]), f"{of[name]['share']:.3f}")
                if name in of
                else number(numbers.NOTHING)
                for name in names
            ),
        )
        for form, of in by_form.items()
    ]
    return Table(
        "Bytes of the file, in every form",
        heads("", *names),
        tuple(rows),
        notes=(
            ("", "Below each its share of the whole network's dense file; above 1 it is "
                 "larger. Bits and values are what the bundle of a masked network holds."),
        ),
    )  # fmt: skip


def _eight_bits(storage: Mapping[str, Any]) -> Table | None:
    rows = []
    for name, one in storage["int8"].items():
        found = comparison_of(one["comparison"])
        fewer = numbers.percent(one["bytes"] / one["float_bytes"])
        rows.append(
            (
                label(name, f"{numbers.counted(one['networks'], 'network', 'networks')}"),
                Cell(numbers.count(one["bytes"]), f"{fewer} of float32"),
                number(f"{one['flips']} of {numbers.count(one['studies'])}"),
                figure(found.baseline),
                figure(found.candidate),
                figure(found.difference),
                Cell(one["latency"]["verdict"], _ratio(one["latency"])),
            )
        )
    if not rows:
        return None
    metric = next(iter(storage["int8"].values()))["comparison"]["metric"]
    return Table(
        "Eight bits against float32, on the test part",
        heads("", "bytes, ONNX", "other answers", f"{numbers.metric(metric)}, float32",
              "int8", "difference", "one image, against float32"),
        tuple(rows),
        notes=(("", "Calibrated on training images, first seed; both run in ONNX Runtime."),),
    )  # fmt: skip
