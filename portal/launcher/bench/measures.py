"""What a section measures, and the lines that are printed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

HEADER = ("metric", "ours", "unit", "anchor_name", "anchor", "ratio", "goal", "verdict")


@dataclass(frozen=True)
class Measure:
    """One line. `passed` None means that no goal is set: the figure is for information.

    ratio: ours divided by the anchor, both taken in the same run.
    """

    metric: str
    ours: float
    unit: str
    anchor_name: str = ""
    anchor: float | None = None
    goal: str = ""
    passed: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.anchor if self.anchor else None

    @property
    def verdict(self) -> str:
        return "" if self.passed is None else "PASS" if self.passed else "FAIL"

    def line(self) -> str:
        """The eight columns, tab-separated."""
        cells = [self.metric, number(self.ours), self.unit, self.anchor_name or "–", number(self.anchor)]
        return "\t".join([*cells, number(self.ratio), self.goal or "–", self.verdict or "–"])

    def record(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "verdict": self.verdict}


def number(value: float | None) -> str:
    """Three significant digits, never in powers of ten; counts as they are."""
    if value is None:
        return "–"
    if value == 0 or isinstance(value, int):
        return f"{value:.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile; 0.95 for p95. ValueError on no value."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no value")
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def median(values: list[float]) -> float:
    return percentile(values, 0.5)
