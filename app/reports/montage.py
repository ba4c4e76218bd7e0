"""All positive slices on one picture, each with what both networks say and where the scantype network looked."""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from imaging.exam import PASSES
from nets.bundle import ROLES
from reports.colours import overlay
from reports.fonts import font
from reports.layers import HEAT_KEY
from reports.legend import BACKGROUND, FAINT_INK, GAP, INK, framed
from reports.orientation import Edges
from reports.pictures import edges_of, grey, square
from reports.report import Report
from reports.words import RESEARCH, about_heat, be, counted

MOST, ACROSS = 12, 4
TILE = 300  # pixels, the longer side of a slice
LETTER, TITLE, WORDS, LINE = 13, 17, 15, 21  # pixels: sizes of text, and from line to line
RING = 14  # pixels, its radius
# A place in a picture, from its upper left corner, as shares of its rows and columns.
Mark = tuple[float, float]


def montage(report: Report, most: int = MOST, network: str = "scantype", legend: bool = True) -> np.ndarray:
    """(rows, columns, 3) uint8, RGB: the first pass of the positive slices with heat of ``network``, in reading order.

    Where there are more than ``most``, so many are shown, evenly chosen, and the legend says so. Not ``legend``: tiles
    alone.
    """
    shown = evenly(report.positive_slices, most)
    if not shown:
        return framed(_empty(), _lines(report, shown), edges=None) if legend else _empty()
    heat = report.heat(shown)[:, ROLES.index(network)]
    tiles = [tile(report, number, one) for number, one in zip(shown, heat, strict=True)]
    image = _grid(tiles)
    return framed(image, [*_lines(report, shown), about_heat(network)], HEAT_KEY) if legend else image


def evenly(numbers: Sequence[int], most: int) -> list[int]:
    """``most`` of ``numbers``, the first and the last among them, evenly chosen; all where there are no more."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[round(each)] for each in np.linspace(0, len(numbers) - 1, most)]


def columns_of(count: int) -> int:
    """Tiles in a row: ACROSS at most, and rows as even as can be."""
    down = -(-count // ACROSS)
    return -(-count // down)


def _lines(report: Report, shown: Sequence[int]) -> list[str]:
    slices, positive = counted(len(report.slices), "slice"), len(report.positive_slices)
    said = f"{positive} of {slices} {be(positive)} positive" if shown else f"None of {slices} is positive"
    chosen = f"; {len(shown)} of them {be(len(shown))} shown, evenly chosen" if len(shown) < positive else ""
    return [f"{said}{chosen}. BreastWise. {RESEARCH}"]


def _empty() -> np.ndarray:
    image = Image.new("RGB", (ACROSS * TILE // 2, TILE), BACKGROUND)
    middle = (image.width / 2, image.height / 2)
    ImageDraw.Draw(image).text(middle, "No slice is positive", INK, font(22), anchor="mm")
    return np.asarray(image)


def tile(report: Report, number: int, heat: np.ndarray, mark: Mark | None = None) -> np.ndarray:
    """Slice ``number`` with ``heat`` (rows, columns) over it and both probabilities below, as ``captioned``."""
    image = square(overlay(grey(report.exam, PASSES[0], number), heat), report.exam.stack.pixel_spacing)
    said = report.slices[number - 1]
    words = f"single {said.single_probability:.2f}   scantype {said.scantype_probability:.2f}"
    return captioned(image, edges_of(report.exam), f"slice {number}", words, mark=mark)


def captioned(
    image: np.ndarray, edges: Edges | None, title: str, words: str, classes: bool = False, mark: Mark | None = None
) -> np.ndarray:
    """``image`` (rows, columns, 3), its longer side TILE pixels, in a frame as wide as that of any other: a ring around
    ``mark``, the sides of the patient beside it, ``title`` and ``words`` below; (rows, columns, 3) uint8. Not
    ``classes``: what lies between pixels is mixed of them."""
    rows, columns, _ = image.shape
    share = TILE / max(rows, columns)
    size = (round(columns * share), round(rows * share))
    mixing = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST if classes else mixing)
    frame = Image.new("RGB", (TILE + 2 * (GAP + LETTER), size[1] + 2 * LINE + 2 * LETTER + 2 * GAP), BACKGROUND)
    left, top = (frame.width - size[0]) // 2, LETTER + GAP
    frame.paste(Image.fromarray(resized), (left, top))
    draw, y = ImageDraw.Draw(frame), top + size[1] + LETTER + GAP
    if edges:
        _letters(draw, edges, (left, top, left + size[0], top + size[1]))
    if mark:
        _ring(draw, left + mark[1] * size[0], top + mark[0] * size[1])
    draw.text((frame.width / 2, y), title, INK, font(TITLE, bold=True), anchor="mm")
    draw.text((frame.width / 2, y + LINE), words, FAINT_INK, font(WORDS), anchor="mm")
    return np.asarray(frame)


def _letters(draw: ImageDraw.ImageDraw, edges: Edges, box: tuple[int, int, int, int]) -> None:
    """The nearest side at the middle of each edge of ``box``: left, top, right, bottom."""
    left, top, right, bottom = box
    row, column = (top + bottom) / 2, (left + right) / 2
    places = (
        ((left - 3, row), "rm"),
        ((right + 3, row), "lm"),
        ((column, top - 3), "mb"),
        ((column, bottom + 3), "mt"),
    )
    for (place, anchor), side in zip(places, (edges.left, edges.right, edges.top, edges.bottom), strict=True):
        draw.text(place, side[:1], INK, font(LETTER), anchor=anchor)


def _ring(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    """White between dark lines, so that it is seen on any tissue and colour."""
    for radius, width, colour in ((RING + 1, 4, BACKGROUND), (RING, 2, INK)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=width)


def _grid(tiles: Sequence[np.ndarray]) -> np.ndarray:
    across = columns_of(len(tiles))
    rows, columns, _ = tiles[0].shape
    down = -(-len(tiles) // across)
    image = np.zeros((down * rows, across * columns, 3), np.uint8)
    for place, tile in enumerate(tiles):
        y, x = divmod(place, across)
        image[y * rows : (y + 1) * rows, x * columns : (x + 1) * columns] = tile
    return image
