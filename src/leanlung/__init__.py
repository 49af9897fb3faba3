"""Chest-imaging classifiers made small and fast, with a verdict on what was lost."""

__version__ = "0.1.0"
