"""The tumours of one patient: of what kind, how large, and what they lie next to."""

from dataclasses import dataclass

import numpy as np

from phantom.lesions import Mass, NonMass
from phantom.places import Places
from phantom.ranges import TUMOURS, draw

# A satellite is placed at a new distance and direction so often before it is left out.
TRIES = 30


@dataclass(frozen=True)
class Tumour:
    """``foci``: one, or several when it is multifocal, the largest first. ``where``: what it was placed next to."""

    kind: str
    where: str
    foci: tuple[Mass | NonMass, ...]

    @property
    def tissue(self) -> str:
        """Which of ``TISSUES`` it is made of."""
        return self.kind if self.kind == "non-mass" else "tumour"


def tumours(rng: np.random.Generator, count: int | None, places: Places) -> list[Tumour]:
    """``count`` tumours; None draws one or two."""
    if count is None:
        count = 1 + (draw(TUMOURS, rng).two < 1 / 6)
    return [_tumour(rng, places) for _ in range(count)]


def _tumour(rng: np.random.Generator, places: Places) -> Tumour:
    drawn = draw(TUMOURS, rng)
    if drawn.kind == "non-mass":
        diameter = places.fitting(drawn.spread)
        centre, nipple = places.take(rng, diameter / 2, drawn.where)
        return Tumour(drawn.kind, drawn.where, (NonMass(rng, centre, diameter, nipple - centre),))
    diameter = places.fitting(drawn.diameter)
    centre, _ = places.take(rng, diameter / 2, drawn.where)
    multifocal = drawn.kind == "multifocal"
    first = Mass(rng, centre, diameter, "irregular" if multifocal else drawn.kind)
    others = _satellites(rng, first, int(drawn.satellites), places) if multifocal else []
    return Tumour(drawn.kind, drawn.where, (first, *others))


def _satellites(rng: np.random.Generator, first: Mass, count: int, places: Places) -> list[Mass]:
    found = []
    for _ in range(count):
        size = min(draw(TUMOURS, rng).satellite_diameter, first.diameter)
        point = _near(rng, first, size, places)
        if point is not None:
            places.keep(point, size / 2)
            found.append(Mass(rng, point, size, "irregular"))
    return found


def _near(rng: np.random.Generator, first: Mass, size: float, places: Places) -> np.ndarray | None:
    for _ in range(TRIES):
        way = rng.standard_normal(3)
        distance = draw(TUMOURS, rng).satellite_gap + (first.diameter + size) / 2
        point = first.centre + distance * way / np.linalg.norm(way)
        if places.misfit(point, size / 2) <= 0:
            return point
    return None
