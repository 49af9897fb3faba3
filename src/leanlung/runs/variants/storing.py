"""Storing: what the networks of variants take on disk, and what eight bits change."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from leanlung.exports import load_bundle
from leanlung.foundations.files import write_json
from leanlung.runs.records import read_record
from leanlung.runs.steps import fingerprint, step
from leanlung.runs.storage import stored
from leanlung.runs.variants.eight_bits import eight_bits_of, in_eight_bits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from leanlung.runs.variants.beside import StorageSection
    from leanlung.runs.variants.carrying import Varying

FORMS = "forms.json"


def store_all(now: Varying) -> None:
    """Write the chosen networks of variants in every form, and in eight bits.

    Of a variant with folds the first one is written in every form; all answer in eight bits.

    Raises:
        BundleError: If a network cannot be exported in eight bits.
    """
    section = now.paper.storage
    if section is None:
        return
    for name in section.variants:
        for leg in now.legs(name)[:1]:
            now.progress.note(f"bytes on disk: {leg}")
            _store(now, section, leg)
    if find_spec("onnxruntime"):
        for name in section.int8:
            for leg in now.legs(name):
                now.progress.note(f"eight bits: {leg}")
                in_eight_bits(now, section, leg)


def _store(now: Varying, section: StorageSection, leg: str) -> None:
    here = now.runs[leg].seed(now.recipes[leg].seeds[0])

    def do(folder: Path) -> None:
        rounds = section.rounds if section.latency else None
        told = stored(load_bundle(here.bundle), gzipped=section.gzip, rounds=rounds)
        write_json(folder / FORMS, told)

    inputs = {"exported": fingerprint(here.export), "asked": _asked(section)}
    step(now.folder.storage(leg), inputs, do)


def _asked(section: StorageSection) -> dict[str, Any]:
    return section.model_dump(mode="json", include={"gzip", "latency", "rounds"})


def storage_of(now: Varying) -> dict[str, Any]:
    """Read what was stored: forms and eight bits by variant, and why something is not there."""
    section = now.paper.storage
    found: dict[str, Any] = {"forms": {}, "int8": {}, "published": "", "told": ""}
    if section is None:
        return found
    found["published"] = section.published
    for name in section.variants:
        for leg in now.legs(name)[:1]:
            told = read_record(now.folder.storage(leg) / FORMS)
            kept = "held" if told["masked"] else ("narrower" if told["narrower"] else "whole")
            found["forms"][name] = {**told, "leg": leg, "kind": kept}
    if not find_spec("onnxruntime"):
        found["told"] = 'eight bits need onnxruntime: pip install "leanlung[onnx]"'
        return found
    for name in section.int8:
        if now.legs(name):
            found["int8"][name] = eight_bits_of(now, name)
    return found


def storage_rows(storage: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Lay all forms out in one long table."""
    if storage is None:
        return []
    return [
        {
            "variant": name,
            "nonzero_kernel_weights": one["nonzero_kernel_weights"],
            "kernel_weights": one["kernel_weights"],
            "macs": one["macs"],
            "form": form["name"],
            "bytes": form["bytes"],
            "numbers": "" if form["numbers"] is None else form["numbers"],
            "share": form["share"],
            "lossless": form["lossless"],
        }
        for name, one in storage["forms"].items()
        for form in one["forms"]
    ]
