"""Vessels: tubes along points, drawn on slices with the partial volume of their calibre."""

from collections.abc import Callable

import cv2
import numpy as np

from phantom.fields import Plane
from phantom.ranges import VESSELS, draw

# Vessels are drawn on a canvas so many times finer than the slice: most are about as thin as a pixel.
FINER = 2


class Vessels:
    """Tubes, each points (n, 3) mm with a radius in mm at each point; all their pieces are kept in one array."""

    def __init__(self, tubes: list[tuple[np.ndarray, np.ndarray]]):
        self.starts = np.concatenate([points[:-1] for points, _ in tubes])
        self.ends = np.concatenate([points[1:] for points, _ in tubes])
        self.radii = np.concatenate([radii[1:] for _, radii in tubes])

    def share(self, plane: Plane, thickness: float) -> np.ndarray:
        """Share of each pixel, 0..1, (rows, columns)."""
        canvas = np.zeros((FINER * plane.rows, FINER * plane.columns), np.uint8)
        low, high = np.minimum(self.starts[:, 2], self.ends[:, 2]), np.maximum(self.starts[:, 2], self.ends[:, 2])
        off = np.maximum(np.maximum(low - plane.z, plane.z - high), 0)
        half = self.radii + thickness / 2
        here = np.flatnonzero(off < half)
        round_cut = np.sqrt(1 - (off[here] / half[here]) ** 2)
        pixel = abs(plane.dx) / FINER
        share = 255 * np.minimum(1, 2 * self.radii[here] / max(pixel, thickness)) * round_cut
        across = 2 * self.radii[here] * round_cut / pixel
        places = [self._pixels(points[here], plane) for points in (self.starts, self.ends)]
        for start, end, value, width in zip(*places, share, across, strict=True):
            cv2.line(canvas, start, end, int(value), max(1, int(width)), cv2.LINE_AA, shift=4)
            if width > 2:  # a round end, and all there is of a vessel seen end-on
                cv2.circle(canvas, end, int(8 * width), int(value), cv2.FILLED, cv2.LINE_AA, shift=4)
        small = cv2.resize(canvas, (plane.columns, plane.rows), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255

    def _pixels(self, points: np.ndarray, plane: Plane) -> np.ndarray:
        """Sixteenths of the finer canvas' pixels."""
        place = (points[:, :2] - [plane.x0, plane.y0]) / [plane.dx, plane.dy]
        return np.round(16 * (FINER * (place + 0.5) - 0.5)).astype(int)


def wandering(rng: np.random.Generator, start: np.ndarray, heading: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A tube that sets out from ``start`` along ``heading`` and turns as it goes."""
    drawn = draw(VESSELS, rng)
    steps = int(drawn.length / 2)
    return start + _course(rng, heading, steps, drawn.bend), _calibre(rng, drawn.radius, 0.6, steps, drawn.beads)


def perforator(rng: np.random.Generator, start: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A winding tube from ``start`` beside the breastbone forwards into the breast on ``side``, -1 or 1 along x."""
    drawn = draw(VESSELS, rng)
    steps = int(drawn.length / 3)
    heading = np.array([side, rng.uniform(-1.2, 0), rng.uniform(-0.6, 0.6)])
    radii = _calibre(rng, drawn.perforator_radius, 0.5, steps, drawn.beads)
    return start + _course(rng, heading, steps, drawn.perforator_bend), radii


def _course(rng: np.random.Generator, heading: np.ndarray, steps: int, bend: float) -> np.ndarray:
    """Points (steps, 3), 2 mm apart, from near 0 along ``heading``."""
    turns = np.cumsum(rng.standard_normal((steps, 3)), axis=0) * bend * 1.4
    directions = heading / np.linalg.norm(heading) + 0.3 * turns
    directions *= 2 / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.cumsum(directions, axis=0)


def _calibre(rng: np.random.Generator, radius: float, end: float, steps: int, beads: float) -> np.ndarray:
    """Radius at each point: thinner to the ``end``, a share of the first, and uneven."""
    return radius * np.linspace(1, end, steps) * np.maximum(1 + beads * rng.standard_normal(steps), 0.3)


def under_skin(rng: np.random.Generator, skin: Callable[[float, float], float], x: float, z: float):
    """A tube that starts at ``x`` and ``z`` and follows the skin, whose inner side is at y = ``skin(x, z)``.

    It may run from feet to head, as the lateral thoracic vessels do, or within a slice, as many veins do.
    """
    drawn = draw(VESSELS, rng)
    steps = int(drawn.length / 2)
    turns = drawn.superficial_bend * np.cumsum(rng.standard_normal(steps))
    angle = rng.choice((-1, 1)) * drawn.superficial_slant + turns
    way = 2 * rng.choice((-1, 1)) * np.cumsum(np.stack([np.sin(angle), np.cos(angle)], axis=1), axis=0)
    points = [(x + dx, skin(x + dx, z + dz) + drawn.superficial_depth, z + dz) for dx, dz in way]
    return np.array(points), _calibre(rng, drawn.superficial_radius, 0.7, steps, drawn.beads)


def upright(x: float, y: float, radius: float, lowest: int = -150) -> tuple[np.ndarray, np.ndarray]:
    """A tube from the height ``lowest`` towards the head, end-on in every slice."""
    line = np.array([[x, y, z] for z in range(lowest, 151, 5)], dtype=float)
    return line, np.full(len(line), radius)


def branch(rng: np.random.Generator, start: np.ndarray, end: np.ndarray, radius: float):
    """A tube that thins out from ``start`` to ``end`` with a slight bend."""
    way = np.linspace(0, 1, 19)[:, None]
    bow = rng.standard_normal(3) * 9 * np.sin(np.pi * way) + rng.standard_normal(3) * 5 * np.sin(2 * np.pi * way)
    bow[1:-1] += 0.9 * np.cumsum(rng.standard_normal((len(way) - 2, 3)), axis=0)
    return start + (end - start) * way + bow, radius * (1 - 0.75 * way[:, 0])
