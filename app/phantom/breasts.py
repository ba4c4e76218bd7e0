"""Two breasts: their surfaces over the chest, gland, Cooper's ligaments and nipples."""

from types import SimpleNamespace

import numpy as np

from phantom.canvas import Canvas, View
from phantom.fields import Field, Plane, soft
from phantom.ranges import BREASTS, draw
from phantom.shapes import Ellipsoid, smooth_maximum, window
from phantom.tissues import Tissue

# How deep a breast is rooted in the chest, mm: below the skin of the chest, above the muscle.
ROOT = 9.0
BESIDE = 100.0  # mm by which the surface falls behind the chest when it leaves the breast by its half width


class Breast:
    """One breast, ``side`` -1 the patient's right, 1 her left: a hill over the chest."""

    def __init__(self, side: int, drawn: SimpleNamespace, chest: Ellipsoid, height: float):
        self.chest, half_width = chest, chest.radii[0]
        size = 1 + side * drawn.asymmetry
        self.tip, self.height = side * drawn.lateral * half_width, height
        self.base = float(self._root(np.array(self.tip)))
        self.projection = (drawn.projection + ROOT) * size
        to_flank = half_width * (1 - drawn.lateral)
        self.widths = np.array([drawn.medial_width * size, drawn.lateral_width * to_flank])[::side]
        self.heights = np.array([drawn.lower_height, drawn.upper_height]) * size
        self.roundness, self.taper = drawn.roundness, drawn.taper
        self.density = drawn.density + side * drawn.density_difference / 2
        self.nipple_point = np.array([self.tip, self.base - self.projection, height])
        self.nipple = Ellipsoid(self.nipple_point, np.array([drawn.nipple, drawn.nipple_height + 1, drawn.nipple]))

    def surface(self, x: np.ndarray, z: float) -> np.ndarray:
        """y of the skin at ``x`` and ``z``, mm; behind the chest's own surface away from the breast."""
        level = 1 - self._radius(x, z) ** self.roundness
        hill = np.where(level > 0, self.projection * np.maximum(level, 0) ** self.taper, BESIDE * level)
        return self._root(x) - hill

    def depth(self, plane: Plane) -> np.ndarray:
        """Distance below the skin in mm, to first order."""
        x = plane.x().astype(np.float64)
        y = self.surface(x, plane.z)
        slope_x = self.surface(x + 0.5, plane.z) - self.surface(x - 0.5, plane.z)
        slope_z = self.surface(x, plane.z + 0.5) - self.surface(x, plane.z - 0.5)
        steepness = np.sqrt(1 + np.minimum(slope_x**2 + slope_z**2, 25.0))
        depth = (plane.y() - y.astype(np.float32)) / steepness.astype(np.float32)
        # what lies under this surface beside the breast and deep in the chest is no breast
        beside = (1.3 - self._radius(x, plane.z)) * self.widths.mean()
        return np.minimum(np.minimum(depth, beside.astype(np.float32)), self._deepest(x) - plane.y())

    def _deepest(self, x: np.ndarray) -> np.ndarray:
        return (self._root(x) + 25).astype(np.float32)

    def gauge(self, plane: Plane) -> np.ndarray:
        """0 in the middle of its root, 1 on an ellipsoid through the nipple and the edges of the breast."""
        across = self._radius(plane.x().astype(np.float64), plane.z).astype(np.float32)
        along = (plane.y() - np.float32(self.base)) / np.float32(self.projection)
        along = np.where(along > 0, along * np.float32(self.projection / 14), along)
        return np.sqrt(across * across + along * along)

    def _root(self, x: np.ndarray) -> np.ndarray:
        """y in mm on which the breast stands: it follows the chest towards the flank."""
        half_width, half_depth = self.chest.radii[:2]
        return half_depth * (1 - np.sqrt(1 - np.minimum(np.abs(x) / half_width, 0.98) ** 2)) + ROOT

    def _radius(self, x: np.ndarray, z: float) -> np.ndarray:
        """Distance from the axis through the nipple, 1 at the edge of the breast."""
        width = np.where(x < self.tip, self.widths[0], self.widths[1])
        return np.hypot((x - self.tip) / width, (z - self.height) / self.heights[int(z > self.height)])


class Breasts:
    """Both breasts of a patient on a chest whose surface is ``chest``."""

    def __init__(self, rng: np.random.Generator, chest: Ellipsoid):
        self.drawn = drawn = draw(BREASTS, rng)
        self.both = [Breast(side, drawn, chest, rng.uniform(-6, 6)) for side in (-1, 1)]
        length, stretch = drawn.gland_length, drawn.gland_stretch
        self.coarse = Field(rng, (length, length * stretch, length))
        self.fine = Field(rng, (3.2, 3.2 * stretch, 3.2))
        self.sheets = Field(rng, (drawn.ligament_length, drawn.ligament_length * 1.4, drawn.ligament_length))

    def body_depth(self, plane: Plane, chest: np.ndarray) -> np.ndarray:
        """mm below the skin, given the depth below that of the ``chest``."""
        body = chest
        for breast in self.both:
            body = smooth_maximum(body, breast.depth(plane), self.drawn.fillet)
            if not breast.nipple.misses(plane.z):
                at, near = window(plane, breast.nipple.centre, 15)
                body[at] = smooth_maximum(body[at], breast.nipple.depth(near), 2.0)
        return body

    def paint(self, canvas: Canvas, view: View, tissues: dict[str, Tissue], uptake: np.ndarray, behind: float) -> None:
        """Gland and ligaments, as far as ``behind`` mm below the chest's surface; ``uptake`` as of ``Canvas.cover``."""
        ahead = soft(np.float32(behind) - view.chest, 4)
        cover = soft(view.body - np.float32(self.drawn.cover), 5) * ahead
        fine = self.fine.on(view.plane)
        sheet = self.sheets.on(view.plane) + 0.25 * fine
        thin = np.float32(self.drawn.ligament_width * 1.4)
        ligaments = np.exp(-((sheet / thin) ** 2)) * soft(view.body - 2, 2) * ahead * self.drawn.ligament_strength
        canvas.cover(ligaments, tissues["gland"], uptake=0.5)
        canvas.cover(self._gland(view.plane, fine) * cover, tissues["gland"], uptake=uptake)

    def _gland(self, plane: Plane, fine: np.ndarray) -> np.ndarray:
        coarse = self.coarse.on(plane)
        texture = 0.75 * coarse + np.float32(self.drawn.gland_roughness) * fine
        share = np.zeros_like(coarse)
        for breast in self.both:
            gauge = breast.gauge(plane)
            level = texture + np.float32(breast.density + 1) - np.float32(2.3) * gauge * gauge
            share = np.maximum(share, soft(level, 0.9 / self.drawn.gland_contrast) * soft(1 - gauge, 0.1))
        return share
