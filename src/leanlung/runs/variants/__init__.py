"""Variants: one recipe carried out under several conditions, which are compared."""

from leanlung.runs.variants.folder import VariantsFolder, open_paper
from leanlung.runs.variants.reading import read_variants
from leanlung.runs.variants.recipe import Variants
from leanlung.runs.variants.reproducing import STAGES, vary

__all__ = ["STAGES", "Variants", "VariantsFolder", "open_paper", "read_variants", "vary"]
