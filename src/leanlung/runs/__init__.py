"""Runs: a recipe carried out, step by step, in a folder that can be gone on with."""

from leanlung.runs.checking import Checked, check_run
from leanlung.runs.folder import RunFolder, open_run
from leanlung.runs.pooling import pooled_folds
from leanlung.runs.progress import Progress, Silent
from leanlung.runs.reading import read_recipe, recipe_path, shipped_recipes
from leanlung.runs.recipe import Recipe
from leanlung.runs.results import results_of, summary_of
from leanlung.runs.run import Options, run

__all__ = [
    "Checked",
    "Options",
    "Progress",
    "Recipe",
    "RunFolder",
    "Silent",
    "check_run",
    "open_run",
    "pooled_folds",
    "read_recipe",
    "recipe_path",
    "results_of",
    "run",
    "shipped_recipes",
    "summary_of",
]
