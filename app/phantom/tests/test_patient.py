import functools

import numpy as np
from django.test import SimpleTestCase

from phantom.fields import Plane
from phantom.patient import Patient
from phantom.places import Places


@functools.cache
def patient(seed: int, tumours: int | None = 1) -> Patient:
    return Patient(np.random.default_rng(seed), tumours)


def point(x: float, y: float, z: float) -> Plane:
    return Plane(1, 1, float(x), float(y), 1, 1, float(z))


class BodyTests(SimpleTestCase):
    def test_nipple_is_at_the_skin_and_air_in_front_of_it(self):
        someone = patient(1)
        for breast in someone.breasts.both:
            x, y, z = breast.nipple_point
            self.assertLess(abs(someone.view(point(x, y, z), 1.0).body[0, 0]), 9)
            self.assertLess(someone.view(point(x, y - 12, z), 1.0).body[0, 0], 0)

    def test_depth_below_the_skin_grows_towards_the_chest(self):
        someone = patient(1)
        x, y, z = someone.breasts.both[0].nipple_point
        depths = [someone.view(point(x, y + step, z), 1.0).body[0, 0] for step in (5, 10, 20)]
        self.assertEqual(depths, sorted(depths))

    def test_breasts_differ_from_seed_to_seed(self):
        sizes = [patient(seed).breasts.drawn.projection for seed in range(12)]
        self.assertGreater(max(sizes) - min(sizes), 30)

    def test_body_ends_behind_the_back(self):
        self.assertLess(patient(1).view(point(60, 300, 0), 1.0).body[0, 0], 0)


class TumourTests(SimpleTestCase):
    def test_tumours_lie_under_the_skin_and_in_front_of_the_chest_wall(self):
        for seed in range(15):
            someone = patient(seed)
            for lesion in someone.lesions:
                view = someone.view(point(*lesion.centre), 1.0)
                self.assertGreater(view.body[0, 0], 0)
                self.assertLess(view.chest[0, 0], someone.chest.layers.fat + 3)

    def test_sizes_run_from_4_to_60_mm_and_most_are_6_to_35(self):
        sizes = [lesion.diameter for seed in range(80) for lesion in patient(seed).lesions]
        self.assertTrue(min(sizes) >= 4 and max(sizes) <= 60)
        self.assertGreater(np.mean([6 <= each <= 35 for each in sizes]), 0.75)
        self.assertGreater(max(sizes), 40)

    def test_every_kind_is_drawn(self):
        kinds = {tumour.kind for seed in range(80) for tumour in patient(seed).tumours}
        self.assertEqual(kinds, {"irregular", "spiculated", "rim", "round", "non-mass", "multifocal"})

    def test_multifocal_tumour_has_several_foci_and_the_first_is_the_largest(self):
        found = [tumour for seed in range(80) for tumour in patient(seed).tumours if tumour.kind == "multifocal"]
        self.assertTrue(any(len(each.foci) > 2 for each in found))
        for each in found:
            self.assertEqual(each.foci[0].diameter, max(focus.diameter for focus in each.foci))

    def test_lookalikes_are_drawn_without_a_tumour_too(self):
        kinds = {each.kind for seed in range(20) for each in patient(seed, 0).lookalikes}
        self.assertEqual(kinds, {"cyst", "fibroadenoma", "node"})
        self.assertEqual(patient(3, 0).lesions, [])


class PlacesTests(SimpleTestCase):
    def setUp(self):
        someone = patient(2, 0)
        self.places = Places(someone.breasts.both, someone.depths)
        self.rng = np.random.default_rng(0)

    def test_place_beside_the_nipple_is_beside_the_nipple(self):
        point, nipple = self.places.take(self.rng, 4.0, "nipple")
        self.assertLess(np.linalg.norm(point - nipple), 25)

    def test_place_under_the_skin_and_place_on_the_chest_wall(self):
        skin, _ = self.places.depths_at(self.places.take(self.rng, 4.0, "skin")[0])
        _, muscle = self.places.depths_at(self.places.take(self.rng, 4.0, "chest wall")[0])
        self.assertLess(skin, 12)
        self.assertLess(muscle, 11)

    def test_two_nodules_keep_apart(self):
        one, other = (self.places.take(self.rng, 6.0)[0] for _ in range(2))
        self.assertGreaterEqual(np.linalg.norm(one - other), 16)
