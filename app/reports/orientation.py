"""Which side of the patient each edge of a picture shows, from geometry alone."""

from dataclasses import dataclass

import numpy as np

from imaging.geometry import Vector

# At the low and the high end of each patient axis: right and left, front and back, feet and head (DICOM PS3.3
# C.7.6.1.1.1 and C.7.6.2.1.1).
LETTERS = (("R", "L"), ("A", "P"), ("F", "H"))
# An edge that is turned by more than 15 degrees towards a further side names that, too.
TURNED = np.sin(np.radians(15))


@dataclass(frozen=True)
class Edges:
    """Letters of the sides towards which the edges of a picture lie, the nearest side first."""

    left: str
    right: str
    top: str
    bottom: str


def edges(image_orientation: Vector) -> Edges:
    """Of a picture as it is stored, whose columns run to the right and rows downwards."""
    rightwards, downwards = np.reshape(image_orientation, (2, 3))
    return Edges(letters(-rightwards), letters(rightwards), letters(-downwards), letters(downwards))


def letters(direction: np.ndarray) -> str:
    """``L``, or ``LP`` for a slanting one; ``direction`` (3,) is a unit vector in patient coordinates."""
    order = np.argsort(-np.abs(direction), kind="stable")
    return "".join(LETTERS[axis][int(direction[axis] > 0)] for axis in order if abs(direction[axis]) > TURNED)
