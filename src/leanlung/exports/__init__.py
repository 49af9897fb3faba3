"""Exports: what can be handed on. A bundle is a folder that needs no training code."""

from leanlung.exports.answers import Answer, answer
from leanlung.exports.bundle import Bundle, load_bundle, save_bundle

__all__ = ["Answer", "Bundle", "answer", "load_bundle", "save_bundle"]
