"""JUnit: verdicts as test cases, in the XML that build servers show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from leanlung.foundations.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Case:
    """One verdict.

    Attributes:
        name: Of the metric or group.
        suite: What was compared.
        failure: Why it does not pass; empty if it does.
        told: All that was said of it.
    """

    name: str
    suite: str
    failure: str
    told: str


def write_junit(path: Path, name: str, cases: Sequence[Case]) -> None:
    """Write test cases to an XML file, whole or not at all.

    Args:
        path: Where.
        name: Of the test suite.
        cases: In order.

    Raises:
        StorageError: If the file cannot be written.
    """
    failures = sum(bool(case.failure) for case in cases)
    counts = {"tests": str(len(cases)), "failures": str(failures), "errors": "0"}
    root = ElementTree.Element("testsuites", {"name": name, **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, **counts})
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", {"name": case.name, "classname": case.suite, "time": "0"}
        )
        if case.failure:
            failure = ElementTree.SubElement(element, "failure", {"message": case.failure})
            failure.text = case.told
        else:
            ElementTree.SubElement(element, "system-out").text = case.told
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    write_text(path, f"<?xml version='1.0' encoding='utf-8'?>\n{text}\n")
