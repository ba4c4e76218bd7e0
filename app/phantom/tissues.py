"""Tissues as the scanner sees them: brightness before contrast and uptake at the time of each pass."""

from dataclasses import dataclass

import numpy as np

from phantom.physics import shortened, spoiled_gradient_echo, tissue_concentration
from phantom.ranges import SEQUENCE, TISSUES, draw

# A curve that changes by more than this share from the first to the last pass rises on, or washes out
# (Kuhl et al., Radiology 1999;211:101: within 10 % it is a plateau).
PLATEAU = 0.1


@dataclass(frozen=True)
class Tissue:
    """``before``: signal before contrast, 1 for gland-like tissue; ``uptake`` (4,): signal in pre and the passes is
    before x (1 + uptake), so uptake[0] is 0."""

    before: float
    uptake: np.ndarray

    @property
    def kinetics(self) -> str:
        """What the curve does between the first and the last pass."""
        change = (1 + self.uptake[3]) / (1 + self.uptake[1]) - 1
        return "persistent" if change > PLATEAU else "wash-out" if change < -PLATEAU else "plateau"


class Sequence:
    """The sequence of one exam and when its passes are measured."""

    def __init__(self, rng: np.random.Generator):
        self.drawn = draw(SEQUENCE, rng)
        #: seconds after the injection in the middle of pre and each pass
        self.times = [-60.0, *(self.drawn.first + k * self.drawn.interval for k in range(3))]
        self.lengthening = self.drawn.t1_at_3t if self.drawn.field_strength == "3.0" else 1.0
        self.reference = self._echo(1200.0)

    def tissue(self, name: str, rng: np.random.Generator) -> Tissue:
        """The tissue ``name`` of ``TISSUES`` drawn anew."""
        drawn = draw(TISSUES[name], rng)
        t1 = drawn.t1 * self.lengthening
        minutes = np.maximum(np.array(self.times) - self.drawn.arrival, 0) / 60
        agent = self.drawn.dose * tissue_concentration(drawn.ktrans, drawn.ve, drawn.vp, minutes)
        echo = self._echo(shortened(t1, agent, self.drawn.relaxivity))
        return Tissue(drawn.density * float(echo[0]) / self.reference, (echo / echo[0] - 1).astype(np.float32))

    def _echo(self, t1):
        return spoiled_gradient_echo(t1, self.drawn.repetition_time, self.drawn.flip_angle)
