"""Pages of many kinds of facts, each drawn once, and a reader that takes them apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from leanlung.reports import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.reports import ReportFacts

VOID = {"meta", "br", "wbr", "link", "img", "hr"}


@dataclass
class Read:
    """A page read back.

    Attributes:
        text: All of it, without styles.
        tables: Rows of cells by caption; each cell its value and what stands below it. Several
            tables of one caption follow each other.
        attributes: Of every element, with its name under ``""``.
        problems: Elements that are not closed, or closed twice.
    """

    text: str = ""
    tables: dict[str, list[list[tuple[str, str]]]] = field(default_factory=dict)
    attributes: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def row(self, caption: str, name: str) -> list[tuple[str, str]]:
        """Find a row by the text of its first cell."""
        [row] = [row for row in self.tables[caption] if row and row[0][0] == name]
        return row


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Read()
        self.open: list[str] = []
        self.caption = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.page.attributes.append({"": tag, **{k: v or "" for k, v in attrs}})
        if tag not in VOID:
            self.open.append(tag)
        if tag == "caption":
            self.caption = ""
        elif tag == "tr":
            self.page.tables.setdefault(self.caption, []).append([])
        elif tag in ("td", "th"):
            self.page.tables[self.caption][-1].append(("", ""))

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.page.attributes.append({"": tag, **{k: v or "" for k, v in attrs}})

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.page.problems.append(f"{tag} closed in {self.open[-3:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.page.text += data
        if "caption" in self.open:
            self.caption += data
        elif ("td" in self.open or "th" in self.open) and "svg" not in self.open:
            value, below = self.page.tables[self.caption][-1].pop()
            if "small" in self.open:
                below += data
            elif "sup" not in self.open:
                value += data
            self.page.tables[self.caption][-1].append((value.strip(), below.strip()))


def read_page(html: str) -> Read:
    """Read a page back."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.page.problems += reader.open
    return reader.page


ODD = ('<b>&"', "viral  'x' {{ 7 * 7 }}", "лёгкие_肺炎 $x_1$")
MARKUP = '<script>alert("x")</script>'
LEAKS = [
    {"kind": "patient", "first": "a", "second": "b"},
    {"kind": "patient", "first": "c", "second": "d"},
    {"kind": "near_identical", "first": "e", "second": "f"},
]


def estimate(value: float, **further: Any) -> dict[str, Any]:
    """An estimate as JSON has it."""
    return {
        "name": "auc", "value": value, "low": value - 0.05, "high": value + 0.05,
        "level": 0.95, "method": "by hand", "studies": 30, "patients": 30, **further,
    }  # fmt: skip


def baseline(
    name: str, auc: float, *, lungs: bool = False, seen: bool = True
) -> dict[str, Any]:
    """A baseline of an audit."""
    return {
        "name": name, "about": f"what {name} shows", "without_lungs": not lungs,
        "in_picture": seen, "auc": estimate(auc), "balanced_accuracy": estimate(auc - 0.1),
        "share": estimate((auc - 0.5) / 0.4), "short_of_whole": estimate(0.9 - auc),
    }  # fmt: skip


AUDIT: dict[str, Any] = {
    "format": 1, "alarm": True, "leaks": False, "cohort": "by hand", "made_up": False,
    "studies": 30, "patients": 28, "classes": {}, "unreadable": [],
    "told": ["no sex is written"],
    "verdict": "alarm", "reasons": ["lungs_out: lungs black: AUC 0.880, near the headline"],
    "cautions": ["source nearly tells the class"],
    "leakage": {
        "parts": {}, "between": [], "alike": [], "copies": 0,
        "confidence": {"exact": 30, "derived": 0, "image_only": 0}, "may_share": 0,
    },
    "associations": [
        {
            "column": "source", "rows": ["A", "B"], "columns": ["covid", "normal"],
            "counts": [[9, 1], [1, 9]], "missing": 0, "cramers_v": estimate(0.8),
            "corrected": None, "told": 0.9, "majority": 0.5,
        }
    ],
    "probes": [
        {
            "column": "source", "values": {"A": 10, "B": 10}, "left_out": {},
            "accuracy": estimate(0.9), "balanced_accuracy": estimate(0.91),
            "majority": estimate(0.5),
        }
    ],
    "lungs": {
        "rule": "box", "with_mask": 0, "without_mask": 30, "unusable": [], "covered": 0.99,
    },
    "protocol": "5-fold", "headline_name": "round-02", "headline": estimate(0.9),
    "baselines": [baseline("whole", 0.9, lungs=True), baseline("lungs_out", 0.88)],
    "settings": {"metric": "macro_auc"},
}  # fmt: skip


def compared(value: float) -> dict[str, Any]:
    """A comparison whose interval reaches 0.05 either way."""
    verdict = "non_inferior" if value > -0.05 else "inconclusive"
    return {
        "metric": "macro_auc", "baseline": estimate(0.9), "candidate": estimate(0.9 + value),
        "difference": estimate(value), "margin": 0.1, "verdict": verdict,
    }  # fmt: skip


def _there(internal: float, drop: float) -> dict[str, Any]:
    return {
        "estimates": [estimate(internal + drop, name="macro_auc")],
        "internal": [estimate(internal, name="macro_auc")],
        "drop": [estimate(drop, name="macro_auc")],
        "calibration": None,
    }


EXTERNAL: dict[str, Any] = {
    "model": "runs/small", "data": "/somewhere/else/hospital-b/manifest.csv", "studies": 50,
    "patients": 44, "classes": ["normal", "covid"], "left_out": {"pneumonia": 7},
    "metric": "macro_auc", "margin": 0.1, "level": 0.95,
    "models": {"unpruned": _there(0.9, -0.3), "round-02": _there(0.89, -0.27)},
    "compression": {"internal": [compared(-0.01)], "external": [compared(-0.08)]},
    "notes": ["of the run's seeds, these are the networks of seed 0"],
}  # fmt: skip

CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "two classes": {"classes": ("normal", "covid")},
    "eight classes": {"classes": tuple(f"finding {n}" for n in range(8)), "studies": 80},
    "odd names": {
        "classes": ODD,
        "sources": lambda row, _label: (MARKUP, "B & C")[row % 2],
        "recipe": {"about": MARKUP, "deviations": [MARKUP], "published": {MARKUP: MARKUP}},
        "data": {
            "cohort": MARKUP,
            "unreadable": [{"image": MARKUP, "reason": MARKUP}],
            "patients_of_several_classes": [MARKUP],
            "left_out": {MARKUP: 3},
        },
    },
    "a class without a study": {"absent": "covid"},
    "no source": {"sources": lambda _row, _label: "unknown"},
    "whole network kept": {"chosen": ("unpruned",)},
    "several seeds": {
        "chosen": ("round-02", "round-01", "unpruned"),
        "skills": (3.0, -1.0, 1.5),
    },
    "one round, no opening": {"rounds": 1, "chosen": ("round-01",), "openings": []},
    "several studies a patient": {"repeated": True},
    "chosen as the best": {
        "recipe": {"choose": {"rule": "best", "metric": "log_likelihood", "tolerance": 0.0}}
    },
    "verdict on a class": {
        "skills": (0.5,),
        "plan": {"metric": "sensitivity:covid", "level": 0.9},
        "recipe": {"about": "", "source": "", "deviations": [], "gaps": []},
    },
    "everything wrong": {
        "skills": (-2.5,),
        "sources": lambda row, label: f"hospital {min(label, row % 4)}",
        "data": {
            "made_up": True,
            "leaks_allowed": LEAKS,
            "unreadable": [
                {"image": f"image-{n}.png", "reason": ("empty", f"image-{n}.png: short")[n % 2]}
                for n in range(13)
            ],
            "patients_unknown": 4,
            "patients_of_several_classes": ["p 1", "p 2"],
        },
        "openings": [(1, False), (1, True), (2, False)],
    },
    "evidence": {
        "evidence": True,
        "skills": (0.0,),
        "films": [f"study-{row}" for row in range(30)],
        "audit": AUDIT,
        "external": EXTERNAL,
    },
    "evidence, no picture": {"evidence": True, "skills": (0.0,), "repeated": True},
    "evidence, whole network kept": {"evidence": True, "chosen": ("unpruned",)},
    "evidence, several seeds": {
        "evidence": True,
        "chosen": ("round-02", "round-01", "unpruned"),
        "skills": (0.5, 0.0, 1.5),
        "films": ["study-1"],
    },
    "evidence, many groups": {
        "evidence": True,
        "classes": tuple(f"finding {n}" for n in range(8)),
        "studies": 160,
        "skills": (1.0,),
    },
    "evidence, nobody healthy and odd": {
        "evidence": True,
        "classes": ODD,
        "skills": (0.0,),
        "external": EXTERNAL | {"compression": None, "left_out": {}, "notes": []},
        "audit": AUDIT
        | {
            "verdict": "nothing_found",
            "alarm": False,
            "reasons": [],
            "cautions": [],
            "baselines": [],
            "associations": [],
            "headline": None,
        },
    },
    "only a test part": {
        "data": {
            "parts": {
                "test": {"patients": 1, "studies": {"normal": 1, "pneumonia": 0, "covid": 0}}
            }
        }
    },
}


@dataclass(frozen=True)
class Drawn:
    """A page beside what it was drawn from."""

    facts: ReportFacts
    html: str
    page: Read

    @property
    def first_screen(self) -> str:
        """What is read before the first table of figures."""
        return self.html.split('<section id="sizes">')[0]


@pytest.fixture(scope="session")
def drawn(make: Callable[..., ReportFacts]) -> Callable[[str], Drawn]:
    """Draw the page of a case, once for all tests."""

    @cache
    def draw(case: str) -> Drawn:
        facts = make(**CASES[case])
        html = render(facts)
        return Drawn(facts, html, read_page(html))

    return draw


@pytest.fixture(params=CASES)
def any_case(request: pytest.FixtureRequest, drawn: Callable[[str], Drawn]) -> Drawn:
    """Every case in turn."""
    return drawn(request.param)


@pytest.fixture
def read() -> Callable[[str], Read]:
    """Read a page back."""
    return read_page


@pytest.fixture
def facts(drawn: Callable[[str], Drawn]) -> ReportFacts:
    """One seed, three classes, two hospitals that tell nothing."""
    return drawn("plain").facts


@pytest.fixture
def html(drawn: Callable[[str], Drawn]) -> str:
    """The page of ``facts``."""
    return drawn("plain").html


@pytest.fixture
def page(drawn: Callable[[str], Drawn]) -> Read:
    """The page of ``facts``, read back."""
    return drawn("plain").page
