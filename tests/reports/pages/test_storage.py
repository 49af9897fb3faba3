"""Storage forms: bytes as they were found, shares of the unpruned dense file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leanlung.reports import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanlung.reports import ReportFacts

    Read = Callable[[str], Any]


def form(name: str, size: int, *, lossless: bool = True) -> dict[str, Any]:
    return {"name": name, "bytes": size, "numbers": None, "share": 9.9, "lossless": lossless,
            "note": ""}  # fmt: skip


WHOLE = [form("dense", 4000), form("int8", 1100, lossless=False)]
SMALL = [form("dense", 4000), form("dense, masked", 4000), form("bits and values", 2100),
         form("int8", 1100, lossless=False)]  # fmt: skip


def stored(facts: ReportFacts, **recipe: Any) -> ReportFacts:
    [one] = facts.seeds
    models = {**one.measured["models"]}
    for name, forms in (("unpruned", WHOLE), ("round-02", SMALL)):
        told = {
            "forms": forms,
            "sentence": f"zeros of {name}",
            "wrapped": {"sentence": "masks"},
        }
        models[name] = {**models[name], "storage": told}
    seed = replace(one, measured={**one.measured, "models": models})
    return replace(facts, seeds=(seed,), recipe={**facts.recipe, **recipe})


def test_forms_stand_with_bytes_and_shares_of_the_unpruned_file(
    make: Callable[..., ReportFacts], read: Read
) -> None:
    page = read(render(stored(make())))
    rows = {
        row[0][0]: [text for text, _ in row[1:]] for row in page.tables["Storage forms"][1:]
    }
    assert rows == {
        "dense": ["4,000", "1.000", "4,000", "1.000"],
        "int8": ["1,100", "0.275", "1,100", "0.275"],
        "dense, masked": ["–", "–", "4,000", "1.000"],
        "bits and values": ["–", "–", "2,100", "0.525"],
    }
    assert page.row("Storage forms", "int8")[0][1] == "not lossless"
    assert "zeros of round-02" in page.text


def test_a_published_reduction_stands_beside_them_if_the_recipe_has_one(
    make: Callable[..., ReportFacts], read: Read
) -> None:
    facts = make()
    published = {"table 1": {"reduction": 49.94, "parameters": 3931402}}
    text = read(render(stored(facts, published=published))).text
    assert "Published: table 1 · reduction 49.94." in text
    assert "masks" in text
    text = read(render(stored(facts))).text
    assert "Published: " not in text
    assert "Storage forms" not in read(render(facts)).tables
