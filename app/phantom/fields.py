"""Smooth random fields in patient space, and the planes they are looked at through.

Everything a phantom is made of is a function of patient coordinates in millimetres, so one exam can be rendered at any
matrix and any slice, one slice at a time, and always shows the same patient.
"""

from dataclasses import dataclass

import cv2
import numpy as np

# The box, in mm, that fields cover: (x, y, z) from its low to its high corner. Outside it they repeat their border.
BOX = np.array([[-220.0, -160.0, -160.0], [220.0, 260.0, 160.0]])

LONG = 4.0  # mm: fields of longer features are rounded; finer ones are near the size of a pixel


@dataclass(frozen=True)
class Plane:
    """An axial plane: pixel (row r, column c) lies at x = x0 + c * dx, y = y0 + r * dy, height z.

    Patient coordinates in mm as in DICOM PS3.3 C.7.6.2.1.1: x to the patient's left, y to the back, z to the head.
    ``dx`` and ``dy`` are negative when the picture is turned by half a circle.
    """

    rows: int
    columns: int
    x0: float
    y0: float
    dx: float
    dy: float
    z: float

    def x(self) -> np.ndarray:
        """x of each column, shape (1, columns), float32 mm."""
        return (self.x0 + self.dx * np.arange(self.columns, dtype=np.float32))[None, :]

    def y(self) -> np.ndarray:
        """y of each row, shape (rows, 1), float32 mm."""
        return (self.y0 + self.dy * np.arange(self.rows, dtype=np.float32))[:, None]


class Field:
    """A random field of mean 0 and standard deviation about 1 whose features are ``length`` mm across, a number or one
    along each of x, y, z."""

    def __init__(self, rng: np.random.Generator, length: float | tuple[float, float, float], box: np.ndarray = BOX):
        wide = np.min(length) >= LONG
        self.low, self.length = box[0], np.broadcast_to(length, 3) * (0.7 if wide else 1.0)
        nodes = np.ceil((box[1] - box[0]) / self.length).astype(int) + 4
        self.lattice = rng.standard_normal((nodes[2], nodes[1], nodes[0]), dtype=np.float32)
        self.lattice = _rounded(self.lattice) if wide else self.lattice * 1.4

    def on(self, plane: Plane) -> np.ndarray:
        """The field on ``plane``, shape (rows, columns), float32."""
        right, down = 1 / self.length[:2]
        at = np.array(
            [
                [plane.dx * right, 0, (plane.x0 - self.low[0]) * right + 1],
                [0, plane.dy * down, (plane.y0 - self.low[1]) * down + 1],
            ]
        )
        return cv2.warpAffine(
            self._layer(plane.z),
            at,
            (plane.columns, plane.rows),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def _layer(self, z: float) -> np.ndarray:
        place = np.clip((z - self.low[2]) / self.length[2] + 1, 0, len(self.lattice) - 1.001)
        below, share = int(place), place - int(place)
        # cosine weights keep the field smooth; dividing keeps its spread the same between and on the nodes
        weights = np.array([np.cos(share * np.pi / 2) ** 2, np.sin(share * np.pi / 2) ** 2])
        weights /= np.linalg.norm(weights)
        return (weights[0] * self.lattice[below] + weights[1] * self.lattice[below + 1]).astype(np.float32)


class Waves:
    """Like Field, but the same in every direction and without a lattice: plane waves of about ``length`` mm from crest
    to trough. Dear for a whole plane, made for small parts of it."""

    NUMBER = 24

    def __init__(self, rng: np.random.Generator, length: float):
        ways = rng.standard_normal((3, self.NUMBER))
        sizes = np.pi / length * rng.uniform(0.5, 1.3, self.NUMBER)
        self.numbers = (ways / np.linalg.norm(ways, axis=0) * sizes).astype(np.float32)
        self.phases = rng.uniform(0, 2 * np.pi, self.NUMBER).astype(np.float32)

    def at(self, points: np.ndarray) -> np.ndarray:
        """The field at ``points`` (rows, columns, 3) mm, shape (rows, columns), float32."""
        return np.cos(points @ self.numbers + self.phases).sum(axis=-1) * np.float32(np.sqrt(2 / self.NUMBER))


def _rounded(lattice: np.ndarray) -> np.ndarray:
    """Noise smoothed alike in all directions: interpolation alone would show the lattice as squares."""
    layers = np.stack([cv2.GaussianBlur(layer, (0, 0), 0.8) for layer in lattice])
    layers[1:-1] = 0.25 * layers[:-2] + 0.5 * layers[1:-1] + 0.25 * layers[2:]
    return layers / layers.std()


def soft(distance: np.ndarray, edge: float) -> np.ndarray:
    """1 where ``distance`` is well above 0, 0 well below, a smooth edge ``edge`` wide between: partial volume."""
    share = np.clip(distance * np.float32(1 / edge) + np.float32(0.5), 0, 1)
    return share * share * (3 - 2 * share)
