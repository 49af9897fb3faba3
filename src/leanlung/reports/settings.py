"""The settings: a resolved recipe as TOML to run again, and its source's figures."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from leanlung.reports import numbers
from leanlung.reports.tables import Table, figure, heads, label, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leanlung.reports.facts import ReportFacts
    from leanlung.reports.seeds import Seed

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 88


def as_toml(recipe: Mapping[str, Any]) -> str:
    """Write a resolved recipe as TOML.

    Args:
        recipe: Of JSON values. What is None or an empty table is left out, as its default is
            just that.

    Returns:
        Text that reads back as the same recipe.
    """
    return "\n".join(_table(recipe, ())).strip() + "\n"


def command(facts: ReportFacts) -> str:
    """Give the command that makes the page again from its settings."""
    phantoms = facts.recipe["data"].get("phantoms") is not None
    data = "" if phantoms else " --data DIR"
    allow = " --allow" if facts.data["leaks_allowed"] else ""
    return f"leanlung run {facts.recipe['name']}.toml{data}{allow}"


def environment_rows(environment: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """List versions and machine, packages among them."""
    rows = []
    for name, value in environment.items():
        if isinstance(value, dict):
            rows += [(inner, str(version)) for inner, version in value.items()]
        else:
            rows.append((name, str(value)))
    return tuple(rows)


def published_table(published: Mapping[str, Any], seed: Seed) -> Table | None:
    """Set the source's figures beside ours, where a metric has the same name."""
    found = list(_figures(published, ()))
    if not found:
        return None
    return Table(
        "Published figures beside ours",
        heads("", "published", *(network.name for network in seed.networks)),
        tuple(
            (
                label(" · ".join(names)),
                number(theirs),
                *(
                    figure(network.estimates[names[-1]])
                    if names[-1] in network.estimates
                    else number(numbers.NOTHING)
                    for network in seed.networks
                ),
            )
            for names, theirs in found
        ),
    )


def _figures(
    published: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, value in published.items():
        if isinstance(value, dict):
            yield from _figures(value, (*above, name))
        else:
            yield (*above, name), str(value)


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    plain = {k: v for k, v in table.items() if v is not None and not isinstance(v, dict)}
    if plain and path:
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _table(value, (*path, key))


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:  # noqa: ANN401 - a JSON value
    if isinstance(value, list):
        entries = [_value(one) for one in value]
        line = f"[{', '.join(entries)}]"
        if len(line) <= _WIDTH:
            return line
        return "[\n" + "".join(f"    {entry},\n" for entry in entries) + "]"
    if isinstance(value, dict):
        inside = (f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {', '.join(inside)} }}"
    # What JSON writes for text, numbers and truth, TOML reads.
    return json.dumps(value, ensure_ascii=False)
