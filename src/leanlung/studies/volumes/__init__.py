"""CT volumes: NIfTI files and DICOM series, slice by slice, upright, in Hounsfield units."""

from leanlung.studies.volumes.air import AIR_BELOW, find_lungs, find_lungs_in
from leanlung.studies.volumes.grid import Grid, grid_of, require_same
from leanlung.studies.volumes.opening import Opened, close_all, described, opened, read_volume
from leanlung.studies.volumes.slicing import labels, read_mask, slice_picture, slices
from leanlung.studies.volumes.volume import Volume
from leanlung.studies.volumes.windows import LUNG, WINDOWS, Window, shown, window_of

__all__ = [
    "AIR_BELOW",
    "LUNG",
    "WINDOWS",
    "Grid",
    "Opened",
    "Volume",
    "Window",
    "close_all",
    "described",
    "find_lungs",
    "find_lungs_in",
    "grid_of",
    "labels",
    "opened",
    "read_mask",
    "read_volume",
    "require_same",
    "shown",
    "slice_picture",
    "slices",
    "window_of",
]
