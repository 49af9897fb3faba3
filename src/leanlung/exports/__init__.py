"""Exports: what can be handed on. A bundle is a folder that needs no training code."""

from leanlung.exports.answers import Answer, answer
from leanlung.exports.bundle import Bundle, load_bundle, save_bundle
from leanlung.exports.ensemble import EnsembleBundle, load_ensemble, save_ensemble
from leanlung.exports.models import Model, load_model

__all__ = [
    "Answer",
    "Bundle",
    "EnsembleBundle",
    "Model",
    "answer",
    "load_bundle",
    "load_ensemble",
    "load_model",
    "save_bundle",
    "save_ensemble",
]
