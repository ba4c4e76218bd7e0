"""Masses and non-mass tumours: which share of a pixel they fill and how much contrast they take up there."""

import numpy as np

from phantom.fields import Plane, Waves, soft
from phantom.ranges import SHAPES, draw
from phantom.shapes import offsets

LONGEST_SPICULE = 8.0  # mm for each unit of the noise that makes them, also on a large tumour
SPIKES_ABOVE = 0.5  # where that noise exceeds this there is a spicule


def _turned(rng: np.random.Generator, radii: np.ndarray, toward: np.ndarray | None = None) -> np.ndarray:
    """Turns offsets into units of ``radii`` along axes drawn at random, the first of them ``toward`` where given."""
    start = rng.standard_normal((3, 3))
    if toward is not None:
        start[:, 0] = toward
    return (np.linalg.qr(start)[0] / radii).astype(np.float32)


class Mass:
    """A solid ball with a flattened edge: rough and with spicules when ``malignant``, else smooth and even."""

    def __init__(self, rng: np.random.Generator, centre: np.ndarray, diameter: float, kind: str, malignant=True):
        drawn = draw(SHAPES, rng)
        self.kind, self.centre, self.diameter, self.radius = kind, centre, diameter, diameter / 2
        middle = rng.uniform(drawn.flattening, 1)
        self.to_unit = _turned(rng, self.radius * np.array([1.0, middle, drawn.flattening]))
        edge = drawn.round_irregularity if kind == "round" else drawn.irregularity
        self.roughness = edge if malignant else drawn.smoothness
        self.patchiness = drawn.patchiness if malignant else drawn.evenness
        self.rim = drawn.rim if kind == "rim" else drawn.some_rim if malignant else 0.0
        self.core_size = drawn.core
        spicules = drawn.spicules if kind == "spiculated" else drawn.some_spicules
        self.spicules = min(spicules, LONGEST_SPICULE / self.radius) if malignant and kind != "round" else 0.0
        self.reach = self.radius * (1 + 3 * self.roughness + 2 * self.spicules) + 2
        self.rough, self.fine = Waves(rng, max(self.radius / 1.4, 2.0)), Waves(rng, max(self.radius / 4, 1.2))
        self.spikes = Waves(rng, drawn.spicule_angle)

    def share(self, plane: Plane) -> np.ndarray:
        """Its share of each pixel, spicules included, 0..1 (rows, columns): what the truth counts."""
        return self.on(plane)[0]

    def on(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """Its share of each pixel (0..1) and its uptake there as a multiple of its own, both (rows, columns)."""
        offset = offsets(plane, self.centre)
        gauge = np.linalg.norm(offset @ self.to_unit, axis=-1)
        edge = 1 + self.roughness * (self.rough.at(offset) + 0.25 * self.fine.at(offset)) + self._spicules(offset)
        share = soft((edge - gauge) * self.radius, max(abs(plane.dx), 1.0))
        uptake = 1 - self.rim * np.exp(-((gauge / self.core_size) ** 4)) + self.patchiness * self.fine.at(offset)
        return share, np.maximum(uptake, 0.03)

    def _spicules(self, offset: np.ndarray) -> np.ndarray | float:
        """How far they reach beyond the edge: spikes that depend on the direction alone and so taper outwards."""
        if not self.spicules:
            return 0.0
        direction = offset / np.maximum(np.linalg.norm(offset, axis=-1, keepdims=True), np.float32(0.1))
        return self.spicules * np.clip(self.spikes.at(direction) - SPIKES_ABOVE, 0, 1.8) ** 1.5


class NonMass:
    """Clumps of tumour scattered through a part of the gland that points to the nipple."""

    kind = "non-mass"

    def __init__(self, rng: np.random.Generator, centre: np.ndarray, diameter: float, toward: np.ndarray):
        drawn = draw(SHAPES, rng)
        self.centre, self.diameter, self.radius = centre, diameter, diameter / 2
        thin = max(0.75 * drawn.flattening, 3.5 / self.radius)
        self.to_unit = _turned(rng, self.radius * np.array([1.0, min(1.2 * thin, 1), thin]), toward)
        self.reach = 1.25 * self.radius + 2
        self.clumps, self.rough = Waves(rng, drawn.clump), Waves(rng, max(self.radius / 2, 3))
        self.filling, self.patchiness = drawn.filling, drawn.patchiness

    def share(self, plane: Plane) -> np.ndarray:
        """As ``Mass.share``."""
        return self.on(plane)[0]

    def on(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """As ``Mass.on``."""
        offset = offsets(plane, self.centre)
        gauge = np.linalg.norm(offset @ self.to_unit, axis=-1)
        clumps = self.clumps.at(offset)
        inside = soft((1 + 0.2 * self.rough.at(offset) - gauge) * self.radius, 3)
        return inside * soft(clumps + self.filling, 0.8), np.maximum(1 + self.patchiness * clumps, 0.2)
