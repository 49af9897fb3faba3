"""The segmenter of a run: one that is there, or one fitted on pairs of films and masks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leanlung.foundations import fingerprints
from leanlung.foundations.errors import StudyError
from leanlung.lungs import (
    fit_segmenter,
    is_segmenter,
    load_pairs,
    load_segmenter,
    read_pairs,
    save_segmenter,
)
from leanlung.pixels import contents
from leanlung.runs.held_out import leave_out

if TYPE_CHECKING:
    import torch

    from leanlung.lungs import Segmenter
    from leanlung.lungs.fitting import Epoch
    from leanlung.runs.held_out import HeldOut, LeftOut
    from leanlung.runs.lungs import LungsSection
    from leanlung.runs.progress import Progress

VERSION = 1
"""Raised whenever the same segmenter would give another mask."""


def segmenter_of(
    section: LungsSection,
    data: Path | None,
    cache: Path,
    progress: Progress,
    held: HeldOut | None,
    device: torch.device | None = None,
) -> tuple[Segmenter, LeftOut | None]:
    """Load the segmenter of a run, or fit it on the pairs that it may learn from.

    Args:
        section: Names it, or the pairs.
        data: What ``--data`` gave.
        cache: Folder of all caches: one that was fitted before is found again.
        progress: Told what is going on.
        held: The parts, if any; pairs of patients in validation and test are left out.
        device: Where one is fitted; the CPU if not given. Where it was fitted before is no part
            of what it is found again by.

    Returns:
        The segmenter, and which pairs it was not fitted on, if it was fitted here.

    Raises:
        StudyError: If it or the pairs are not there, or none is left.
        BundleError: If it is damaged.
    """
    if section.segmenter:
        return load_segmenter(place_of(section.segmenter, data, "lungs.segmenter")), None
    table = place_of(section.pairs, data, "lungs.pairs")
    root = data if data is not None and data.is_dir() else None
    pairs, left_out = read_pairs(table, root), None
    if held is not None:
        pairs, left_out = leave_out(pairs, held, cache, progress)
        progress.note(left_out.told)
    files = contents([path for pair in pairs for path in (pair.image, pair.mask)], cache)
    whose = [[pair.patient_id, pair.source, pair.part] for pair in pairs]
    key = fingerprints.of_value([VERSION, section.fit.model_dump(mode="json"), files, whose])
    folder = cache / f"segmenter-{key[:16]}"
    if is_segmenter(folder):
        return load_segmenter(folder), left_out
    with progress.task("reading lung masks", len(pairs)) as done:
        loaded = load_pairs(pairs, done)
    for problem in loaded.problems:
        progress.note(f"lung mask left out: {problem}")
    with progress.task("fitting lungs", section.fit.epochs) as done:

        def epoch_done(epoch: Epoch) -> None:
            done(epoch.number)

        checkpoint = folder / "checkpoint.safetensors"
        segmenter = fit_segmenter(
            loaded, section.fit, device=device, checkpoint=checkpoint, watch=epoch_done
        )
    save_segmenter(folder, segmenter)
    checkpoint.unlink(missing_ok=True)
    return segmenter, left_out


def place_of(name: str, data: Path | None, field: str) -> Path:
    """Find a file or folder below ``--data``, or else from where the command runs.

    Raises:
        StudyError: If it is in neither place.
    """
    places = [data / name, Path(name)] if data is not None else [Path(name)]
    for path in places:
        if path.exists():
            return path
    looked = " and ".join(str(path) for path in places)
    msg = (
        f"{field}: nothing there ({looked}); give a path below --data or from here, or crop by "
        "no segmenter: pixels.crop = 'none', or lungs.source = 'masks'"
    )
    raise StudyError(msg)
