"""Where in a slice there is air in front of the patient, and where her chest begins: by geometry and the first pass.

Headers say which way is front. Seen from there, along each row or column of a slice that runs to the back, all is air
until skin begins. The chest begins a little behind the skin over the breastbone, which is where the air between the
breasts ends; from the middle it bends back to both sides as an average chest does. Where headers or the picture do not
allow it, nothing is said (``Body``).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from imaging.exam import PASSES
from imaging.kept_exam import KeptExam
from imaging.stack import Stack

# Pictures are averaged to squares of this side in mm, in which noise no longer looks like skin.
SQUARE = 4.0
# So many slices of a stack tell where the skin is.
LOOKED_AT = 20
# Body is what is at least so bright, as a share of the floor from which curves are judged (``kinetics.floor_of``): skin
# is brighter, air is not, nor haze and ghosts in it.
BODY = 0.5
# A direction of the picture runs from front to back while it lies within 45 degrees of it.
STRAIGHT = np.sqrt(0.5)
# The edge of the picture in front and the one behind, as shares of it: the one in front holds less body.
EDGE = 0.125
# Heat so near to the skin, in mm, is not in the air: it is drawn on a grid of about this size.
NEAR_SKIN = 6.0
# A field of view of this width, in mm from the patient's right to left, holds both breasts, and its middle is theirs,
# unless that lies so far from the middle of the scanner: then it is a wide field about one of them.
BOTH_BREASTS, OFF_CENTRE = 220.0, 50.0
# mm to both sides of the middle in which the air between the breasts ends, and the share of the lines there that end
# no deeper than the skin over the breastbone.
BETWEEN, DEEPEST = 40.0, 0.85
# mm from feet to head over which that is measured once.
STEP = 10.0
# Half of the width and of the depth of an average chest, and how far behind its skin ribs and heart begin, in mm.
HALF_WIDTH, HALF_DEPTH = 190.0, 120.0
BEHIND_SKIN = 18.0


@dataclass(frozen=True)
class Places:
    """Where a slice shows ``air`` in front of the patient and where her ``chest`` (ribs, lungs, heart), (rows, columns)
    bool each; None where that cannot be told. Between them lie the breasts and the muscle behind them."""

    air: np.ndarray | None
    chest: np.ndarray | None


class Lines:
    """The rows or the columns of a stack's pictures, whichever run from front to back."""

    def __init__(self, stack: Stack):
        """Needs a stack that is ``placed``. Raises ValueError when neither rows nor columns run so."""
        to_back = np.asarray(stack.image_orientation, float).reshape(2, 3)[:, 1]  # along a row, along a column
        if np.abs(to_back).max() < STRAIGHT:
            raise ValueError("neither rows nor columns run from front to back")
        self.stack, self.are_rows = stack, bool(abs(to_back[0]) > abs(to_back[1]))
        self.to_front = bool(to_back[0 if self.are_rows else 1] < 0)
        between_rows, between_columns = stack.pixel_spacing
        sizes = ((stack.columns, between_columns), (stack.rows, between_rows))
        (self.length, self.spacing), (self.count, self.beside) = sizes if self.are_rows else sizes[::-1]

    def turned(self, picture: np.ndarray) -> np.ndarray:
        """A view of ``picture`` (rows, columns) as (length, count): a column a line, the front first."""
        upright = picture.T if self.are_rows else picture
        return upright[::-1] if self.to_front else upright

    def body(self, picture: np.ndarray, level: float) -> np.ndarray:
        """Which squares of about SQUARE mm hold body, bool, turned likewise."""
        upright = np.ascontiguousarray(self.turned(picture), np.float32)
        height = max(round(self.length * self.spacing / SQUARE), 1)
        width = max(round(self.count * self.beside / SQUARE), 1)
        small = cv2.resize(upright, (width, height), interpolation=cv2.INTER_AREA)
        return cv2.medianBlur((small >= level).astype(np.uint8), 3) > 0

    def skin(self, body: np.ndarray) -> np.ndarray:
        """(count,) pixels from the front at which each line meets ``body``, its length where it never does."""
        height, width = body.shape
        first = np.where(body.any(axis=0), body.argmax(axis=0), height) * (self.length / height)
        return np.interp((np.arange(self.count) + 0.5) * width / self.count - 0.5, np.arange(width), first)

    def positions(self, number: int, depths: np.ndarray) -> np.ndarray:
        """(M, 3) mm: where in the patient the lines of slice ``number`` are ``depths`` (count,) pixels from the front;
        those that end before are left out."""
        lines = np.flatnonzero(depths < self.length)
        along = self.length - 1 - depths[lines] if self.to_front else depths[lines]
        return self.stack.patient_position(number, *((lines, along) if self.are_rows else (along, lines)))


@dataclass(frozen=True)
class Breastbone:
    """The skin over it, in mm: y is ``at`` plus ``slope`` times z; ``middle`` is its x."""

    at: float
    slope: float
    middle: float

    def depth(self, positions: np.ndarray) -> np.ndarray:
        """mm behind the skin that the chest would have without breasts, of ``positions`` (..., 3)."""
        x, y, z = np.moveaxis(positions, -1, 0)
        aside = np.minimum(np.abs(x - self.middle) / HALF_WIDTH, 0.95)
        return y - self.at - self.slope * z - HALF_DEPTH * (1 - np.sqrt(1 - aside**2))


@dataclass(frozen=True)
class Body:
    """What can be told of where an exam's body lies.

    No ``lines`` where headers do not place the slices, where neither rows nor columns run from front to back (coronal
    slices), and where the picture shows the body the other way round than headers say. No ``breastbone`` where the
    field of view does not hold both breasts, too.
    """

    exam: KeptExam
    level: float
    lines: Lines | None
    breastbone: Breastbone | None

    def places(self, number: int) -> Places:
        """Of slice ``number``, from 1."""
        if self.lines is None:
            return Places(None, None)
        return Places(self._air(number), None if self.breastbone is None else self._chest(number))

    def _air(self, number: int) -> np.ndarray:
        picture, lines = self.exam.picture(PASSES[0], number), self.lines
        before = lines.skin(lines.body(picture, self.level)) - NEAR_SKIN / lines.spacing
        air = np.empty(picture.shape, bool)
        lines.turned(air)[:] = np.arange(lines.length)[:, None] < before
        return air

    def _chest(self, number: int) -> np.ndarray:
        rows, columns = np.mgrid[: self.exam.stack.rows, : self.exam.stack.columns]
        return self.breastbone.depth(self.exam.stack.patient_position(number, rows, columns)) > BEHIND_SKIN


def body_of(exam: KeptExam, floor: float) -> Body:
    """``floor`` is ``kinetics.floor_of(exam)``. Looks at LOOKED_AT slices of the first pass."""
    stack, level = exam.stack, BODY * floor
    unknown = Body(exam, level, None, None)
    if not stack.placed:
        return unknown
    try:
        lines = Lines(stack)
    except ValueError:
        return unknown
    numbers = np.unique(np.linspace(1, len(stack), min(LOOKED_AT, len(stack))).round().astype(int)).tolist()
    bodies = [lines.body(exam.picture(PASSES[0], number), level) for number in numbers]
    if not _less_in_front(np.concatenate(bodies, axis=1)):
        return unknown
    skin = [lines.positions(number, lines.skin(body)) for number, body in zip(numbers, bodies, strict=True)]
    return Body(exam, level, lines, _breastbone(np.concatenate(skin), middle(stack)))


def middle(stack: Stack) -> float | None:
    """x in mm of the middle between the breasts; None where the field of view does not hold both, or is not known."""
    if not stack.placed:
        return None
    corners = [
        stack.patient_position(number, row, column)[0]
        for number in (1, len(stack))
        for row in (0, stack.rows - 1)
        for column in (0, stack.columns - 1)
    ]
    centre = float(max(corners) + min(corners)) / 2
    both = max(corners) - min(corners) >= BOTH_BREASTS and abs(centre) <= OFF_CENTRE
    return centre if both else None


def _less_in_front(body: np.ndarray) -> bool:
    edge = max(round(EDGE * len(body)), 1)
    return bool(body[:edge].sum() < body[-edge:].sum())


def _breastbone(skin: np.ndarray, middle: float | None) -> Breastbone | None:
    """The straight line that the deepest of ``skin`` (M, 3) near the ``middle`` follows from feet to head (Theil-Sen:
    no single height bends it)."""
    if middle is None:
        return None
    near = skin[np.abs(skin[:, 0] - middle) < BETWEEN]
    heights = np.floor(near[:, 2] / STEP)
    steps = [near[heights == each] for each in np.unique(heights)]
    if not steps:
        return None
    z, y = np.array([(each[:, 2].mean(), np.quantile(each[:, 1], DEEPEST)) for each in steps]).T
    one, other = np.triu_indices(len(z), 1)
    slope = float(np.median((y[other] - y[one]) / (z[other] - z[one]))) if len(one) else 0.0
    return Breastbone(float(np.median(y - slope * z)), slope, middle)
