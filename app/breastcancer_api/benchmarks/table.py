"""Measured figures as one table, beside the goals of docs/performance.md, and as a picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib import pyplot

matplotlib.use("Agg")
HEAD = ("what", "figure", "goal", "")


@dataclass(frozen=True)
class Line:
    """One figure: ``value`` in ``unit``, and what it should be: at most or at least ``goal``, None without one."""

    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f">= {self.at_least:g}" if self.at_least is not None else ""

    @property
    def verdict(self) -> str:
        if not self.goal:
            return ""
        reached = self.value <= self.at_most if self.at_most is not None else self.value >= self.at_least
        return "reached" if reached else "missed"

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.what, f"{self.value:.4g} {self.unit}".strip(), self.goal, self.verdict


def markdown(lines: Iterable[Line]) -> str:
    """The table as Markdown."""
    rows = [HEAD, ("---",) * len(HEAD), *(line.cells for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def draw(parts: Sequence[tuple[str, dict[str, float]]], file: Path) -> None:
    """Stacked bars of seconds: for each name what it is made of."""
    picture, axes = pyplot.subplots(figsize=(8, 1.2 + 0.5 * len(parts)), layout="constrained")
    colours = dict(zip(dict.fromkeys(part for _, made in parts for part in made), pyplot.cm.tab10.colors, strict=False))
    for place, (_, made) in enumerate(parts):
        left = 0.0
        for part, seconds in made.items():
            axes.barh(place, seconds, left=left, color=colours[part])
            left += seconds
    axes.set_yticks(range(len(parts)), [name for name, _ in parts])
    axes.invert_yaxis()
    axes.set(xlabel="seconds")
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colour, label=part) for part, colour in colours.items()]
    axes.legend(handles=handles)
    picture.savefig(file, dpi=110)
    pyplot.close(picture)
