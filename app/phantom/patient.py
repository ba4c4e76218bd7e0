"""One synthetic patient: her shape, tissues, vessels, tumours and what looks like them, in patient coordinates."""

import numpy as np

from phantom.breasts import Breasts
from phantom.canvas import View
from phantom.chest import Chest
from phantom.fields import Plane, soft
from phantom.lesions import Mass, NonMass
from phantom.lookalikes import lookalike
from phantom.places import Places
from phantom.ranges import LOOKALIKES, VESSELS, draw
from phantom.shapes import through, window
from phantom.tumours import tumours
from phantom.vessels import Vessels, perforator, under_skin, upright, wandering

# A slice holds tumour when the tumour's cut through it, spicules included, is at least this large.
SMALLEST_CUT_MM2 = 6.0
# Where it is smaller, and where a slice shows no more than this much of it, partial volume included, it holds none.
# What lies between is a slice of which nobody can say.
TRACE_MM2 = 1.0
# Side in mm of the squares in which that cut is counted, the same for every matrix.
SQUARE = 0.8


class Patient:
    """A body drawn from ``rng`` with ``count`` tumours; None draws one or two."""

    def __init__(self, rng: np.random.Generator, count: int | None):
        # each part draws from a stream of its own: one that draws more leaves the others as they are
        body, ill, alike, blood = rng.spawn(4)
        self.chest = Chest(body)
        self.breasts = Breasts(body, self.chest.surface)
        self.places = Places(self.breasts.both, self.depths)
        self.tumours = tumours(ill, count, self.places)
        self.lesions = [focus for tumour in self.tumours for focus in tumour.foci]
        self.lookalikes = self._draw_lookalikes(alike)
        self.vessels = self._draw_vessels(blood)

    def view(self, plane: Plane, thickness: float) -> View:
        chest = self.chest.surface.depth(plane)
        return View(plane, self.breasts.body_depth(plane, chest.copy()), chest, thickness)

    def room(self, view: View, lesion: Mass | NonMass) -> np.ndarray:
        """Where there is tissue that ``lesion`` can fill, 0..1: a tumour stops at the skin and in the muscle."""
        if lesion.kind == "node":
            return soft(view.body - 2, 2)
        ahead = self.chest.layers.fat + 0.4 * self.chest.layers.muscle - view.chest
        return soft(view.body - 0.5, 1.5) * soft(ahead, 2)

    def tumour_share(self, lesion: Mass | NonMass, plane: Plane, thickness: float) -> np.ndarray:
        """Share of ``lesion`` in each pixel, 0..1, between the slice's faces."""
        return through(plane, thickness, lesion.share) * self.room(self.view(plane, thickness), lesion)

    def cut_mm2(self, lesion: Mass | NonMass, z: float, thickness: float) -> float:
        """Area of its cut at height ``z``: where it fills more than half of the slice."""
        if self._misses(lesion, z, thickness):
            return 0.0
        return float((self.tumour_share(lesion, _grid(lesion, z), thickness) > 0.5).sum() * SQUARE**2)

    def trace_mm2(self, lesion: Mass | NonMass, z: float, thickness: float) -> float:
        """All that a slice at height ``z`` shows of it: the area it would fill from face to face."""
        if self._misses(lesion, z, thickness):
            return 0.0
        return float(self.tumour_share(lesion, _grid(lesion, z), thickness).sum() * SQUARE**2)

    def _misses(self, lesion: Mass | NonMass, z: float, thickness: float) -> bool:
        return abs(z - lesion.centre[2]) > lesion.reach + thickness

    def mask(self, lesion: Mass | NonMass, plane: Plane, thickness: float) -> np.ndarray:
        """Where ``lesion`` fills more than half of a pixel, (rows, columns) bool."""
        found = np.zeros((plane.rows, plane.columns), bool)
        at, near = window(plane, lesion.centre, lesion.reach)
        if abs(plane.z - lesion.centre[2]) < lesion.reach + thickness and near.rows and near.columns:
            found[at] = self.tumour_share(lesion, near, thickness) > 0.5
        return found

    def depths(self, point: Plane) -> tuple[float, float]:
        """mm below the skin and in front of the muscle at the one pixel of ``point``."""
        view = self.view(point, 1.0)
        return float(view.body[0, 0]), self.chest.layers.fat - float(view.chest[0, 0])

    def _under_skin(self, x: float, z: float) -> float:
        """y in mm of the inner side of the skin at ``x`` and ``z``."""
        width, depth = self.chest.layers.half_width, self.chest.layers.half_depth
        chest = depth * (1 - np.sqrt(1 - min(abs(x) / width, 0.98) ** 2))
        hills = [float(breast.surface(np.array(x), z)) for breast in self.breasts.both]
        return min(chest, *hills) + self.chest.layers.skin

    def _draw_lookalikes(self, rng: np.random.Generator) -> list[Mass]:
        drawn = draw(LOOKALIKES, rng)
        found = []
        for kind, count, size in (
            ("cyst", drawn.cysts, "cyst_diameter"),
            ("fibroadenoma", drawn.fibroadenomas, "fibroadenoma_diameter"),
            ("node", drawn.breast_nodes, "node_diameter"),
        ):
            for _ in range(int(count)):
                each = draw(LOOKALIKES, rng)
                diameter = self.places.fitting(getattr(each, size))
                centre, _ = self.places.take(rng, diameter / 2)
                found.append(lookalike(rng, kind, centre, diameter, each.hilum))
        for _ in range(int(drawn.axillary_nodes)):
            each, armpit = draw(LOOKALIKES, rng), self.chest.armpits[rng.integers(2)]
            centre = armpit.centre + armpit.radii * rng.uniform(-0.7, 0.7, 3)
            found.append(lookalike(rng, "node", centre, each.node_diameter, each.hilum))
        self.end_on = int(drawn.end_on)
        return found

    def _draw_vessels(self, rng: np.random.Generator) -> Vessels:
        drawn = draw(VESSELS, rng)
        tubes = []
        for _ in range(int(drawn.number)):
            start, nipple = self.places.take(rng, 0.0)
            tubes.append(wandering(rng, start, (nipple - start) + 40 * rng.standard_normal(3)))
        for _ in range(self.end_on):
            start, _ = self.places.take(rng, 0.0)
            tubes.append(wandering(rng, start, np.array([*0.25 * rng.standard_normal(2), rng.choice((-1, 1))])))
        layers = self.chest.layers
        for _ in range(int(drawn.superficial)):
            x, z = rng.choice((-1, 1)) * rng.uniform(0.1, 0.92) * layers.half_width, rng.uniform(-80, 80)
            tubes.append(under_skin(rng, self._under_skin, x, z))
        for _ in range(int(drawn.perforators)):
            side = int(rng.choice((-1, 1)))
            x, z = side * rng.uniform(8, 35), rng.uniform(-60, 60)
            start = np.array([x, self._under_skin(x, z) + rng.uniform(1, layers.fat), z])
            tubes.append(perforator(rng, start, side))
        for side in (-1, 1):  # the internal mammary vessels beside the breastbone, and those of the armpits
            x, y = side * rng.uniform(12, 20), layers.fat + layers.muscle + rng.uniform(0, 6)
            tubes.append(upright(x, y, drawn.mammary_radius))
            armpit = self.chest.armpits[(side + 1) // 2].centre
            for _ in range(2):
                lowest = int(rng.integers(-40, 60))
                tubes.append(upright(*(armpit[:2] + rng.uniform(-12, 12, 2)), drawn.mammary_radius, lowest))
        return Vessels(tubes)


def _grid(lesion: Mass | NonMass, z: float) -> Plane:
    """The plane at height ``z`` around ``lesion`` in squares of its own: an area there depends on no matrix."""
    side = int(2 * lesion.reach / SQUARE) + 1
    corner = lesion.centre - lesion.reach
    return Plane(side, side, corner[0], corner[1], SQUARE, SQUARE, z)
