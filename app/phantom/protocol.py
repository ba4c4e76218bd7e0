"""How the scanner cuts the patient, and the whole exam of a seed: patient and protocol drawn from all ranges."""

from dataclasses import dataclass

import numpy as np

from phantom.fields import Plane
from phantom.ranges import SCANS, draw

# Rows and columns that a vendor's scanner stores.
MATRICES = {"SIEMENS": 448, "GE": 512}


@dataclass(frozen=True)
class Protocol:
    """``breasts_up``: the breasts point to the top of the picture (image rows run to the patient's back), else the
    picture is turned by half a circle. ``vendor``: a key of ``MATRICES``. ``one_series``: all passes are filed in one
    dynamic series, else each in its own. ``front`` and ``aside`` in mm: y of the picture's edge before the breasts, and
    x of its middle."""

    rows: int
    columns: int
    slices: int
    field_of_view: float = 340.0
    coverage: float = 130.0
    breasts_up: bool = True
    thickness: float = 2.0
    vendor: str = "SIEMENS"
    one_series: bool = False
    front: float = -115.0
    aside: float = 0.0

    @property
    def pixel_spacing(self) -> float:
        return self.field_of_view / self.rows

    @property
    def slice_spacing(self) -> float:
        return self.coverage / self.slices

    @property
    def slice_thickness(self) -> float:
        """mm; slices never overlap."""
        return min(self.thickness, self.slice_spacing)

    def plane(self, index: int) -> Plane:
        """Slice ``index``, from 0 at the feet."""
        sign = 1 if self.breasts_up else -1
        step = sign * self.pixel_spacing
        middle = self.front + self.field_of_view / 2
        return Plane(
            self.rows,
            self.columns,
            self.aside - step * (self.columns - 1) / 2,
            middle - step * (self.rows - 1) / 2,
            step,
            step,
            (index - (self.slices - 1) / 2) * self.slice_spacing,
        )


#: Of an exam of which no more is asked.
PLAIN = Protocol(rows=256, columns=256, slices=48)


def drawn_protocol(seed: int, whole: bool = False) -> Protocol:
    """The protocol of ``seed``, drawn from ``SCANS``; ``whole`` keeps the matrix of the scanner, else it is small."""
    drawn = draw(SCANS, np.random.default_rng([22, seed]))
    matrix = MATRICES[drawn.vendor] if drawn.matrix == "own" else int(drawn.matrix)
    size = matrix if whole else int(drawn.size)
    return Protocol(
        size,
        size,
        int(drawn.slices),
        drawn.field_of_view,
        drawn.coverage,
        drawn.breasts_up == "up",
        drawn.thickness,
        drawn.vendor,
        drawn.series == "one dynamic series",
        drawn.front,
        drawn.aside,
    )
