"""A simple body cut in any plane, for tests: what KeptExam tells of an exam, without a file."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace

import numpy as np

from imaging.kept_exam import KeptExam
from imaging.stack import Stack

# (positions (..., 3) in mm) -> brightness
Tissue = Callable[[np.ndarray], np.ndarray]
DIRECTIONS = {
    "axial": (1, 0, 0, 0, 1, 0),
    "axial, turned": (-1, 0, 0, 0, -1, 0),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "sagittal, turned": (0, -1, 0, 0, 0, 1),
    "oblique": (1, 0, 0, 0, 0.9397, 0.3420),
    "coronal": (1, 0, 0, 0, 0, -1),
}
MILLIMETRES = 4.0


def stack(plane: str, first: float, last: float, backwards: bool = False, middle=(0.0, 40.0, 0.0), size=80) -> Stack:
    """Slices of ``size`` x ``size`` pixels of 4 mm around ``middle``, every 8 mm from ``first`` to ``last`` along their
    normal, or from last to first."""
    along_row, along_column = np.array(DIRECTIONS[plane], float).reshape(2, 3)
    corner = np.array(middle) - (size - 1) / 2 * MILLIMETRES * (along_row + along_column)
    places = np.arange(first, last + 1, 8)[:: -1 if backwards else 1]
    normal = np.cross(along_row, along_column)
    return Stack(
        size,
        size,
        (MILLIMETRES, MILLIMETRES),
        DIRECTIONS[plane],
        tuple(tuple((corner + place * normal).tolist()) for place in places),
    )


STACKS = {
    "axial": stack("axial", -60, 60),
    "axial, from head to feet": stack("axial", -60, 60, backwards=True),
    "axial, turned": stack("axial, turned", -60, 60),
    "sagittal": stack("sagittal", -144, 144),
    "sagittal, from the other side": stack("sagittal", -144, 144, backwards=True),
    "sagittal, turned": stack("sagittal, turned", -144, 144),
    "oblique": stack("oblique", -60, 60),
}


def body(positions: np.ndarray) -> np.ndarray:
    """100 in a chest whose skin in front is at y = 0, and in two breasts that reach to y = -55; 0 in the air."""
    x, y, z = np.moveaxis(positions, -1, 0)
    chest = (x / 190) ** 2 + ((y - 120) / 120) ** 2 < 1
    breasts = (np.abs(x) - 80) ** 2 + (y - 15) ** 2 + z**2 < 70**2
    return np.where(chest | breasts, 100.0, 0.0)


class BodyExam:
    """Each of ``passes`` is a tissue, pre first; ``told`` is the stack that headers tell, ``cut`` the one that is."""

    def __init__(self, told: Stack, passes: Sequence[Tissue] = (body,) * 4, cut: Stack | None = None):
        self.stack, self._passes, self._cut, self._seen = told, passes, cut or told, {}
        self.description = SimpleNamespace(header={}, bright=None)

    bright = KeptExam.bright

    def __len__(self) -> int:
        return len(self.stack)

    def picture(self, folder: str, number: int) -> np.ndarray:
        return self.passes(number)[("pre", "1st_pass", "2nd_pass", "3rd_pass").index(folder)]

    def passes(self, number: int) -> np.ndarray:
        if number not in self._seen:
            positions = positions_of(self._cut, number)
            self._seen[number] = np.stack([tissue(positions) for tissue in self._passes]).astype(np.float32)
        return self._seen[number]


def positions_of(of: Stack, number: int) -> np.ndarray:
    """(rows, columns, 3) mm."""
    return of.patient_position(number, *np.mgrid[: of.rows, : of.columns])


def nearest(of: Stack, place: Sequence[float]) -> tuple[int, int, int]:
    """Number of the slice, row and column nearest to ``place`` in mm."""
    far = [np.linalg.norm(positions_of(of, number) - place, axis=-1) for number in range(1, len(of) + 1)]
    index, row, column = np.unravel_index(np.argmin(far), np.shape(far))
    return int(index) + 1, int(row), int(column)


def spot(of: Stack, place: Sequence[float]) -> tuple[int, np.ndarray]:
    """The slice nearest to ``place`` in mm and heat there, which falls to a half 7 mm away."""
    number, row, column = nearest(of, place)
    positions = positions_of(of, number)
    far = np.linalg.norm(positions - positions[row, column], axis=-1)
    return number, np.exp(-(far**2) / (2 * 6.0**2)).astype(np.float32)
