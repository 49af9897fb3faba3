"""COVID-19 CT scans: 20 volumes with masks of lungs and infection, one study a slice.

::

    Kaggle   metadata.csv (paths with the prefix ../input/covid19-ct-scans/)
             ct_scans/coronacases_org_001.nii
             ct_scans/radiopaedia_org_covid-19-pneumonia-10_85902_1-dcm.nii
             lung_mask/  infection_mask/  lung_and_infection_mask/    coronacases_001.nii
    Zenodo   COVID-19-CT-Seg_20cases/  Lung_Mask/  Infection_Mask/  Lung_and_Infection_Mask/

``.nii.gz`` goes as well, and so do folders named as their file (``X.nii/X.nii``) and the names
``coronacases_org_case007.nii`` and ``case009.nii`` of copies. Scan and masks are paired by
source and number, never by their order. In the combined mask 1 is the left lung, 2 the right
one, 3 infection; it stands in where one of the others is missing.

``coronacases`` are Hounsfield units, ``radiopaedia`` are stored as grey through a window of
-1250 to 250 already: all are shown through that window, so that the two look alike.

All 20 are scans of COVID patients. The label says what a slice shows: ``infected`` from
`Asked.infected_pixels` of infection on, ``clear`` without any. Slices without lung are left
out, and so are those for which there is no mask of infection; only masks are read here, not
the scans. The patient is ``coronacases_001``, or ``radiopaedia_10`` for 10_85902_1 and _3,
which are one case, as 29_86490 and 29_86491 are.

The CT paper's 3,520 slices become 2,106 as "slices that lacked infection masks" were removed.
It does not say which these are: slices with an empty mask cannot be meant, as no clear one
would be left. What is left out here is listed by name.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from leanlung.foundations.errors import StudyError
from leanlung.studies.archives.ledger import AGAIN, NOT_THERE, Ledger, refuse_names
from leanlung.studies.archives.places import files_below, sight_of
from leanlung.studies.archives.rows import rows_of
from leanlung.studies.study import MADE_UP
from leanlung.studies.volumes import WINDOWS, described, labels, read_mask

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.studies.archives.asked import Asked
    from leanlung.studies.archives.places import Sight
    from leanlung.studies.volumes import Volume

NAME = "covid19_ct"
LICENCE = "CC BY-NC-SA"
WINDOW = WINDOWS["covid19_ct"]

INFECTED, CLEAR = "infected", "clear"
NO_LUNG = "a slice without lung"
NO_INFECTION_MASK = "no mask of infection"
FAINT = "fewer pixels of infection than asked for"
UNUSABLE = "a volume that cannot be used; see the notes"

_SCAN, _LUNGS, _INFECTION, _BOTH = "scan", "lungs", "infection", "both"
_FOLDERS = {
    "ctscans": _SCAN,
    "covid19ctseg20cases": _SCAN,
    "lungmask": _LUNGS,
    "infectionmask": _INFECTION,
    "lungandinfectionmask": _BOTH,
}
_COLUMNS = ("ct_scan", "lung_mask", "infection_mask", "lung_and_infection_mask")
_INFECTION_LABEL = 3
_VOLUMES = frozenset({".nii", ".gz"})
_RADIOPAEDIA = re.compile(r"radiopaedia.*?((\d+)_\d+_\d+)", re.IGNORECASE)
_CORONACASES = re.compile(r"(?:coronacases.*?|case)(\d{3})(?!\d)", re.IGNORECASE)


def fits(sight: Sight) -> bool:
    """Tell the archive by volumes in a folder of masks of infection."""
    return sight.has(r"(?:.*[_/])?infection_mask/(?:.*/)?[^/]*\.nii(?:\.gz)?")


def case_of(name: str) -> tuple[str, str] | None:
    """Read the volume and the patient off a file name; None if it tells neither.

    Examples:
        >>> case_of("radiopaedia_org_covid-19-pneumonia-10_85902_3-dcm.nii")
        ('radiopaedia_10_85902_3', 'radiopaedia_10')
        >>> case_of("coronacases_org_case007.nii.gz")
        ('coronacases_007', 'coronacases_007')
    """
    if found := _RADIOPAEDIA.search(name):
        return f"radiopaedia_{found[1]}", f"radiopaedia_{found[2]}"
    if found := _CORONACASES.search(name):
        return f"coronacases_{found[1]}", f"coronacases_{found[1]}"
    return None


def read(root: Path, asked: Asked) -> Ledger:
    """List every slice with lung; see the module for the names.

    Raises:
        StudyError: If a volume has another name or lies elsewhere, or nibabel is missing.
    """
    ledger = Ledger(NAME)
    cases = _cases(root, ledger)
    _look_for_listed(root, cases, ledger)
    counts: Counter[str] = Counter()
    for name in sorted(cases):
        _read_case(name, cases[name], asked, ledger, counts)
    ledger.note(
        f"{counts['slices']} slices in {counts['volumes']} volumes; infected means "
        f"{asked.infected_pixels} pixels of infection or more, clear means none"
    )
    ledger.note(
        "all are scans of COVID patients; the label is of the slice, not of the patient"
    )
    if counts["windowed"]:
        ledger.note(
            f"all slices are shown through {WINDOW.low:g} to {WINDOW.high:g} Hounsfield units, "
            f"as {counts['windowed']} volumes are stored (radiopaedia)"
        )
    return ledger


def _cases(root: Path, ledger: Ledger) -> dict[str, dict[str, Path]]:
    cases: dict[str, dict[str, Path]] = {}
    strange = []
    for path in files_below(root, _VOLUMES):
        if not path.name.lower().endswith((".nii", ".nii.gz")):
            continue
        case, kind = case_of(path.name), _kind(path)
        if case is None or not kind:
            strange.append(path)
        elif kind in cases.setdefault(case[0], {}):
            ledger.leave(str(path.relative_to(root)), AGAIN)
        else:
            cases[case[0]][kind] = path
    expected = "coronacases_001.nii or radiopaedia_10_85902_1.nii in ct_scans/ or a mask folder"
    refuse_names(NAME, strange, expected)
    return cases


def _kind(path: Path) -> str:
    """Tell scan and masks by the nearest folder with a known name."""
    plain = (re.sub(r"[^a-z0-9]", "", folder.name.lower()) for folder in path.parents)
    return next((_FOLDERS[name] for name in plain if name in _FOLDERS), "")


def _look_for_listed(root: Path, cases: dict[str, dict[str, Path]], ledger: Ledger) -> None:
    """Tell what the table lists and nobody finds, wherever its paths lead."""
    table = sight_of(root).find(r"metadata\.csv")
    for row in rows_of(table) if table else []:
        for column in _COLUMNS:
            listed = row.get(column, "")
            case = case_of(listed.rsplit("/", 1)[-1])
            kind = {"ct_scan": _SCAN, "lung_mask": _LUNGS, "infection_mask": _INFECTION}
            if case and kind.get(column, _BOTH) not in cases.get(case[0], {}):
                ledger.leave(listed, NOT_THERE)


def _read_case(
    name: str, files: dict[str, Path], asked: Asked, ledger: Ledger, counts: Counter[str]
) -> None:
    if _SCAN not in files:
        ledger.leave(name, "a mask without its scan")
        return
    try:
        scan = described(files[_SCAN])
        lungs = _mask(files.get(_LUNGS, files.get(_BOTH)), scan)
        infection = _mask(files.get(_INFECTION, files.get(_BOTH)), scan)
        label = 0 if _INFECTION in files else _INFECTION_LABEL
        found = None if infection is None else _pixels(infection, label)
        lung_pixels = None if lungs is None else _pixels(lungs, 0)
    except StudyError as error:
        ledger.leave(name, UNUSABLE)
        ledger.note(str(error))
        return
    counts["volumes"] += 1
    counts["windowed"] += name.startswith("radiopaedia")
    patient = (case_of(name) or (name, name))[1]
    for index in range(scan.shape[0]):
        counts["slices"] += 1
        told = f"{name}/z={index:03d}"
        if infection is None or found is None:
            ledger.leave(told, NO_INFECTION_MASK)
            continue
        infected = int(found[index])
        if lung_pixels is not None and not lung_pixels[index] and not infected:
            ledger.leave(told, NO_LUNG)
            continue
        if 0 < infected < asked.infected_pixels:
            ledger.leave(told, FAINT)
            continue
        verdict = INFECTED if infected else CLEAR
        counts[verdict] += 1
        ledger.keep(
            told,
            scan.name_of(index, WINDOW),
            verdict,
            patient=f"{NAME}/{patient}",
            confidence="derived",
            mask=lungs.mask_name_of(index) if lungs else None,
            source=name.split("_")[0],
            modality="CT",
            volume=name,
            slice_index=str(index),
            slices=str(scan.shape[0]),
            spacing_mm=" ".join(f"{one:.4g}" for one in scan.spacing),
            window=WINDOW.name,
            lesion_path=str(infection.mask_name_of(index, label).absolute()),
            lung_pixels="" if lung_pixels is None else str(lung_pixels[index]),
            infection_pixels=str(infected),
            license=MADE_UP if scan.made_up else LICENCE,
        )


def _mask(path: Path | None, scan: Volume) -> Volume | None:
    return None if path is None else read_mask(path, scan)


def _pixels(mask: Volume, label: int) -> NDArray[np.int64]:
    """Count the marked pixels of every slice."""
    counted = [int((p == label).sum() if label else (p > 0).sum()) for _, p in labels(mask)]
    return np.array(counted, np.int64)
