"""How tissue takes up contrast and loses it again, from the brightness of a slice before and in each pass.

S0 is the brightness before contrast, S1 in the first pass, S3 in the last. Functions take ``passes``, (4, rows,
columns) float32: pre and the three passes; and ``floor``, the least brightness that is judged, above 0, in the same
unit. Fat that is suppressed and air are darker: there noise alone makes curves of any shape.

Sources: curve types: Kuhl et al., Radiology 1999;211:101. Initial rise below 50, to 100 and above 100 %, a plateau
within 10 %: ACR BI-RADS Atlas, 5th edition, 2013, breast MRI, kinetic curve assessment; 50, 80 and 100 %: Lehman et
al., AJR 2006;187:51. Signal enhancement ratio: Hylton et al., Radiology 2012;263:663. What they call early is the first
pass here, whenever it was taken; the headers tell when.
"""

from enum import IntEnum

import cv2
import numpy as np

from imaging.exam import PASSES
from imaging.kept_exam import KeptExam

#: Percent of initial rise from which tissue counts as enhancing; between the others it is called faster and faster.
RISES = (50, 80, 100)
ENHANCING = RISES[0]
#: Percent of change after the first pass within which a curve is a plateau.
PLATEAU = 10
# The floor as a share of the exam's bright pixels: tumours of the phantoms lie above, also far from the coil, air and
# most fat that is suppressed below.
FLOOR = 0.2
LARGEST_RATIO = 3.0
# So large a share of enhancing tissue makes a type of curve more than noise, of which a few pixels have any.
BELIEVED = 0.4
CURVE_PIXELS = 3  # rows and columns over which a curve is taken


class CurveType(IntEnum):
    """What becomes of the signal after the first pass (Kuhl: types I, II and III)."""

    NONE = 0
    PERSISTENT = 1
    PLATEAU = 2
    WASH_OUT = 3

    @property
    def words(self) -> str:
        """As radiologists call it."""
        return {0: "not enhancing", 1: "persistent", 2: "plateau", 3: "wash-out"}[self]


def floor_of(exam: KeptExam) -> float:
    """The least brightness of the first pass that is judged; infinity where that pass is dark, so that nothing is."""
    return FLOOR * exam.bright if exam.bright > 0 else np.inf


def subtraction(passes: np.ndarray, after: int = 1) -> np.ndarray:
    """What pass ``after``, 1 to 3, has more than pre; (rows, columns), negative where it has less."""
    return passes[after] - passes[0]


def maximum_intensity_projection(exam: KeptExam, after: int = 1) -> np.ndarray:
    """The largest subtraction along the stack, (rows, columns) float32, at least 0."""
    folder, found = PASSES[after - 1], np.zeros((exam.stack.rows, exam.stack.columns), np.float32)
    for number in range(1, len(exam) + 1):
        after_it, before = (exam.picture(name, number).astype(np.float32) for name in (folder, "pre"))
        np.maximum(found, after_it - before, out=found)
    return found


def initial_rise(passes: np.ndarray, floor: float) -> np.ndarray:
    """(S1 - S0) / S0 in percent, (rows, columns); NaN where S1 is below the floor, which also stands for a lower S0."""
    rise = 100 * (passes[1] - passes[0]) / np.maximum(passes[0], floor)
    return np.where(passes[1] >= floor, rise, np.nan).astype(np.float32)


def rise_bands(passes: np.ndarray, floor: float) -> np.ndarray:
    """How many of RISES the initial rise reaches, (rows, columns) uint8: 0 where tissue does not enhance, 1 to 3."""
    rise = initial_rise(passes, floor)
    return np.sum([rise >= each for each in RISES], axis=0, dtype=np.uint8)


def delayed_change(passes: np.ndarray, floor: float) -> np.ndarray:
    """(S3 - S1) / S1 in percent, (rows, columns); NaN where S1 is below the floor."""
    change = 100 * (passes[3] - passes[1]) / np.maximum(passes[1], floor)
    return np.where(passes[1] >= floor, change, np.nan).astype(np.float32)


def enhancing(passes: np.ndarray, floor: float) -> np.ndarray:
    """Where the initial rise is at least 50 %, (rows, columns) bool."""
    return initial_rise(passes, floor) >= ENHANCING


def signal_enhancement_ratio(passes: np.ndarray, floor: float) -> np.ndarray:
    """(S1 - S0) / (S3 - S0) of enhancing tissue, (rows, columns), at most 3; NaN elsewhere.

    Above 1 signal is lost after the first pass, below 1 it rises on. It is 3 where all that was gained is lost again.
    """
    early, late = passes[1] - passes[0], passes[3] - passes[0]
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ratio = np.where(late > 0, np.minimum(early / late, LARGEST_RATIO), LARGEST_RATIO)
    return np.where(enhancing(passes, floor), ratio, np.nan).astype(np.float32)


def curve_types(passes: np.ndarray, floor: float) -> np.ndarray:
    """The CurveType of each pixel of enhancing tissue, (rows, columns) uint8; NONE elsewhere."""
    change = delayed_change(passes, floor)
    kinds = np.select(
        [change > PLATEAU, change < -PLATEAU], [CurveType.PERSISTENT, CurveType.WASH_OUT], CurveType.PLATEAU
    )
    return np.where(enhancing(passes, floor), kinds, CurveType.NONE).astype(np.uint8)


def curve(passes: np.ndarray, row: int, column: int) -> np.ndarray:
    """Mean brightness of the 3 x 3 pixels around a place, of those that there are at the border, (4,): before and in
    each pass. Indices count from 0; raises IndexError for a place outside the slice."""
    _, rows, columns = passes.shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise IndexError(f"row {row}, column {column} is outside {rows} rows and {columns} columns")
    half = CURVE_PIXELS // 2
    around = np.s_[:, max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1]
    return passes[around].mean(axis=(1, 2))


def most_suspicious(passes: np.ndarray, floor: float, where: np.ndarray) -> tuple[int, int] | None:
    """Row and column, from 0, of the most suspicious curve ``where`` (rows, columns) bool: wash-out before plateau
    before persistent, and of the same type the fastest initial rise; None where nothing enhances there. A type counts
    where BELIEVED of what enhances has it or a more suspicious one. ``passes`` are to be ``smoothed``.

    ACR BI-RADS Atlas, 5th edition, 2013: what is reported is the most suspicious curve of a lesion.
    """
    kinds = np.where(where, curve_types(passes, floor), CurveType.NONE)
    found = kinds[kinds > CurveType.NONE]
    if not found.size:
        return None
    worst = max(kind for kind in CurveType if np.mean(found >= kind) >= BELIEVED)
    rise = np.where(kinds == worst, initial_rise(passes, floor), -np.inf)
    row, column = np.unravel_index(np.argmax(rise), rise.shape)
    return int(row), int(column)


def smoothed(passes: np.ndarray) -> np.ndarray:
    """``passes`` with the ``curve`` of each pixel in its place, so that curves are not those of noise."""
    return np.stack([_sum_around(each) for each in passes]) / _sum_around(np.ones_like(passes[0]))


def _sum_around(picture: np.ndarray) -> np.ndarray:
    size = (CURVE_PIXELS, CURVE_PIXELS)
    return cv2.boxFilter(picture, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
