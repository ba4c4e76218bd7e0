"""The two charts of the document, drawn with lines: probabilities along the stack, and a finding's curve."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor, black

from detection.findings import Peak
from reports.document_fonts import BOLD, REGULAR
from reports.report import Report

SMALL = 6.5  # points
# Of Okabe and Ito, told apart by colour-blind readers and, one being broken, in print.
COLOURS = {"single": HexColor(0x0072B2), "scantype": HexColor(0xD55E00)}
DASHES = {"single": (3, 1.5), "scantype": None}
GRID, SHADE, GREY = HexColor(0xDDDDDD), HexColor(0xFBE3D6), HexColor(0x555555)
# From tick to tick of the slices' numbers: the first of these with which there are no more than TICKS.
STEPS, TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000), 16
LEVELS = 5  # of brightness, at most
BRIGHTEST = 20.0  # times the brightness before contrast; beyond, a curve is cut


@dataclass(frozen=True)
class Axes:
    """A field of a drawing and what its edges stand for."""

    left: float
    bottom: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        along, up = ((value - low) / (high - low) for value, (low, high) in ((x, self.x), (y, self.y)))
        return self.left + along * self.width, self.bottom + up * self.height


def probabilities(report: Report, width: float, height: float) -> Drawing:
    """Both networks' probability of each slice, with their thresholds; positive slices are shaded. In points."""
    count = len(report.slices)
    axes = Axes(26, 22, width - 30, height - 36, (0.5, count + 0.5), (0, 1))
    drawing = Drawing(width, height)
    for number in report.positive_slices:
        (left, bottom), (right, top) = axes.at(number - 0.5, 0), axes.at(number + 0.5, 1)
        drawing.add(Rect(left, bottom, right - left, top - bottom, fillColor=SHADE, strokeColor=None))
    for share in (0, 0.25, 0.5, 0.75, 1):
        _level(drawing, axes, share, f"{share:g}")
    for number in _ticks(count):
        x, y = axes.at(number, 0)
        drawing.add(_text(x, y - 9, str(number), "middle"))
    thresholds = {card.role: card.threshold for card in report.cards}
    for role, colour in COLOURS.items():
        if thresholds.get(role) is not None:
            ends = (*axes.at(0.5, thresholds[role]), *axes.at(count + 0.5, thresholds[role]))
            drawing.add(Line(*ends, strokeColor=colour, strokeWidth=0.5, strokeDashArray=(1, 2)))
        values = [getattr(each, f"{role}_probability") for each in report.slices]
        _curve(drawing, axes, list(range(1, count + 1)), values, colour, DASHES[role], dots=count <= 60)
    drawing.add(_text(axes.left + axes.width / 2, 3, "slice", "middle"))
    _legend(drawing, axes, thresholds)
    return drawing


def uptake(peak: Peak, seconds: Sequence[float] | None, width: float, height: float) -> Drawing:
    """The curve of ``peak``: brightness over that before contrast, before and in each pass, with minutes where they are
    known.

    Passes stand at even distances: what comes before contrast may have been taken much earlier.
    """
    passes = list(range(len(peak.curve)))
    top = min(max(2.0, np.ceil(2 * max(peak.curve)) / 2), BRIGHTEST)
    axes = Axes(24, 18, width - 40, height - 32, (passes[0], passes[-1]), (min(0.5, *peak.curve), top))
    drawing = Drawing(width, height)
    step = next(each for each in (0.5, *STEPS) if top <= LEVELS * each)
    for level in np.arange(0, top + step / 2, step):
        if axes.y[0] <= level <= top:
            _level(drawing, axes, level, f"{level:g}")
    for each, name in zip(passes, ("before", "1st pass", "2nd", "3rd"), strict=True):
        x, y = axes.at(each, axes.y[0])
        drawing.add(_text(x, y - 8, name, "middle"))
        if seconds and each:
            drawing.add(_text(x, y - 16, f"{seconds[each] / 60:.1f} min", "middle"))
    drawing.add(_text(0, height - SMALL, "brightness there over that before contrast"))
    _curve(drawing, axes, passes, np.minimum(peak.curve, top), black, None, dots=True)
    return drawing


def _level(drawing: Drawing, axes: Axes, value: float, words: str) -> None:
    (left, y), (right, _) = axes.at(axes.x[0], value), axes.at(axes.x[1], value)
    drawing.add(Line(left, y, right, y, strokeColor=GRID, strokeWidth=0.4))
    drawing.add(_text(left - 3, y - 2, words, "end"))


def _curve(
    drawing: Drawing,
    axes: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    colour: Color,
    dashes: tuple[float, float] | None,
    dots: bool,
) -> None:
    places = [axes.at(x, y) for x, y in zip(xs, ys, strict=True)]
    line = [part for place in places for part in place]
    drawing.add(PolyLine(line, strokeColor=colour, strokeWidth=1.1, strokeDashArray=dashes))
    for x, y in places if dots else ():
        drawing.add(Rect(x - 1.1, y - 1.1, 2.2, 2.2, fillColor=colour, strokeColor=None))


def _legend(drawing: Drawing, axes: Axes, thresholds: dict[str, float | None]) -> None:
    x, y = axes.left, axes.bottom + axes.height + 6
    for role, colour in COLOURS.items():
        threshold = thresholds.get(role)
        words = role if threshold is None else f"{role}, threshold {threshold:.3f}"
        drawing.add(Line(x, y + 2, x + 16, y + 2, strokeColor=colour, strokeWidth=1.1, strokeDashArray=DASHES[role]))
        drawing.add(_text(x + 20, y, words))
        x += 130
    drawing.add(Rect(x, y - 1, 9, 7, fillColor=SHADE, strokeColor=None))
    drawing.add(_text(x + 13, y, "positive slices"))


def _ticks(count: int) -> list[int]:
    step = next(each for each in STEPS if count <= each * TICKS or each == STEPS[-1])
    return [1, *range(step if step > 1 else 2, count + 1, step)]


def _text(x: float, y: float, words: str, anchor: str = "start", bold: bool = False) -> String:
    font = BOLD if bold else REGULAR
    return String(x, y, words, fontName=font, fontSize=SMALL, fillColor=GREY, textAnchor=anchor)
