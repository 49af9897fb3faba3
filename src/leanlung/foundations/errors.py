"""The error tree: everything leanlung raises on purpose, and the exit code each ends in.

::

    LeanlungError                       1
    ├── UsageError                      2   flags or arguments that do not fit together
    ├── DataRefused                     3   leaks and duplicates across parts
    ├── StudyError        ValueError    1   an image, a label or a manifest
    ├── PixelError        ValueError    1   an image that cannot be prepared
    ├── SealError         RuntimeError  1   the test part asked for too early
    ├── NetworkError      ValueError    1   a specification or a weights file
    ├── SurgeryError      ValueError    1   a removal that cannot be carried out
    ├── TrainingError     RuntimeError  1   a loss that is not a number, an empty part
    ├── StatisticsError   ValueError    1   predictions that cannot be measured or paired
    ├── RecipeError       ValueError    1   a recipe with mistakes, all of them listed
    ├── RunError          ValueError    1   a run folder whose files are damaged
    ├── BundleError       ValueError    1   a bundle that is damaged or from a newer version
    └── StorageError      OSError       1   a full disk, a folder that cannot be written

A message says where, what was found, what was expected and what to do.
"""

from __future__ import annotations


class LeanlungError(Exception):
    """Root of everything raised on purpose.

    Attributes:
        exit_code: What the command line ends with when this error reaches it.
    """

    exit_code = 1


class UsageError(LeanlungError):
    """Flags or arguments that do not fit together."""

    exit_code = 2


class DataRefused(LeanlungError):  # noqa: N818 - a refusal, named as the design names it
    """Data that would make the result untrue: leaks or duplicates across parts."""

    exit_code = 3


class StudyError(LeanlungError, ValueError):
    """An image, a label, a patient or a manifest that cannot be read."""


class PixelError(LeanlungError, ValueError):
    """An image that cannot be prepared for a network."""


class SealError(LeanlungError, RuntimeError):
    """The test part was asked for before a choice was on disk."""


class NetworkError(LeanlungError, ValueError):
    """A network specification or a weights file that cannot be used."""


class SurgeryError(LeanlungError, ValueError):
    """A removal that cannot be carried out on this network."""


class TrainingError(LeanlungError, RuntimeError):
    """Training that cannot start or cannot go on."""


class StatisticsError(LeanlungError, ValueError):
    """Predictions that cannot be measured, or two sets that cannot be paired."""


class RecipeError(LeanlungError, ValueError):
    """A recipe with one or more mistakes; the message lists all of them."""


class RunError(LeanlungError, ValueError):
    """A run folder that is damaged; the message names the file."""


class BundleError(LeanlungError, ValueError):
    """A bundle that is damaged, incomplete or from a newer version."""


class StorageError(LeanlungError, OSError):
    """A full disk or a folder that cannot be written."""
