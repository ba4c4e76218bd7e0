import numpy as np
from django.test import SimpleTestCase

from phantom.fields import Plane
from phantom.lesions import Mass, NonMass
from phantom.lookalikes import lookalike

CENTRE = np.array([40.0, -10.0, 5.0])


def mass(kind: str, seed: int = 0, malignant: bool = True) -> Mass:
    return Mass(np.random.default_rng(seed), CENTRE, 20.0, kind, malignant)


def plane(z: float = 5.0, side: int = 100) -> Plane:
    """Pixels of 0.5 mm around ``CENTRE``."""
    return Plane(side, side, CENTRE[0] - side / 4, CENTRE[1] - side / 4, 0.5, 0.5, z)


def area(share: np.ndarray) -> float:
    return float((share > 0.5).sum() * 0.25)


def roundness(kind: str, malignant: bool) -> float:
    """Median over ten of outline squared over area; 4 pi for a circle."""
    found = []
    for seed in range(10):
        inside = mass(kind, seed, malignant).on(plane())[0] > 0.5
        outline = (inside[1:] != inside[:-1]).sum() + (inside[:, 1:] != inside[:, :-1]).sum()
        found.append(outline**2 / inside.sum())
    return float(np.median(found))


class MassTests(SimpleTestCase):
    def test_mass_of_20_mm_fills_no_more_than_a_disc_of_30_mm(self):
        for kind in ("irregular", "spiculated", "rim", "round"):
            bare = mass(kind)
            bare.spicules = 0
            self.assertTrue(60 < area(bare.share(plane())) < 707, kind)

    def test_spicules_count(self):
        found, bare = mass("spiculated"), mass("spiculated")
        bare.spicules = 0
        self.assertGreater(area(found.share(plane())), 1.1 * area(bare.share(plane())))

    def test_spiculated_tumour_is_the_least_smooth_and_a_fibroadenoma_the_most(self):
        self.assertGreater(roundness("spiculated", True), roundness("irregular", True))
        self.assertGreater(roundness("irregular", True), roundness("fibroadenoma", False))

    def test_centre_of_a_rim_enhancing_tumour_takes_up_less_than_its_rim(self):
        uptake = mass("rim").on(plane())[1]
        self.assertLess(uptake[50, 50], 0.6)
        self.assertGreater(uptake[50, 72], 0.7)

    def test_nothing_is_left_beyond_its_reach(self):
        found = mass("spiculated")
        self.assertEqual(found.on(plane(5.0 + found.reach))[0].max(), 0)

    def test_non_mass_tumour_is_in_several_pieces(self):
        found = NonMass(np.random.default_rng(1), CENTRE, 40.0, np.array([0, -1.0, 0])).on(plane())[0] > 0.5
        pieces = (np.diff(found.astype(int), axis=1) == 1).sum(axis=1).max()
        self.assertGreaterEqual(pieces, 2)


class LookalikeTests(SimpleTestCase):
    def test_node_has_a_notch_of_fat_that_a_fibroadenoma_has_not(self):
        holes = []
        for kind in ("node", "fibroadenoma"):
            found = lookalike(np.random.default_rng(0), kind, CENTRE, 16.0, 0.5)
            holes.append(sum(area(Mass.on(found, plane(z))[0]) - area(found.share(plane(z))) for z in range(-3, 13)))
        self.assertGreater(holes[0], 100)
        self.assertLess(holes[1], 10)

    def test_cyst_is_even(self):
        uptake = lookalike(np.random.default_rng(0), "cyst", CENTRE, 16.0, 0.5).on(plane())[1]
        self.assertLess(uptake.std(), 0.1)
