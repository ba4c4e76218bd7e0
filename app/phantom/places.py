"""Where in the breasts something can lie: in front of the muscle, under the skin, apart from what is there."""

from collections.abc import Callable

import numpy as np

from phantom.breasts import Breast
from phantom.fields import Plane

TRIES = 150
GAP = 4.0  # mm between two nodules
SMALLEST = 4.0  # mm, diameter of the smallest nodule


class Places:
    """``depths`` tells for a point how deep it lies below the skin and how far in front of the muscle, both in mm."""

    def __init__(self, breasts: list[Breast], depths: Callable[[Plane], tuple[float, float]]):
        self.breasts, self.depths = breasts, depths
        self.taken: list[tuple[np.ndarray, float]] = []

    def fitting(self, diameter: float) -> float:
        """``diameter``, or what fits into the breasts of this patient."""
        return max(SMALLEST, min(diameter, 1.2 * min(breast.projection for breast in self.breasts)))

    def take(self, rng: np.random.Generator, radius: float, where: str = "anywhere") -> tuple[np.ndarray, np.ndarray]:
        """A point for a nodule of ``radius``, which is kept free from now on, and the nipple of its breast.

        Of ``TRIES`` points the first that fits, else the one that fits best.
        """
        best = (np.inf, None, None)
        for _ in range(TRIES):
            breast = self.breasts[rng.integers(2)]
            point = _inside(rng, breast)
            misfit = self.misfit(point, radius) + self._besides(point, radius, where, breast)
            if misfit < best[0]:
                best = (misfit, point, breast.nipple_point)
            if misfit <= 0:
                break
        self.keep(best[1], radius)
        return best[1:]

    def keep(self, point: np.ndarray, radius: float) -> None:
        self.taken.append((point, radius))

    def misfit(self, point: np.ndarray, radius: float) -> float:
        """By how many mm a nodule of ``radius`` would stand out of the breast or into another; 0 when it fits."""
        skin, muscle = self.depths_at(point)
        missing = max(0.7 * radius + 2 - skin, 0) + max(0.5 * radius + 1 - muscle, 0)
        gaps = [np.linalg.norm(point - other) - radius - size - GAP for other, size in self.taken]
        return missing + max(0.0, -min(gaps, default=0.0))

    def _besides(self, point: np.ndarray, radius: float, where: str, breast: Breast) -> float:
        """By how many mm the nodule misses what it shall lie next to."""
        skin, muscle = self.depths_at(point)
        if where == "skin":
            return max(skin - 1.1 * radius - 5, 0)
        if where == "chest wall":
            return max(muscle - 0.9 * radius - 5, 0)
        if where == "nipple":
            return max(np.linalg.norm(point - breast.nipple_point) - radius - 16, 0)
        return 0.0

    def depths_at(self, point: np.ndarray) -> tuple[float, float]:
        return self.depths(Plane(1, 1, float(point[0]), float(point[1]), 1, 1, float(point[2])))


def _inside(rng: np.random.Generator, breast: Breast) -> np.ndarray:
    way = rng.standard_normal(3)
    x, y, z = way / np.linalg.norm(way) * rng.uniform(0.05, 1) ** (1 / 3) * 0.95
    return np.array(
        [
            breast.tip + x * breast.widths[int(x > 0)],
            breast.base - abs(y) * breast.projection,
            breast.height + z * breast.heights[int(z > 0)],
        ]
    )
