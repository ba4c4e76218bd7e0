"""What lies behind the breasts: muscle, ribs, lungs, heart, great vessels, liver and armpits."""

import numpy as np

from phantom.canvas import Canvas, View
from phantom.fields import Plane, soft
from phantom.ranges import CHEST, TORSO, VESSELS, draw
from phantom.shapes import Ellipsoid
from phantom.tissues import Tissue
from phantom.vessels import Vessels, branch

# Width in mm of the dark outline between fat and muscle.
OUTLINE = 1.1


class Chest:
    def __init__(self, rng: np.random.Generator):
        self.layers, self.drawn, vessels = draw(TORSO, rng), draw(CHEST, rng), draw(VESSELS, rng)
        width, depth = self.layers.half_width, self.layers.half_depth
        self.surface = Ellipsoid(np.array([0, depth, 0]), np.array([width, depth, np.inf]))
        self.cavity_depth = self.layers.fat + 0.6 * self.layers.muscle + self.layers.wall
        self.spine = Ellipsoid(np.array([0, 1.62 * depth, 0]), np.array([22, 0.22 * depth, np.inf]))
        self._draw_heart(rng)
        self._draw_lungs(rng, vessels)
        # the right dome of the diaphragm with the liver below it
        self.liver = Ellipsoid(np.array([-55.0, depth + 10, self.drawn.liver_top - 110]), np.array([95.0, 105, 110]))
        armpit = np.array([0.62 * width, self.layers.fat + self.layers.muscle + 22, 95])
        self.armpits = [Ellipsoid(armpit * [side, 1, 1], np.array([30.0, 24, 75])) for side in (-1, 1)]

    def _draw_heart(self, rng: np.random.Generator) -> None:
        drawn, depth = self.drawn, self.layers.half_depth
        centre = np.array([drawn.heart_left, self.cavity_depth + drawn.heart_depth, drawn.heart_height])
        radius = drawn.heart_radius
        self.heart = Ellipsoid(centre, radius * np.array([1.15, 0.95, 1.2]))
        size = drawn.chambers * radius
        chambers = [(0.42, 0.12, -0.1), (-0.42, -0.2, -0.05), (-0.5, 0.3, 0.35), (0.1, 0.45, 0.45)]
        self.blood = [
            Ellipsoid(centre + radius * (place + 0.08 * rng.standard_normal(3)), size * rng.uniform(0.7, 1.1, 3))
            for place in np.array(chambers)
        ]
        aorta = drawn.aorta_radius
        rising = centre + radius * np.array([-0.3, -0.1, 1.5])
        behind = np.array([rng.uniform(10, 25), min(depth * 1.35, self.cavity_depth + 105), 0])
        self.blood += [
            Ellipsoid(rising, np.array([1.2 * aorta, 1.2 * aorta, 1.1 * radius])),
            Ellipsoid(rising + np.array([1.9 * aorta, -2, 3]), np.array([aorta, aorta, radius])),
            Ellipsoid(rising - np.array([2.4 * aorta, -6, 0]), np.array([0.7 * aorta, 0.7 * aorta, 1.1 * radius])),
            Ellipsoid(behind, np.array([aorta, aorta, np.inf])),
        ]

    def _draw_lungs(self, rng: np.random.Generator, vessels) -> None:
        tubes = []
        for _ in range(int(vessels.lung_number)):
            side = rng.choice((-1, 1))
            root = np.array([self.drawn.heart_left + side * 28, self.cavity_depth + 45, self.drawn.heart_height + 35])
            far = np.array([side * rng.uniform(50, 0.8 * self.layers.half_width), *rng.uniform((20, -80), (140, 90))])
            far[1] += self.cavity_depth
            tubes.append(branch(rng, root + 8 * rng.standard_normal(3), far, vessels.lung_radius))
        self.lung_vessels = Vessels(tubes)

    def blood_depth(self, plane: Plane) -> np.ndarray:
        """mm below the surface of the heart's chambers and the great vessels, negative outside."""
        return np.maximum.reduce([part.depth(plane) for part in self.blood if not part.misses(plane.z)])

    def muscle_thickness(self, plane: Plane) -> np.ndarray:
        """mm at each column, thin at the breastbone and towards the flank, thicker towards the head."""
        away = (np.abs(plane.x()) - np.float32(self.layers.muscle_middle)) / np.float32(self.layers.muscle_spread)
        rising = 1 + np.clip(plane.z / 200, -0.3, 0.4)
        return np.float32(self.layers.muscle * rising) * np.exp(-away * away) + np.float32(1.5)

    def paint(self, canvas: Canvas, view: View, tissues: dict[str, Tissue], ink: float) -> np.ndarray:
        """Everything behind the breast's fat; returns what of it beats, 0..1."""
        depth = view.chest - np.float32(self.layers.fat)
        thick = self.muscle_thickness(view.plane)
        pieces = self._muscle_and_wall(canvas, view, tissues, depth, thick)
        self._outline(canvas, view, depth, thick, ink)
        cavity = soft(view.chest - np.float32(self.cavity_depth), 3) * (1 - pieces)
        beating = self._cavity(canvas, view, tissues, cavity)
        self._armpits(canvas, view, tissues)
        return beating

    def _muscle_and_wall(self, canvas, view: View, tissues, depth, thick) -> np.ndarray:
        """Returns the share of the liver, which lies where the lungs would."""
        canvas.cover(soft(depth, view.edge + 0.5) * soft(thick - depth, view.edge + 0.5), tissues["muscle"])
        ribs = np.sin(2 * np.pi * (view.plane.z + 0.45 * np.abs(view.plane.x())) / self.drawn.ribs)
        bone = 1 - 0.4 * soft(ribs, 1.4)
        canvas.cover(soft(depth - thick - 2, 2), tissues["wall"], brightness=bone.astype(np.float32))
        if self.liver.misses(view.plane.z):
            return np.float32(0)
        liver = soft(self.liver.depth(view.plane), 3) * soft(view.chest - np.float32(self.cavity_depth), 3)
        canvas.cover(liver, tissues["liver"])
        return liver

    def _outline(self, canvas: Canvas, view: View, depth, thick, ink: float) -> None:
        width = max(OUTLINE, 0.7 * view.edge)
        border = np.minimum(np.abs(depth), np.abs(depth - thick))
        canvas.image *= 1 - np.float32(ink) * np.exp(-((border / width) ** 2))

    def _cavity(self, canvas: Canvas, view: View, tissues, cavity: np.ndarray) -> np.ndarray:
        plane = view.plane
        canvas.cover(cavity, tissues["lung"])
        canvas.cover(cavity * soft(self._between_lungs(plane), 8) * 0.8, tissues["fat"])
        canvas.cover(soft(self.spine.depth(plane), 4), tissues["wall"])
        vessels = self.lung_vessels.share(plane, view.thickness) * cavity
        canvas.cover(vessels, tissues["heart"])
        beating = np.zeros_like(cavity)
        if not self.heart.misses(plane.z):
            muscle = soft(self.heart.depth(plane), 3) * cavity
            canvas.cover(muscle, tissues["myocardium"])
            beating = np.maximum(beating, muscle)
        blood = soft(self.blood_depth(plane), 3) * cavity
        canvas.cover(blood, tissues["heart"])
        return np.maximum(beating, blood) + 0.3 * vessels

    def _between_lungs(self, plane: Plane) -> np.ndarray:
        """mm from the edge of a lung, positive between the lungs: narrow in front, wider where the vessels enter."""
        behind = (plane.y() - np.float32(self.cavity_depth)) / np.float32(45)
        half = self.layers.mediastinum * (0.55 + 0.45 * np.sin(behind * 1.6 + plane.z / 60))
        return half - np.abs(plane.x() - np.float32(0.4 * self.drawn.heart_left))

    def _armpits(self, canvas: Canvas, view: View, tissues) -> None:
        for armpit in self.armpits:
            if not armpit.misses(view.plane.z):
                canvas.cover(soft(armpit.depth(view.plane), 6) * soft(view.body - 1, 2) * 0.85, tissues["fat"])
