"""A drawing: a matplotlib figure as SVG that stands in the page itself.

Text stays text, so that it can be searched, read aloud and set in the reader's own font. The
same figure always gives the same bytes.
"""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "leanlung",
    "font.size": 10.0,
    "axes.linewidth": 0.7,
    "axes.edgecolor": "#5b6673",
    "axes.labelcolor": "#1c2530",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#5b6673",
    "ytick.color": "#5b6673",
    "xtick.labelcolor": "#3d4752",
    "ytick.labelcolor": "#3d4752",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6eaee",
    "grid.linewidth": 0.7,
}

# What matplotlib writes for a file of its own and a page has no use for.
_SURPLUS = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>"
    r'| xmlns(?::xlink)?="[^"]*"',
    re.DOTALL,
)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw under the settings of the page, whatever the user's own settings are."""
    # Here and not above: it takes longer to load than the rest of the room together.
    import matplotlib.style

    with matplotlib.style.context(["default", _SETTINGS]):
        yield


def inline(figure: Figure, name: str, told: str) -> str:
    """Turn a figure into SVG markup.

    Args:
        figure: Drawn under `drawing`, and still under it.
        name: Of letters, digits and hyphens, and of no other drawing of the page.
        told: What there is to see, for those who cannot see it.

    Returns:
        An ``<svg>`` element with a ``viewBox`` and no width, as wide as its place.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    svg = _SURPLUS.sub("", buffer.getvalue()).replace("xlink:href", "href")
    svg = _own_ids(svg, name)
    opening = f'<svg class="plot" role="img" aria-label="{escape(told)}"'
    svg = re.sub(
        r'<svg\b[^>]*(viewBox="[^"]*")[^>]*>', lambda found: f"{opening} {found[1]}>", svg
    )
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _own_ids(svg: str, name: str) -> str:
    """Keep the ids that are referred to, under names that no other drawing has."""
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    svg = re.sub(
        r' id="([^"]*)"',
        lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "",
        svg,
    )
    return re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg)
