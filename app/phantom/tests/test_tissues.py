import numpy as np
from django.test import SimpleTestCase

from phantom.ranges import TISSUES
from phantom.tissues import Sequence, Tissue


def drawn(name: str, count: int = 60) -> list[Tissue]:
    rng = np.random.default_rng(0)
    return [Sequence(rng).tissue(name, rng) for _ in range(count)]


def median(name: str, k: int) -> float:
    return float(np.median([each.uptake[k] for each in drawn(name)]))


class TissueTests(SimpleTestCase):
    def test_no_tissue_takes_contrast_up_before_the_injection(self):
        for name in TISSUES:
            self.assertEqual(drawn(name, 1)[0].uptake[0], 0)

    def test_tumour_more_than_doubles_its_signal_in_the_first_pass(self):
        self.assertAlmostEqual(median("tumour", 1), 1.4, delta=0.2)

    def test_cyst_takes_nothing_up(self):
        self.assertEqual([each.uptake.max() for each in drawn("cyst", 5)], [0.0] * 5)

    def test_most_fibroadenomas_are_persistent_and_hardly_a_tumour_is(self):
        counts = [[each.kinetics for each in drawn(name)].count("persistent") for name in ("fibroadenoma", "tumour")]
        self.assertGreater(counts[0], 45)
        self.assertLess(counts[1], 6)

    def test_blood_of_the_heart_washes_out(self):
        self.assertLess(median("heart", 3), 0.8 * median("heart", 1))

    def test_curve_within_a_tenth_is_a_plateau(self):
        for last, kind in ((1.05, "plateau"), (1.3, "persistent"), (0.7, "wash-out")):
            self.assertEqual(Tissue(1.0, np.array([0, 1, 1, last])).kinetics, kind)

    def test_passes_follow_the_injection_in_equal_steps(self):
        times = Sequence(np.random.default_rng(3)).times
        self.assertEqual(times[0], -60.0)
        self.assertTrue(75 <= times[1] <= 125)
        self.assertAlmostEqual(times[2] - times[1], times[3] - times[2])
