"""Are slices as large, and stored the way round, as those are that networks know, and do they say their size?"""

import numpy as np

from imaging.errors import TooFewPixels
from imaging.exam import Exam
from imaging.preprocessing import SIZE
from imaging.slice_file import SliceFile
from imaging.stack import CUTS

# Of 340 mm, as wide as most exams are, each pixel would be larger than most tumours.
LEAST_SIDE = 32  # rows and columns
# One breast in a narrow rectangle, and more than the widest magnet shows.
LEAST_FIELD, MOST_FIELD = 80.0, 600.0  # mm
MOST_OBLONG = 1.2  # the longer side over the shorter one
# Towards which patient axis rows and columns run, and whether upwards (left, back, head): axial slices with the breasts
# at the top of the picture, and those at its bottom.
USUAL = (((0, True), (1, True)), ((0, False), (1, False)))


def check_geometry(exam: Exam) -> tuple[str, ...]:
    """Warnings about size and direction of the slices of ``exam``, by the header of the first.

    Raises TooFewPixels for slices of fewer than LEAST_SIDE rows or columns.
    """
    first = exam.pre.slices[0]
    return (*_of_matrix(first), *_of_field(first), *_of_direction(first))


def _of_matrix(image: SliceFile) -> list[str]:
    least, matrix = min(image.rows, image.columns), f"{image.rows} x {image.columns}"
    if least < LEAST_SIDE:
        raise TooFewPixels(f"Slices have {matrix} pixels; {LEAST_SIDE} x {LEAST_SIDE} are the least.")
    if least < SIZE:
        return [
            f"Slices have {matrix} pixels, fewer than the {SIZE} x {SIZE} that networks take: small tumours are lost."
        ]
    return []


def _of_field(image: SliceFile) -> list[str]:
    if image.pixel_spacing is None:
        return ["PixelSpacing is missing: sizes in mm and sides of findings are not told."]
    height, width = np.multiply((image.rows, image.columns), image.pixel_spacing)
    if min(height, width) >= LEAST_FIELD and max(height, width) <= MOST_FIELD:
        return _of_shape(height, width)
    usual = f"{LEAST_FIELD:.0f} to {MOST_FIELD:.0f} mm"
    told = f"Slices are {height:.0f} x {width:.0f} mm by their PixelSpacing, not {usual}"
    return [f"{told}: it is wrong, and every size in mm with it, or they show no breasts."]


def _of_shape(height: float, width: float) -> list[str]:
    if max(height, width) <= MOST_OBLONG * min(height, width):
        return []
    return [
        f"Slices are {height:.0f} x {width:.0f} mm. Networks take a square: they see it squeezed, which those that "
        "learned from squares do not know, and might answer wrongly."
    ]


def _of_direction(image: SliceFile) -> list[str]:
    if image.image_orientation is None:
        return []
    runs = tuple(_nearest(each) for each in np.reshape(image.image_orientation, (2, 3)))
    if runs in USUAL:
        return []
    rows, columns = (_side(*each) for each in runs)
    return [
        f"Slices are stored with rows that run to the patient's {rows} and columns to the {columns}. Networks take "
        "pixels as they are stored and know axial slices, rows to the left and columns to the back or both the other "
        "way: stored so, this exam might get another answer."
    ]


def _nearest(direction: np.ndarray) -> tuple[int, bool]:
    """The patient axis along which ``direction`` (3,) runs, and whether upwards."""
    axis = int(np.argmax(np.abs(direction)))
    return axis, bool(direction[axis] > 0)


def _side(axis: int, upwards: bool) -> str:
    _, rising, _ = CUTS[axis]
    low, high = rising.split(" to ")
    return high if upwards else low
