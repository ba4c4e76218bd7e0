"""Where the pixels of a stack of slices lie in the patient."""

from dataclasses import dataclass

import numpy as np

from imaging.geometry import Vector, position_along_normal, slice_normal

# A stack counts as axial, sagittal or coronal while its normal lies within 15 degrees of a patient axis.
STRAIGHT = np.cos(np.radians(15))
#: At the low and the high end of each patient axis (DICOM PS3.3 C.7.6.2.1.1).
SIDES = (("right", "left"), ("front", "back"), ("feet", "head"))
# Patient axes of DICOM PS3.3 C.7.6.2.1.1 (left, back, head): the stack cut across each, and its two ends.
CUTS = (
    ("sagittal", "right to left", "left to right"),
    ("coronal", "front to back", "back to front"),
    ("axial", "feet to head", "head to feet"),
)


@dataclass(frozen=True)
class Stack:
    """The planes of an exam's slices, in reading order; None where headers are silent.

    ``image_positions`` are ImagePositionPatient in mm, one a slice; ``image_orientation`` is ImageOrientationPatient;
    ``pixel_spacing`` PixelSpacing in mm between rows and between columns.
    """

    rows: int
    columns: int
    pixel_spacing: Vector | None
    image_orientation: Vector | None
    image_positions: tuple[Vector | None, ...]

    def __len__(self) -> int:
        return len(self.image_positions)

    @property
    def placed(self) -> bool:
        """Whether headers say where every pixel lies."""
        return None not in (self.pixel_spacing, self.image_orientation, *self.image_positions)

    def positions(self) -> list[float]:
        """mm along the normal, one a slice. Needs a stack that is ``placed``."""
        return [position_along_normal(each, self.image_orientation) for each in self.image_positions]

    @property
    def slice_spacing(self) -> float | None:
        """Usual distance of neighbouring slices in mm; None when there is none to measure."""
        if not self.placed or len(self) < 2:
            return None
        return float(np.median(np.abs(np.diff(self.positions()))))

    def patient_position(self, number: int, row: float | np.ndarray, column: float | np.ndarray) -> np.ndarray:
        """(..., 3) mm in patient coordinates (left, back, head) of places in slice ``number``, counted from 1.

        ``row`` and ``column`` count from 0 at the centre of the first pixel (DICOM PS3.3 C.7.6.2.1.1). Needs a stack
        that is ``placed``.
        """
        along_row, along_column = np.asarray(self.image_orientation, float).reshape(2, 3)
        between_rows, between_columns = self.pixel_spacing
        across = np.multiply.outer(np.multiply(column, between_columns), along_row)
        down = np.multiply.outer(np.multiply(row, between_rows), along_column)
        return np.asarray(self.image_positions[number - 1], float) + across + down


def nearest_axis(image_orientation: Vector) -> int:
    """The patient axis, 0 to 2, nearest to the normal of a slice."""
    return int(np.argmax(np.abs(slice_normal(image_orientation))))


def ends(image_orientation: Vector) -> tuple[str, str]:
    """The sides of the patient towards which positions along the normal fall and rise, ``("feet", "head")``, by the
    patient axis nearest to it."""
    axis = nearest_axis(image_orientation)
    low, high = SIDES[axis]
    return (low, high) if slice_normal(image_orientation)[axis] > 0 else (high, low)


def cut(image_orientation: Vector) -> str:
    """``axial``, ``sagittal`` or ``coronal``; between them ``oblique, nearest to ...``."""
    axis = nearest_axis(image_orientation)
    name, straight = CUTS[axis][0], abs(slice_normal(image_orientation)[axis]) >= STRAIGHT
    return name if straight else f"oblique, nearest to {name}"
