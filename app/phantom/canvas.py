"""What is painted on one slice: four passes at once, each tissue over what is already there."""

from dataclasses import dataclass

import numpy as np

from phantom.fields import Plane
from phantom.tissues import Tissue


@dataclass(frozen=True)
class View:
    """One slice through a patient. ``body`` and ``chest`` (rows, columns): mm below the skin, and below the surface the
    chest would have without breasts; negative outside. ``thickness`` in mm."""

    plane: Plane
    body: np.ndarray
    chest: np.ndarray
    thickness: float

    @property
    def edge(self) -> float:
        """Width in mm over which a sharp edge is spread: one pixel."""
        return abs(self.plane.dx)


class Canvas:
    """``image`` (4, rows, columns) float32: signal of pre and the passes, 1 for gland-like tissue before contrast."""

    def __init__(self, plane: Plane):
        self.image = np.zeros((4, plane.rows, plane.columns), np.float32)

    def cover(self, share, tissue: Tissue, brightness=1.0, uptake=1.0, at=(slice(None), slice(None))) -> None:
        """Covers ``share`` (0..1) of each pixel of the part ``at`` with ``tissue``; the rest keeps what was there.

        ``brightness`` and ``uptake`` multiply those of the tissue, a number or one for each pixel.
        """
        before, kept = share * (np.float32(tissue.before) * brightness), 1 - share
        gain = before * uptake
        for k, rise in enumerate(tissue.uptake):
            part = self.image[k][at]
            part *= kept
            part += before
            if rise:
                part += rise * gain
