"""Reports: one page a person can read, drawn from stored figures."""

from leanlung.reports.facts import ReportFacts, SeedFacts
from leanlung.reports.gallery import films_wanted
from leanlung.reports.page import render

__all__ = ["ReportFacts", "SeedFacts", "films_wanted", "render"]
