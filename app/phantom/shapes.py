"""Shapes in patient coordinates and the parts of a plane that they touch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from phantom.fields import Plane


@dataclass(frozen=True)
class Ellipsoid:
    """``centre`` and ``radii`` in mm along patient axes x, y, z; a radius may be infinite (a cylinder)."""

    centre: np.ndarray
    radii: np.ndarray

    def depth(self, plane: Plane) -> np.ndarray:
        """Distance below the surface in mm, negative outside, exact at the surface and to first order near it."""
        u, v, w = self._scaled(plane)
        gauge = np.sqrt(u * u + v * v + np.float32(w * w))
        squares = (u / np.float32(self.radii[0])) ** 2 + (v / np.float32(self.radii[1])) ** 2
        slope = np.sqrt(squares + np.float32((w / self.radii[2]) ** 2))
        return gauge * (1 - gauge) / np.maximum(slope, np.float32(1e-4))

    def misses(self, z: float) -> bool:
        """The plane at height ``z`` does not come near it."""
        return abs(z - self.centre[2]) > self.radii[2] + 3

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
    small = Plane(bottom - top, right - left, x0, y0, plane.dx, plane.dy, plane.z)
    return (slice(top, bottom), slice(left, right)), small


def offsets(plane: Plane, centre: np.ndarray) -> np.ndarray:
    """From ``centre`` to each pixel, mm, (rows, columns, 3) float32."""
    at = np.empty((plane.rows, plane.columns, 3), np.float32)
    at[..., 0], at[..., 1], at[..., 2] = plane.x(), plane.y(), plane.z
    return at - centre.astype(np.float32)


def at_height(plane: Plane, z: float) -> Plane:
    return Plane(plane.rows, plane.columns, plane.x0, plane.y0, plane.dx, plane.dy, z)


def through(plane: Plane, thickness: float, look: Callable[[Plane], np.ndarray]) -> np.ndarray:
    """What ``look`` sees, averaged over the ``thickness`` in mm of a slice around ``plane``: partial volume."""
    return sum(look(at_height(plane, plane.z + part * thickness / 3)) for part in (-1, 0, 1)) / np.float32(3)


def smooth_maximum(one: np.ndarray, other: np.ndarray, fillet: float) -> np.ndarray:
    """The larger of two depths in mm, rounded where they are within ``fillet`` mm of each other."""
    near = np.maximum(np.float32(fillet) - np.abs(one - other), 0)
    return np.maximum(one, other) + near * near / np.float32(4 * fillet)
