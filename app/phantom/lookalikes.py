"""What is not tumour and may look like it: cysts, fibroadenomas, lymph nodes."""

import numpy as np

from phantom.fields import Plane, soft
from phantom.lesions import Mass
from phantom.shapes import offsets


class Node(Mass):
    """A lymph node: smooth, oval, with a notch of fat where its vessels enter."""

    def __init__(self, rng: np.random.Generator, centre: np.ndarray, diameter: float, hilum: float):
        super().__init__(rng, centre, diameter, "node", malignant=False)
        away = rng.standard_normal(3)
        self.notch = centre + 0.45 * self.radius * away / np.linalg.norm(away)
        self.notch_radius = hilum * self.radius

    def on(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        share, uptake = super().on(plane)
        notch = self.notch_radius - np.linalg.norm(offsets(plane, self.notch), axis=-1)
        return share * (1 - soft(notch, max(abs(plane.dx), 1.0))), uptake


def lookalike(rng: np.random.Generator, kind: str, centre: np.ndarray, diameter: float, hilum: float) -> Mass:
    """A ``cyst``, ``fibroadenoma`` or ``node``; ``hilum`` is the share of a node's radius that is fat."""
    if kind == "node":
        return Node(rng, centre, diameter, hilum)
    return Mass(rng, centre, diameter, kind, malignant=False)
