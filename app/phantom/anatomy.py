"""One synthetic patient: her shape, tissues, vessels, nodules and tumours, as functions of patient coordinates."""

from dataclasses import dataclass

import cv2
import numpy as np

from phantom.fields import Field, Plane, soft
from phantom.ranges import BENIGN, BREASTS, LESION, TORSO, VESSEL, draw

# A slice holds tumour when the tumour's cut through it is at least this large.
SMALLEST_CUT_MM2 = 6.0


@dataclass(frozen=True)
class Ellipsoid:
    """``centre`` and ``radii`` in mm along patient axes x, y, z; a radius may be infinite (a cylinder)."""

    centre: np.ndarray
    radii: np.ndarray

    def gauge(self, plane: Plane) -> np.ndarray:
        """0 at the centre, 1 on the surface; shape (rows, columns)."""
        u, v, w = self._scaled(plane)
        return np.sqrt(u * u + v * v + w * w)

    def depth(self, plane: Plane) -> np.ndarray:
        """Distance below the surface in mm, negative outside, exact at the surface and to first order near it."""
        u, v, w = self._scaled(plane)
        gauge = np.sqrt(u * u + v * v + w * w)
        slope = np.sqrt((u / self.radii[0]) ** 2 + (v / self.radii[1]) ** 2 + (w / self.radii[2]) ** 2)
        return gauge * (1 - gauge) / np.maximum(slope, 1e-4)

    def _scaled(self, plane: Plane) -> tuple[np.ndarray, np.ndarray, float]:
        (cx, cy, cz), (rx, ry, rz) = self.centre, self.radii
        u, v = (plane.x() - np.float32(cx)) / np.float32(rx), (plane.y() - np.float32(cy)) / np.float32(ry)
        return u, v, (plane.z - cz) / rz


def window(plane: Plane, centre: np.ndarray, reach: float) -> tuple[tuple[slice, slice], Plane]:
    """The pixels of ``plane`` within ``reach`` mm of ``centre`` in x and y, and the smaller plane they make."""
    columns = sorted((centre[0] + side * reach - plane.x0) / plane.dx for side in (-1, 1))
    rows = sorted((centre[1] + side * reach - plane.y0) / plane.dy for side in (-1, 1))
    left, right = (int(np.clip(edge, 0, plane.columns)) for edge in (columns[0], columns[1] + 2))
    top, bottom = (int(np.clip(edge, 0, plane.rows)) for edge in (rows[0], rows[1] + 2))
    x0, y0 = plane.x0 + left * plane.dx, plane.y0 + top * plane.dy
    return (slice(top, bottom), slice(left, right)), Plane(
        bottom - top, right - left, x0, y0, plane.dx, plane.dy, plane.z
    )


class Nodule:
    """A solid ball with a flattened, rough edge: a tumour when spiculated and patchy, benign when smooth."""

    def __init__(self, rng: np.random.Generator, centre: np.ndarray, table: dict):
        drawn = draw(table, rng)
        self.centre, self.radius = centre, drawn.radius
        self.irregularity = getattr(drawn, "irregularity", 0.04)
        self.spiculation = getattr(drawn, "spiculation", 0.0)
        self.rim = getattr(drawn, "rim", 0.0)
        self.patchiness = getattr(drawn, "patchiness", 0.05)
        axes, _ = np.linalg.qr(rng.standard_normal((3, 3)))
        self.to_unit = axes / (self.radius * np.array([1.0, rng.uniform(drawn.flattening, 1), drawn.flattening]))
        self.reach = 2.2 * self.radius
        box = np.stack([centre - self.reach, centre + self.reach])
        self.rough = Field(rng, max(self.radius / 1.8, 1.5), box)
        self.fine = Field(rng, max(self.radius / 4, 1.0), box)

    def on(self, plane: Plane) -> tuple[np.ndarray, np.ndarray]:
        """Its share of each pixel (0..1) and its uptake there as a multiple of its own, both (rows, columns)."""
        offset = np.stack(np.broadcast_arrays(plane.x(), plane.y(), np.float32(plane.z)), axis=-1) - self.centre
        gauge = np.linalg.norm(offset @ self.to_unit, axis=-1)
        spicules = np.maximum(self.fine.on(plane) - 0.7, 0)
        edge = 1 + self.irregularity * self.rough.on(plane) + self.spiculation * spicules
        share = soft((edge - gauge) * self.radius, max(abs(plane.dx), 1.0))
        uptake = 1 - self.rim * np.exp(-((gauge / 0.55) ** 2)) + self.patchiness * self.fine.on(plane)
        return share, np.maximum(uptake, 0.05)

    def cut_mm2(self, z: float) -> float:
        """Area of its cut at height ``z``, on a grid of its own, so that it depends on no matrix."""
        if abs(z - self.centre[2]) > self.reach:
            return 0.0
        step, side = 0.8, int(2 * self.reach / 0.8) + 1
        grid = Plane(side, side, self.centre[0] - self.reach, self.centre[1] - self.reach, step, step, z)
        return float((self.on(grid)[0] > 0.5).sum() * step * step)


class Vessel:
    """A tube along ``points`` (n, 3) mm of one ``radius`` mm."""

    def __init__(self, points: np.ndarray, radius: float):
        self.points, self.radius = points, radius

    @classmethod
    def wandering(cls, rng: np.random.Generator, start: np.ndarray) -> "Vessel":
        drawn = draw(VESSEL, rng)
        steps = int(drawn.length)
        heading = rng.standard_normal(3) * [1, 1, 0.7]
        turns = np.cumsum(rng.standard_normal((steps, 3)), axis=0) * drawn.bend
        directions = heading / np.linalg.norm(heading) + 0.3 * turns
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return cls(start + np.cumsum(directions, axis=0), drawn.radius)

    def draw_on(self, canvas: np.ndarray, plane: Plane, thickness: float) -> None:
        """Adds its share of each pixel to the uint8 ``canvas`` (255 is a whole pixel)."""
        off = np.abs(self.points[:, 2] - plane.z)
        half = self.radius + thickness / 2
        here = off < half
        if not here.any():
            return
        share = np.minimum(1, 2 * self.radius / abs(plane.dx)) * np.sqrt(1 - (off / half).clip(0, 1) ** 2)
        at = np.stack([(self.points[:, 0] - plane.x0) / plane.dx, (self.points[:, 1] - plane.y0) / plane.dy], axis=1)
        fixed = np.round(at * 16).astype(int)
        width = max(1, round(2 * self.radius / abs(plane.dx)))
        for i in np.flatnonzero(here[1:]):
            cv2.line(canvas, fixed[i], fixed[i + 1], int(255 * share[i + 1]), width, cv2.LINE_AA, shift=4)


class Patient:
    """A body drawn from ``rng`` with ``tumours`` tumours (0 or more)."""

    def __init__(self, rng: np.random.Generator, tumours: int):
        self.layers = draw(TORSO, rng)
        self.drawn = draw(BREASTS, rng)
        self.torso = Ellipsoid(
            np.array([0, self.layers.half_depth, 0]),
            np.array([self.layers.half_width, self.layers.half_depth, np.inf]),
        )
        self.breasts = [self._breast(side, rng) for side in (-1, 1)]
        self.gland_fields = Field(rng, self.drawn.gland_length), Field(rng, 3.5)
        self._draw_chest(rng)
        self._draw_vessels(rng)
        self.lesions = [Nodule(rng, self._place(rng), LESION) for _ in range(tumours)]
        self.benign = [Nodule(rng, self._place(rng, self.lesions), BENIGN) for _ in range(rng.integers(0, 4))]

    def body_depth(self, plane: Plane) -> np.ndarray:
        """Distance below the skin in mm, negative in air."""
        return np.maximum.reduce([self.torso.depth(plane), *(breast.depth(plane) for breast in self.breasts)])

    def gland_share(self, plane: Plane, body: np.ndarray) -> np.ndarray:
        """Share of fibroglandular tissue in each pixel, 0..1; ``body`` is ``body_depth(plane)``."""
        inner = np.minimum.reduce([breast.gauge(plane) for breast in self.breasts])
        coarse, fine = (field.on(plane) for field in self.gland_fields)
        level = self.drawn.density + 1.0 - 2.3 * inner**2 + 0.75 * coarse + 0.35 * fine
        return soft(level, 0.9) * soft(body - self.layers.skin - 3, 4) * soft(1 - inner, 0.1)

    def vessel_share(self, plane: Plane, thickness: float) -> np.ndarray:
        canvas = np.zeros((plane.rows, plane.columns), np.uint8)
        for vessel in self.vessels:
            vessel.draw_on(canvas, plane, thickness)
        return canvas.astype(np.float32) / 255

    def _breast(self, side: int, rng: np.random.Generator) -> Ellipsoid:
        drawn = self.drawn
        size = 1 + side * drawn.asymmetry
        x = side * drawn.lateral
        front = self.layers.half_depth * (1 - np.sqrt(1 - (x / self.layers.half_width) ** 2))
        centre = np.array([x, front + 10, rng.uniform(-6, 6)])
        return Ellipsoid(centre, np.array([drawn.half_width, drawn.projection + 10, drawn.half_height]) * size)

    def _draw_chest(self, rng: np.random.Generator) -> None:
        inside = self.layers.fat + self.layers.muscle + self.layers.wall
        self.cavity_depth = inside
        self.heart = Ellipsoid(
            np.array([rng.uniform(10, 35), inside + rng.uniform(35, 50), rng.uniform(-40, 10)]),
            np.array([rng.uniform(45, 62), rng.uniform(34, 46), rng.uniform(45, 65)]),
        )
        self.aorta = Ellipsoid(
            np.array([rng.uniform(10, 25), self.layers.half_depth * 1.45, 0]), np.array([12, 12, np.inf])
        )

    def _draw_vessels(self, rng: np.random.Generator) -> None:
        self.vessels = [Vessel.wandering(rng, self._place(rng)) for _ in range(rng.integers(6, 18))]
        for side in (-1, 1):  # the internal mammary vessels, end-on beside the breastbone
            x, y = side * rng.uniform(12, 20), self.layers.fat + self.layers.muscle + rng.uniform(0, 6)
            line = np.array([[x, y, z] for z in range(-150, 151)], dtype=float)
            self.vessels.append(Vessel(line, rng.uniform(1.2, 2.0)))

    def _place(self, rng: np.random.Generator, apart_from: tuple | list = ()) -> np.ndarray:
        """A point in either breast, in front of the muscle, at least 20 mm from the nodules given."""
        while True:
            breast = self.breasts[rng.integers(2)]
            direction = rng.standard_normal(3)
            direction[1] = -abs(direction[1])
            reach = 0.85 * rng.uniform(0.05, 1) ** (1 / 3)
            point = breast.centre + breast.radii * reach * direction / np.linalg.norm(direction)
            here = Plane(1, 1, point[0], point[1], 1, 1, point[2])
            if self.torso.depth(here)[0, 0] > self.layers.fat - 3:
                continue
            if all(np.linalg.norm(point - other.centre) > 20 for other in apart_from):
                return point
