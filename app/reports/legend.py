"""What stands around a picture, never on it: letters of the patient's sides, scale, colours and words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from reports.fonts import font
from reports.orientation import Edges

BACKGROUND, INK, FAINT_INK = (0, 0, 0), (236, 236, 236), (170, 170, 170)
NARROWEST = 400  # pixels, so that words have room under a small picture
TEXT, LETTER = 13, 14  # pixels
LINE = 19  # from line to line
GAP = 8
BAR = 120  # length of a colour bar
SWATCH = 12
# A scale bar is the longest of these, in mm, that takes a third of the picture's width at most.
SCALES = (100, 50, 20, 10, 5, 2, 1)


@dataclass(frozen=True)
class Swatch:
    """One colour, RGB of 0 to 255, and what it means."""

    colour: tuple[int, int, int]
    words: str


@dataclass(frozen=True)
class Ramp:
    """(256, 3) ``colours`` and what their ends mean."""

    colours: np.ndarray
    low: str
    high: str


Key = tuple[Swatch | Ramp, ...]


def framed(
    picture: np.ndarray,
    lines: Sequence[str],
    key: Key = (),
    edges: Edges | None = None,
    millimetres: float | None = None,
) -> np.ndarray:
    """``picture`` (rows, columns, 3) uint8 in a frame: letters beside it, and below it a strip with the first of
    ``lines`` and a scale bar, the ``key`` and the other lines, wrapped where they are long.

    ``millimetres``: height and width of a pixel. What headers are silent about is left out.
    """
    rows, columns, _ = picture.shape
    left, top = corner(columns, edges)
    width = columns + 2 * left
    below = _strip(width, lines, key, None if millimetres is None else _scale(columns, millimetres))
    frame = Image.new("RGB", (width, rows + 2 * top + below.height), BACKGROUND)
    frame.paste(Image.fromarray(picture), (left, top))
    frame.paste(below, (0, rows + 2 * top))
    draw = ImageDraw.Draw(frame)
    for (x, y), letters in letter_places(rows, columns, edges):
        draw.text((x, y), letters, INK, font(LETTER, bold=True), anchor="mm")
    return np.asarray(frame)


def corner(columns: int, edges: Edges | None) -> tuple[int, int]:
    """Column and row of the frame at which a picture of ``columns`` begins."""
    longest = max((len(each) for each in (edges.left, edges.right)), default=0) if edges else 0
    beside = max(GAP, GAP + LETTER * longest)
    return max(beside, (NARROWEST - columns + 1) // 2), GAP + LETTER if edges else GAP


def letter_places(rows: int, columns: int, edges: Edges | None) -> list[tuple[tuple[float, float], str]]:
    """Middle of each letter in the frame, column and row, and the letters: left, right, top, bottom."""
    if edges is None:
        return []
    left, top = corner(columns, edges)
    middle_row, middle_column = top + rows / 2, left + columns / 2
    beside = (GAP + LETTER * max(len(edges.left), len(edges.right))) / 2
    return [
        ((left - beside, middle_row), edges.left),
        ((left + columns + beside, middle_row), edges.right),
        ((middle_column, top / 2), edges.top),
        ((middle_column, top + rows + top / 2), edges.bottom),
    ]


def wrapped(text: str, width: float, size: int = TEXT) -> Iterator[str]:
    """``text`` in lines of ``width`` pixels at most, broken between words."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and font(size).getlength(longer) > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line


def _scale(columns: int, millimetres: float) -> tuple[int, int] | None:
    """Length of a scale bar in mm and in pixels."""
    fitting = (each for each in SCALES if each / millimetres <= columns / 3)
    length = next(fitting, None)
    return None if length is None else (length, round(length / millimetres))


def _strip(width: int, lines: Sequence[str], key: Key, scale: tuple[int, int] | None) -> Image.Image:
    first, *others = lines
    beside_scale = width - 3 * GAP - (scale[1] + 60 if scale else 0)
    head = list(wrapped(first, beside_scale)) or [""]
    keys = list(_key_lines(key, width - 2 * GAP))
    rest = [line for each in others for line in wrapped(each, width - 2 * GAP)]
    strip = Image.new("RGB", (width, LINE * (len(head) + len(keys) + len(rest)) + 2 * GAP), BACKGROUND)
    draw, y = ImageDraw.Draw(strip), GAP + LINE / 2
    if scale:
        _draw_scale(draw, width - GAP, y, *scale)
    for line in head:
        draw.text((GAP, y), line, INK, font(TEXT), anchor="lm")
        y += LINE
    for parts in keys:
        _draw_key(strip, parts, round(y))
        y += LINE
    for line in rest:
        draw.text((GAP, y), line, FAINT_INK, font(TEXT), anchor="lm")
        y += LINE
    return strip


def _draw_scale(draw: ImageDraw.ImageDraw, right: int, y: float, length: int, pixels: int) -> None:
    draw.line([(right - pixels, y), (right, y)], INK, 2)
    for end in (right - pixels, right):
        draw.line([(end, y - 4), (end, y + 4)], INK, 1)
    draw.text((right - pixels - GAP, y), f"{length} mm", INK, font(TEXT), anchor="rm")


def _key_lines(key: Key, width: int) -> Iterator[list[Swatch | Ramp]]:
    """``key`` in lines of ``width`` pixels at most."""
    line, taken = [], 0.0
    for part in key:
        if line and taken + _length(part) > width:
            yield line
            line, taken = [], 0.0
        line.append(part)
        taken += _length(part)
    if line:
        yield line


def _length(part: Swatch | Ramp) -> float:
    if isinstance(part, Swatch):
        return SWATCH + 3 * GAP + font(TEXT).getlength(part.words)
    return BAR + 4 * GAP + font(TEXT).getlength(part.low) + font(TEXT).getlength(part.high)


def _draw_key(strip: Image.Image, parts: list[Swatch | Ramp], y: int) -> None:
    draw, x = ImageDraw.Draw(strip), float(GAP)
    for part in parts:
        if isinstance(part, Swatch):
            draw.rectangle([x, y - SWATCH / 2, x + SWATCH, y + SWATCH / 2], part.colour)
            draw.text((x + SWATCH + GAP, y), part.words, INK, font(TEXT), anchor="lm")
        else:
            _draw_ramp(strip, part, round(x), y)
        x += _length(part)


def _draw_ramp(strip: Image.Image, part: Ramp, x: int, y: int) -> None:
    draw, begin = ImageDraw.Draw(strip), x + round(font(TEXT).getlength(part.low)) + GAP
    at = np.linspace(0, len(part.colours) - 1, BAR).round().astype(int)
    bar = np.broadcast_to(part.colours[at].round().astype(np.uint8), (SWATCH, BAR, 3))
    strip.paste(Image.fromarray(np.ascontiguousarray(bar)), (begin, y - SWATCH // 2))
    draw.text((x, y), part.low, INK, font(TEXT), anchor="lm")
    draw.text((begin + BAR + GAP, y), part.high, INK, font(TEXT), anchor="lm")
