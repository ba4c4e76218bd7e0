"""Measured figures as one table, beside the goals of docs/performance.md, and as a picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib import pyplot

matplotlib.use("Agg")
HEAD = ("what", "figure", "goal", "")
PAGE = """# How fast it is

Made by `python manage.py benchmark`, all in one run on one machine. Seconds of another machine, or of another hour, say
little; the ratios do. To measure yours, give the same command, with nothing else running:

    {command}

{machine}; {device}, {precision}; commit `{commit}`.

{table}

![Seconds of whole requests and what they go to](performance.png)

## What is measured

**Matrix product**: the rate at which torch multiplies two large square matrices in a precision, a yardstick for the
networks. A share above 1 is possible: a convolution may be computed with fewer multiplications than are counted.
**A slice**: one network, batches as in the service, floating-point operations counted on shapes alone (a
multiplication and an addition are two). **Share**: the network's rate over the product's, both in the same rounds.

**Whole request**: from the start of the upload over HTTP to the answer, on a server of its own with exams of 512 x 512,
phantoms of one seed. It is compared with the least it could take: the operations of both networks at the product's
rate, and inflating the zip with isal on one core. **Plain recipe**: the same exam in one process, float32, one slice at
a time, networks loaded once, no checks.

**At once**: uploads of one exam at the same time, and their throughput over that of as many one after another; the
slowest answer over the mean; medians of three rounds. **Peak memory**: resident memory of the server at its highest,
networks included. **In a row**: resident memory after the last exam over that after the 20th; 1 where open files and
threads stayed as they were.

## What precision changes

bfloat16 rounds, and a slice that lies closer to a threshold than rounding goes is computed again in float32
(`app/detection/analysis.py`). [The networks' page](networks.md) tells how many decisions differ from those of float32,
one slice at a time, as `python manage.py parity` counts them.
"""


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


def page(about: dict, lines: Iterable[Line]) -> str:
    """docs/performance.md: the table, where and by which command it was made, and what it means."""
    return PAGE.format(table=markdown(lines), **about)


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
