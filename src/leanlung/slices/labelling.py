"""Label a region by how much of its lung is infected."""

from __future__ import annotations

from dataclasses import dataclass

from leanlung.foundations.errors import UsageError

INFECTED, CLEAR = "infected", "clear"
FEW = "too few pixels of lung"
AMBIGUOUS = "neither clear nor infected enough"


@dataclass(frozen=True)
class Rule:
    """When a region is infected, and when it is clear.

    Attributes:
        infected: Least share of its lung pixels that are infection.
        clear: Largest share that counts as none. What lies between is left out.
        lung: Fewest lung pixels of the slice for a region to count.
        pixels: Of whole slices instead of shares: fewest pixels of infection; slices with
            fewer, but not without, are left out.

    Raises:
        UsageError: If the shares leave no room between, or a count is negative.
    """

    infected: float = 0.02
    clear: float = 0.0
    lung: int = 256
    pixels: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.clear < self.infected <= 1:
            msg = (
                f"clear up to {self.clear:g} and infected from {self.infected:g} of the lung: "
                "0 <= clear < infected <= 1 was expected"
            )
            raise UsageError(msg)
        if self.lung < 1 or self.pixels < 1:
            msg = f"{self.lung} lung pixels and {self.pixels} infected ones at least; 1 or more"
            raise UsageError(msg)


def verdict(infection: int, lung: int, rule: Rule) -> str:
    """Label a half or a quadrant.

    Args:
        infection: Its pixels of infection that lie in lung.
        lung: Its pixels of lung.
        rule: What counts.

    Returns:
        ``infected`` or ``clear``; otherwise the reason why it has no label.

    Examples:
        >>> verdict(20, 1000, Rule()), verdict(0, 1000, Rule()), verdict(5, 1000, Rule())
        ('infected', 'clear', 'neither clear nor infected enough')
    """
    if lung < rule.lung:
        return FEW
    if infection >= rule.infected * lung:
        return INFECTED
    return CLEAR if infection <= rule.clear * lung else AMBIGUOUS


def verdict_of_slice(infection: int, rule: Rule) -> str:
    """Label a whole slice by the count of its pixels of infection."""
    if infection == 0:
        return CLEAR
    return INFECTED if infection >= rule.pixels else AMBIGUOUS
