"""Masses and non-mass tumours: which share of a pixel they fill and how much contrast they take up there."""

from types import SimpleNamespace

import numpy as np

from phantom.fields import Field, Plane, soft
from phantom.ranges import SHAPES, draw
from phantom.shapes import offsets


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
        self.roughness = drawn.irregularity if malignant else drawn.smoothness
        if kind == "round":
            self.roughness *= 0.3
        self.patchiness = drawn.patchiness if malignant else drawn.evenness
        self.rim = drawn.rim if kind == "rim" else drawn.some_rim if malignant else 0.0
        self.core_size = drawn.core
        self._draw_spicules(rng, drawn, malignant)
        longest = self.radius * (1 + 3 * self.roughness)
        self.reach = max(longest, *self.ends) + 2
        box = np.stack([centre - self.reach, centre + self.reach])
        self.rough = Field(rng, max(self.radius / 1.6, 1.5), box)
        self.fine = Field(rng, max(self.radius / 4, 1.0), box)

    def _draw_spicules(self, rng: np.random.Generator, drawn: SimpleNamespace, malignant: bool) -> None:
        count = int(drawn.spicules if self.kind == "spiculated" else drawn.few_spicules) if malignant else 0
        ways = rng.standard_normal((3, count))
        self.ways = (ways / np.linalg.norm(ways, axis=0)).astype(np.float32)
        # short ones on a large tumour: its strands are seldom longer than 15 mm
        beyond = np.minimum(drawn.spicule_length * self.radius, 15) * rng.uniform(0.4, 1, count)
        self.ends = np.concatenate([[self.radius], self.radius + beyond]).astype(np.float32)
        self.width = drawn.spicule_width

    def core(self, plane: Plane) -> np.ndarray:
        """Its share of each pixel without its spicules, 0..1: what the truth counts."""
        return self._core(self._gauge(plane), plane)

    def on(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """Its share of each pixel (0..1) and its uptake there as a multiple of its own, both (rows, columns)."""
        gauge = self._gauge(plane)
        share = np.maximum(self._core(gauge, plane), self._spicules(plane))
        uptake = 1 - self.rim * np.exp(-((gauge / self.core_size) ** 4)) + self.patchiness * self.fine.on(plane)
        return share, np.maximum(uptake, 0.03)

    def _gauge(self, plane: Plane) -> np.ndarray:
        return np.linalg.norm(offsets(plane, self.centre) @ self.to_unit, axis=-1)

    def _core(self, gauge: np.ndarray, plane: Plane) -> np.ndarray:
        edge = 1 + self.roughness * (self.rough.on(plane) + 0.25 * self.fine.on(plane))
        return soft((edge - gauge) * self.radius, max(abs(plane.dx), 1.0))

    def _spicules(self, plane: Plane) -> np.ndarray:
        if not self.ways.size:
            return np.float32(0)
        offset = offsets(plane, self.centre)
        along = offset @ self.ways
        aside = np.sqrt(np.maximum((offset**2).sum(axis=-1, keepdims=True) - along**2, 0))
        width = self.width * (1.15 - along / self.ends[1:])
        strands = soft(width - aside, max(abs(plane.dx), 0.8)) * (along > 0.3 * self.radius) * (along < self.ends[1:])
        return strands.max(axis=-1)


class NonMass:
    """Clumps of tumour scattered through a part of the gland that points to the nipple."""

    kind = "non-mass"

    def __init__(self, rng: np.random.Generator, centre: np.ndarray, diameter: float, toward: np.ndarray):
        drawn = draw(SHAPES, rng)
        self.centre, self.diameter, self.radius = centre, diameter, diameter / 2
        thin = max(0.75 * drawn.flattening, 3.5 / self.radius)
        self.to_unit = _turned(rng, self.radius * np.array([1.0, min(1.2 * thin, 1), thin]), toward)
        self.reach = 1.25 * self.radius + 2
        box = np.stack([centre - self.reach, centre + self.reach])
        self.clumps, self.rough = Field(rng, drawn.clump, box), Field(rng, max(self.radius / 2, 3), box)
        self.filling, self.patchiness = drawn.filling, drawn.patchiness

    def core(self, plane: Plane) -> np.ndarray:
        return self.on(plane)[0]

    def on(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """As ``Mass.on``."""
        gauge = np.linalg.norm(offsets(plane, self.centre) @ self.to_unit, axis=-1)
        clumps = self.clumps.on(plane)
        inside = soft((1 + 0.2 * self.rough.on(plane) - gauge) * self.radius, 3)
        return inside * soft(clumps + self.filling, 0.8), np.maximum(1 + self.patchiness * clumps, 0.2)
