"""Rendering: a page's template, strict about what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from jinja2 import Template


def template(name: str) -> Template:
    """Read a template of this room.

    Args:
        name: Of its file in ``templates/``, such as ``report.html.j2``.

    Returns:
        The template. It escapes what it prints, and a name it is not given is an error.
    """
    environment = Environment(
        loader=PackageLoader("leanlung.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
