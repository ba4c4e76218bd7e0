"""Where slices lie in the patient, and in which order they are read."""

import math
import re
from collections.abc import Sequence

import numpy as np

Vector = tuple[float, ...]
# Largest difference of a direction cosine between two slices that count as parallel.
ORIENTATION_TOLERANCE = 1e-3
# How far direction cosines may be from unit length and right angle.
UNIT_TOLERANCE = 1e-2
# Rank correlation from which names or numbers are taken to run along the stack, and from which names need no numbers
# beside them: names in no order, as UIDs are, reach 0.5 by chance in a short stack.
CLEAR_TREND, SURE_TREND = 0.5, 0.95


def slice_normal(image_orientation: Vector) -> np.ndarray:
    """Unit normal (3,) of a slice, from ImageOrientationPatient (DICOM PS3.3 C.7.6.2.1.1): row x column direction."""
    row, column = np.asarray(image_orientation, float).reshape(2, 3)
    normal = np.cross(row, column)
    return normal / np.linalg.norm(normal)


def position_along_normal(image_position: Vector, image_orientation: Vector) -> float:
    """Where a slice lies along its own normal, in mm, from ImagePositionPatient (DICOM PS3.3 C.7.6.2.1.1)."""
    return float(np.dot(image_position, slice_normal(image_orientation)))


def is_orientation(image_orientation: Vector) -> bool:
    """Row and column direction are unit vectors at a right angle, as far as scanners round them."""
    row, column = image_orientation[:3], image_orientation[3:]
    lengths_and_angle = ((row, row, 1), (column, column, 1), (row, column, 0))
    return all(abs(_dot(one, other) - wanted) <= UNIT_TOLERANCE for one, other, wanted in lengths_and_angle)


def _dot(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def same_orientation(one: Vector, other: Vector) -> bool:
    """Two ImageOrientationPatient say the same, as far as scanners round them."""
    return all(abs(a - b) <= ORIENTATION_TOLERANCE for a, b in zip(one, other, strict=True))


def same_spacing(one: Vector, other: Vector) -> bool:
    """Two PixelSpacing say the same to a thousandth, as far as scanners round them."""
    return all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(one, other, strict=True))


def natural_key(name: str) -> list:
    """Sorting key under which ``slice 9`` comes before ``slice 10``, whatever the case."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name.casefold())]


def order_by_position(
    names: Sequence[str], positions: Sequence[float], numbers: Sequence[int | None] = ()
) -> list[int]:
    """Indices of the slices in spatial order, running in the direction in which the names rise (natural order).

    ``positions`` are mm along the normal. Where the names rise in neither direction, as UIDs do, ``numbers``
    (InstanceNumber) give the direction, and without one the order is that of rising positions.
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    by_name = sorted(order, key=lambda i: natural_key(names[i]))
    trend = _trend(order, by_name)
    if abs(trend) < SURE_TREND and None not in numbers and len(set(numbers)) == len(order):
        trend = max(trend, _trend(order, sorted(order, key=lambda i: numbers[i])), key=abs)
    return order[::-1] if trend <= -CLEAR_TREND else order


def _trend(order: list[int], other: list[int]) -> float:
    """Spearman's rank correlation of two orders of the same things, -1 to 1."""
    rank = {i: place for place, i in enumerate(other)}
    middle = (len(order) - 1) / 2
    common = sum((place - middle) * (rank[i] - middle) for place, i in enumerate(order))
    return common / max(sum((place - middle) ** 2 for place in range(len(order))), 1e-9)
